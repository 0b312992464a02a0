"""Nothing is in the package that nothing uses, and nothing is there twice."""

import ast
import copy
import sys

import pytest
from package_code import MODULES, functions, imported_names, own_imports, statements, tree

pytestmark = pytest.mark.once

SMALLEST_COPY = 25  # nodes of the syntax tree: two or three lines

# What other programs import, and nothing here does.
FOR_SCRIPTS = {
    "coaiamodule",
    "cofuse",
    "cogh",
    "syntation",
    "running.launch",
    "llm.answers",
}
FOUND_BY_SCRIPTS = {
    ("__init__", "main"),
    ("langfuse.send.delivery", "serve"),  # the process that sends in the background
    ("coaiacli", "fetch_key_val"),
    ("coaiacli", "validate_uuid"),
    ("coaiacli", "validate_identifier"),
    ("coaiacli", "tash_key_val"),
    ("coaiacli", "tash_key_val_from_file"),
    ("coaiacli", "process_send"),
}


def test_no_work_is_written_down_twice():
    alike = {}
    for module in MODULES:
        for function in functions(module):
            kinds = tuple(type(node) for one in statements(function) for node in ast.walk(one))
            if len(kinds) >= SMALLEST_COPY:
                place = "{}.{}".format(module, function.name)
                alike.setdefault(kinds, []).append((place, function))
    copies = [found for some in alike.values() if len(some) > 1 for found in copies_among(some)]
    assert not copies, "these do the same: {}".format(copies)


def copies_among(some):
    """The names of those functions that do the same as another, in one list for each work."""
    places = {}
    for place, function in some:
        places.setdefault(work_of(function), []).append(place)
    return [found for found in places.values() if len(found) > 1]


def work_of(function):
    """What a function does as a text that stays the same under other names of local values."""
    numbered = Numbered(function)
    return "".join(ast.dump(numbered.visit(copy.deepcopy(one))) for one in statements(function))


class Numbered(ast.NodeTransformer):
    """Gives the arguments and local values of one function numbers for names."""

    def __init__(self, function):
        self.local = set(local_names(function))
        self.numbers = {}

    def number(self, name):
        if name not in self.local:
            return name
        return "local {}".format(self.numbers.setdefault(name, len(self.numbers)))

    def visit_Name(self, node):
        return ast.Name(id=self.number(node.id), ctx=node.ctx)

    def visit_arg(self, node):
        return ast.arg(arg=self.number(node.arg), annotation=None)

    def visit_ExceptHandler(self, node):
        node.name = node.name and self.number(node.name)
        return self.generic_visit(node)


def local_names(function):
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def test_the_check_for_copies_looks_past_local_names():
    one, same, other = ast.parse(
        "def f(a):\n    try:\n        return b(a)\n    except E as e:\n        return str(e)\n"
        "def g(x):\n    try:\n        return b(x)\n    except E as y:\n        return str(y)\n"
        "def h(a):\n    try:\n        return c(a)\n    except E as e:\n        return str(e)\n"
    ).body
    assert work_of(one) == work_of(same) != work_of(other)


def test_nothing_is_there_that_nothing_uses():
    used = {use for module in MODULES for use in uses(module)}
    attributes = {node.attr for module in MODULES for node in nodes(module, ast.Attribute)}
    handed_about = {handed for module in MODULES for handed in modules_as_values(module)}
    used |= {(module, name) for module in handed_about for name in attributes}
    used |= FOUND_BY_SCRIPTS
    spare = [
        "{}.{}".format(module, name)
        for module in MODULES
        if module not in FOR_SCRIPTS
        for name in defined(tree(module))
        if (module, name) not in used
    ]
    assert not spare, "nothing uses {}".format(spare)


def test_every_module_is_imported():
    loaded = {name for module in MODULES for name in set(own_imports(module)) - {module}}
    named = {owner for module in MODULES for owner, _ in named_in_texts(module)}
    unloaded = set(MODULES) - loaded - named - FOR_SCRIPTS - {"__init__", "__main__"}
    assert not unloaded, "nothing imports {}".format(sorted(unloaded))


