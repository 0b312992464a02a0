"""What a template makes in a test: its trace and steps as plain data, or the error."""

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from coaiapy.authoring.testing.coverage import Decisions, RecordingLanguage
from coaiapy.authoring.testing.document import Case
from coaiapy.authoring.testing.fakes import FakeRun
from coaiapy.errors import CoaiaError, UsageError
from coaiapy.running.pipelines.graph import Graph
from coaiapy.running.pipelines.steps import Step
from coaiapy.templating.document import without_nulls
from coaiapy.templating.model import PipelineTemplate, checked_values, no_environment
from coaiapy.templating.render import RenderedStep, render_steps, render_trace, trace_for

# What every trace and step records of its template: another version of it is no difference.
_ORIGIN = ("template_name", "template_version")
_TRACE_ID = "0" * 32


class RenderedCase(NamedTuple):
    """The fields of a trace, and those of its steps, or why there are none."""

    trace: Dict[str, Any]
    steps: List[Dict[str, Any]]
    error: Optional[str] = None


def render_case(template: PipelineTemplate, case: Case, decisions: Decisions) -> RenderedCase:
    """Return what ``template`` makes of the variables of a case.

    Nothing varies from one run to the next: the environment does not count, ids are numbered.
    """
    try:
        made = _made(template, case, RecordingLanguage(decisions))
        return RenderedCase(*json.loads(json.dumps(made)))
    except CoaiaError as error:
        return RenderedCase({}, [], str(error))


def _made(template: PipelineTemplate, case: Case, language: RecordingLanguage) -> RenderedCase:
    values = checked_values(template, case.variables, no_environment, language)
    trace = _without_origin(render_trace(template, values, language))
    if case.commands is None:
        steps = render_steps(template, values, language)
        names = [step.name for step in steps]
        return RenderedCase(trace, [_planned(step, names) for step in steps])
    graph = Graph(template, values, language)
    run = FakeRun(graph, trace_for(template, values, language, _TRACE_ID), case.commands)
    result = run.run()
    unused = sorted(set(case.commands) - run.used)
    if unused:
        raise UsageError("no step {!r} has run a command".format(unused[0]))
    return RenderedCase(trace, [_done(step) for step in result.steps])


def _planned(step: RenderedStep, names: List[str]) -> Dict[str, Any]:
    parent = None if step.parent is None else names[step.parent]
    return _told(step.name, step.type, parent, step.fields)


def _done(step: Step) -> Dict[str, Any]:
    rendered = step.rendered
    fields = dict(rendered.fields) if rendered else {}
    if step.command:
        fields["output"] = step.output
    parent = step.parent.name if step.parent else None
    told = _told(step.name, rendered.type if rendered else None, parent, fields)
    told.update(command=step.command and step.command.shown, status=step.state)
    told.update(exit_code=step.exit_code)
    return without_nulls(told)


def _told(
    name: str, kind: Optional[str], parent: Optional[str], fields: Mapping[str, Any]
) -> Dict[str, Any]:
    own = {key: value for key, value in fields.items() if key not in ("name", "type")}
    told = _without_origin(dict({"name": name, "type": kind, "parent": parent}, **own))
    if told.get("level") == "DEFAULT":
        del told["level"]
    return without_nulls(told)


def _without_origin(fields: Mapping[str, Any]) -> Dict[str, Any]:
    metadata = fields.get("metadata") or {}
    own = {key: value for key, value in metadata.items() if key not in _ORIGIN}
    return without_nulls(dict(fields, metadata=own or None))
