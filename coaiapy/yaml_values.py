"""YAML from strangers: data and nothing else, and not much more of it than the text says.

An alias (``*name``) stands for what it names, a merge (``<<``) for all the keys of it. Ten lines
of them can mean more than any memory holds; what goes far beyond the text is refused.
"""

from typing import Any, List

from coaiapy.packages import require

# What aliases and merges may add to a text, in characters and values.
EXPANSION = 200000


def load(text: str, *kept_as_text: str) -> Any:
    """Return the value of a YAML text; see ``load_all``."""
    documents = load_all(text, *kept_as_text)
    if len(documents) > 1:
        raise ValueError("it holds {} documents, and one is wanted".format(len(documents)))
    return documents[0] if documents else None


def load_all(text: str, *kept_as_text: str) -> List[Any]:
    """Return the values of the documents of a YAML text.

    ``kept_as_text`` are kinds of plain words that mean nothing special: ``timestamp``, ``merge``.
    Raises ``yaml.YAMLError``, ``RecursionError``, or ``ValueError`` for aliases that make too much.
    """
    yaml = require("yaml", "PyYAML")
    most = 2 * len(text) + EXPANSION
    try:
        documents = list(yaml.load_all(text, Loader=_loader(yaml, kept_as_text, most)))
    except yaml.constructor.ConstructorError as error:
        if error.problem == "found unhashable key":  # what {{ name }} is to YAML
            error.problem += " (a text that begins with a brace needs quotes)"
        raise
    _check_size(documents, most)
    return documents


def item_lines(text: str) -> List[int]:
    """Return the lines, from 1, of the items of all lists of a YAML text that ``load_all`` takes.

    A document that is no list is an item by itself, unless it is empty.
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
    tags = ["tag:yaml.org,2002:" + name for name in kept_as_text]

    class Loader(yaml.SafeLoader):  # type: ignore[misc, name-defined]
        """The safe loader, with an eye on what merges make of a mapping."""

        merged = 0

        def compose_mapping_node(self, anchor: Any) -> Any:
            """Of a key that is there twice, one value would be lost without a word."""
            node = super().compose_mapping_node(anchor)
            seen = set()
            for key, _ in node.value:
                if key.id == "scalar" and (key.tag, key.value) in seen and key.value != "<<":
                    problem = "the key {!r} is there twice".format(key.value)
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add((key.tag, key.id == "scalar" and key.value))
            return node

        def flatten_mapping(self, node: Any) -> None:
            before = len(node.value)
            super().flatten_mapping(node)
            self.merged += max(0, len(node.value) - before)
            if self.merged > most:
                raise ValueError("its merges (<<) make more than {} values of it".format(most))

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag not in tags]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


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
