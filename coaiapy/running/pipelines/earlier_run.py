"""An earlier run of a pipeline, as the journal knows it, so that it can go on.

What is kept besides the records are the values of the variables and the outputs of the steps, whole,
but none with a secret in it, and none at all where content is kept out of traces.
"""

import hashlib
import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import NotFoundError, StateError, UsageError
from coaiapy.langfuse.journal import open_records
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.running.system import processes_of
from coaiapy.templating.model import (
    Lookup,
    PipelineTemplate,
    all_names,
    all_variables,
    key_used,
)

# What is known of a step: its command was started, or has succeeded; or it is a mark, without one.
STARTED, DONE, MARK, EVENT = "started", "done", "mark", "event"


class EarlierStep(NamedTuple):
    """What is known of a step: its observation with its row, and what was kept of it."""

    id: str
    row: int
    state: Body


class EarlierRun(NamedTuple):
    """A run: its trace with its row, what was kept of it, and its steps by ``key_of`` their names.

    ``unfinished`` are the ids of those whose commands were started and have not succeeded.
    """

    trace: Body
    row: int
    plan: Body
    steps: Dict[str, EarlierStep]
    unfinished: List[str]

    def step(self, name: str) -> Optional[EarlierStep]:
        """Return what was done under the name of a step."""
        return self.steps.get(key_of(str(self.trace["id"]), name))

    def foreign(self, given: Mapping[str, Any]) -> Dict[str, str]:
        """Return the variables with values of a file that was not trusted, unless ``given`` has them."""
        found: Dict[str, str] = self.plan["foreign"]
        return {name: key for name, key in found.items() if name not in given}


def key_of(trace_id: str, name: str) -> str:
    """Return what stands for the name of a step, in which there may be a secret."""
    return hashlib.sha256("{}\0{}".format(trace_id, name).encode("utf-8", "replace")).hexdigest()


def digest(template: PipelineTemplate) -> str:
    """Return the hash of a template with all that it extends."""
    text = json.dumps(template.to_dict(), sort_keys=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def find(known: Settings, trace_id: str) -> EarlierRun:
    """Return the run that a trace records; ``NotFoundError`` if this machine knows none of that id."""
    key = ids.span_trace_id(trace_id)
    with Journal() as journal:
        with journal.reporting_errors():
            destination = destination_of(journal, known)
            traces = list(open_records.with_states(journal.db, destination, "trace", key))
            if not traces or not traces[0].state:
                raise NotFoundError(
                    "no run of a pipeline is known here as the trace {!r}: only the machine, and "
                    "the Langfuse project, that it ran with can go on with it".format(trace_id)
                )
            steps: Dict[str, EarlierStep] = {}
            unfinished = []
            for one in open_records.with_states(journal.db, destination, "observation", key):
                if one.state and one.state["kind"] == STARTED:
                    unfinished.append(str(one.body["id"]))
                elif one.state:
                    found = EarlierStep(str(one.body["id"]), one.row, one.state)
                    steps[str(one.state["key"])] = found
            return EarlierRun(traces[0].body, traces[0].row, traces[0].state, steps, unfinished)


def check_ended(past: EarlierRun) -> None:
    """Raise ``StateError`` if a command of the run still runs, which a killed coaia has left behind."""
    left = processes_of({"COAIA_PARENT_OBSERVATION_ID": past.unfinished})
    if left:
        raise StateError(
            "what a killed run has started still runs (process {}): end it, or wait for it, before "
            "the run goes on".format(", ".join(map(str, left[:5])))
        )


def variables(
    past: EarlierRun, template: PipelineTemplate, given: Mapping[str, Any], lookup: Lookup
) -> Dict[str, Any]:
    """Return the variables to go on with: ``given``, else as they were.

    Raises ``UsageError`` if one was not kept and comes from nowhere else.
    """
    values: Dict[str, Any] = dict(given)
    for variable in all_variables(template):
        if any(given.get(name) is not None for name in all_names(variable)):
            continue
        if variable.name in past.plan["variables"]:
            values[variable.name] = past.plan["variables"][variable.name]
        elif variable.name in past.plan["stated"] and not key_used(variable, given, lookup):
            raise UsageError(
                "the value of the variable {0!r} was not kept: give it again with --var "
                "{0}=VALUE".format(variable.name)
            )
    return values
