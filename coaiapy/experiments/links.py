"""Links the traces of an experiment to the items of a Langfuse dataset.

Servers with the tables of v3 have runs of datasets, whose items are written one by one. The others
read all from the traces (see ``otlp``). A run item has no id that we could choose: what is linked is
read before, and nothing is linked twice.
"""

import itertools
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, ConfigError, NotFoundError
from coaiapy.experiments.plans import Plan
from coaiapy.langfuse.client import features
from coaiapy.langfuse.client.errors import UnavailableError, WrongDialectError
from coaiapy.langfuse.client.http import LangfuseHttp, quoted
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.client.server import Server, server_for
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records.body import Body
from coaiapy.util.threads import run_all

RUN_ITEMS = "/api/public/dataset-run-items"
# Items that are linked at a time.
_STEP = 1000


class Linked(NamedTuple):
    """What became of links. ``run_id`` is the id of the run there, ``None`` if there is none.

    ``new`` were made, ``unknown`` are items that the server has not; ``problem`` has stopped it.
    """

    run_id: Optional[str] = None
    new: int = 0
    unknown: int = 0
    problem: Optional[CoaiaError] = None
    keeps_scores: bool = True


def link(
    settings: Settings, journal: Journal, plan: Plan, pairs: Iterable[Tuple[str, str]]
) -> Linked:
    """Link items to traces, given as pairs of their ids, as far as they are not linked yet.

    Failures are in the result.
    """
    if settings.is_local:
        return Linked(plan.id)
    try:
        with client_for(settings, "runs of datasets") as http:
            server = server_for(http, journal)
            if not server.keeps_runs:
                return Linked(plan.id)
            return _link(http, server, plan, iter(pairs))
    except CoaiaError as error:
        return Linked(problem=error)


def _link(
    http: LangfuseHttp, server: Server, plan: Plan, pairs: Iterator[Tuple[str, str]]
) -> Linked:
    """Link what is missing, some at a time; after a failure nothing more is tried."""
    run_id, linked = _run(http, plan)
    result = Linked(run_id, keeps_scores=server.has(features.SESSION_SCORES))
    while result.problem is None:
        some = list(itertools.islice(pairs, _STEP))
        if not some:
            break
        result, linked = _link_some(http, plan, some, result, linked)
    return result


def _link_some(
    http: LangfuseHttp, plan: Plan, pairs: List[Tuple[str, str]], result: Linked, linked: Set[str]
) -> Tuple[Linked, Set[str]]:
    """Link what is missing, and what was not taken again, until nothing more is taken."""
    while True:
        missing = [pair for pair in pairs if pair[1] not in linked]
        # The first makes the run: two at a time would make two runs of one name.
        found = [] if result.run_id else run_all(lambda pair: _post(http, plan, pair), missing[:1])
        stop = (ConfigError, UnavailableError)
        found += run_all(lambda pair: _post(http, plan, pair), missing[len(found) :], stop)
        for one in found:
            if one.error and not isinstance(one.error, CoaiaError):
                raise one.error
        made = [one.value for one in found if one.was_tried and isinstance(one.value, dict)]
        unknown = [one.item for one in found if isinstance(one.error, NotFoundError)]
        pairs = [pair for pair in missing if pair not in unknown]
        result = result._replace(
            run_id=result.run_id or next((str(one["datasetRunId"]) for one in made), None),
            new=result.new + len(made),
            unknown=result.unknown + len(unknown),
            problem=next((_problem(one) for one in found if _problem(one)), None),
        )
        if result.problem is None or not made:
            return result, linked
        _, linked = _run(http, plan)


def _post(http: LangfuseHttp, plan: Plan, pair: Tuple[str, str]) -> Any:
    """Link an item; return the answer, or the error that the server answered with for now."""
    body = {"runName": plan.name, "datasetItemId": pair[0], "traceId": pair[1]}
    body.update(_of_run(plan))
    try:
        return http.request("POST", RUN_ITEMS, json=body)
    except UnavailableError as error:
        if error.status is None:
            raise
        return error


def _problem(one: Any) -> Optional[CoaiaError]:
    found = one.value if isinstance(one.value, CoaiaError) else one.error
    return None if isinstance(found, NotFoundError) else found


def _of_run(plan: Plan) -> Body:
    told = {"runDescription": plan.description, "metadata": plan.metadata or None}
    if plan.version:
        told["datasetVersion"] = plan.version
    return {name: value for name, value in told.items() if value is not None}


def _run(http: LangfuseHttp, plan: Plan) -> Tuple[Optional[str], Set[str]]:
    """Return the id of the run, ``None`` if there is none yet, and the ids of its traces."""
    path = "/api/public/datasets/{}/runs/{}".format(quoted(plan.dataset), quoted(plan.name))
    try:
        found: Body = http.request("GET", path)
    except NotFoundError:
        return None, set()
    linked = {str(one.get("traceId")) for one in found.get("datasetRunItems") or []}
    return found.get("id"), linked


def delete(settings: Settings, journal: Journal, plan: Plan) -> bool:
    """Delete the run on the server; false if the server has no run of this name, or no such runs."""
    with client_for(settings, "runs of datasets") as http:
        if not server_for(http, journal).keeps_runs:
            return False
        path = "/api/public/datasets/{}/runs/{}".format(quoted(plan.dataset), quoted(plan.name))
        try:
            http.request("DELETE", path)
        except (NotFoundError, WrongDialectError):
            return False
    return True
