"""What runs in the process of an item that a prompt is for: it asks a model, in the item's trace."""

from typing import Any, List, Mapping, Optional

from coaiapy.config import values as config_values
from coaiapy.errors import RefusedError
from coaiapy.langfuse.traces import observe
from coaiapy.llm import chat
from coaiapy.llm.chat import ChatRequest
from coaiapy.llm.tags import checked_temperature


def ask(
    env_file: Optional[str],
    content: Any,
    prompt: List[Any],
    config: Mapping[str, Any],
    model: Optional[str],
) -> str:
    """Return what the model answers; its config may name the model and the temperature."""
    name, version = prompt
    values = config_values.load(env_file)
    given = config.get("model")
    model = model or (given if isinstance(given, str) else None) or values.get("model")
    messages = chat.messages(content) if isinstance(content, str) else content
    request = ChatRequest(messages, str(model), _temperature(config, values))
    recorder = observe.recorder(env_file=env_file)
    reply = chat.ask(values, request, name, recorder, prompt=(name, version))
    if not reply.text.strip():
        raise RefusedError(
            "{} answered with no text (it stopped with {})".format(reply.model, reply.finish_reason)
        )
    return reply.text


def _temperature(config: Mapping[str, Any], values: config_values.ConfigValues) -> Optional[float]:
    try:
        return checked_temperature(config["temperature"])
    except (KeyError, ValueError):
        found: Optional[float] = values.get("default_temperature")
        return found
