"""Reads YAML that may be hostile: only plain data, and with a limit on its size.

An alias (``*name``) repeats another value, a merge (``<<``) all its keys. With these, ten lines can
expand to more than any memory holds; values that are far larger than the text are refused.
"""

import re
from typing import Any, Callable, Dict, List, Optional

from coaiapy.util.formats.json_values import MAX_DIGITS
from coaiapy.util.packages import require
from coaiapy.util.text.wording import cut_repr

# How much, in characters and values, aliases and merges may add to twice the length of a text.
EXPANSION = 200000


# What YAML 1.1 reads as 750 and 83, and people write as a time of day and an id.
_NOT_MEANT = re.compile("[-+]?(0[0-9_]+$|.*:)")
_TAG = "tag:yaml.org,2002:"
_TEXT = _TAG + "str"
_MERGE = _TAG + "merge"
_EQUALS = _TAG + "value"  # the text "=", for which the safe loader has no constructor


class NotYamlError(ValueError):
    """The text is not YAML; ``line`` and ``column`` are counted from 1, ``None`` if none is meant."""

    def __init__(self, problem: str, mark: Any) -> None:
        self.problem = problem
        self.line: Optional[int] = mark.line + 1 if mark else None
        self.column: Optional[int] = mark.column + 1 if mark else None
        super().__init__("line {}: {}".format(self.line, problem) if mark else problem)


def load(text: str, *kept_as_text: str) -> Any:
    """Return the value of a YAML text with at most one document; see ``load_all``."""
    documents = load_all(text, *kept_as_text)
    if len(documents) > 1:
        raise ValueError("it contains {} documents instead of one".format(len(documents)))
    return documents[0] if documents else None


def load_all(text: str, *kept_as_text: str) -> List[Any]:
    """Return the values of the documents of a YAML text.

    ``kept_as_text`` are YAML types whose values are kept as texts: ``timestamp``, ``merge``.
    Raises ``NotYamlError``, or another ``ValueError`` if aliases or merges make the value too
    large, or if it is nested too deeply.
    """
    yaml = require("yaml", "PyYAML")
    most = 2 * len(text) + EXPANSION
    try:
        documents = list(yaml.load_all(text, Loader=_loader(yaml, kept_as_text, most)))
    except yaml.YAMLError as error:
        raise _not_yaml(error) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    _check_size(documents, most)
    return documents


def _not_yaml(error: Any) -> NotYamlError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    if problem == "found unhashable key":  # an unquoted {{ name }} does this
        problem += " (a text that begins with a brace needs quotes)"
    return NotYamlError(problem, mark)


def item_lines(text: str) -> List[int]:
    """Return the line, counted from 1, of each item of a YAML text that ``load_all`` has read.

    Items are those of documents that are lists; any other document, if not empty, is one item.
    """
    yaml = require("yaml", "PyYAML")
    nodes: List[Any] = []
    for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif node.tag != "tag:yaml.org,2002:null":
            nodes.append(node)
    return [int(node.start_mark.line) + 1 for node in nodes]


def _loader(yaml: Any, kept_as_text: Any, most: int) -> Any:
    class Loader(yaml.SafeLoader):  # type: ignore[misc, name-defined]
        """The safe loader, which also refuses duplicate keys and too many merged values."""

        merged = 0

        def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Any) -> Any:
            try:
                return super().scan_flow_scalar_non_spaces(double, start_mark)
            except (ValueError, OverflowError) as error:
                raise NotYamlError("an escape (\\U) names no character", start_mark) from error

        def scan_yaml_directive_number(self, start_mark: Any) -> Any:
            _check_digits(_digits_of(self.prefix(MAX_DIGITS + 1)), start_mark)
            return super().scan_yaml_directive_number(start_mark)

        def compose_mapping_node(self, anchor: Any) -> Any:
            return _with_texts_as_keys(super().compose_mapping_node(anchor), yaml)

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            construct = super().construct_object
            if node.id != "scalar":
                return construct(node, deep)
            return _scalar(lambda: construct(node, deep), yaml, node)

        def flatten_mapping(self, node: Any) -> None:
            before = len(node.value)
            super().flatten_mapping(node)
            self.merged += max(0, len(node.value) - before)
            if self.merged > most:
                raise ValueError("its merges (<<) make more than {} values of it".format(most))

    for kind, constructor in _CONSTRUCTORS.items():
        Loader.add_constructor(_TAG + kind, constructor)
    Loader.yaml_implicit_resolvers = _resolvers(yaml, kept_as_text)
    return Loader


