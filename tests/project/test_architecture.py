"""The rules that hold the code up, checked on every file of the package."""

import ast
import importlib.util
import os
import sys
import sysconfig

import pytest
from package_code import MODULES, functions, own_imports, statements, tree
from places import PACKAGE, ROOT

pytestmark = pytest.mark.once

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
MOST_ENTRIES = 12  # of a folder below the top, which has the doors too

# The wings, from the ground up: each imports from the rows above its own, and from itself.
WINGS = """
    errors patience
    util
    dotenvx
    config
    env
    langfuse
    templating stash llm views
    audio gallery
    running
    fleet
    experiments
    environment
    pipeline cogh syntation
    authoring
    checks
    legacy
    coaiamodule cofuse api api_models api_observe api_reads
    cli interrupts
    coaiacli
    __init__ __main__
"""
# The same for what is inside two of them: part, and the parts that it imports from.
INSIDE = {
    "langfuse": {
        "records": "",
        "journal": "records",
        "client": "records journal",
        "send": "records journal client read",
        "read": "records journal client",
        "prompts": "records client",
        "datasets": "records journal client",
        "scores": "records journal client send read",
        "traces": "records journal client send read",
        "media": "records journal client send read traces",
        "comments": "records journal client send read traces prompts",
        "lookup": "records journal client send read traces scores comments",
    },
    "cli": {
        "commands": "SHARED",
        "completion": "SHARED commands",
        "SHARED": "",
    },
}
ROW_OF = {wing: row for row, wings in enumerate(WINGS.split("\n")) for wing in wings.split()}

TERMINAL = {
    "sys.exit",
    "sys.argv",
    "sys.stdout",
    "sys.stderr",
    "sys.stdin",
    "os._exit",
    "os.isatty",
    "os.get_terminal_size",
}

# fetch_key_val prints a value and ends the program: that is what scripts know it for.
PUBLISHED = {
    "coaiamodule": {"sys.exit"},
    "legacy.stash": {"print", "sys.stdout", "sys.stderr"},
    # A command is given the terminal that this process has, and a forked process has to end.
    "running.child": {"os._exit"},
    "running.launch": {"os.isatty"},
    "running.expressions": {"os._exit"},
    "running.supervisor": {"os._exit"},
    "running.terminal": {"os._exit"},
}

FILES = sorted(
    str(path.relative_to(ROOT))
    for place in ("coaiapy", "tests", "tools", "bench", ".")
    for path in (ROOT / place).glob("*.py" if place == "." else "**/*.py")
)
DOMAIN = [name for name in MODULES if ROW_OF.get(name.split(".")[0], 0) < ROW_OF["cli"]]


