"""The modules of the package as syntax trees, for tests of rules for all modules.

A module has its dotted name below the package.
"""

import ast
import functools

from places import PACKAGE


def _name(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


# Without the files that only make a folder a package, which are empty.
MODULES = sorted(
    _name(path)
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py" or path.parent == PACKAGE
)


@functools.lru_cache(maxsize=None)
def tree(module):
    """Return the syntax tree of a module of the package."""
    path = PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def own_imports(module):
    """Yield the modules of the package that ``module`` imports, also inside functions."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name[8:] for alias in node.names if alias.name[:8] == "coaiapy.")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "{}: imports are absolute".format(module)
            for owner, name in imported_names(node):
                whole = "{}.{}".format(owner, name).lstrip(".")
                if whole in MODULES or owner:
                    yield whole if whole in MODULES else owner


def imported_names(node):
    """Yield (module, name) for each name that a ``from`` takes from the package itself.

    For a module that is imported whole they are its folder and its own name.
    """
    if node.module == "coaiapy" or node.module.startswith("coaiapy."):
        yield from ((node.module[8:], alias.name) for alias in node.names)


def functions(module):
    return [node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef)]


def statements(function):
    return function.body[1:] if ast.get_docstring(function) else function.body
