"""Rows of a v4 server's ``/v2/observations`` as traces and observations.

Our own traces have a root span that stands for the trace itself (``ids.root_span_id``); a dual
server makes such a row, ``t-<trace id>``, of traces that came as ingestion events. These become
the trace's fields and are no observations. Anybody else's roots are both.
"""

from typing import Any, Dict, Iterable, List, Set

from coaiapy import ids, server_rows, span_metadata
from coaiapy.record_fields import Body

# The server cuts the text of metadata after so many characters, counted as it likes.
CUT_AT = 200
_WIDEST_CHARACTER = 4
# What any span may say of its trace; the root is asked first.
_CONTEXT = ("userId", "sessionId", "traceName", "release", "version", "tags")


def merged(rows: Iterable[Body]) -> List[Body]:
    """Return one row a span, in the order of their start."""
    return sorted(latest(rows).values(), key=lambda row: (row["startTime"], row["id"]))


def latest(rows: Iterable[Body]) -> Dict[Any, Body]:
    """Return one row a span, by ``key_of``, in the order given; of several what ended last."""
    found: Dict[Any, Body] = {}
    for row in rows:
        key = key_of(row)
        if key not in found or _ended(row) >= _ended(found[key]):
            found[key] = row
    return found


def key_of(row: Body) -> Any:
    """Return what tells a span from all others."""
    return row["traceId"], row["id"]


def _ended(row: Body) -> Any:
    return str(row.get("endTime") or ""), str(row.get("updatedAt") or "")


def _metadata(row: Body) -> Body:
    metadata = row.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def is_own_root(row: Body) -> bool:
    """Whether the row is the root span that this program gives to a trace."""
    return bool(row["id"] == ids.root_span_id(row["traceId"]))


def is_trace(row: Body) -> bool:
    """Whether the row stands for a trace, and is no observation."""
    return is_own_root(row) or _is_dual_root(row)


def _is_dual_root(row: Body) -> bool:
    return bool(row["id"] == "t-" + row["traceId"])


def trace(rows: List[Body]) -> Body:
    """Return the trace of its merged spans, or of its root spans alone."""
    rows = [_said_of_trace(row) for row in rows]
    made_for_it = sorted(filter(is_trace, rows), key=_is_dual_root)
    roots = [row for row in rows if row.get("isRootObservation")]
    root = (made_for_it or roots or rows)[0]
    found = dict(root, id=root["traceId"], timestamp=root["startTime"])
    for name in _CONTEXT:
        found[name] = next((row[name] for row in [root] + rows if row.get(name)), None)
    for name in ("input", "output"):
        found[name] = span_metadata.from_text(root.get(name))
    is_named_root = root in roots and not is_own_root(root)
    found["name"] = found["traceName"] or (root.get("name") if is_named_root else None)
    return server_rows.trace(found)


def _said_of_trace(row: Body) -> Body:
    """Return a row without what it says of an observation of ours; anybody else's says both."""
    metadata = _metadata(row)
    if is_trace(row) or not span_metadata.is_ours(metadata):
        return row
    nothing = dict.fromkeys(("name", "version", "input", "output"))
    return dict(row, metadata=span_metadata.of_trace(metadata), **nothing)


def whole_trace(rows: List[Body]) -> Body:
    """Return the trace of its merged spans with its observations."""
    found = trace(rows)
    below = [dict(body, traceId=found["id"]) for body in observations(rows)]
    return dict(found, observations=below)


def observations(rows: Iterable[Body]) -> List[Body]:
    """Return the observations among merged rows; those right below the trace have no parent."""
    found = []
    for row in rows:
        if not is_trace(row):
            body = server_rows.span(row)
            tops = (ids.root_span_id(row["traceId"]), "t-" + row["traceId"])
            if body.get("parentObservationId") in tops:
                del body["parentObservationId"]
            found.append(body)
    return found


def cut_keys(rows: Iterable[Body]) -> Set[str]:
    """Return the users' metadata keys under which the server has perhaps cut a value."""
    return {
        key
        for row in rows
        for key, value in _metadata(row).items()
        if isinstance(value, str)
        and len(value.encode("utf-8")) > CUT_AT - _WIDEST_CHARACTER
        and not span_metadata.is_added(key)
        and "," not in key
    }
