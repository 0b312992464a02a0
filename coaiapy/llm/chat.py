"""Chat completions: sends messages to a language model and returns its reply, also streamed.

A call for a text with an instruction is recorded in the active trace.
"""

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.config import openai as openai_settings
from coaiapy.config import values as config_values
from coaiapy.errors import NetworkError, RefusedError, UsageError
from coaiapy.langfuse.records.usage import counts_or_none
from coaiapy.langfuse.traces.observe import Call, Recorder, Seen
from coaiapy.llm import shapes
from coaiapy.llm.openai import OpenaiHttp
from coaiapy.llm.reasoning import MESSAGE_KEYS, Divider, Said, content_of, divided
from coaiapy.llm.tags import Tag
from coaiapy.util import times

Message = Dict[str, str]
# What of a message may say something.
_SAYS = ("content", "refusal", "tool_calls") + MESSAGE_KEYS


class ChatRequest(NamedTuple):
    """Messages for a model; with a temperature of ``None`` the service uses its default."""

    messages: List[Message]
    model: str
    temperature: Optional[float] = None

    def parameters(self) -> Dict[str, Any]:
        """Return the parameters of the model, without those that are not set."""
        return {} if self.temperature is None else {"temperature": self.temperature}

    def body(self) -> Dict[str, Any]:
        """Return the body of the HTTP request."""
        body = {"model": self.model, "messages": self.messages}  # type: Dict[str, Any]
        body.update(self.parameters())
        return body


class Reply(NamedTuple):
    """A model's reply.

    ``usage`` is as ``usage.counts`` returns it; ``first_at`` is when the first part of a streamed
    reply came (ISO 8601). ``reasoning`` is what the model has written before its answer, which is
    not a part of ``text``.
    """

    text: str
    model: str
    usage: Mapping[str, int] = {}
    finish_reason: Optional[str] = None
    first_at: Optional[str] = None
    reasoning: str = ""


def messages(user: str, system: str = "") -> List[Message]:
    """Return the messages for one question; the system message, if any, is the first."""
    asked = [{"role": "user", "content": user}]
    return [{"role": "system", "content": system}] + asked if system else asked


def complete(http: OpenaiHttp, request: ChatRequest) -> Reply:
    """Return the model's reply.

    Raises what ``OpenaiHttp`` raises, and ``NetworkError`` when the response has no text.
    """
    return _reply(_checked(http.post(http.service.chat_url, request.body()), request), request)


def stream(http: OpenaiHttp, request: ChatRequest, show: Callable[[str], None]) -> Reply:
    """Return the model's reply, and call ``show`` with each part of its text as it comes."""
    body = dict(request.body(), stream=True, stream_options={"include_usage": True})
    reply = Reply("", request.model)
    divider = Divider()
    texts: List[str] = []
    thoughts: List[str] = []
    for sent in http.stream(http.service.chat_url, body):
        event = _checked(sent, request)
        if "message" in _first_choice(event):  # this service does not stream
            reply = _reply(event, request)
            show(reply.text)
            return reply
        said = _said(_first_choice(event).get("delta"), request.model)
        thoughts.append(said.reasoning)
        texts.append(divider.add(said.text))
        reply = _noted(reply, event, texts[-1], show)
    texts.append(divider.rest())
    reply = _noted(reply, {}, texts[-1], show)
    thoughts.append(divider.reasoning)
    answered = divided("".join(texts)) if not divider.reasoning else Said("".join(texts))
    thoughts.append(answered.reasoning)
    return reply._replace(text=answered.text, reasoning="".join(thoughts).strip())


def _noted(reply: Reply, event: Mapping[str, Any], part: str, show: Callable[[str], None]) -> Reply:
    """Show a part of the text, and return ``reply`` with what else an event of the stream says."""
    choice = _first_choice(event)
    if part:
        show(part)
    return Reply(
        text="",
        model=event.get("model") or reply.model,
        usage=counts_or_none(event.get("usage")) or reply.usage,
        finish_reason=choice.get("finish_reason") or reply.finish_reason,
        first_at=reply.first_at or (times.now() if part else None),
    )


def _reply(answer: Mapping[str, Any], request: ChatRequest) -> Reply:
    choice = _first_choice(answer)
    message = choice.get("message")
    if message is None or not _is_answer(choice, message):
        raise NetworkError(
            "the answer of {} contains no text: check openai_api_url and the model".format(
                request.model
            )
        )
    said = _said(message, request.model)
    answered = divided(said.text)
    return Reply(
        text=answered.text,
        model=answer.get("model") or request.model,
        usage=counts_or_none(answer.get("usage")),
        finish_reason=choice.get("finish_reason"),
        reasoning="\n".join(filter(None, (said.reasoning, answered.reasoning))).strip(),
    )


def _checked(answer: Mapping[str, Any], request: ChatRequest) -> Mapping[str, Any]:
    """Return an answer or an event of a stream without what of it does not fit."""
    try:
        return shapes.CHAT(answer)  # type: ignore[no-any-return]
    except ValueError as error:
        raise NetworkError(
            "{} answered with {}, which is not the answer of a language model: check "
            "openai_api_url and the model".format(request.model, error)
        ) from None


def _said(message: Optional[Mapping[str, Any]], model: str) -> Said:
    """Return the text and the reasoning of a message, or of a part of it in a stream.

    Raises ``RefusedError`` for a message that is only a refusal.
    """
    if message is None:
        return Said("")
    said = content_of(message.get("content"))
    refusal = message.get("refusal") or _refused(message.get("content"))
    if refusal and said.text in ("", refusal):
        raise RefusedError("{} refused: {}".format(model, refusal))
    beside = [message.get(key) or "" for key in MESSAGE_KEYS]
    return said._replace(reasoning=next(filter(None, beside), said.reasoning))


def _refused(content: Any) -> str:
    parts = (
        [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    )
    return "".join(part["refusal"] for part in parts if isinstance(part.get("refusal"), str))


def _is_answer(choice: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """Tell whether a message says anything, or says why it ends without a text."""
    return any(message.get(key) is not None for key in _SAYS) or bool(choice.get("finish_reason"))


def _first_choice(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(answer.get("choices") or ()), {})


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
    asked = messages(text, instruction)
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
    prompt: Optional[Tuple[str, int]] = None,
) -> Reply:
    """Return the reply, and record the call under ``name``; ``prompt`` as in ``observe.Call``.

    With ``show`` the reply is streamed, and ``show`` is called with each part of its text. Raises
    what ``OpenaiHttp`` raises.
    """
    http = OpenaiHttp(openai_settings.find(values))

    def call() -> Reply:
        if show is None:
            return complete(http, request)
        return stream(http, request, show)

    described = Call(
        name=name,
        input=request.messages,
        model=request.model,
        parameters=request.parameters(),
        prompt=prompt,
    )
    return recorder.observe(described, call, _seen)


def _seen(reply: Reply) -> Seen:
    facts = {"finish_reason": reply.finish_reason} if reply.finish_reason else {}
    return Seen(reply.text, reply.model, reply.usage, facts, reply.first_at)
