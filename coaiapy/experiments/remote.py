"""Runs that another machine or program has made, as far as the server can tell of them."""

from typing import Any, Collection, Dict, List, NamedTuple, Optional, Tuple

from coaiapy.config.settings import Settings
from coaiapy.errors import NotFoundError
from coaiapy.experiments import plans
from coaiapy.experiments.execution.work import FAILED, OK
from coaiapy.experiments.plans import Plan
from coaiapy.experiments.results import Outcome, cost_of, outcome
from coaiapy.langfuse.client.http import LangfuseHttp, quoted
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.client.pages import numbered, rows_by_cursor
from coaiapy.langfuse.client.server import server_for
from coaiapy.langfuse.datasets import datasets
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.read.readers import read
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.figures import ERROR
from coaiapy.util import times
from coaiapy.util.text.notes import Note
from coaiapy.util.text.wording import counted
from coaiapy.util.threads import run_all, values_of

_EXPERIMENTS = "/api/public/experiments"
_EXPERIMENT_ITEMS = "/api/public/experiment-items"
# These listings need a start.
_ALL_TIME = {"fromStartTime": "2000-01-01T00:00:00.000Z", "limit": 100}


class RemoteRun(NamedTuple):
    """A run on a server: its plan, and the id of the item and of the trace of each result."""

    plan: Plan
    pairs: List[Tuple[str, str]]


def listed(settings: Settings, journal: Journal, known: Collection[str] = ()) -> List[Plan]:
    """Return the runs of a server, the latest first, without those whose ids are ``known``."""
    with client_for(settings, "runs of datasets") as http:
        names = {str(one["id"]): str(one["name"]) for one in datasets.list_datasets(settings)}
        if not server_for(http, journal).keeps_runs:
            found = [
                _of_experiment(row, names)
                for row in rows_by_cursor(http, _EXPERIMENTS, _ALL_TIME)
                if row["id"] not in known
            ]
        else:
            asked = run_all(lambda name: _runs(http, name), sorted(names.values()))
            found = [plan for runs in values_of(asked) for plan in runs]
    fresh = [plan for plan in found if plan.id not in known]
    return sorted(fresh, key=lambda plan: plan.started_at, reverse=True)


def find(settings: Settings, journal: Journal, run: str, dataset: Optional[str]) -> RemoteRun:
    """Return the run of this name on a server.

    Raises ``NotFoundError`` if there is none, ``UsageError`` if several have the name.
    """
    known = [one for one in listed(settings, journal) if dataset in (None, one.dataset)]
    plan = plans.chosen(known, run, "there is no experiment {!r}, neither here nor in Langfuse")
    with client_for(settings, "runs of datasets") as http:
        if not server_for(http, journal).keeps_runs:
            asked = dict(_ALL_TIME, experimentName=plan.name)
            rows = list(rows_by_cursor(http, _EXPERIMENT_ITEMS, asked))
            pairs = [(str(one.get("experimentItemId")), str(one["traceId"])) for one in rows]
        else:
            rows = _run(http, plan)["datasetRunItems"] or []
            pairs = [(str(one.get("datasetItemId")), str(one.get("traceId"))) for one in rows]
    return RemoteRun(plan._replace(items=len(pairs)), pairs)


def outcomes(settings: Settings, journal: Journal, run: RemoteRun, note: Note) -> List[Outcome]:
    """Return what became of each item of a run; ``note`` says what the server does not tell."""
    items = _items(settings, run.plan)
    wanted: List[Body] = [{"id": trace_id} for _, trace_id in run.pairs]
    traces = read(journal, settings, lambda reader: reader.whole(wanted), False)
    found, unsure = [], 0
    for (item_id, trace_id), trace in zip(run.pairs, traces):
        trace = dict(trace, experiment=_expected(items.get(item_id) or {}))
        known = outcome(trace, trace.get("scores") or [])
        unsure += known is None
        cost = sum(map(cost_of, trace.get("observations") or []))
        found.append((known or _guessed(item_id, trace_id, trace))._replace(cost=cost))
    note(
        "{!r} is read from the server, which does not say how many results it was to have".format(
            run.plan.name
        )
    )
    if unsure:
        note(
            "{} made by another program: one counts as failed if its trace has an error, and its time "
            "is that of the trace".format(
                counted(unsure, "result") + (" was" if unsure == 1 else " were")
            )
        )
    return found


def _guessed(item_id: str, trace_id: str, trace: Body) -> Outcome:
    """Return what a trace tells that another program has written."""
    observations = trace.get("observations") or []
    failed = next((one for one in observations if one.get("level") == ERROR), None)
    starts = [times.epoch_milliseconds(one["startTime"]) for one in observations]
    ends = [times.epoch_milliseconds(one["endTime"]) for one in observations if one.get("endTime")]
    facts: Body = {
        "item": item_id,
        "repeat": 1,
        "state": FAILED if failed else OK,
        "reason": failed and failed.get("statusMessage"),
        "attempts": 1,
        "seconds": (max(ends) - min(starts)) / 1000 if ends else 0,
    }
    body = dict(trace, id=trace_id, metadata={"experiment": facts})
    body.setdefault("timestamp", "")
    found = outcome(body, trace.get("scores") or [])
    assert found is not None
    return found


def _expected(item: Body) -> Body:
    return {
        "item.expected_output": item.get("expectedOutput"),
        "item.metadata": item.get("metadata"),
    }


def _items(settings: Settings, plan: Plan) -> Dict[str, Body]:
    try:
        bodies = datasets.list_dataset_items(settings, plan.dataset)
    except NotFoundError:
        return {}
    return {str(body["id"]): body for body in bodies}


def _runs(http: LangfuseHttp, dataset: str) -> List[Plan]:
    path = "/api/public/datasets/{}/runs".format(quoted(dataset))
    return [_plan(row, dataset) for row in numbered(http, path, {}, None)]


def _run(http: LangfuseHttp, plan: Plan) -> Any:
    path = "/api/public/datasets/{}/runs/{}".format(quoted(plan.dataset), quoted(plan.name))
    return http.request("GET", path)


def _plan(row: Body, dataset: str) -> Plan:
    metadata = row.get("metadata")
    return Plan(
        str(row["name"]),
        dataset,
        row.get("datasetId"),
        row.get("description"),
        metadata if isinstance(metadata, dict) else {},
        started_at=str(row.get("createdAt") or ""),
    )


def _of_experiment(row: Body, names: Dict[str, str]) -> Plan:
    dataset = str(row.get("datasetId") or "")
    return Plan(
        str(row.get("name") or row["id"]),
        names.get(dataset, dataset),
        dataset or None,
        row.get("description"),
        items=int(row.get("itemCount") or 0),
        started_at=str(row.get("startTime") or ""),
    )
