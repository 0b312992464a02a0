"""Turns dataset items, whose input and output may have many shapes, into conversations.

Messages are in OpenAI's format: ``role`` and ``content``, ``tool_calls`` with their arguments as
JSON text, and ``tool_call_id`` on a tool's answer.
"""

import json
import re
from typing import Any, Dict, List, NamedTuple

from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats.json_values import text_or_json

SYSTEM = "system"
USER = "user"
ASSISTANT = "assistant"
TOOL = "tool"
_ROLES = {
    "system": SYSTEM,
    "developer": SYSTEM,
    "user": USER,
    "human": USER,
    "assistant": ASSISTANT,
    "ai": ASSISTANT,
    "model": ASSISTANT,
    "tool": TOOL,
    "function": TOOL,
}

_CONTENTS = ("content", "parts", "tool_calls", "function_call")
TEXT_PARTS = ("text", "input_text", "output_text")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


class Conversation(NamedTuple):
    """Messages that end with the assistant's, and the tools it may call (OpenAI's list)."""

    messages: List[Body]
    tools: List[Body]


class UnusableError(Exception):
    """The item cannot become a conversation; the message is the reason in a few words."""


def conversation_of(item: Body) -> Conversation:
    """Return an item's input and expected output as one conversation.

    Raises ``UnusableError`` if they do not make one.
    """
    given, expected = item.get("input"), item.get("expectedOutput")
    if _is_empty(given):
        raise UnusableError("no input")
    asked = _messages(given, USER)
    if not _is_empty(expected):
        asked += _messages(expected, ASSISTANT)
    elif asked[-1]["role"] != ASSISTANT or len(asked) == 1:
        raise UnusableError("no expected output")
    _link_tools(asked)
    if asked[-1]["role"] != ASSISTANT:
        raise UnusableError("the last message is not the assistant's")
    tools = given.get("tools") if isinstance(given, dict) else None
    return Conversation(asked, [_tool(one) for one in tools] if isinstance(tools, list) else [])


def _is_empty(value: Any) -> bool:
    """Tell whether a value is ``None``, blank or an empty list or object; 0 and false are not."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def _messages(value: Any, role: str) -> List[Body]:
    """Return the messages of a value in a chat format, any other as one message of ``role``."""
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value = value["messages"]
    elif isinstance(value, dict) and _is_completion(value):
        value = [value["choices"][0]["message"]]
    elif _is_message(value):
        value = [value]
    if isinstance(value, list) and value and all(_is_message(one) for one in value):
        return [_message(one) for one in value]
    return [{"role": role, "content": text_or_json(value)}]


def _is_completion(value: Body) -> bool:
    choices = value.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and _is_message(first.get("message"))


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if value.get("type") == "placeholder":
        return True
    role = value.get("role")
    return isinstance(role, str) and role in _ROLES and any(key in value for key in _CONTENTS)


def _message(value: Body) -> Body:
    if value.get("type") == "placeholder":
        raise UnusableError("a placeholder message ({})".format(value.get("name")))
    role = _ROLES[value["role"]]
    message: Body = {"role": role}
    content = _content(value.get("content", value.get("parts")))
    if role == TOOL:
        call_id = value.get("tool_call_id")
        message.update(
            content=content or "", tool_call_id=text_or_json(call_id) if call_id else None
        )
        return dict(message, name=value.get("name"))
    calls = value.get("tool_calls") or _legacy_call(value) if role == ASSISTANT else []
    if not isinstance(calls, list):
        raise UnusableError("tool calls that are not a list")
    if calls:
        message["tool_calls"] = [_call(call) for call in calls]
    if content:
        message["content"] = content
    elif not calls:
        raise UnusableError("a message of the {} is empty".format(role))
    if isinstance(value.get("name"), str) and _NAME.match(value["name"]):
        message["name"] = value["name"]
    if role == ASSISTANT and value.get("weight") in (0, 1):
        message["weight"] = int(value["weight"])
    return message


def _content(value: Any) -> Any:
    """Return a message's content as text, or as a list of parts if not all of them are text."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, list):
        return text_or_json(value)
    if all(_is_text_part(part) for part in value):
        return "".join(part if isinstance(part, str) else part["text"] for part in value)
    if all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in value):
        return value
    return text_or_json(value)


def _is_text_part(part: Any) -> bool:
    if not isinstance(part, dict):
        return isinstance(part, str)
    return part.get("type", "text") in TEXT_PARTS and isinstance(part.get("text"), str)


def _tool(tool: Any) -> Body:
    function = tool.get("function", tool) if isinstance(tool, dict) else {}
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise UnusableError("a tool without a function name")
    made = {"name": function["name"]}
    for key, kind in (("description", str), ("parameters", dict), ("strict", bool)):
        if isinstance(function.get(key), kind):
            made[key] = function[key]
    return {"type": "function", "function": made}


def _legacy_call(value: Body) -> List[Any]:
    """Return the call in OpenAI's older format: one ``function_call`` in a message, without id."""
    call = value.get("function_call")
    return [call] if isinstance(call, dict) else []


def _call(call: Any) -> Body:
    function: Any = call.get("function", call) if isinstance(call, dict) else {}
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or not name:
        raise UnusableError("a tool call without a function name")
    arguments = function.get("arguments", function.get("args"))
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    made = {"name": name, "arguments": text or "{}"}
    return {"id": call.get("id"), "type": "function", "function": made}


def _link_tools(messages: List[Body]) -> None:
    """Give each tool call an id, and each tool's answer the id of its call.

    Raises ``UnusableError`` for a call without an answer and for an answer without a call.
    """
    made = 0
    waiting: Dict[str, str] = {}
    for message in messages:
        if message["role"] == TOOL:
            _link(message, waiting)
            continue
        if waiting:
            raise UnusableError("a tool call without its answer")
        for call in message.get("tool_calls") or []:
            made += 1
            call["id"] = str(call["id"] or "call_{}".format(made))
            waiting[call["id"]] = call["function"]["name"]


def _link(message: Body, waiting: Dict[str, str]) -> None:
    call_id = message["tool_call_id"]
    if not call_id:
        named = [key for key, name in waiting.items() if name == message["name"]]
        call_id = next(iter(named or waiting), None)
    if call_id not in waiting:
        raise UnusableError("a tool's answer without its call")
    message.update(tool_call_id=call_id, name=waiting.pop(call_id))
