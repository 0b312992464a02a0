"""What runs in the process of an item: it asks a model, or runs a pipeline, in the item's trace."""

import os
from typing import Any, List, Mapping, Optional

from coaiapy.config import settings
from coaiapy.config import values as config_values
from coaiapy.errors import CoaiaError, ConfigError, RefusedError
from coaiapy.experiments import items
from coaiapy.langfuse.traces import current, observe
from coaiapy.llm import chat
from coaiapy.llm.chat import ChatRequest
from coaiapy.llm.tags import checked_temperature
from coaiapy.running.pipelines import tasks
from coaiapy.running.pipelines.steps import FAILED, SUCCEEDED
from coaiapy.running.pipelines.watcher import Watcher
from coaiapy.templating import trusted


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


def run_pipeline(env_file: Optional[str], template: str, variables: Mapping[str, Any]) -> str:
    """Return the output of the last step that has run a command."""
    runnable = trusted.load(template)
    if runnable.untrusted:
        raise ConfigError("the template {!r} has changed, and is not trusted now".format(template))
    here = current.position()
    done = tasks.run(
        tasks.Task(runnable.template, variables),
        here.trace_id if here else None,
        os.cpu_count() or 1,
        settings.load(env_file),
        env_file,
        Watcher(),
        observe.log,
        here.parent_id if here else None,
    )
    if done.result.status != SUCCEEDED:
        failed = next((step for step in done.result.steps if step.state == FAILED), None)
        why = "{!r}: {}".format(failed.name, failed.reason) if failed else done.result.status
        raise CoaiaError("the pipeline was not completed: {}".format(why))
    ran = [step for step in done.result.steps if step.command and step.state == SUCCEEDED]
    if not ran:
        raise CoaiaError("no step of the template {!r} has run a command".format(template))
    return items.as_text(ran[-1].output)
