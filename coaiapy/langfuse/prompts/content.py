"""The rules for a prompt's name, labels, tags and content, which is a text or chat messages."""

import json
import re
from typing import Any, Iterable, Iterator, List, Sequence, Tuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats import json_values, yaml_values
from coaiapy.util.formats.json_values import text_or_json

TEXT = "text"
CHAT = "chat"
TYPES = (TEXT, CHAT)
LATEST = "latest"
PRODUCTION = "production"
# Labels that people see the effect of: a push that moves one is shown and asked about first.
PROTECTED = (PRODUCTION,)
LONGEST_COMMIT_MESSAGE = 500
_LABEL = re.compile(r"[a-z0-9_.-]{1,36}\Z")
_RESERVED = ("new", "metrics", "prompt-detail")


def check_name(name: str) -> None:
    """Raise ``UsageError`` for a prompt name that servers do not accept."""
    problem = ""
    if not name.strip():
        problem = "is empty"
    elif "|" in name or re.search(r"<[^>]*>", name):
        problem = "contains a | or a <tag>"
    elif name.startswith("/") or name.endswith("/") or "//" in name:
        problem = "has a folder without a name"
    elif name in _RESERVED:
        problem = "is reserved by Langfuse"
    if problem:
        raise UsageError("the prompt name {!r} {}: choose another".format(name, problem))


def check_labels(labels: Iterable[Any]) -> List[str]:
    """Return labels, each once, without ``latest``, which only the server sets.

    ``UsageError`` for an invalid one.
    """
    for label in labels:
        if not isinstance(label, str) or not _LABEL.match(label):
            raise UsageError(
                "the label {!r} must have 1 to 36 of the characters a-z, 0-9, _ . and -".format(
                    label
                )
            )
    return [label for label in dict.fromkeys(labels) if label != LATEST]


def check_tags(tags: Iterable[Any], what: str = "tag") -> List[str]:
    """Return tags, each once; ``UsageError`` for one that is not a text."""
    for tag in tags:
        if not isinstance(tag, str) or not tag:
            raise UsageError("the {} {!r} is not a text: put it in quotes".format(what, tag))
    return list(dict.fromkeys(tags))


def check_content(content: Any, prompt_type: str) -> None:
    """Raise ``UsageError`` unless ``content`` is valid for a prompt of this type."""
    if prompt_type == CHAT:
        check_messages(content)
    elif prompt_type != TEXT:
        raise UsageError("a prompt's type is text or chat, not {!r}".format(prompt_type))
    elif not isinstance(content, str):
        raise UsageError("a text prompt is one text; for messages, use the type chat")


def check_messages(messages: Any) -> None:
    """Raise ``UsageError`` unless this is a list of chat messages and placeholders."""
    for _, problem in faulty_messages(messages):
        raise UsageError(problem)


def faulty_messages(messages: Any) -> Iterator[Tuple[int, str]]:
    """Yield what is wrong with chat messages, and the number of the message, from 0."""
    if not isinstance(messages, list) or not messages:
        yield 0, 'a chat prompt is a list of messages, such as [{"role": "user", "content": "Hi"}]'
        return
    for number, message in enumerate(messages):
        values = message if isinstance(message, dict) else {}
        needed: Sequence[str] = ("role", "content")
        if values.get("type") == "placeholder":
            needed = ("name",)
        if not all(isinstance(values.get(name), str) for name in needed):
            yield (
                number,
                "message {} of the chat prompt needs {} as text".format(
                    number + 1, " and ".join(needed)
                ),
            )


def content_from(text: str, prompt_type: str) -> Any:
    """Return a prompt's content from a text: the text itself, or chat messages in JSON or YAML."""
    if prompt_type != CHAT:
        return text
    value = messages_from(text)
    check_messages(value)
    return value


def messages_from(text: str) -> Any:
    """Return what a text in JSON or YAML has in the place of chat messages."""
    try:
        value = json_values.parse_unique(text)
    except ValueError:
        value = yaml_value(text, "the chat prompt is not JSON, and it")
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value = value["messages"]
    return value


def yaml_value(text: str, what: str) -> Any:
    """Return the value of a YAML text with JSON's types; ``UsageError`` calls the text ``what``."""
    try:
        return json_values.plain(yaml_values.load(text))
    except ValueError as error:
        raise UsageError("{} is not YAML that can be used: {}".format(what, error)) from error


def content_text(content: Any, escaped: bool = False) -> str:
    """Return a prompt's content as text; chat messages become indented JSON.

    With ``escaped`` the whole is written as a JSON string, on one line.
    """
    if not escaped:
        return content if isinstance(content, str) else json.dumps(content, **_READABLE)
    text = text_or_json(content)
    return json.dumps(text, ensure_ascii=False)


_READABLE: Any = {"ensure_ascii": False, "indent": 2}


def is_same(prompt: Body, wanted: Body) -> bool:
    """Tell whether a server's prompt has the same type, content and config as ``wanted``."""
    return (
        (prompt.get("type") or TEXT) == (wanted.get("type") or TEXT)
        and prompt.get("prompt") == wanted.get("prompt")
        and (prompt.get("config") or {}) == (wanted.get("config") or {})
    )
