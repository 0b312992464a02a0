"""Checks of the requirements of both vendors for a line of training data, on every Python.

On newer Pythons the vendors' own packages check the line as well: see ``training_vendors.py``.
"""

import json
import re

from training_vendors import RUN_HERE, read_by_google, read_by_openai

# OpenAI, chat fine-tuning: a list of messages of known roles and keys, texts where texts belong,
# an assistant at the end; calls name a tool of the line, and have ids and JSON objects as
# arguments; answers name their call.

OPENAI_KEYS = {
    "system": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "weight"},
    "tool": {"role", "content", "tool_call_id"},
}


def check_openai(record):
    if RUN_HERE:
        read_by_openai(record)
    assert set(record) <= {"messages", "tools"}
    assert {tool["type"] for tool in record.get("tools", [])} <= {"function"}
    tools = [tool["function"]["name"] for tool in record.get("tools", [])]
    messages = record["messages"]
    assert messages[-1]["role"] == "assistant"
    waiting = []
    for message in messages:
        assert set(message) <= OPENAI_KEYS[message["role"]], message
        if message["role"] == "tool":
            assert isinstance(message["content"], str)
            waiting.remove(message["tool_call_id"])
            continue
        assert not waiting, "calls without answers"
        if isinstance(message.get("content"), list):
            assert message["role"] == "user"
            assert all(part["type"] in ("text", "image_url") for part in message["content"])
        elif "tool_calls" not in message or "content" in message:
            assert isinstance(message["content"], str)
            assert message["content"]
        if "name" in message:
            assert re.match(r"[a-zA-Z0-9_-]{1,64}\Z", message["name"])
        assert message.get("weight", 1) in (0, 1)
        for call in message.get("tool_calls", []):
            assert set(call) == {"id", "type", "function"}
            assert (call["type"], type(call["id"])) == ("function", str)
            assert set(call["function"]) == {"name", "arguments"}
            assert isinstance(call["function"]["arguments"], str)
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            assert call["function"]["name"] in tools
            waiting.append(call["id"])


# Gemini, supervised tuning: user and model take turns, the user first, the model last; parts hold
# exactly one thing; arguments and responses are objects.


def check_gemini(record):
    if RUN_HERE:
        read_by_google(record)
    assert set(record) <= {"systemInstruction", "contents", "tools"}
    if "systemInstruction" in record:
        assert record["systemInstruction"]["role"] == "system"
        (part,) = record["systemInstruction"]["parts"]
        assert isinstance(part["text"], str)
    roles = [content["role"] for content in record["contents"]]
    assert roles == ["user" if index % 2 == 0 else "model" for index in range(len(roles))]
    assert roles[-1] == "model"
    for content in record["contents"]:
        assert content["parts"]
        for part in content["parts"]:
            ((kind, value),) = part.items()
            if kind == "text":
                assert isinstance(value, str)
                assert value
            elif kind == "functionCall":
                assert content["role"] == "model"
                assert isinstance(value["args"], dict)
            else:
                assert (kind, content["role"]) == ("functionResponse", "user")
                assert isinstance(value["response"], dict)
                assert isinstance(value["name"], str)
    for tool in record.get("tools", []):
        for declaration in tool["functionDeclarations"]:
            assert set(declaration) <= {"name", "description", "parameters"}


CHECKS = {"openai": check_openai, "gemini": check_gemini}
