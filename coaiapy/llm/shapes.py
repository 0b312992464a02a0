"""What the answers of language models look like: the table that each of them is checked with.

A needed field that does not fit makes the whole answer an error; a known one is left out then. See
platform.openai.com/docs/api-reference/chat.
"""

from coaiapy.util.formats.shapes import each, either, mapping, maybe, record, text, those

_PARTS = those(either(mapping, text))
_MESSAGE = record(
    "a message",
    {"content": maybe(either(_PARTS, text))},
    {"refusal": maybe(text), "reasoning": maybe(text), "reasoning_content": maybe(text)},
)
_CHOICE = record(
    "a choice",
    {"message": maybe(_MESSAGE), "delta": maybe(_MESSAGE)},
    {"finish_reason": maybe(text)},
)
# A whole answer, and an event of a stream.
CHAT = record("an answer", {"choices": maybe(each(_CHOICE))}, {"model": text})
