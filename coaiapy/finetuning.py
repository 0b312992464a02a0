"""Turns dataset items into training files: JSON Lines in the format of OpenAI or Gemini.

``tests/test_finetuning.py`` checks the requirements of both vendors. An item that does not make a
valid line is skipped, with the reason.
"""

import re
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional

from coaiapy import gemini_schema
from coaiapy.conversations import (
    ASSISTANT,
    SYSTEM,
    TEXT_PARTS,
    TOOL,
    USER,
    Conversation,
    UnusableError,
    as_text,
    conversation_of,
)
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.fields import Body
from coaiapy.util.formats import json_values
from coaiapy.util.formats.json_values import json_lines

OPENAI = "openai"
GEMINI = "gemini"
# The names that a vendor allows for functions.
_FUNCTION_NAMES = {
    OPENAI: re.compile(r"[a-zA-Z0-9_-]{1,64}\Z"),
    GEMINI: re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}\Z"),
}
_DETAILS = ("auto", "low", "high")
DEFAULT_INSTRUCTION = "You are a helpful assistant"


class Skipped(NamedTuple):
    """An item that is not in the training file, and why."""

    id: str
    reason: str


class TrainingData(NamedTuple):
    """The objects of a training file, and the items that were skipped."""

    records: List[Body]
    skipped: List[Skipped]

    def jsonl(self) -> str:
        """The training file's text."""
        return json_lines(self.records)


def training_data(
    items: Iterable[Body], vendor: str, system_instruction: Optional[str] = DEFAULT_INSTRUCTION
) -> TrainingData:
    """Return the items as training data for ``openai`` or ``gemini``.

    ``system_instruction`` is added to items without a system message. Archived items are skipped.
    """
    if vendor not in _VENDORS:
        raise UsageError("no fine-tuning format {!r}: use openai or gemini".format(vendor))
    records, skipped = [], []
    for item in items:
        try:
            if item.get("status") == "ARCHIVED":
                raise UnusableError("archived")
            records.append(_record(item, vendor, system_instruction))
        except UnusableError as error:
            skipped.append(Skipped(str(item.get("id")), str(error)))
    return TrainingData(records, skipped)


def _record(item: Body, vendor: str, system_instruction: Optional[str]) -> Body:
    chat = _with_instruction(conversation_of(item), system_instruction)
    for call in chat.tools + [call for one in chat.messages for call in one.get("tool_calls", [])]:
        name = call["function"]["name"]
        if not _FUNCTION_NAMES[vendor].match(name):
            raise UnusableError("the function name {!r} is not valid".format(name))
    try:
        return dict(json_values.plain(_VENDORS[vendor](chat)))
    except ValueError as error:
        raise UnusableError("it contains a value that JSON cannot express") from error


def _with_instruction(chat: Conversation, instruction: Optional[str]) -> Conversation:
    if not instruction or any(message["role"] == SYSTEM for message in chat.messages):
        return chat
    first = {"role": SYSTEM, "content": instruction}
    return chat._replace(messages=[first] + chat.messages)


def _openai(chat: Conversation) -> Body:
    offered = [tool["function"]["name"] for tool in chat.tools]
    for call in (call for message in chat.messages for call in message.get("tool_calls", [])):
        if call["function"]["name"] not in offered:
            raise UnusableError("a tool call without its tool in the list of tools")
        if not _is_object(call["function"]["arguments"]):
            raise UnusableError("a tool call whose arguments are not a JSON object")
    record: Body = {"messages": [_openai_message(message) for message in chat.messages]}
    if chat.tools:
        record["tools"] = chat.tools
    return record


def _openai_message(message: Body) -> Body:
    """Return a message for OpenAI: pictures only from the user, no name in a tool's answer."""
    made = {
        key: value for key, value in message.items() if (message["role"], key) != (TOOL, "name")
    }
    if message["role"] == USER and isinstance(made["content"], list):
        made["content"] = [_openai_part(part) for part in made["content"]]
    elif "content" in made:
        made["content"] = _text(message)
    return made


def _openai_part(part: Body) -> Body:
    text, picture = part.get("text"), part.get("image_url")
    if part["type"] in TEXT_PARTS and isinstance(text, str):
        return {"type": "text", "text": text}
    shown = picture if isinstance(picture, dict) else {"url": picture}
    if part["type"] not in ("image_url", "input_image") or not isinstance(shown.get("url"), str):
        raise UnusableError("a message of the user is neither text nor a picture")
    kept = {"url": shown["url"]}
    if shown.get("detail") in _DETAILS:
        kept["detail"] = shown["detail"]
    return {"type": "image_url", "image_url": kept}


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
    """Return the JSON object in a text, or any other value as ``{name: value}``."""
    try:
        value = json_values.parse(as_text(text))
    except ValueError:
        value = text
    return value if isinstance(value, dict) else {name: value}


def _is_object(text: str) -> bool:
    try:
        return isinstance(json_values.parse(text), dict)
    except ValueError:
        return False


def _declaration(tool: Body) -> Body:
    function = tool["function"]
    made = {name: function[name] for name in ("name", "description") if name in function}
    parameters = gemini_schema.parameters(function.get("parameters"))
    return dict(made, parameters=parameters) if parameters else made


_VENDORS: Dict[str, Callable[[Conversation], Body]] = {OPENAI: _openai, GEMINI: _gemini}
