"""Sends a text to a language model with an instruction, and records the call in the trace."""

from typing import Callable, Optional

from coaiapy import llm
from coaiapy.config import openai as openai_settings
from coaiapy.config import values as config_values
from coaiapy.errors import UsageError
from coaiapy.langfuse.traces.observe import Call, Recorder, Seen
from coaiapy.llm import ChatRequest, Reply
from coaiapy.openai_http import OpenaiHttp
from coaiapy.process_tags import Tag


def request_of(
    values: config_values.ConfigValues,
    text: str,
    instruction: str = "",
    temperature: Optional[float] = None,
    model: Optional[str] = None,
) -> ChatRequest:
    """Return the request for ``text`` with ``instruction`` as the system message.

    By default model and temperature are those of the settings. Raises ``UsageError`` for an empty
    text.
    """
    if not text.strip():
        raise UsageError("there is no text to send: give one")
    if temperature is None:
        temperature = values.get("default_temperature")
    asked = llm.messages(text, instruction)
    return ChatRequest(asked, model or values.get("model"), temperature)


def request_by_tag(
    values: config_values.ConfigValues,
    tag: Tag,
    text: str,
    temperature: Optional[float] = None,
    model: Optional[str] = None,
) -> ChatRequest:
    """Return the request for ``text`` with a tag; ``temperature`` and ``model`` override its."""
    if temperature is None:
        temperature = tag.temperature
    return request_of(values, text, tag.instruction, temperature, model or tag.model)


def ask(
    values: config_values.ConfigValues,
    request: ChatRequest,
    name: str,
    recorder: Recorder,
    show: Optional[Callable[[str], None]] = None,
) -> Reply:
    """Return the reply, and record the call under ``name``.

    With ``show`` the reply is streamed, and ``show`` is called with each part of its text. Raises
    what ``OpenaiHttp`` raises.
    """
    http = OpenaiHttp(openai_settings.find(values))

    def call() -> Reply:
        if show is None:
            return llm.complete(http, request)
        return llm.stream(http, request, show)

    described = Call(
        name=name, input=request.messages, model=request.model, parameters=request.parameters()
    )
    return recorder.observe(described, call, _seen)


def _seen(reply: Reply) -> Seen:
    facts = {"finish_reason": reply.finish_reason} if reply.finish_reason else {}
    return Seen(reply.text, reply.model, reply.usage, facts, reply.first_at)
