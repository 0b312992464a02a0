"""The vendors' own code, which reads a line of training data on the Pythons that it runs on.

OpenAI's package describes what a chat request says: the same messages and tools as a line has,
which knows ``weight`` besides. Google's describes the contents and the tools of a request; a line
has these and a system instruction. Both are asked to refuse every key that they do not know.

Neither knows what becomes of a line as a whole: that the last message is the assistant's, that
every call has its answer, that turns alternate, what a function may be called, or how many lines
a file needs (OpenAI: ten). The first four are in ``training_rules.py``; the last is the user's.
"""

import functools
import sys
import warnings
from typing import List

RUN_HERE = sys.version_info >= (3, 10)
WHY_NOT = "the vendors' packages need Python 3.10"


def read_by_openai(record):
    """Let OpenAI's package read a line; its ``ValidationError`` is a ``ValueError``."""
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
    """A list inside a message is only looked at when it is gone through."""
    if isinstance(value, dict):
        value = value.values()
    if not isinstance(value, (str, int, float, type(None))):
        for inner in value:
            read_to_the_end(inner)


def read_by_google(record):
    """Let Google's package read a line; what it merely warns of is refused, too."""
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