def _with_texts_as_keys(node: Any, yaml: Any) -> Any:
    """Read each key as text, and refuse a duplicate: one value would be lost silently.

    YAML makes ``false`` of the key ``no`` and a number of ``1``.
    """
    seen = set()
    for place, (key, value) in enumerate(node.value):
        if key.id != "scalar" or key.tag == _MERGE:
            continue
        if key.value in seen:
            problem = "the key {!r} occurs twice".format(key.value)
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        seen.add(key.value)
        if key.tag != _TEXT:  # a copy: an alias may use the same node as a value
            key = yaml.ScalarNode(_TEXT, key.value, key.start_mark, key.end_mark)
            node.value[place] = (key, value)
    return node


def _resolvers(yaml: Any, kept_as_text: Any) -> Dict[Any, List[Any]]:
    """Return the patterns by which the safe loader tells types, without those that stay texts."""
    tags = [_EQUALS] + [_TAG + name for name in kept_as_text]
    return {
        first: [(tag, pattern) for tag, pattern in pairs if tag not in tags]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _scalar(construct: Callable[[], Any], yaml: Any, node: Any) -> Any:
    """Return a value; say so of a text that is none of the type that its tag names.

    Whatever PyYAML does with such a text (``!!bool maybe``, ``!!timestamp never``) may fail.
    """
    try:
        return construct()
    except (yaml.YAMLError, NotYamlError):
        raise
    except Exception as error:
        kind = node.tag.rpartition(":")[2]
        problem = "{} is no value of the type {}".format(cut_repr(node.value), kind)
        raise NotYamlError(problem, node.start_mark) from error


def _number(loader: Any, node: Any) -> Any:
    """Return a number; the text of a time such as 12:30, and of an id such as 00123.

    A number may have as many digits as in JSON: to read more takes too long.
    """
    _check_digits(node.value, node.start_mark)
    if _NOT_MEANT.match(node.value):
        return node.value
    is_whole = node.tag.endswith(":int")
    return loader.construct_yaml_int(node) if is_whole else loader.construct_yaml_float(node)


def _digits_of(text: str) -> str:
    """Return the digits that a text begins with."""
    return text[: len(text) - len(text.lstrip("0123456789"))]


def _check_digits(number: str, mark: Any) -> None:
    if len(number) > MAX_DIGITS:
        raise NotYamlError("a number has more than {} digits".format(MAX_DIGITS), mark)


def _binary(loader: Any, node: Any) -> str:
    """Return the text that bytes are written as."""
    return "".join(loader.construct_scalar(node).split())


def _set(loader: Any, node: Any) -> List[str]:
    return list(loader.construct_mapping(node, deep=True))


def _omap(loader: Any, node: Any) -> Dict[str, Any]:
    rows = _pairs(loader, node)
    found = {key: value for key, value in rows}
    if len(found) < len(rows):
        raise NotYamlError("a key occurs twice in an !!omap", node.start_mark)
    return found


def _pairs(loader: Any, node: Any) -> List[List[Any]]:
    rows = loader.construct_sequence(node, deep=True)
    if not all(isinstance(row, dict) and len(row) == 1 for row in rows):
        problem = "an !!omap or !!pairs is a list of one key with its value each"
        raise NotYamlError(problem, node.start_mark)
    return [[key, value] for row in rows for key, value in row.items()]


# The types of YAML that JSON lacks become what comes nearest in JSON.
_CONSTRUCTORS = {
    "int": _number,
    "float": _number,
    "binary": _binary,
    "set": _set,
    "omap": _omap,
    "pairs": _pairs,
}


def _check_size(value: Any, most: int) -> None:
    size = 0
    waiting = [value]
    while waiting:
        current = waiting.pop()
        size += 1
        if isinstance(current, str):
            size += len(current)
        elif isinstance(current, dict):
            waiting.extend(current.keys())
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)
        if size + len(waiting) > most:
            raise ValueError("its aliases make more than {} values of it".format(most))
