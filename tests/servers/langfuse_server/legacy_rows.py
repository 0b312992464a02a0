"""How a dual server shows legacy records in the events table: late, and as rows."""

import json
from typing import Any, Optional

from .store import Store
from .tables import Body, Tables


def propagate(store: Store) -> None:
    """Make rows of all legacy records, which a dual server does some minutes later."""
    with store.lock:
        late, store.late_records = list(store.late_records), {}
        rows, store.late_rows = store.late_rows, []
        for entity, record_id in late:
            record = store.stored.get(entity, record_id)
            if record is not None:
                make = trace_row if entity == "trace" else observation_row
                rows.append(make(record, store.stored))
        for row in rows:
            store.write("add_row", row)


def as_text(value: Any) -> Optional[str]:
    """Rows keep input and output as strings."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def trace_row(trace: Body, tables: Tables) -> Body:
    """A trace becomes a root span without an end whose id is `t-` and the trace's id."""
    row = {"id": "t-" + trace["id"], "traceId": trace["id"], "type": "SPAN"}
    row.update(startTime=trace["timestamp"], endTime=None, name=trace.get("name") or "")
    row.update(parentObservationId=None, isRootObservation=True)
    return with_context(row, trace, trace)


def observation_row(observation: Body, tables: Tables) -> Body:
    trace = tables.get("trace", observation["traceId"]) or {}
    row = dict(observation, name=observation.get("name") or "")
    row["parentObservationId"] = observation.get("parentObservationId") or (
        "t-" + observation["traceId"]
    )
    row["isRootObservation"] = False
    return with_context(row, observation, trace)


def with_context(row: Body, record: Body, trace: Body) -> Body:
    """The row with the record's values, and those of its trace that every row repeats."""
    for key in ("userId", "sessionId", "release"):
        row[key] = trace.get(key) or ""
    row.update(traceName=trace.get("name") or "", tags=trace.get("tags") or [])
    metadata = deep_copy_dict(trace.get("metadata"))
    metadata.update(deep_copy_dict(record.get("metadata")))
    row.update(metadata=metadata, public=bool(trace.get("public")))
    row.update(input=as_text(record.get("input")), output=as_text(record.get("output")))
    for key in ("createdAt", "updatedAt"):
        row[key] = record.get(key)
    row.update(version=record.get("version") or "", environment=record["environment"])
    return row


def deep_copy_dict(value: Any) -> Body:
    return json.loads(json.dumps(value)) if isinstance(value, dict) else {}
