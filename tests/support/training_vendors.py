"""Checks lines of training data with the vendors' own packages, on the Pythons that they support.

OpenAI's package has types for a chat request, which has the same messages and tools as a line of
training data; a line may also have ``weight``. Google's package has types for the contents and
tools of a request; a line has these and a system instruction. Unknown keys are refused.

The packages do not check that the last message is the assistant's, that every call has an answer,
that turns alternate, how functions may be named, or how many lines a file needs (OpenAI: ten). The
first four are in ``training_rules.py``; the last is left to the user.
"""

import functools
import sys
import warnings
from typing import List

RUN_HERE = sys.version_info >= (3, 10)
WHY_NOT = "the vendors' packages need Python 3.10"


def read_by_openai(record):
    """Parse a line with OpenAI's package, which raises a ``ValueError``."""
    messages, tools = openai_readers()
    assert set(record) <= {"messages", "tools"}
    read_to_the_end(messages.validate_python([unweighted(one) for one in record["messages"]]))
    read_to_the_end(tools.validate_python(record.get("tools", [])))


@functools.lru_cache(maxsize=None)
def openai_readers():
    import pydantic
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

    strict = pydantic.ConfigDict(extra="forbid", strict=True)
    return tuple(
        pydantic.TypeAdapter(List[kind], config=strict)
        for kind in (ChatCompletionMessageParam, ChatCompletionToolParam)
    )


def unweighted(message):
    weighted = "weight" if message.get("role") == "assistant" else None
    return {key: value for key, value in message.items() if key != weighted}


def read_to_the_end(value):
    """Iterate over all lists in a message: the package checks items only when they are read."""
    if isinstance(value, dict):
        value = value.values()
    if not isinstance(value, (str, int, float, type(None))):
        for inner in value:
            read_to_the_end(inner)


def read_by_google(record):
    """Parse a line with Google's package; its warnings are raised as errors as well."""
    from google.genai import types

    assert set(record) <= {"systemInstruction", "contents", "tools"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for content in record["contents"]:
            types.Content.model_validate(content)
        if "systemInstruction" in record:
            types.Content.model_validate(record["systemInstruction"])
        for tool in record.get("tools", []):
            types.Tool.model_validate(tool)
