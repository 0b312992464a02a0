"""Figures of the journal's observations, summed up in SQL.

The table ``figures`` is brought up to date first: writing a record must be quick, so that its figures
are written when somebody asks for them.
"""

from array import array
from itertools import groupby
from operator import itemgetter
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from coaiapy.langfuse.journal import reads
from coaiapy.langfuse.journal.damage import body_of
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.read.figures import walk
from coaiapy.langfuse.read.figures.groups import (
    OWN_KEYS,
    Found,
    Sums,
    Wanted,
    figures_row,
    percentiles,
    trace_keys,
)
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body, completed
from coaiapy.langfuse.records.figures import ERROR, Figures, figures_of

# The last row of the records whose figures are written.
_MARK = "figures"
_IS_CURRENT = """
SELECT (SELECT coalesce(max(seq), 0) FROM records)
    <= (SELECT coalesce(max(at), 0) FROM marks WHERE name = ?) AND NOT EXISTS (SELECT 1 FROM stale)
"""
_UNWRITTEN = """
SELECT seq, destination, trace_key, time, body FROM records WHERE +kind = 'observation' AND
    (seq > (SELECT coalesce(max(at), 0) FROM marks WHERE name = ?) OR seq IN (SELECT seq FROM stale))
"""
_WRITE = (
    "INSERT OR REPLACE INTO figures (seq, destination, trace_key, time, {}) VALUES ({})".format(
        ", ".join(Figures._fields), ", ".join("?" * (4 + len(Figures._fields)))
    )
)
_NOTE = "INSERT OR REPLACE INTO marks (name, at) SELECT ?, coalesce(max(seq), 0) FROM records"
_CHOSEN = """
CREATE TEMP TABLE IF NOT EXISTS chosen (trace_key TEXT NOT NULL, value TEXT, UNIQUE (trace_key, value))
"""
_KEYS = dict(
    {name: "f." + name for name in OWN_KEYS},
    environment="coalesce(f.environment, 'default')",
    day="substr(f.time, 1, 10)",
    hour="substr(f.time, 1, 13) || ':00Z'",
)
# All in one go: reading the rows is what takes the time.
_SUMS = """
SELECT {key} AS key, f.duration, count(*), sum(f.level = '{error}'), sum(f.input_tokens),
    sum(f.output_tokens), sum(f.cached_tokens), sum(f.cost) FROM {rows}
GROUP BY key, f.duration ORDER BY key, f.duration
"""
# The last of the worst: those that it equals are ordered by their ids, which are in ``records`` alone.
_LAST = "SELECT {size} AS size, f.time FROM {rows} ORDER BY size DESC, f.time DESC LIMIT 1 OFFSET ?"
_WORST = """
SELECT f.seq FROM {rows} AND ({size} > ? OR {size} = ? AND f.time >= ?) ORDER BY {size} DESC,
    f.time DESC, (SELECT key FROM records WHERE seq = f.seq) DESC, f.trace_key DESC LIMIT ?
"""
_EVERYTHING = (-2.0, "")  # is less than any
_SIZES = {
    "duration": "coalesce(f.duration, -1)",
    "cost": "f.cost",
    "tokens": "f.input_tokens + f.output_tokens",
}


def bring_up_to_date(journal: Journal) -> None:
    """Write the figures of the observations that are new or have changed."""
    if next(journal.rows(_IS_CURRENT, _MARK))[0]:
        return
    with journal.transaction(durable=False) as db:
        for row in db.execute(_UNWRITTEN, (_MARK,)):
            body = body_of("observation", row["body"])
            if body is not None:  # a damaged one is set aside when it is read
                db.execute(_WRITE, tuple(row)[:4] + figures_of(body))
        db.execute("DELETE FROM stale")
        db.execute(_NOTE, (_MARK,))


