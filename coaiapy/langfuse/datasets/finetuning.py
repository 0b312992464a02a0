"""Turns dataset items into training files: JSON Lines in the format of OpenAI or Gemini.

``tests/langfuse/datasets/test_finetuning.py`` checks the requirements of both vendors. An item that
does not make a valid line is skipped, with the reason. Gemini refuses a whole file for one keyword
of JSON Schema that it does not know: in the tools of its lines such keywords are left out, which
makes the description of a tool less strict but valid.
"""

import re
from typing import Any, Callable, Collection, Dict, Iterable, List, NamedTuple, Optional

from coaiapy.errors import UsageError
from coaiapy.langfuse.datasets.conversations import (
    ASSISTANT,
    SYSTEM,
    TEXT_PARTS,
    TOOL,
    USER,
    Conversation,
    UnusableError,
    conversation_of,
)
from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats import json_values
from coaiapy.util.formats.json_values import json_lines

_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_REFERENCE = re.compile(r"#/(?:\$defs|definitions)/(.+)\Z")
OPENAI = "openai"
GEMINI = "gemini"
# The names that a vendor allows for functions.
_FUNCTION_NAMES = {
    OPENAI: re.compile(r"[a-zA-Z0-9_-]{1,64}\Z"),
    GEMINI: re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}\Z"),
}
_DETAILS = ("auto", "low", "high")
DEFAULT_INSTRUCTION = "You are a helpful assistant"


def gemini_parameters(schema: Any) -> Body:
    """Return Gemini's schema for a JSON Schema of an object; ``{}`` if that has no properties."""
    if not isinstance(schema, dict) or not schema.get("properties"):
        return {}
    found = schema.get("$defs", schema.get("definitions"))
    definitions = found if isinstance(found, dict) else {}
    made = _schema(schema, definitions)
    if definitions:
        made["defs"] = {name: _schema(one, definitions) for name, one in definitions.items()}
    return made


def _schema(schema: Any, definitions: Collection[str]) -> Body:
    """Return the supported part of a schema; ``{}``, which allows anything, for ``true``."""
    given = _with_gemini_keywords(schema, definitions) if isinstance(schema, dict) else {}
    made = {word: given[word] for word, fits in _VALUES.items() if fits(given.get(word))}
    if isinstance(given.get("items"), dict):
        made["items"] = _schema(given["items"], definitions)
    if isinstance(given.get("anyOf"), list) and given["anyOf"]:
        made["anyOf"] = [_schema(one, definitions) for one in given["anyOf"]]
    if isinstance(given.get("properties"), dict):
        inner = given["properties"].items()
        made["properties"] = {name: _schema(one, definitions) for name, one in inner}
    return made


def _with_gemini_keywords(schema: Body, definitions: Collection[str]) -> Body:
    given = dict(schema)
    if "const" in given:
        given["enum"] = [given["const"]]
    if "oneOf" in given:
        given.setdefault("anyOf", given["oneOf"])
    if isinstance(given.get("type"), list):
        given.update(_one_type(given["type"]))
    named = _REFERENCE.match(str(given.get("$ref")))
    given["ref"] = "#/defs/" + named.group(1) if named and named.group(1) in definitions else None
    return given


def _one_type(types: Any) -> Body:
    """Return a list of types as Gemini has it: one type, or ``anyOf``, and ``nullable``."""
    others = [one for one in types if one != "null"]
    made: Body = {"nullable": True} if "null" in types else {}
    if len(others) == 1:
        return dict(made, type=others[0])
    return dict(made, type=None, anyOf=[{"type": one} for one in others])


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _is_type(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in _TYPES


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


# Gemini's keywords with a check of the value. Those whose values are schemas are in ``_schema``.
_VALUES: Dict[str, Callable[[Any], bool]] = {
    word: fits
    for words, fits in (
        ("type", _is_type),
        ("title description format pattern ref", _is(str)),
        ("minimum maximum", _is(int, float)),
        ("minItems maxItems minLength maxLength minProperties maxProperties", _is(int)),
        ("enum required propertyOrdering", _are_texts),
        ("nullable", _is(bool)),
        ("default example", lambda value: value is not None),
    )
    for word in words.split()
}


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
        value = json_values.parse(json_values.text_or_json(text))
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
    parameters = gemini_parameters(function.get("parameters"))
    return dict(made, parameters=parameters) if parameters else made


_VENDORS: Dict[str, Callable[[Conversation], Body]] = {OPENAI: _openai, GEMINI: _gemini}
