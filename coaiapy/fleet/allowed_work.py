"""What a worker runs of that which stands in Redis: commands of its own, trusted templates.

Whoever can write to the Redis chooses the values of the variables, so these are only data for a
command, never a part of one. All that is different where the worker trusts the Redis.
"""

from typing import Any, Dict, Mapping, NamedTuple, Optional

from coaiapy.env import untrusted
from coaiapy.errors import CoaiaError, ConfigError, RefusedError
from coaiapy.fleet import template_process
from coaiapy.fleet.messages import OWN_NAMES, WHOLE, JobMessage, RunMessage
from coaiapy.running.pipelines import earlier_run
from coaiapy.running.pipelines.steps import Facts
from coaiapy.running.pipelines.untrusted_values import UntrustedValues
from coaiapy.templating import trusted
from coaiapy.templating.commands import Command, render_command, variables_environment
from coaiapy.templating.language import Language
from coaiapy.templating.model import (
    Lookup,
    PipelineStep,
    PipelineTemplate,
    all_names,
    all_variables,
    checked_values,
    key_used,
    lookup_for,
    names_of,
)
from coaiapy.templating.render import Plan, new_language

_DIGITS = 12
_OF_LOOP, _OF_STEPS = "item", "steps"


class Work(NamedTuple):
    """What is to be done: a command, what is added to its environment, and the variables' values."""

    command: Command
    environment: Mapping[str, str]
    values: Mapping[str, Any]


def work_of(
    run: RunMessage,
    job: JobMessage,
    facts: Mapping[str, Any],
    trusts_queue: bool,
    env_file: Optional[str],
) -> Work:
    """Return what an attempt does; ``CoaiaError`` if this worker does not do that.

    ``facts`` are what is known of earlier steps. The variables with secrets come from the settings
    of this machine.
    """
    template = _template(run, trusts_queue)
    if job.node == WHOLE:
        return _whole(template, run, job, trusts_queue, env_file)
    if not 0 <= job.node < len(template.steps):
        raise RefusedError("template {!r} has no step {}".format(template.name, job.node))
    step = template.steps[job.node]
    language, given = new_language(), dict(run.variables)
    lookup = lookup_for(template, given)
    _check_given(template, run, lookup)
    untrusted_values = UntrustedValues(template, given, lookup, language)
    untrusted_values.check([step])
    if not trusts_queue:
        _check_data(template, step, untrusted_values)
    values = checked_values(template, given, lookup, language)
    environment = variables_environment(template, values)
    if not trusts_queue:
        risky = untrusted.risky(environment)
        environment = {name: text for name, text in environment.items() if name not in risky}
    command = _command(template, step, job, dict(names_of(template, values), steps=facts), language)
    return Work(command, untrusted_values.passed_on(environment, lambda _: None), values)


def _whole(
    template: PipelineTemplate,
    run: RunMessage,
    job: JobMessage,
    trusts_queue: bool,
    env_file: Optional[str],
) -> Work:
    """Return the process that runs a whole template, with variables of which no default is known here."""
    given = job.item
    if not isinstance(given, dict) or not all(
        name.startswith(OWN_NAMES) and isinstance(text, str)
        for name, text in job.environment.items()
    ):
        raise RefusedError("what Redis has of {!r} is damaged".format(job.name))
    language, lookup = new_language(), lookup_for(template, given)
    values = checked_values(template, given, lookup, language)
    if not trusts_queue:
        untrusted_values = UntrustedValues(template, given, lookup, language)
        for step in template.steps:
            _check_data(template, step, untrusted_values)
        foreign = {
            variable.name: values.get(variable.name)
            for variable in all_variables(template)
            if any(name in given for name in all_names(variable))
        }
        risky = untrusted.risky(variables_environment(template, foreign))
        if risky:
            raise _deciding(risky[0], template.name)
    words, stdin = template_process.words_for(
        "coaia pipeline", env_file, given, document=template.to_dict()
    )
    command = Command(words, "", {}, None, stdin, run.timeout, 0, 0.0, False, "text")
    return Work(command, job.environment, values)


def known_facts(body: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """Return what is known of earlier steps as expressions use it."""
    known = {}
    for name, told in body.items():
        facts = Facts(told)
        facts.lost = str(facts.pop("lost", ""))
        known[name] = facts
    return known


def _template(run: RunMessage, trusts_queue: bool) -> PipelineTemplate:
    """Return the template to run: this machine's own, or the one in Redis if that is trusted."""
    if trusts_queue:
        return PipelineTemplate.from_dict(run.document)
    try:
        runnable = trusted.load(run.template)
        own = earlier_run.digest(runnable.template) == run.digest
        why = "is not trusted" if own else "is not the same"
    except CoaiaError as error:
        own, why = False, "cannot be used: {}".format(error)
    if not own or runnable.untrusted:
        raise ConfigError(
            "this worker does not run the template {0!r} (sha256 {1}), because its own {2}; trust "
            "the same one there (coaia pipeline trust {0}), or start the worker with --trust-queue "
            "if only you can write to its Redis".format(run.template, run.digest[:_DIGITS], why)
        )
    return runnable.template


def _check_given(template: PipelineTemplate, run: RunMessage, lookup: Lookup) -> None:
    for variable in all_variables(template):
        known = variable.name in run.variables or key_used(variable, run.variables, lookup)
        if variable.name in run.stated and not known:
            raise ConfigError(
                "the value of the variable {!r} does not travel to workers, since it is a secret: "
                "set it where the worker runs".format(variable.name)
            )


def _check_data(
    template: PipelineTemplate, step: PipelineStep, untrusted_values: UntrustedValues
) -> None:
    foreign = {name for variable in all_variables(template) for name in all_names(variable)}
    deciding = [
        name
        for name in untrusted_values.deciding_names(step)
        if name in foreign or name in (_OF_LOOP, _OF_STEPS)
    ]
    if deciding:
        raise _deciding(deciding[0], step.name)


def _deciding(name: str, what: str) -> ConfigError:
    return ConfigError(
        "{!r} in Redis would decide what the step {!r} runs (by | raw, env or as a program), "
        "and this worker does not trust its Redis: start it with --trust-queue if only you can "
        "write there".format(name, what)
    )


def _command(
    template: PipelineTemplate,
    step: PipelineStep,
    job: JobMessage,
    names: Dict[str, Any],
    language: Language,
) -> Command:
    where = "template {!r}, step {!r}, ".format(template.name, step.name)
    if job.turn is not None:
        names.update(item=job.item, index=job.turn, number=job.turn + 1)
    command = render_command(Plan(step, where, step.name, None, names), names, language)
    if command is None:
        raise RefusedError("the step {!r} has no command".format(step.name))
    return command
