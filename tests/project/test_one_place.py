"""What is gathered in one place stays there: patience, what servers can, columns, commands."""

import ast
import re

import pytest
from package_code import MODULES, own_imports, tree

pytestmark = pytest.mark.once

# Names of figures that say how often or how long something is tried.
PATIENCE = r"(^|_)(TRIES|POSTS|PAUSE|POLL|WAIT|TIMEOUT|BACKOFF|GRACE|BEAT|PATIENCE)$"
# What tells one server from another.
SERVER_FACTS = {"mode", "generation", "major", "minor"}
# What is given such a figure.
WAITING = {"sleep", "wait", "communicate", "within", "Deadline", "settimeout", "setitimer"}


def test_how_often_and_how_long_anything_is_tried_stands_in_one_table():
    """``interrupts`` is imported before everything and imports nothing."""
    found = {name: sorted(set(own_patience(tree(name)))) for name in MODULES}
    wrong = {
        name: figures
        for name, figures in found.items()
        if figures and name not in ("patience", "interrupts")
    }
    assert not wrong, "move these into patience: {}".format(wrong)


def own_patience(top):
    """Yield the figures of a module, and bare numbers in it, that say how long it waits."""
    figures = {name for name, value in top_values(top) if is_figure(value)}
    yield from (name for name in figures if re.search(PATIENCE, name))
    for given in waits(top):
        for node in ast.walk(given):
            if isinstance(node, ast.Name) and node.id in figures:
                yield node.id
        if is_figure(given) and ast.literal_eval(given) > 0:  # -1 is no limit
            yield str(ast.literal_eval(given))


def top_values(top):
    for node in top.body:
        if isinstance(node, ast.Assign):
            yield from ((one.id, node.value) for one in node.targets if isinstance(one, ast.Name))


def is_figure(value):
    try:
        return type(ast.literal_eval(value)) in (int, float)
    except ValueError:
        return False


def waits(top):
    """Yield what is given as a time to wait, and what is added to the time of now."""
    for node in ast.walk(top):
        if isinstance(node, ast.Call):
            if called(node) in WAITING:
                yield from node.args
            yield from (one.value for one in node.keywords if one.arg == "timeout")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            if called(node.left) == "monotonic":
                yield node.right


def called(node):
    function = getattr(node, "func", None)
    return getattr(function, "attr", getattr(function, "id", ""))


def test_the_check_for_patience_knows_wrong_ones():
    code = "_A = 3\n_OLD_TRIES = 2\nrun(timeout=min(_A, left))\nsleep(0.5)\nwait(0)\nwait(left)"
    assert list(own_patience(ast.parse(code))) == ["_OLD_TRIES", "_A", "0.5"]
    later = "_B = 2.0\n_C = 9\nend = time.monotonic() + _B\nlist(_C)"
    assert list(own_patience(ast.parse(later))) == ["_B"]


def test_versions_of_servers_are_compared_in_one_place():
    """The modes of files in a git repository are others."""
    lines = {name: comparisons(tree(name)) for name in MODULES}
    wrong = {name: found for name, found in lines.items() if found}
    assert wrong.pop("langfuse.client.server") and wrong.pop("gallery.repositories")
    assert not wrong, "name what the server can: {}".format(wrong)


def comparisons(top):
    """Return the lines that compare the version of a server, its mode or generation with a value."""
    return [
        node.lineno
        for node in ast.walk(top)
        if isinstance(node, ast.Compare)
        for sides in [[node.left] + node.comparators]
        if {getattr(side, "attr", "") for side in sides} & SERVER_FACTS
        and not all(getattr(side, "attr", "") == "generation" for side in sides)
    ]


def test_the_check_for_versions_knows_wrong_ones():
    for code in ("server.mode == V3", "server.generation != 'v4'", "2 < server.minor"):
        assert comparisons(ast.parse(code)) == [1], code
    assert not comparisons(ast.parse("server.generation == result.generation"))


def test_every_command_is_added_in_one_way():
    """Otherwise it would have no example, and no place where its errors end."""
    wrong = [
        name
        for name in MODULES
        if name != "cli.parser"
        for node in ast.walk(tree(name))
        if called(node) in ("add_parser", "add_subparsers", "ArgumentParser")
        or called(node) == "set_defaults"
        and any(one.arg == "handler" for one in node.keywords)
    ]
    assert not wrong, "use add_command or as_command: {}".format(wrong)


def test_a_body_has_a_home_of_its_own():
    assert not set(own_imports("langfuse.records.body"))
    again = [name for name in MODULES if "Body" in {one for one, _ in top_values(tree(name))}]
    doors = ["api", "api_models", "api_reads"]  # ``import coaiapy`` loads nothing but these
    assert again == doors + ["langfuse.records.body"]


def test_the_columns_of_a_listing_stand_with_what_it_lists():
    """Otherwise a field is added in one wing and its heading in another."""
    wrong = {
        name: found
        for name in MODULES
        if name.startswith("cli.commands.")
        for found in [list(columns_made_here(tree(name)))]
        if found
    }
    assert not wrong, "move these dicts into the wing of what is listed: {}".format(wrong)


def columns_made_here(top):
    """Yield the line of each table that gets columns which this file writes down itself."""
    kept = {
        target.id
        for node in ast.walk(top)
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Dict, ast.DictComp))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(top):
        called = getattr(getattr(node, "func", None), "id", "")
        if called in ("show_listing", "show_table"):
            given = [one for argument in node.args for one in ast.walk(argument)]
            if kept & {getattr(one, "id", "") for one in given}:
                yield node.lineno
            elif any(isinstance(one, (ast.Dict, ast.DictComp)) for one in node.args[-2:]):
                yield node.lineno


def test_the_check_for_columns_knows_wrong_ones():
    assert list(columns_made_here(ast.parse('show_listing(a, c, rows, {"id": "Id"}, "row")'))) == [
        1
    ]
    apart = 'KEPT = {"id": "Id"}\nshow_listing(a, c, rows, with_note(KEPT, rows), "row")'
    assert list(columns_made_here(ast.parse(apart))) == [2]
    assert not list(columns_made_here(ast.parse("show_table(c, rows, display.COLUMNS)")))