def test_the_modules_are_all_the_files_of_the_package():
    """Otherwise all rules would hold for a part of the package only."""
    files = [name for _, _, names in os.walk(str(PACKAGE)) for name in names]
    folders = [path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    assert len(MODULES) == sum(name.endswith(".py") for name in files) - len(folders)
    assert not [folder for folder in folders if (folder / "__init__.py").read_text("utf-8")]


def test_every_module_is_in_a_wing():
    homeless = [name for name in MODULES if name.split(".")[0] not in ROW_OF]
    assert not homeless, "move these into a wing: {}".format(homeless)
    known = {name.split(".")[0] for name in MODULES}
    assert not set(ROW_OF) - known, "there is no such wing: {}".format(set(ROW_OF) - known)


def test_no_folder_is_crowded():
    folders = [path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    counts = {
        str(folder.relative_to(PACKAGE)): len(entries - {"__init__.py", "__pycache__"})
        for folder in folders
        for entries in [{path.name for path in folder.iterdir() if path.suffix in ("", ".py")}]
    }
    crowded = {folder: count for folder, count in counts.items() if count > MOST_ENTRIES}
    assert not crowded, "more than {} entries: {}".format(MOST_ENTRIES, crowded)


def arrows():
    """Yield (module, imported module) for every import, also those inside functions."""
    for module in MODULES:
        yield from ((module, name) for name in sorted(set(own_imports(module))) if name != module)


def test_no_wing_imports_from_one_above_it():
    wrong = [
        "{} imports {}".format(module, name)
        for module, name in arrows()
        if not may_import(module, name)
    ]
    assert not wrong, wrong


def may_import(module, name):
    mine, other = module.split("."), name.split(".")
    if mine[0] != other[0]:
        rows = [ROW_OF.get(one[0]) for one in (mine, other)]
        return None in rows or rows[1] < rows[0]
    parts = INSIDE.get(mine[0])
    if parts is None or len(mine) < 2 or len(other) < 2:
        return True
    mine, other = [one[1] if one[1] in parts else "SHARED" for one in (mine, other)]
    return mine == other or other in parts[mine].split()


def test_the_check_for_arrows_knows_wrong_ones():
    assert may_import("util.text.wording", "errors") and not may_import(
        "util.text.wording", "config.values"
    )
    assert may_import("cli.commands.env", "cli.parser")
    assert not may_import("cli.parser", "cli.commands.env")
    assert may_import("langfuse.send.otlp", "langfuse.records.ids")
    assert not may_import("langfuse.read.rows", "langfuse.send.otlp")
    assert not may_import("pipeline", "cogh")


def test_there_is_no_circle_of_files_or_of_parts():
    assert circle(list(arrows())) == []
    for parts in INSIDE.values():
        pairs = [(part, one) for part, below in parts.items() for one in below.split()]
        assert circle(pairs) == []


def circle(pairs):
    """The names that lead back to themselves, or to one that does."""
    below = {}
    for one, other in pairs:
        below.setdefault(one, set()).add(other)
        below.setdefault(other, set())
    while True:
        ends = {one for one, others in below.items() if not others}
        if not ends:
            return sorted(below)
        below = {one: others - ends for one, others in below.items() if one not in ends}


def test_the_check_for_circles_knows_one():
    assert circle([("a", "b"), ("b", "c"), ("c", "b")]) == ["a", "b", "c"]
    assert circle([("a", "b"), ("b", "c"), ("a", "c")]) == []


def test_importing_costs_nothing():
    """Third-party packages and sqlite3 are imported by the function that needs them."""
    top = {module: set(imported_at_top(tree(module))) for module in MODULES}
    dear = {name for name in set().union(*top.values()) if is_dear(name)}
    wrong = {module: sorted(names & dear) for module, names in top.items() if names & dear}
    assert not wrong, "these import at their top: {}".format(wrong)


def imported_at_top(node):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name.split(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module.split(".")[0]
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from imported_at_top(child)


def is_dear(name):
    if name == "coaiapy" or name in sys.builtin_module_names:
        return False
    spec = importlib.util.find_spec(name)
    if name == "sqlite3" or spec is None or spec.origin is None:
        return True
    inside = spec.origin == "frozen" or spec.origin.startswith(sysconfig.get_paths()["stdlib"])
    return not inside or "site-packages" in spec.origin


def test_the_check_for_dear_imports_knows_one():
    top = ast.parse(
        "try:\n    import yaml.nodes\nexcept ImportError:\n    from sqlite3 import dbapi2"
    )
    assert [is_dear(name) for name in imported_at_top(top)] == [True, True]
    assert not [name for name in ("os", "sys", "json", "typing", "time") if is_dear(name)]
    assert not list(imported_at_top(ast.parse("def f():\n    import yaml")))


def test_domain_code_never_prints_exits_or_looks_at_the_terminal():
    found = [
        "{} uses {}".format(module, name)
        for module in DOMAIN
        for name in sorted(set(terminal_uses(tree(module))) - PUBLISHED.get(module, set()))
    ]
    assert not found, found


def terminal_uses(top):
    for node in ast.walk(top):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("print", "input", "exit", "quit", "SystemExit"):
                yield node.func.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            whole = "{}.{}".format(node.value.id, node.attr)
            if whole in TERMINAL:
                yield whole
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            yield from ("sys." + alias.name for alias in node.names)


def test_the_check_for_the_terminal_knows_one():
    uses = "print(1)\nraise SystemExit(2)\nsys.stdout.write(sys.argv[1])\nfrom sys import exit"
    found = set(terminal_uses(ast.parse(uses)))
    assert found == {"print", "SystemExit", "sys.stdout", "sys.argv", "sys.exit"}


def test_files_are_short_and_say_what_they_are_for():
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in FILES}
    long = [path for path in FILES if len(texts[path].splitlines()) > LONGEST_FILE]
    assert not long, "more than {} lines: {}".format(LONGEST_FILE, long)
    silent = [path for path in FILES if texts[path] and not says_what_it_is_for(texts[path])]
    assert not silent, "no docstring: {}".format(silent)


def says_what_it_is_for(text):
    return ast.get_docstring(ast.parse(text))


def test_functions_fit_on_a_screen():
    long = [
        "{}.{} ({} lines)".format(module, node.name, lines_of(node))
        for module in MODULES
        for node in functions(module)
        if lines_of(node) > LONGEST_FUNCTION
    ]
    assert not long, "more than {} lines: {}".format(LONGEST_FUNCTION, long)


def lines_of(function):
    """How many lines the statements take; what it takes and says of itself does not count."""
    lines = [
        node.lineno
        for statement in statements(function)
        for node in ast.walk(statement)
        if hasattr(node, "lineno")
    ]
    return max(lines) - min(lines) + 1 if lines else 0


def test_what_scripts_may_call_is_documented():
    silent = [
        "{}.{}".format(module, name)
        for module in DOMAIN
        for name, node in public(tree(module))
        if not ast.get_docstring(node)
    ]
    assert not silent, "no docstring: {}".format(silent)


def public(top, prefix=""):
    for node in top.body:
        name = prefix + getattr(node, "name", "")
        if getattr(node, "name", "_").startswith("_") or is_overload(node):
            continue
        if isinstance(node, ast.FunctionDef):
            yield name, node
        elif isinstance(node, ast.ClassDef):
            yield name, node
            yield from public(node, name + ".")


def is_overload(node):
    found = [one.attr for one in node.decorator_list if isinstance(one, ast.Attribute)]
    return "overload" in found


def test_every_client_of_langfuse_is_closed():
    kept = [name for name in MODULES for call in clients_outside_with(tree(name))]
    assert kept == ["langfuse.send.project_sender"]  # it is closed with its owner


def clients_outside_with(top):
    held = {
        item.context_expr
        for node in ast.walk(top)
        if isinstance(node, ast.With)
        for item in node.items
    }
    for node in ast.walk(top):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("LangfuseHttp", "client_for") and node not in held:
                yield node


def test_only_the_entry_points_end_the_program():
    ends = [name for name in MODULES if "sys.exit" in set(terminal_uses(tree(name)))]
    assert sorted(ends) == ["__main__", "coaiacli", "coaiamodule"]


def test_threads_are_started_in_one_place():
    """It imports what they need before: ``tests/whole/test_cold_commands.py`` proves that this is all."""
    starting = [name for name in MODULES if "Thread" in attributes(name, "threading")]
    assert starting == ["util.threads"]
    using = [name for name in MODULES if "start" in attributes(name, "threads")]
    assert set(using) == {
        "langfuse.send.background",
        "langfuse.send.transport",
        "util.http.timed_stream",
    }
    others = {"_thread", "asyncio", "concurrent", "multiprocessing", "sched"}
    assert not [name for name in MODULES if others & set(imported_anywhere(name))]


def attributes(module, of):
    """Return what a module uses of another that it has imported as a whole."""
    return {
        node.attr
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == of
    }


def imported_anywhere(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imported_at_top(ast.Module(body=[node]))