class JournalFigures:
    """Answers from the journal's records of one destination."""

    def __init__(
        self,
        journal: Journal,
        destination: int,
        traces: Callable[[TraceFilter], Iterable[Body]],
    ) -> None:
        self.journal = journal
        self.destination = destination
        self.traces = traces

    def of_groups(self, wanted: Wanted, exact: bool = False) -> Found:
        """Return the figures of each group of observations; here they are always exact."""
        if wanted.metadata_key is None:
            return Found(figures(self.journal, self.destination, wanted))
        every = reads.all_observations(self.journal, self.destination)  # it is only in the bodies
        observed = walk.with_traces(map(completed, every), self.traces, wanted)
        return Found(walk.figures(observed, wanted))

    def worst(self, wanted: Wanted, order: str, most: int) -> List[Body]:
        """Return the observations that took the most time, money or tokens, the worst first."""
        return list(map(completed, worst(self.journal, self.destination, wanted, order, most)))


def figures(journal: Journal, destination: int, wanted: Wanted) -> Dict[Optional[str], Body]:
    """Return the figures of each group of the observations of a destination."""
    bring_up_to_date(journal)
    source, values = _rows(journal, destination, wanted)
    names = {"key": _KEYS.get(wanted.by or "", "c.value" if wanted.by else "NULL")}
    names.update(rows=source, error=ERROR)
    found = journal.rows(_SUMS.format(**names), *values)
    return {key: _of_group(parts) for key, parts in groupby(found, key=itemgetter(0))}


def _of_group(parts: Iterable[Any]) -> Body:
    """Return the figures of a group; each of its parts has one duration, in rising order, or none."""
    sums: List[Any] = [0 for _ in Sums._fields]
    durations, times = array("q"), array("q")
    for _, duration, *more in parts:
        sums = [known + one for known, one in zip(sums, more)]
        if duration is not None:
            durations.append(duration)
            times.append(more[0])
    return figures_row(Sums(*sums), percentiles(sum(times), zip(durations, times)))


def worst(journal: Journal, destination: int, wanted: Wanted, order: str, most: int) -> List[Body]:
    """Return the observations that took the most time, money or tokens, the worst first."""
    bring_up_to_date(journal)
    source, values = _rows(journal, destination, wanted._replace(by=None))
    last, worst_ones = (sql.format(rows=source, size=_SIZES[order]) for sql in (_LAST, _WORST))
    size, time = next(map(tuple, journal.rows(last, *values + (most - 1,))), _EVERYTHING)
    found = [row["seq"] for row in journal.rows(worst_ones, *values + (size, size, time, most))]
    return [body for body in (reads.body_at(journal, seq) for seq in found) if body]


def _rows(journal: Journal, destination: int, wanted: Wanted) -> Tuple[str, Tuple[Any, ...]]:
    """Return the part of a query that says which rows count, and its values."""
    sql, values = "figures AS f", [destination]  # type: Tuple[str, List[Any]]
    if wanted.looks_at_traces:
        _choose(journal, destination, wanted)
        sql += " JOIN chosen AS c ON c.trace_key = f.trace_key"
    sql += " WHERE f.destination = ?"
    traces = wanted.traces
    for condition, value in (
        ("f.time >= ?", traces.from_time),
        ("f.time < ?", traces.to_time),
        ("coalesce(f.environment, 'default') = ?", traces.environment),
    ):
        if value is not None:
            sql += " AND " + condition
            values.append(value)
    return sql, tuple(values)


def _choose(journal: Journal, destination: int, wanted: Wanted) -> None:
    """Collect the traces whose observations count, with the groups that they give them."""
    accepted = filter(wanted.of_traces.accepts, reads.traces(journal, destination))
    with journal.reporting_errors(is_temporary=True):
        journal.db.execute(_CHOSEN)
        journal.db.execute("DELETE FROM chosen")
        journal.db.executemany(
            "INSERT INTO chosen (trace_key, value) VALUES (?, ?)",
            (
                (ids.span_trace_id(trace["id"]), value)
                for trace in accepted
                for value in trace_keys(trace, wanted.by)
            ),
        )
