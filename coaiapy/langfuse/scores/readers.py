"""Reads scores from the journal or from a server, by the newest of three APIs that it has.

All return the same dicts: the body of ``records.Score`` with ``source`` added (``API``,
``ANNOTATION`` or ``EVAL``). The value is a number, a bool or a text, depending on ``dataType``.
"""

from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional

from coaiapy.errors import NotFoundError
from coaiapy.langfuse.client import features
from coaiapy.langfuse.client.http import LangfuseHttp, quoted
from coaiapy.langfuse.client.pages import numbered, rows_by_cursor
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.journal.damage import bodies
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.read import rows as server_rows
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import UNCONFIRMED

V1, V2, V3 = "/api/public/scores", "/api/public/v2/scores", "/api/public/v3/scores"
PAGE_SIZE = 100


class ScoreFilter(NamedTuple):
    """Conditions on scores; a score must meet all of them. Ids may be in any form."""

    trace_id: Optional[str] = None
    session_id: Optional[str] = None
    observation_id: Optional[str] = None
    run_id: Optional[str] = None
    name: Optional[str] = None
    data_type: Optional[str] = None
    config_id: Optional[str] = None
    environment: Optional[str] = None
    from_time: Optional[str] = None
    to_time: Optional[str] = None
    user_id: Optional[str] = None

    def accepts(self, score: Mapping[str, Any]) -> bool:
        """Tell whether ``score`` meets every condition but the user, whom only its trace names."""
        equal = (
            (self.session_id, "sessionId"),
            (self.run_id, "datasetRunId"),
            (self.name, "name"),
            (self.data_type, "dataType"),
            (self.config_id, "configId"),
        )
        moment = score.get("timestamp", "")
        return (
            all(wanted in (None, score.get(field)) for wanted, field in equal)
            and self.environment in (None, score.get("environment", "default"))
            and _is(self.trace_id, score.get("traceId"), ids.span_trace_id)
            and _is(self.observation_id, score.get("observationId"), ids.span_id)
            and (self.from_time is None or moment >= self.from_time)
            and (self.to_time is None or moment < self.to_time)
        )


EVERY_SCORE = ScoreFilter()


def _is(wanted: Optional[str], found: Optional[str], form: Any) -> bool:
    return wanted is None or found is not None and form(wanted) == form(found)


