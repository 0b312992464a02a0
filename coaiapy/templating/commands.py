"""Renders the command of a step: its words, its environment, and how it is to be run."""

import math
from shlex import quote
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from coaiapy.errors import UsageError
from coaiapy.templating.expressions.bounds import shown
from coaiapy.templating.expressions.shell_text import shell_text
from coaiapy.templating.language import Language, TemplateError
from coaiapy.templating.model import (
    PipelineTemplate,
    all_variables,
    environment_key,
)
from coaiapy.templating.render import Plan, is_true
from coaiapy.util import shell
from coaiapy.util.text import parsing, wording

SHELL = "/bin/sh"
_MOST_RETRIES = 1000


class Command(NamedTuple):
    """What a step runs.

    ``shown`` is the command for somebody to read: a shell would do the same with it.
    ``environment`` has what is added to the environment, ``None`` removes a variable. ``timeout``
    and ``backoff`` are in seconds. ``output`` is one of ``document.OUTPUTS``.
    """

    words: List[str]
    shown: str
    environment: Dict[str, Optional[str]]
    folder: Optional[str]
    stdin: Optional[str]
    timeout: Optional[float]
    retries: int
    backoff: float
    continue_on_error: bool
    output: str


def render_command(plan: Plan, names: Mapping[str, Any], language: Language) -> Optional[Command]:
    """Return the command of a planned step, ``None`` if it has none or an empty one.

    ``names`` are the values that expressions can use. Raises ``TemplateError``.
    """
    if plan.step.run is None:
        return None
    step = plan.step

    def rendered(field: str, convert: Callable[[Any], Any]) -> Any:
        value = language.render(getattr(step, field), names, plan.where + field)
        return _guarded(plan, field, lambda: convert(value))

    words, shown_text, referred = _guarded(plan, "run", lambda: _words(plan, names, language))
    if not shown_text:
        return None
    return Command(
        words,
        shown_text,
        dict(rendered("env", _environment), **referred),
        rendered("cwd", _text_or_none),
        rendered("stdin", _text_or_none),
        rendered("timeout", lambda value: _number(value, positive=True)),
        rendered("retries", _count),
        rendered("backoff", lambda value: _number(value) or 0.0),
        rendered("continue_on_error", is_true),
        step.output_form,
    )


def _guarded(plan: Plan, field: str, work: Callable[[], Any]) -> Any:
    """Return ``work()``; an error in it is told with its step and field."""
    try:
        return work()
    except TemplateError:
        raise
    except (UsageError, ValueError) as error:
        raise TemplateError("{}{}: {}".format(plan.where, field, error)) from error


def _words(plan: Plan, names: Mapping[str, Any], language: Language) -> Any:
    """Return the words to execute, the command to show, and the environment that it needs."""
    run, where = plan.step.run, plan.where + "run"
    if isinstance(run, str):
        made = shell_text(language.pieces(run, names, where))
        return [SHELL, "-c", made.text, "sh"], made.shown.strip(), made.environment
    words = [_value_of("run", word) for word in language.render(run, names, where)]
    return words, " ".join(map(quote, words)), {}


def _value_of(name: str, value: Any) -> str:
    if isinstance(value, (list, dict)):
        raise ValueError("a list or an object is not one word: use the filter join or tojson")
    if isinstance(value, bool):
        return str(value).lower()
    return shell.check_value(name, shown(value))


def _environment(variables: Mapping[str, Any]) -> Dict[str, Optional[str]]:
    return {
        name: None if value is None else _value_of(name, value) for name, value in variables.items()
    }


def _text_or_none(value: Any) -> Optional[str]:
    return None if value is None else _value_of("the text", value)


def _count(value: Any) -> int:
    return int(_number(value, whole=True) or 0)


def _number(value: Any, positive: bool = False, whole: bool = False) -> Optional[float]:
    if value is None or value == "":
        return None
    number = parsing.number(value)
    if number is None or not math.isfinite(number) or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise ValueError("must be {}, not {}".format(kind, wording.cut_repr(value)))
    if number < 0 or (positive and not number):
        raise ValueError("must be {}".format("more than 0" if positive else "0 or more"))
    if whole and number > _MOST_RETRIES:
        raise ValueError("must be {} or less".format(_MOST_RETRIES))
    return number


def variables_environment(template: PipelineTemplate, values: Mapping[str, Any]) -> Dict[str, str]:
    """Return the environment variables in which the variables' values reach a command.

    Lists and objects arrive as JSON.
    """
    import json

    environment = {}
    for variable in all_variables(template):
        value = values.get(variable.name)
        if isinstance(value, (list, dict)):
            value = json.dumps(value, ensure_ascii=False)
        if value is not None:
            environment[environment_key(variable.name)] = _value_of(variable.name, value)
    return environment