def defined(top):
    """The names of functions, classes and values at the top of a module."""
    for node in top.body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        names = [getattr(node, "name", None)] + [getattr(one, "id", None) for one in targets]
        yield from (name for name in names if name and not name.startswith("__"))


def uses(module):
    """Each name at the top of a module that ``module`` uses, as a pair (module, name)."""
    known = imported_modules(module)
    for node in nodes(module, ast.Name, ast.Attribute, ast.ImportFrom):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                yield module, node.id
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in known:
                yield known[node.value.id], node.attr
        else:
            yield from imported_names(node)
    yield from ((module, name) for name in published(tree(module)))
    yield from named_in_texts(module)


def named_in_texts(module):
    """Each (module, function) that a command is built by, as a branch of the tree names it."""
    for text in texts(tree(module)):
        owner, _, name = text.rpartition(".")
        yield from ((whole, name) for whole in (owner, "cli." + owner) if whole in MODULES)


def nodes(module, *kinds):
    return [node for node in ast.walk(tree(module)) if isinstance(node, kinds)]


def imported_modules(module):
    """The modules of the package that are imported whole, by the name they have in ``module``."""
    return {
        local: "{}.{}".format(owner, name).lstrip(".")
        for node in nodes(module, ast.ImportFrom)
        for local, (owner, name) in zip(local_names_of(node), imported_names(node))
        if "{}.{}".format(owner, name).lstrip(".") in MODULES
    }


def local_names_of(node):
    return [alias.asname or alias.name for alias in node.names]


def modules_as_values(module):
    """The modules that ``module`` keeps in a table or hands on: anybody may use their names."""
    known = imported_modules(module)
    owners = {id(node.value) for node in nodes(module, ast.Attribute)}
    for node in nodes(module, ast.Name):
        if node.id in known and id(node) not in owners:
            yield known[node.id]


def published(top):
    """The names in ``__all__``."""
    for node in top.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            yield from texts(node.value)


def texts(top):
    for node in ast.walk(top):
        found = [vars(node).get(field) for field in ("value", "s")]  # "s" before Python 3.8
        yield from (text for text in found if isinstance(text, str))


def test_every_argument_is_used():
    """Of the functions that only their own module calls, by name."""
    spare = [
        "{} of {}.{}".format(name, module, function)
        for module in set(MODULES) - FOR_SCRIPTS
        for function, name in spare_arguments(tree(module))
    ]
    assert not spare, "nothing uses {}".format(spare)


def spare_arguments(top):
    """Yield (function, argument) for each argument that a function of a module need not have."""
    called = {id(node.func) for node in ast.walk(top) if isinstance(node, ast.Call)}
    handed_on = {
        node.id for node in ast.walk(top) if isinstance(node, ast.Name) and id(node) not in called
    }
    for node in top.body:
        name = getattr(node, "name", "")
        if not isinstance(node, ast.FunctionDef) or name[0] != "_" or name in handed_on:
            continue
        used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        given = [one.arg for one in node.args.args + node.args.kwonlyargs]
        yield from ((name, one) for one in given if one not in used and one[0] != "_")


def test_the_check_for_arguments_knows_a_spare_one():
    code = "def _f(a, b, _c): return a\ndef _g(a): pass\nuse(_f(1, 2, 3), _g)\ndef h(a): pass"
    assert list(spare_arguments(ast.parse(code))) == [("_f", "b")]


def test_the_check_for_what_nothing_uses_tells_modules_apart(monkeypatch):
    sources = {
        "one": "A = B = C = 1\nD: int = 2\n__all__ = ['D']\ndef f(): return A\nclass G: pass",
        "two": "from coaiapy import one\nC = one.B\nprint(C, one.f)",
        "three": "from coaiapy.one import G as H\nA = 1",
    }
    monkeypatch.setattr(sys.modules[__name__], "MODULES", sorted(sources))
    monkeypatch.setattr(sys.modules[__name__], "tree", lambda name: ast.parse(sources[name]))
    used = {use for module in sources for use in uses(module)}
    unused = [
        (name, one) for name in sources for one in defined(tree(name)) if (name, one) not in used
    ]
    assert sorted(unused) == [("one", "C"), ("three", "A")]