class ScoreReader:
    """Reads scores from a server, with the newest API that it has."""

    def __init__(self, http: LangfuseHttp, server: Server) -> None:
        self.http = http
        if server.has(features.SCORES_V3):
            self.path = V3
        else:
            self.path = V2 if server.has(features.SCORES_V2) else V1

    def scores(self, wanted: ScoreFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the scores that ``wanted`` accepts, the latest first.

        Not every server supports every condition in the query, so that rows are filtered here too.
        """
        query = _v3_query(wanted) if self.path == V3 else _old_query(wanted, self.path)
        rows = self._rows_v3(query) if self.path == V3 else self._rows(query, most)
        return (body for body in map(shown, rows) if wanted.accepts(body))

    def score(self, score_id: str) -> Optional[Body]:
        """Return one score, or ``None``."""
        if self.path != V3:
            try:
                row = self.http.request("GET", self.path + "/" + quoted(score_id))
            except NotFoundError:
                return None
            return shown(row)
        for row in self._rows_v3({"id": _single_value(score_id)}):
            if row["id"] == score_id:
                return shown(row)
        return None

    def delete(self, score_id: str) -> None:
        """Ask the server to delete a score; it does so some time later."""
        self.http.request("DELETE", V1 + "/" + quoted(score_id), retry=True)

    def _rows(self, query: Body, most: Optional[int]) -> Iterator[Body]:
        for form in _forms(query.pop("traceId", None)):
            found = False
            for row in numbered(self.http, self.path, dict(query, traceId=form), most):
                found = True
                yield row
            if found:
                return

    def _rows_v3(self, query: Body) -> Iterator[Body]:
        asked = dict(query, limit=PAGE_SIZE, fields="details,subject")
        return rows_by_cursor(self.http, V3, asked)


class LocalScores:
    """Has the methods of ``ScoreReader``; reads the journal's records of one destination."""

    def __init__(self, journal: Journal, destination: int) -> None:
        self.journal = journal
        self.destination = destination

    def scores(self, wanted: ScoreFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the scores that ``wanted`` accepts, the latest first."""
        sql = (
            "SELECT seq, kind, body FROM records WHERE destination = ? AND kind = 'score'"
            " ORDER BY time DESC, seq DESC"
        )
        rows = self.journal.rows(sql, self.destination)
        return filter(wanted.accepts, map(shown, bodies(self.journal, rows)))

    def score(self, score_id: str) -> Optional[Body]:
        """Return one score, or ``None``."""
        sql = (
            "SELECT seq, kind, body FROM records"
            " WHERE destination = ? AND kind = 'score' AND id = ?"
        )
        found = bodies(self.journal, self.journal.rows(sql, self.destination, score_id))
        return next(map(shown, found), None)

    def delete(self, score_id: str) -> int:
        """Delete a score from the journal; return how many records that were."""
        sql = "DELETE FROM records WHERE destination = ? AND kind = 'score' AND id = ?"
        with self.journal.transaction() as db:
            return int(db.execute(sql, (self.destination, score_id)).rowcount)


def added(
    listed: Iterable[Body], fresh: Iterable[Body], wanted: ScoreFilter, limit: Optional[int]
) -> List[Body]:
    """Return listed scores with the missing ones of this machine added, at most ``limit``."""
    by_id: Dict[str, Body] = {body["id"]: body for body in listed}
    for body in fresh:
        if wanted.accepts(body):
            by_id.setdefault(body["id"], body)
    found = sorted(by_id.values(), key=lambda body: str(body.get("timestamp")), reverse=True)
    return found[:limit]


def shown(row: Mapping[str, Any]) -> Body:
    """Return the score in a row of any API or of the journal."""
    body = dict(server_rows.score(row), source=row.get("source") or "API")
    if UNCONFIRMED in row:
        body[UNCONFIRMED] = row[UNCONFIRMED]
    return body


def _forms(trace_id: Optional[str]) -> List[Optional[str]]:
    return [None] if trace_id is None else list(ids.known_forms(trace_id))


def _single_value(text: Optional[str]) -> Optional[str]:
    """Return a value for a v3 query; ``None`` if it has a comma, which separates values there."""
    return None if text is None or "," in text else text


def _v3_query(wanted: ScoreFilter) -> Body:
    """Return a query for the v3 API: it takes one target, and an observation only with a trace."""
    query = {
        "name": _single_value(wanted.name),
        "dataType": wanted.data_type,
        "configId": _single_value(wanted.config_id),
        "environment": wanted.environment,
        "fromTimestamp": wanted.from_time,
        "toTimestamp": wanted.to_time,
    }
    if _single_value(wanted.trace_id):
        query["traceId"] = ",".join(ids.known_forms(str(wanted.trace_id)))
        if _single_value(wanted.observation_id):
            forms = ids.known_observation_forms(str(wanted.observation_id))
            query["observationId"] = ",".join(forms)
    elif _single_value(wanted.session_id):
        query["sessionId"] = wanted.session_id
    elif _single_value(wanted.run_id):
        query["experimentId"] = wanted.run_id
    return query


def _old_query(wanted: ScoreFilter, path: str) -> Body:
    query = {
        "name": wanted.name,
        "dataType": wanted.data_type,
        "configId": wanted.config_id,
        "fromTimestamp": wanted.from_time,
        "toTimestamp": wanted.to_time,
    }
    if path == V2:
        query.update(traceId=wanted.trace_id, sessionId=wanted.session_id)
        query.update(datasetRunId=wanted.run_id, environment=wanted.environment)
        query.update(userId=wanted.user_id)
    return query
