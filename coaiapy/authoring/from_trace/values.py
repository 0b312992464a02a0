"""The values of a trace that become variables of a template, and texts that use these."""

import json
import re
from typing import Any, Dict, List

from coaiapy.templating.document import Document, schema

# Characters: a larger value is no part of a template, but a variable without a default.
_LARGEST_DEFAULT = 2000
# Characters: a text is looked for as a whole value, and inside other texts.
_SHORTEST_WHOLE = 3
_SHORTEST_PART = 6
_MOST_LETTERS_OF_A_NAME = 40
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "list"}
# An opening brace with which an expression begins, or would if one came after the text.
_MARK = re.compile(r"\{(?=[{%#]|\Z)")
_RESERVED = set(schema()["definitions"]["identifier"]["not"]["enum"]) | {"steps"}


class Variables:
    """The variables of a template to be; their defaults are the values of the trace."""

    def __init__(self) -> None:
        self.entries: List[Document] = []
        self._by_text: Dict[str, str] = {}
        self._names = {"user_id", "session_id"}

    def add(self, wanted: str, value: Any, about: str) -> str:
        """Return the expression of a variable for a value; the same text is the same variable."""
        if isinstance(value, str) and value in self._by_text:
            return self._by_text[value]
        name = self._free_name(wanted)
        entry = {"name": name, "type": _TYPES.get(type(value), "object"), "required": False}
        if len(json.dumps(value)) <= _LARGEST_DEFAULT:
            entry["default"] = literal(value)
        entry["description"] = about
        self.entries.append(entry)
        expression = "{{ " + name + " }}"
        if isinstance(value, str) and len(value) >= _SHORTEST_WHOLE:
            self._by_text[value] = expression
        return expression

    def used_in(self, value: Any) -> Any:
        """Return a value as a template has it, with the variables whose texts occur in it."""
        if isinstance(value, dict):
            return {key: self.used_in(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.used_in(item) for item in value]
        if not isinstance(value, str):
            return value
        return self._by_text.get(value) or self._with_parts(value)

    def _with_parts(self, text: str) -> str:
        parts = [one for one in self._by_text if len(one) >= _SHORTEST_PART and one in text]
        if not parts:
            return literal(text)
        longest = max(parts, key=len)
        before, _, after = text.partition(longest)
        return self._with_parts(before) + self._by_text[longest] + self._with_parts(after)

    def _free_name(self, wanted: str) -> str:
        words = re.findall(r"[a-z0-9]+", wanted.lower())
        stem = "_".join(words)[:_MOST_LETTERS_OF_A_NAME].strip("_").lstrip("0123456789_")
        stem = stem or "value"
        stem = stem + "_value" if stem in _RESERVED else stem
        name, number = stem, 1
        while name in self._names:
            number += 1
            name = "{}_{}".format(stem, number)
        self._names.add(name)
        return name


def literal(value: Any) -> Any:
    """Return a value whose texts mean themselves in a template, whatever stands in them."""
    if isinstance(value, dict):
        return {key: literal(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [literal(item) for item in value]
    return _MARK.sub("{{ '{' }}", value) if isinstance(value, str) else value
