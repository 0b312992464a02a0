"""A prompt compiled: its ``{{variables}}`` and the placeholders of a chat replaced by values."""

import re
from typing import Any, Dict, List, Mapping

from coaiapy.errors import UsageError
from coaiapy.langfuse.prompts.content import check_messages
from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats import json_values
from coaiapy.util.formats.json_values import text_or_json

VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")
_PLACEHOLDER = "placeholder"


def variables_of(content: Any) -> List[str]:
    """Return the names of what is to be replaced in a prompt's content, each once, in their order."""
    found: Dict[str, None] = {}
    for part in _parts(content):
        if _is_placeholder(part):
            found[str(part["name"])] = None
        else:
            found.update(dict.fromkeys(VARIABLE.findall(part["content"])))
    return list(found)


def missing(content: Any, values: Mapping[str, Any]) -> List[str]:
    """Return the names that a prompt's content has and ``values`` have not."""
    return [name for name in variables_of(content) if values.get(name) is None]


def unused(content: Any, values: Mapping[str, Any]) -> List[str]:
    """Return the names that ``values`` have and a prompt's content has not."""
    known = variables_of(content)
    return [name for name in values if name not in known]


def values_from(content: Any, texts: Mapping[str, str]) -> Dict[str, Any]:
    """Return values for ``compiled`` from texts; that of a placeholder is JSON.

    Raises ``UsageError`` if that is none.
    """
    values: Dict[str, Any] = dict(texts)
    for part in _parts(content):
        name = str(part.get("name"))
        if _is_placeholder(part) and name in texts:
            try:
                values[name] = json_values.parse_unique(texts[name])
            except ValueError as error:
                raise UsageError(
                    "the value of the placeholder {!r} is not JSON: {}".format(name, error)
                ) from error
    return values


def compiled(content: Any, values: Mapping[str, Any]) -> Any:
    """Return a prompt's content, a text or messages, with ``values`` in place of their names.

    A value that is not a text is put in as JSON, that of a placeholder is a list of messages. What is
    put in is not looked at again. Raises ``UsageError`` for a name without a value.
    """
    lacking = missing(content, values)
    if lacking:
        raise UsageError("the prompt needs a value for {}".format(", ".join(lacking)))
    if isinstance(content, str):
        return _filled(content, values)
    messages: List[Body] = []
    for part in _parts(content):
        if _is_placeholder(part):
            messages.extend(_messages(str(part["name"]), values))
        else:
            messages.append(
                {"role": part["role"], "content": _filled(part["content"], values)},
            )
    return messages


def _parts(content: Any) -> List[Body]:
    if isinstance(content, str):
        return [{"role": "user", "content": content}]
    check_messages(content)
    return list(content)


def _is_placeholder(part: Body) -> bool:
    return part.get("type") == _PLACEHOLDER


def _messages(name: str, values: Mapping[str, Any]) -> List[Body]:
    given = values[name]
    if not isinstance(given, list) or any(
        not isinstance(one, dict) or not isinstance(one.get("role"), str) for one in given
    ):
        raise UsageError("the placeholder {!r} needs a list of messages as its value".format(name))
    return given


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return VARIABLE.sub(lambda found: text_or_json(values[found.group(1)]), text)
