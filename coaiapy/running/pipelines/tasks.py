"""A pipeline to run: its template with the values of its variables, and what of it is asked for."""

import os
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, NamedTuple, Optional

from coaiapy.langfuse.records.body import Body
from coaiapy.running.pipelines import earlier_run
from coaiapy.running.pipelines.earlier_run import EarlierRun
from coaiapy.running.pipelines.graph import Graph, Selection
from coaiapy.running.pipelines.preview import PreviewedStep, preview_graph
from coaiapy.running.pipelines.untrusted_values import UntrustedValues
from coaiapy.running.pipelines.watcher import Watcher
from coaiapy.templating.commands import variables_environment
from coaiapy.templating.language import Language
from coaiapy.templating.model import (
    Lookup,
    PipelineTemplate,
    all_names,
    all_variables,
    checked_values,
    key_used,
    lookup_for,
)
from coaiapy.templating.render import new_language, trace_for

if TYPE_CHECKING:
    from coaiapy.config.settings import Settings
    from coaiapy.running.pipelines.recorded_content import RecordedContent


class Done(NamedTuple):
    """What became of a run, and of sending its record; ``None`` if nothing was recorded."""

    result: Any
    outcome: Any


class ExecutorContext(NamedTuple):
    """What an executor has to know of a run.

    ``stated`` are the variables that do not have their default, ``environment`` is added to that of
    every command. ``resumed`` says that an earlier run goes on. ``note`` gets sentences.
    """

    template: PipelineTemplate
    trace_id: str
    values: Mapping[str, Any]
    stated: List[str]
    environment: Mapping[str, str]
    contents: "RecordedContent"
    resumed: bool
    note: Callable[[str], None]


class Task(NamedTuple):
    """What is to be run: a template, the variables that were given, and which of its steps.

    ``past`` is an earlier run that goes on; its variables and selection count where none are given.
    The trace is that of ``trace_id``, by default a new one; all hangs below ``parent_id`` in it.
    ``jobs`` is the most commands at a time, ``None`` for no limit.
    """

    template: PipelineTemplate
    variables: Mapping[str, Any]
    selection: Selection = Selection()
    past: Optional[EarlierRun] = None
    trace_id: Optional[str] = None
    parent_id: Optional[str] = None
    jobs: Optional[int] = None

    def given(self) -> Mapping[str, Any]:
        """Return the variables that do not come from elsewhere."""
        if self.past is None:
            return self.variables
        lookup = lookup_for(self.template, self.variables)
        return earlier_run.variables(self.past, self.template, self.variables, lookup)

    def graph(self, values: Mapping[str, Any], language: Language) -> Graph:
        """Return the steps to run."""
        graph = Graph(self.template, values, language, self.past)
        chosen = self.selection
        if self.past and chosen == Selection():
            graph.select(Selection(*self.past.plan["selection"]))
        else:
            graph.select(chosen, repeats=self.past is not None)
        return graph


def preview(task: Task) -> List[PreviewedStep]:
    """Return what ``run`` would run; ``TemplateError`` for what is wrong."""
    language, given = new_language(), task.given()
    values = checked_values(task.template, given, lookup_for(task.template, given), language)
    return preview_graph(task.graph(values, language))


def differences(task: Task) -> List[str]:
    """Return what is not as it was in the earlier run, a sentence for each."""
    past = task.past
    if past is None:
        return []
    said = []
    if past.plan["digest"] != earlier_run.digest(task.template):
        said.append("the template {} has changed since".format(task.template.name))
    given = task.given()
    values = checked_values(task.template, given, lookup_for(task.template, given), new_language())
    for name, value in past.plan["variables"].items():
        if name in values and values[name] != value:
            said.append("the variable {} has another value now".format(name))
    return said


def run(
    task: Task,
    known: "Settings",
    env_file: Optional[str],
    watcher: Watcher,
    note: Callable[[str], None],
    executor_for: Optional[Callable[[ExecutorContext], Any]] = None,
) -> Done:
    """Run the commands of a template and record them; the caller has asked whether to trust it.

    ``known`` are the settings. ``watcher`` is told what happens, ``note`` gets a sentence about trouble
    with the record, and about variables that commands do not get. ``executor_for`` makes the executor
    of the attempts; without it this machine makes them. Raises ``ConfigError`` if a file that is not
    trusted would change a command, ``StateError`` if the run to go on with has not ended.
    """
    from coaiapy.running.system import check_system

    check_system()
    from coaiapy.config import values as config_values
    from coaiapy.running.pipelines.attempts import LocalExecutor
    from coaiapy.running.pipelines.recorded_content import RecordedContent
    from coaiapy.running.pipelines.records import StepRecords
    from coaiapy.running.pipelines.runs import Run

    template, past = task.template, task.past
    if past:
        earlier_run.check_ended(past)
    given = task.given()
    language, lookup = new_language(), lookup_for(template, given)
    values = checked_values(template, given, lookup, language)
    graph = task.graph(values, language)
    untrusted = UntrustedValues(
        template, given, lookup, language, past.foreign(task.variables) if past else {}
    )
    untrusted.check(graph.selected())
    own = untrusted.passed_on(variables_environment(template, values), note)
    trace = trace_for(template, values, language, str(past.trace["id"]) if past else task.trace_id)
    contents = RecordedContent(config_values.load(env_file).get("trace_content"), env_file, values)
    stated = _stated(template, given, lookup)
    plan = _plan_of(task, contents.kept_variables(values), stated, untrusted.foreign)
    if executor_for:
        resumed = past is not None
        executor = executor_for(
            ExecutorContext(template, trace.id, values, stated, own, contents, resumed, note)
        )
    else:
        executor = LocalExecutor(trace.id, own, contents, watcher)
    with StepRecords(known, trace, contents, note, plan, past, task.parent_id) as records:
        result = Run(graph, trace, records, executor, watcher).run(task.jobs)
        return Done(result, records.deliver())


def _plan_of(task: Task, kept: Body, stated: List[str], foreign: Mapping[str, str]) -> Body:
    """Return what has to be known of a run to go on with it."""
    return {
        "template": task.template.name,
        "digest": earlier_run.digest(task.template),
        "selection": task.past.plan["selection"] if task.past else list(task.selection),
        "foreign": foreign,
        "variables": kept,
        "stated": stated,
    }


def _stated(template: PipelineTemplate, given: Mapping[str, Any], lookup: Lookup) -> List[str]:
    """Return the variables that do not have their default."""
    return [
        variable.name
        for variable in all_variables(template)
        if any(given.get(name) is not None for name in all_names(variable))
        or key_used(variable, given, lookup)
    ]


def names_in_environment(template: PipelineTemplate, given: Mapping[str, Any]) -> List[str]:
    """Return the variables whose values come from the environment of this process."""
    lookup = lookup_for(template, given)
    keys = {v.name: key_used(v, given, lookup) for v in all_variables(template)}
    return [name for name, key in keys.items() if key and os.environ.get(key)]
