"""Understands what a program printed that asked a language model: an answer in JSON, or its stream.

One table has the shapes of OpenAI's chat completions, responses and completions (and of the many
services that answer like them), of Anthropic's messages, Google's Gemini and Ollama: the whole
answer, the server-sent events of each, and JSON Lines. Everything else is text, and stays so.
"""

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from coaiapy.langfuse.records.usage import counts_or_none
from coaiapy.llm.reasoning import content_of, divided
from coaiapy.util.http.answers import parsed

# Longer texts are not looked at, so that the work is bounded.
LONGEST = 8 << 20
# What has the mark of an answer and says less is something else, such as a message of a chat.
_LEAST_SAID = 2
_LINE_END = re.compile(r"\r\n|\r|\n")
_FIELD = re.compile(r"(data|event|id|retry|):")


class ModelAnswer(NamedTuple):
    """What a model service answered; ``None`` and ``{}`` are what the answer does not say.

    ``usage`` is as ``usage.counts`` returns it. ``output`` is the text without the reasoning before
    it; it is ``None`` for an answer without a text, such as calls of tools.
    """

    model: Optional[str]
    usage: Dict[str, int]
    output: Optional[str]
    finish_reason: Optional[str]


class _Shape(NamedTuple):
    """Where an answer, or an event of a stream, has what: names with dots between them.

    ``0`` is the first of several candidates, ``*`` each item of a list; of several ways the first
    that leads somewhere counts. ``mark`` tells the shape, with the values that it can have there
    (none: any list, object, or flag). A shape that is ``whole`` has all text of its answer. Only
    where it ``ends``, the answer is over with its finish reason.
    """

    mark: str
    values: Tuple[str, ...] = ()
    model: str = ""
    usage: str = ""
    finish: Tuple[str, ...] = ()
    text: Tuple[str, ...] = ()
    whole: bool = False
    ends: bool = True


_TABLE = (
    # OpenAI's responses: platform.openai.com/docs/api-reference/responses and responses-streaming
    _Shape(
        "object",
        ("response",),
        model="model",
        usage="usage",
        finish=("incomplete_details.reason", "status"),
        text=("output.*.content",),
        whole=True,
    ),
    _Shape(
        "type",
        ("response.completed", "response.incomplete", "response.failed"),
        model="response.model",
        usage="response.usage",
        finish=("response.incomplete_details.reason", "response.status"),
        text=("response.output.*.content",),
        whole=True,
    ),
    _Shape("type", ("response.created",), model="response.model"),
    _Shape("type", ("response.output_text.delta", "response.refusal.delta"), text=("delta",)),
    # Anthropic's messages: docs.anthropic.com/en/api/messages and messages-streaming
    _Shape(
        "type",
        ("message",),
        model="model",
        usage="usage",
        finish=("stop_reason",),
        text=("content",),
        whole=True,
    ),
    _Shape("type", ("message_start",), model="message.model", usage="message.usage"),
    _Shape("type", ("content_block_start",), text=("content_block.text",)),
    _Shape("type", ("content_block_delta",), text=("delta.text",)),
    _Shape("type", ("message_delta",), usage="usage", finish=("delta.stop_reason",)),
    # Chat completions and completions: platform.openai.com/docs/api-reference/chat
    _Shape(
        "choices",
        model="model",
        usage="usage",
        finish=("choices.0.finish_reason",),
        text=(
            "choices.0.message.content",
            "choices.0.message.refusal",
            "choices.0.delta.content",
            "choices.0.delta.refusal",
            "choices.0.text",
        ),
    ),
    # Gemini: ai.google.dev/api/generate-content; each event may have a finish reason
    _Shape(
        "candidates",
        model="modelVersion",
        usage="usageMetadata",
        finish=("candidates.0.finishReason",),
        text=("candidates.0.content.parts",),
        ends=False,
    ),
    _Shape(
        "usageMetadata",
        model="modelVersion",
        usage="usageMetadata",
        finish=("promptFeedback.blockReason",),
    ),
    # Ollama: docs.ollama.com/api/generate and chat; its counts stand beside the rest
    _Shape(
        "done",
        model="model",
        usage=".",
        finish=("done_reason",),
        text=("message.content", "response"),
    ),
)


