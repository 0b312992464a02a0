"""Dataset items as training files: OpenAI's chat format and Gemini's, one JSON object a line.

What both vendors require is in ``tests/test_finetuning.py``, as checks. An item that cannot be
made a valid line is skipped, with the reason.
"""

import json
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Union

from coaiapy.chat_messages import (
    ASSISTANT,
    SYSTEM,
    TOOL,
    USER,
    Conversation,
    UnusableError,
    as_text,
    conversation_of,
)
from coaiapy.errors import UsageError
from coaiapy.json_lines import json_lines
from coaiapy.record_fields import Body

OPENAI = "openai"
GEMINI = "gemini"
_UNKNOWN_TO_GEMINI = ("additionalProperties", "$schema", "strict")
DEFAULT_INSTRUCTION = "You are a helpful assistant"


class Skipped(NamedTuple):
    """An item that is not in the training file, and why."""

    id: str
    reason: str


class TrainingData(NamedTuple):
    """The objects of a training file and the items that are not among them."""

    records: List[Body]
    skipped: List[Skipped]

    def jsonl(self) -> str:
        """The training file's text."""
        return json_lines(self.records)


def training_data(
    items: Iterable[Body], vendor: str, system_instruction: Optional[str] = DEFAULT_INSTRUCTION
) -> TrainingData:
    """Return the items as training data for ``openai`` or ``gemini``.

    A chat's own system message counts before ``system_instruction``; archived items are skipped.
    """
    if vendor not in _VENDORS:
        raise UsageError("no fine-tuning format {!r}: openai and gemini are known".format(vendor))
    records, skipped = [], []
    for item in items:
        try:
            if item.get("status") == "ARCHIVED":
                raise UnusableError("archived")
            chat = _with_instruction(conversation_of(item), system_instruction)
            records.append(_VENDORS[vendor](chat))
        except UnusableError as error:
            skipped.append(Skipped(str(item.get("id")), str(error)))
    return TrainingData(records, skipped)


def format_dataset_for_finetuning(
    items: Union[str, Iterable[Body]],
    format_type: str,
    system_instruction: Optional[str] = DEFAULT_INSTRUCTION,
) -> str:
    """Return the items, given as objects or as the text of a JSON list, as JSON Lines."""
    rows = json.loads(items) if isinstance(items, str) else items
    return training_data(rows, format_type, system_instruction).jsonl()


def _with_instruction(chat: Conversation, instruction: Optional[str]) -> Conversation:
    if not instruction or any(message["role"] == SYSTEM for message in chat.messages):
        return chat
    first = {"role": SYSTEM, "content": instruction}
    return chat._replace(messages=[first] + chat.messages)


def _openai(chat: Conversation) -> Body:
    for message in chat.messages:
        parts = message.get("content")
        if isinstance(parts, list) and not (message["role"] == USER and _are_seen(parts)):
            raise UnusableError("a message of the {} is not text".format(message["role"]))
    record: Body = {"messages": [_without_tool_name(message) for message in chat.messages]}
    if chat.tools:
        record["tools"] = chat.tools
    return record


def _are_seen(parts: List[Any]) -> bool:
    """Whether these are text and images, which is all that a user's message may be."""
    return all(part["type"] in ("text", "image_url") for part in parts)


def _without_tool_name(message: Body) -> Body:
    """Only Gemini wants a tool's answer to name the function."""
    hidden = "name" if message["role"] == TOOL else None
    return {key: value for key, value in message.items() if key != hidden}


def _gemini(chat: Conversation) -> Body:
    system = [_text(message) for message in chat.messages if message["role"] == SYSTEM]
    contents: List[Body] = []
    for message in chat.messages:
        if message["role"] == SYSTEM:
            continue
        role = "model" if message["role"] == ASSISTANT else "user"
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += _parts(message)
        else:
            contents.append({"role": role, "parts": _parts(message)})
    if not contents or contents[0]["role"] != "user":
        raise UnusableError("the first message is not the user's")
    record: Body = {"contents": contents}
    if system:
        parts = [{"text": "\n\n".join(system)}]
        record = {"systemInstruction": {"role": SYSTEM, "parts": parts}, "contents": contents}
    if chat.tools:
        record["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in chat.tools]}]
    return record


def _parts(message: Body) -> List[Body]:
    if message["role"] == TOOL:
        response = _object(message["content"], "result")
        return [{"functionResponse": {"name": message["name"], "response": response}}]
    parts: List[Body] = [{"text": _text(message)}] if "content" in message else []
    for call in message.get("tool_calls") or []:
        function = call["function"]
        arguments = _object(function["arguments"], "arguments")
        parts.append({"functionCall": {"name": function["name"], "args": arguments}})
    return parts


def _text(message: Body) -> str:
    content = message["content"]
    if not isinstance(content, str):
        raise UnusableError("a message of the {} is not text".format(message["role"]))
    return content


def _object(text: Any, name: str) -> Dict[str, Any]:
    """Return the JSON object in a text; anything else under ``name`` in an object."""
    try:
        value = json.loads(as_text(text))
    except ValueError:
        value = text
    return value if isinstance(value, dict) else {name: value}


def _declaration(tool: Body) -> Body:
    names = ("name", "description", "parameters")
    return {name: _schema(tool["function"][name]) for name in names if name in tool["function"]}


def _schema(value: Any) -> Any:
    """Return a JSON schema without what Gemini's own kind of schema does not know."""
    if isinstance(value, list):
        return [_schema(one) for one in value]
    if not isinstance(value, dict):
        return value
    known = {key: one for key, one in value.items() if key not in _UNKNOWN_TO_GEMINI}
    return {
        key: {name: _schema(inner) for name, inner in one.items()}
        if key == "properties" and isinstance(one, dict)
        else _schema(one)
        for key, one in known.items()
    }


_VENDORS: Dict[str, Callable[[Conversation], Body]] = {OPENAI: _openai, GEMINI: _gemini}
