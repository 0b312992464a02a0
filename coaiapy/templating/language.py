"""The template language: Jinja2 in a sandbox that can only use data.

A template may come from somebody hostile. It has access to the given values, a few functions, and
harmless methods of texts, lists and objects, but not to Python objects, files or processes. An
unknown name is an error.
"""

import functools
import operator
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)

from coaiapy.errors import UsageError
from coaiapy.templating.document import TAGS, has_expression
from coaiapy.templating.expressions import bounds
from coaiapy.templating.expressions import tree as templating_tree
from coaiapy.util.packages import require
from coaiapy.util.text.wording import did_you_mean

_STATEMENTS = ("Output", "If", "For", "Assign", "AssignBlock", "Template")
_OPERATORS = ("*", "**", "+", "%")
# Stands before and after each value in the pieces of a text.
_APART = "\0"

_FILTERS = (
    "abs capitalize count d default dictsort e escape first float int items last length list "
    "lower map max min reject rejectattr reverse select selectattr sort string striptags sum "
    "title trim truncate unique upper urlencode wordcount"
).split()

_METHODS = {
    str: (
        "capitalize casefold count endswith find index isalnum isalpha isdigit islower isnumeric "
        "isspace istitle isupper join lower lstrip partition replace rfind rindex rpartition "
        "rsplit rstrip split splitlines startswith strip swapcase title upper"
    ).split(),
    dict: "get items keys values".split(),
    list: "count index".split(),
    tuple: "count index".split(),
}
# Tests that Jinja2 has since version 2.10; some apps come with an older one.
_TESTS: Dict[str, Callable[[Any, Any], bool]] = {
    "in": lambda value, items: value in items,
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_LOOP_FIELDS = (
    "index index0 revindex revindex0 first last length previtem nextitem cycle changed".split()
)


class TemplateError(UsageError, ValueError):
    """A template cannot be rendered, or not with these variables."""


class _Compiled(NamedTuple):
    template: Any
    is_expression: bool
    names: Set[str]
    raw: Set[str]
    cost: int


class Language:
    """Renders texts and documents; the limits on size apply to all work of one object together."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._jinja = require("jinja2", "Jinja2")
        self._made = 0
        self._loops = 0
        self._worked = 0
        self._compiled: Dict[Tuple[str, bool], _Compiled] = {}
        self._environment = self._make_environment(functions)

    def render(self, value: Any, names: Mapping[str, Any], where: str) -> Any:
        """Return ``value`` with every text in it rendered; keys are not rendered.

        A text that is only one expression becomes the expression's value with its type. Raises
        ``TemplateError`` that begins with ``where``.
        """
        if isinstance(value, dict):
            return {
                key: self.render(item, names, "{}.{}".format(where, key))
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                self.render(item, names, "{}[{}]".format(where, i)) for i, item in enumerate(value)
            ]
        if has_expression(value):
            return self._guarded(where, names, lambda: self._value_of(value, names))
        return value

    def expression(self, text: str, names: Mapping[str, Any], where: str) -> Any:
        """Return the value of an expression, given with or without braces."""
        return self.render(_with_braces(text), names, where)

    def pieces(self, text: str, names: Mapping[str, Any], where: str) -> List[str]:
        """Return a rendered text in pieces: in turn what the template says, and a value in it.

        The value of an expression that ends with ``| raw`` is a part of what the template says.
        """
        if _APART in text:
            raise TemplateError("{}: cannot contain a NUL character".format(where))
        rendered = self._guarded(where, names, lambda: self._value_of(text, names, apart=True))
        return str(rendered).split(_APART)

    def names_in(self, value: Any, where: str) -> Set[str]:
        """Return the names that the expressions in ``value`` use."""
        if isinstance(value, (dict, list)):
            items = list(value.values()) if isinstance(value, dict) else value
            return set().union(*[self.names_in(item, where) for item in items])
        if has_expression(value):
            return self._guarded(where, {}, lambda: self._compile(value).names)  # type: ignore
        return set()

    def names_in_expression(self, value: Any, where: str) -> Set[str]:
        """Return the names in what ``expression`` or ``render`` gets: a text needs no braces."""
        return self.names_in(_with_braces(value), where)

    def names_in_command(self, text: str, where: str) -> Set[str]:
        """Return the names that the expressions in a text for ``pieces`` use."""
        return self._guarded(where, {}, lambda: self._compile(text, apart=True).names)  # type: ignore

    def raw_names(self, text: str, where: str) -> Set[str]:
        """Return the names that values with ``| raw`` in a text for ``pieces`` are made of."""
        return self._guarded(where, {}, lambda: self._compile(text, apart=True).raw)  # type: ignore

    def functions(self) -> Set[str]:
        """Return the names of the functions that expressions may call."""
        return set(self._environment.globals)

    def literals(self, text: str) -> Optional[List[Any]]:
        """Return the literals that an expression compares names with.

        ``None`` if it does anything else: then it may tell apart more values than these.
        """
        from jinja2 import nodes

        tree = self._environment.parse(_with_braces(text))
        return templating_tree.literals(tree, nodes)

    def _guarded(self, where: str, names: Mapping[str, Any], work: Callable[[], Any]) -> Any:
        """Return ``work()``; any error in it is the template's and becomes a ``TemplateError``."""
        try:
            return work()
        except self._jinja.TemplateSyntaxError as error:
            raise TemplateError("{}: {}".format(where, error.message)) from error
        except self._jinja.UndefinedError as error:
            word = (str(error).split("'") + ["", ""])[1]
            hint = "" if word in names else did_you_mean(word, names)
            raise TemplateError("{}: {}{}".format(where, error, hint)) from error
        except MemoryError as error:
            raise TemplateError("{}: too large for memory".format(where)) from error
        except Exception as error:
            told = str(error) or type(error).__name__
            raise TemplateError("{}: {}".format(where, told)) from error

    def _value_of(self, text: str, names: Mapping[str, Any], apart: bool = False) -> Any:
        compiled = self._compile(text, apart)
        self._charge(compiled.cost)
        context = compiled.template.new_context(dict(names))
        pieces = []
        for piece in compiled.template.root_render_func(context):
            self._spend(len(piece))
            pieces.append(piece)
        return self._plain(context.vars["result"]) if compiled.is_expression else "".join(pieces)

    def _plain(self, value: Any) -> Any:
        """Return ``value`` as JSON data; ``TypeError`` for any other value, such as a function."""
        if isinstance(value, self._jinja.Undefined):
            str(value)
        if isinstance(value, str):
            self._spend(len(value))
            return str(value)
        if value is None or isinstance(value, (bool, int, float)):
            self._spend(bounds.size_of(value))
            return value
        if isinstance(value, dict):
            self._spend(len(value) + sum(len(str(key)) for key in value))
            return {str(key): self._plain(item) for key, item in value.items()}
        if callable(value) or not hasattr(value, "__iter__"):
            raise TypeError("this is not data but a {}".format(type(value).__name__))
        items = []
        for item in value:
            items.append(self._plain(item))
        return items

    def _spend(self, size: int) -> None:
        self._made += size
        bounds.check_size(self._made)

    def _compile(self, text: str, apart: bool = False) -> _Compiled:
        if (text, apart) not in self._compiled:
            self._compiled[text, apart] = self._compile_new(text, apart)
        return self._compiled[text, apart]

    def _compile_new(self, text: str, apart: bool) -> _Compiled:
        from jinja2 import meta, nodes

        expressions = sum(map(len, TAGS.findall(text)))
        self._charge(bounds.TEXT + bounds.CHARACTER * expressions)
        tree = self._environment.parse(text)
        for statement in tree.find_all(nodes.Stmt):
            _check_statement(statement, apart)
        self.parsed(text, tree, nodes)
        raw = templating_tree.raw_names(tree, nodes) if apart else set()
        if apart:
            templating_tree.set_values_apart(tree, nodes)
        names = set(meta.find_undeclared_variables(tree))
        templating_tree.bound(tree, nodes)
        cost = templating_tree.cost_of(tree, nodes)
        expression = None if apart else _only_expression(tree, nodes)
        if expression is not None:
            target = nodes.Name("result", "store", lineno=1)
            tree.body = [nodes.Assign(target, expression, lineno=1)]
        tree.set_environment(self._environment)
        template = self._environment.from_string(tree)
        return _Compiled(template, expression is not None, names, raw, cost)

    def parsed(self, text: str, tree: Any, nodes: Any) -> None:
        """Do nothing; for who watches the parts of a text."""

    def _make_environment(self, functions: Mapping[str, Callable[..., Any]]) -> Any:
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        kind = type("TemplateEnvironment", (_OnlyData, ImmutableSandboxedEnvironment), {})
        environment = kind(
            undefined=self._jinja.StrictUndefined,
            finalize=_finalized,
            keep_trailing_newline=True,
            optimized=False,
            cache_size=0,
        )
        known = environment.filters
        filters = {name: known[name] for name in _FILTERS if name in known}
        filters.update(join=bounds.join, replace=self._replaced)
        filters.update(round=bounds.round_number, tojson=bounds.to_json)
        filters["sum"] = bounds.summing(known["sum"])
        for name, cost, at in bounds.SLOW:
            if name in filters:
                filters[name] = bounds.charging(filters[name], self._charge, cost, at)
        environment.filters = {
            name: _measured(function, self._work, bounds.FILTER)
            for name, function in filters.items()
        }
        environment.filters[templating_tree.LOOP] = self._bounded_loop
        environment.filters[templating_tree.WEIGHED] = self._weighed
        environment.filters[templating_tree.APART] = _measured(_set_apart, self._work)
        environment.work = self._work
        environment.charge = self._charge
        tests = dict(_TESTS, **environment.tests)
        environment.tests = {name: _measured(tests[name], self._work) for name in tests}
        environment.tests["in"] = self._is_in
        environment.globals = dict(functions, range=bounds.bounded_range)
        return environment

    def _work(self, *values: Any, times: int = 1) -> None:
        """Add the cost of an operation to the work so far, before it is carried out."""
        self._charge(bounds.OPERATION + times * sum(map(bounds.size_of, values)))

    def _charge(self, cost: int) -> None:
        self._worked += cost
        if self._worked > bounds.MAX_WORK:
            raise bounds.TooMuch("this would take too long")

    def _weighed(self, value: Any) -> Any:
        self._work(value)
        return value

    def _is_in(self, value: Any, items: Any) -> bool:
        self._work(value, items)
        self._charge(bounds.search_cost(items, value))
        return value in items

    def _replaced(self, text: Any, old: Any, new: Any, count: int = -1) -> str:
        self._charge(bounds.search_cost(text, old))
        return bounds.replace(text, old, new, count)

    def _bounded_loop(self, items: Any, cost: int) -> Iterator[Any]:
        for item in items:
            self._charge(cost)
            self._loops += 1
            if self._loops > bounds.MAX_LOOPS:
                raise bounds.TooMuch("loops may run {} times in all".format(bounds.MAX_LOOPS))
            yield item


class _OnlyData:
    """A mixin for Jinja2's sandbox: allows only listed methods, and limits operations."""

    intercepted_binops = frozenset(_OPERATORS)
    work: Callable[..., None]
    charge: Callable[[int], None]

    def is_safe_attribute(self, owner: Any, name: str, value: Any) -> bool:
        if type(owner).__name__ == "LoopContext":
            return name in _LOOP_FIELDS
        return any(isinstance(owner, kind) and name in _METHODS[kind] for kind in _METHODS)

    def wrap_str_format(self, value: Any) -> None:
        """Switch off Jinja2's own support of ``str.format``.

        Newer releases allow it without calling ``is_safe_attribute``, and ``{:>999999999}`` makes a
        text of that length.
        """

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        self.work(left, right)
        self.charge(bounds.check_operation(operator, left, right))
        return super().call_binop(context, operator, left, right)  # type: ignore[misc]

    def call(self, context: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        owner = getattr(function, "__self__", None)
        owned = owner if isinstance(owner, tuple(_METHODS)) else None
        given = args + tuple(kwargs.values())
        self.work(given, owned, times=bounds.METHOD)
        if isinstance(owner, str) and given:
            self.charge(bounds.search_cost(owner, given[0]))
        if isinstance(owner, str) and function.__name__ == "join":
            self.charge(bounds.items_cost(args[0]))
            return bounds.join(args[0], owner)
        if isinstance(owner, str) and function.__name__ == "replace":
            return bounds.replace(owner, *args)
        return super().call(context, function, *args, **kwargs)  # type: ignore[misc]


def _with_braces(value: Any) -> Any:
    is_bare = isinstance(value, str) and not has_expression(value)
    return "{{ " + value + " }}" if is_bare else value


def _finalized(value: Any) -> Any:
    bounds.size_of(value)
    return "" if value is None else value


def _measured(
    function: Callable[..., Any], work: Callable[..., None], times: int = 1
) -> Callable[..., Any]:
    """Return a filter or test that counts its arguments as work, ``times`` times their size."""

    @functools.wraps(function)
    def measured(*args: Any, **kwargs: Any) -> Any:
        work(*args, *kwargs.values(), times=times)
        return function(*args, **kwargs)

    return measured


def _check_statement(statement: Any, apart: bool) -> None:
    name = type(statement).__name__
    if name not in _STATEMENTS or getattr(statement, "recursive", False):
        said = "templates can use if, for and set, but not {}"
        raise TypeError(said.format(name.lower()))
    if apart and name == "AssignBlock":
        raise TypeError("a command can use {% set NAME = VALUE %}, but not {% endset %}")


def _set_apart(value: Any) -> str:
    """Return a value so that ``Language.pieces`` finds it in the text around it."""
    text = bounds.shown(value)
    if hasattr(value, "__iter__") and not isinstance(value, str):
        raise TypeError(
            "a list or an object is not one word: use {% for %}, or the filter join or tojson"
        )
    if _APART in text:
        raise ValueError("a value cannot contain a NUL character")
    return _APART + text + _APART


def _only_expression(tree: Any, nodes: Any) -> Any:
    """Return the expression if the whole text is only one expression, else ``None``."""
    if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output):
        parts = tree.body[0].nodes
        if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
            return parts[0]
    return None