def understood(text: str, is_cut: bool = False) -> Optional[ModelAnswer]:
    """Return the one answer of a model service that a text is, or ``None`` for any other text.

    With ``is_cut`` the text is the end of a longer one: its first line is left out, and of a stream
    the rest is understood; ``output`` is then what is left of the text.
    """
    if len(text) > LONGEST:
        return None
    if is_cut:
        text = _LINE_END.sub("\n", text).partition("\n")[2]
    lines = _LINE_END.split(text.strip())
    if _FIELD.match(lines[0]):
        return _gathered(_sent(lines))
    values = _printed(text, lines) if lines[0][:1] in ("{", "[") else []
    return _gathered(values) if all(_shape_of(value) for value in values) else None


def _sent(lines: List[str]) -> List[Any]:
    """Return the values of server-sent events; none if a line does not belong to them."""
    texts = [""]
    for line in lines:
        if line.startswith("data:"):
            texts[-1] += line[5:] + "\n"
        elif not line:
            texts.append("")
        elif not _FIELD.match(line):
            return []
    return _values([text for text in texts if text and text.strip() != "[DONE]"])


def _printed(text: str, lines: List[str]) -> List[Any]:
    """Return the value of a JSON text, the values of a list, or those of JSON Lines."""
    try:
        whole = _value(text)
    except ValueError:
        return _values([line for line in lines if line.strip()])
    return whole if isinstance(whole, list) else [whole]


def _values(texts: List[str]) -> List[Any]:
    """Return the values of JSON texts, none if one is no JSON; the last may be broken off."""
    values = []
    for place, text in enumerate(texts, 1):
        try:
            values.append(_value(text))
        except ValueError:
            is_broken_off = place == len(texts) and text.lstrip()[:1] == "{"
            return values if is_broken_off else []
    return values


def _value(text: str) -> Any:
    return parsed(text.encode("utf-8", "replace"))


def _shape_of(value: Any) -> Optional[_Shape]:
    for shape in _TABLE:
        found = value.get(shape.mark) if isinstance(value, dict) else None
        if found in shape.values if shape.values else isinstance(found, (list, dict, bool)):
            return shape
    return None


def _gathered(events: Iterable[Any]) -> Optional[ModelAnswer]:
    """Return the answer that all events make; ``None`` if there is none, or more than one."""
    model = finish = None
    usage: Dict[str, Any] = {}
    texts: List[str] = []
    is_over = False
    for event in events:
        shape = _shape_of(event)
        if shape is None:
            continue
        text = _text(event, shape.text)
        if is_over and (text or shape.whole):
            return None
        if shape.whole:
            texts.clear()
        texts.append(text)
        model = _word(event, (shape.model,)) or model
        usage.update(_given(_at(event, shape.usage)))
        finish = _word(event, shape.finish) or finish
        is_over = is_over or bool(finish and shape.ends)
    output = divided("".join(texts)).text
    answer = ModelAnswer(model, counts_or_none(usage), output or None, finish)
    return answer if sum(map(bool, answer)) >= _LEAST_SAID else None


def _given(usage: Any) -> Dict[str, Any]:
    known = usage if isinstance(usage, dict) else {}
    return {name: value for name, value in known.items() if value is not None}


def _text(event: Any, ways: Tuple[str, ...]) -> str:
    for way in ways:
        content = _at(event, way)
        if isinstance(content, list):
            content = [part for part in content if not _is_thought(part)]
        try:
            text = content_of(content).text
        except ValueError:
            continue
        if text:
            return text
    return ""


def _is_thought(part: Any) -> bool:
    return isinstance(part, dict) and part.get("thought") is True


def _word(event: Any, ways: Tuple[str, ...]) -> Optional[str]:
    found = [_at(event, way) for way in ways]
    return next((word for word in found if word and isinstance(word, str)), None)


def _at(value: Any, way: str) -> Any:
    """Return what is at the end of ``way``, ``None`` if nothing is there."""
    for step in filter(None, way.split(".")):
        if step == "*":
            value = value if isinstance(value, list) else []
        elif step == "0":
            value = _first(value)
        elif isinstance(value, list):
            inner = [item.get(step) for item in value if isinstance(item, dict)]
            value = [part for parts in inner if isinstance(parts, list) for part in parts]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value if way else None


def _first(candidates: Any) -> Any:
    """Return the candidate with the index 0, or the only one."""
    listed = candidates if isinstance(candidates, list) else []
    return next((one for one in listed if isinstance(one, dict) and not one.get("index")), None)
