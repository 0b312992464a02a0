"""Changes the syntax tree of a template so that all that takes long counts as work."""

import functools
from typing import Any, List, Optional, Set

from coaiapy.templating.expressions import bounds

# Filters that no template can name, because of the space.
LOOP = " loop"
WEIGHED = " weighed"
APART = " apart"
# The filter that lets a value be a part of a shell text, instead of one word in it.
RAW = "raw"
# What an expression is made of that only compares.
_COMPARING = "Template Output Name Const Compare Operand And Or Not List Tuple".split()


def cost_of(tree: Any, nodes: Any) -> int:
    """Return what it costs to evaluate every part of a tree once."""
    return bounds.OPERATION + bounds.NODE * sum(1 for _ in tree.find_all(nodes.Node))


def raw_names(tree: Any, nodes: Any) -> Set[str]:
    """Return the names that a ``raw`` value of a text can be made of.

    What a loop or an assignment of the text uses counts if there is such a value.
    """
    shown = [node for output in tree.find_all(nodes.Output) for node in output.nodes]
    raw = [node for node in shown if _is_raw(node, nodes)]
    if not raw:
        return set()
    makers = raw + list(tree.find_all((nodes.For, nodes.Assign)))
    return {name.name for node in makers for name in node.find_all(nodes.Name)}


def set_values_apart(tree: Any, nodes: Any) -> None:
    """Pass each value that the text shows through the filter ``APART``, unless it is ``raw``."""
    for output in tree.find_all(nodes.Output):
        output.nodes = [_apart(node, nodes) for node in output.nodes]


def _apart(node: Any, nodes: Any) -> Any:
    if isinstance(node, nodes.TemplateData):
        return node
    return node.node if _is_raw(node, nodes) else _filtered(node, APART, nodes)


def _is_raw(node: Any, nodes: Any) -> bool:
    return isinstance(node, nodes.Filter) and node.name == RAW


def literals(tree: Any, nodes: Any) -> Optional[List[Any]]:
    """Return the literals of an expression that only compares names with these, else ``None``."""
    found = []
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, tuple(getattr(nodes, kind) for kind in _COMPARING)):
            return None
        if isinstance(node, nodes.Const):
            found.append(node.value)
    return found


def bound(node: Any, nodes: Any) -> None:
    """Make loops, comparisons and slices below ``node`` count as work, which is limited."""
    for name, value in list(node.iter_fields()):
        if isinstance(value, list):
            setattr(node, name, [_bounded(item, nodes) for item in value])
        else:
            setattr(node, name, _bounded(value, nodes))


def _bounded(node: Any, nodes: Any) -> Any:
    if not isinstance(node, nodes.Node):
        return node
    bound(node, nodes)
    if isinstance(node, nodes.For):
        cost = nodes.Const(cost_of(node, nodes), lineno=1)
        node.iter = _filtered(node.iter, LOOP, nodes, cost)
    elif isinstance(node, nodes.Concat):  # a ~ b becomes a + b, which is limited
        texts = [_filtered(part, "string", nodes) for part in node.nodes]
        return functools.reduce(lambda left, right: nodes.Add(left, right, lineno=1), texts)
    elif isinstance(node, nodes.Compare):
        return _bounded_comparison(node, nodes)
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        node.node = _filtered(node.node, WEIGHED, nodes)
    return node


def _bounded_comparison(node: Any, nodes: Any) -> Any:
    """Return a comparison that counts; a search, which may take longer, becomes the test "in"."""
    first, others = node.ops[0], node.ops[1:]
    if not others and first.op in ("in", "notin"):
        found = nodes.Test(node.expr, "in", [first.expr], [], None, None, lineno=1)
        return found if first.op == "in" else nodes.Not(found, lineno=1)
    for operand in node.ops:
        if operand.op in ("in", "notin"):
            raise TypeError("put parentheses around a comparison with in")
        operand.expr = _filtered(operand.expr, WEIGHED, nodes)
    node.expr = _filtered(node.expr, WEIGHED, nodes)
    return node


def _filtered(node: Any, name: str, nodes: Any, *args: Any) -> Any:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=1)
