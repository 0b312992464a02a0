"""Chat completions: sends messages to a language model and returns its reply, also streamed."""

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from coaiapy import times
from coaiapy.errors import NetworkError
from coaiapy.openai_http import OpenaiHttp
from coaiapy.text import kind_of

Message = Dict[str, str]


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

    ``usage`` is numbers of tokens by name (``input``, ``output``, ``total``); ``first_at`` is when
    the first part of a streamed reply came (ISO 8601).
    """

    text: str
    model: str
    usage: Mapping[str, int] = {}
    finish_reason: Optional[str] = None
    first_at: Optional[str] = None


def messages(user: str, system: str = "") -> List[Message]:
    """Return the messages for one question; the system message, if any, is the first."""
    asked = [{"role": "user", "content": user}]
    return [{"role": "system", "content": system}] + asked if system else asked


def complete(http: OpenaiHttp, request: ChatRequest) -> Reply:
    """Return the model's reply.

    Raises what ``OpenaiHttp`` raises, and ``NetworkError`` when the response has no text.
    """
    url = http.service.chat_url
    return _reply(http.post(url, request.body()), request)


def stream(http: OpenaiHttp, request: ChatRequest, show: Callable[[str], None]) -> Reply:
    """Return the model's reply, and call ``show`` with each part of its text as it comes."""
    body = dict(request.body(), stream=True, stream_options={"include_usage": True})
    reply = Reply("", request.model)
    for event in http.stream(http.service.chat_url, body):
        if "message" in _first_choice(event):  # this service does not stream
            reply = _reply(event, request)
            show(reply.text)
            return reply
        part = _part(event, request.model)
        if part:
            show(part)
        reply = _added(reply, event, part)
    return reply


def _part(event: Mapping[str, Any], model: str) -> str:
    """Return the text in one event of a stream; the last events have none."""
    part = delta = _first_choice(event).get("delta")
    if isinstance(delta, dict):
        part = delta.get("content")
        if isinstance(part, str):
            return part
    if part is None:
        return ""
    raise NetworkError(
        "the stream of {} contains {} instead of text: check openai_api_url and the model".format(
            model, kind_of(part)
        )
    )


def _added(reply: Reply, event: Mapping[str, Any], part: str) -> Reply:
    choice = _first_choice(event)
    return Reply(
        text=reply.text + part,
        model=_text(event.get("model")) or reply.model,
        usage=_usage(event) or reply.usage,
        finish_reason=_text(choice.get("finish_reason")) or reply.finish_reason,
        first_at=reply.first_at or (times.now() if part else None),
    )


def _reply(answer: Mapping[str, Any], request: ChatRequest) -> Reply:
    choice = _first_choice(answer)
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(text, str):
        refusal = message.get("refusal") if isinstance(message, dict) else None
        raise NetworkError(
            "the answer of {} contains no text{}: check openai_api_url and the model".format(
                request.model, " ({})".format(refusal) if refusal else ""
            )
        )
    return Reply(
        text=text,
        model=_text(answer.get("model")) or request.model,
        usage=_usage(answer),
        finish_reason=_text(choice.get("finish_reason")),
    )


def _first_choice(answer: Mapping[str, Any]) -> Dict[str, Any]:
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return dict(choices[0])
    return {}


def _usage(answer: Mapping[str, Any]) -> Dict[str, int]:
    """Return the numbers of tokens that the service reports, without its finer details."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return {}
    names = {"prompt_tokens": "input", "completion_tokens": "output", "total_tokens": "total"}
    return {names[name]: usage[name] for name in names if _is_count(usage.get(name))}


def _text(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
