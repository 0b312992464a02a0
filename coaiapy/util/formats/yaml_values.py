"""Reads YAML that may be hostile: only plain data, and with a limit on its size.

An alias (``*name``) repeats another value, a merge (``<<``) all its keys. With these, ten lines can
expand to more than any memory holds; values that are far larger than the text are refused.
"""

import re
from typing import Any, List, Optional

from coaiapy.util.formats.json_values import MAX_DIGITS
from coaiapy.util.packages import require

# How much, in characters and values, aliases and merges may add to twice the length of a text.
EXPANSION = 200000


# What YAML 1.1 reads as 750 and 83, and people write as a time of day and an id.
_NOT_MEANT = re.compile("[-+]?(0[0-9_]+$|.*:)")
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_EQUALS = "tag:yaml.org,2002:value"  # the text "=", for which the safe loader has no constructor


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
    tags = [_EQUALS] + ["tag:yaml.org,2002:" + name for name in kept_as_text]

    class Loader(yaml.SafeLoader):  # type: ignore[misc, name-defined]
        """The safe loader, which also refuses duplicate keys and too many merged values."""

        merged = 0

        def compose_mapping_node(self, anchor: Any) -> Any:
            """Read each key as text, and refuse a duplicate: one value would be lost silently.

            YAML makes ``false`` of the key ``no`` and a number of ``1``.
            """
            node = super().compose_mapping_node(anchor)
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

        def flatten_mapping(self, node: Any) -> None:
            before = len(node.value)
            super().flatten_mapping(node)
            self.merged += max(0, len(node.value) - before)
            if self.merged > most:
                raise ValueError("its merges (<<) make more than {} values of it".format(most))

    for kind in ("int", "float"):
        Loader.add_constructor("tag:yaml.org,2002:" + kind, _number)
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag not in tags]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


def _number(loader: Any, node: Any) -> Any:
    """Return a number; the text of a time such as 12:30, and of an id such as 00123.

    A number may have as many digits as in JSON: to read more takes too long.
    """
    if len(node.value) > MAX_DIGITS:
        problem = "a number has more than {} digits".format(MAX_DIGITS)
        raise NotYamlError(problem, node.start_mark)
    if _NOT_MEANT.match(node.value):
        return node.value
    is_whole = node.tag.endswith(":int")
    return loader.construct_yaml_int(node) if is_whole else loader.construct_yaml_float(node)


def _check_size(value: Any, most: int) -> None:
    size = 0
    waiting = [value]
    while waiting:
        current = waiting.pop()
        size += 1
        if isinstance(current, (str, bytes)):
            size += len(current)
        elif isinstance(current, dict):
            waiting.extend(current.keys())
            waiting.extend(current.values())
        elif isinstance(current, (list, tuple, set)):
            waiting.extend(current)
        if size + len(waiting) > most:
            raise ValueError("its aliases make more than {} values of it".format(most))
