"""The modules of the package as syntax trees, for tests of rules for all modules."""

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "coaiapy"
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py"))


@functools.lru_cache(maxsize=None)
def tree(module):
    """Return the syntax tree of a module of the package."""
    source = (PACKAGE / (module + ".py")).read_text(encoding="utf-8")
    return ast.parse(source, module + ".py")


def own_imports(module):
    """Return the modules of the package that ``module`` imports, also inside functions."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name[8:] for alias in node.names if alias.name[:8] == "coaiapy.")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "{}: imports are absolute".format(module)
            if node.module == "coaiapy":
                names = {alias.name for alias in node.names}
                yield from names & set(MODULES)
            elif node.module.startswith("coaiapy."):
                yield node.module[8:]


def functions(module):
    return [node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef)]


def statements(function):
    return function.body[1:] if ast.get_docstring(function) else function.body
