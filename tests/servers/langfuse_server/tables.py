"""The data of a Langfuse server: merged legacy records, scores, and the rows of v4.

Legacy records are merged from all their events in the order of the events' timestamps. v4 rows are
only appended; a later merge keeps one row for each key.
"""

from typing import Any, Dict, List, Optional, Tuple

Body = Dict[str, Any]

IMMUTABLE = {
    "trace": ("timestamp", "environment", "createdAt"),
    "observation": ("startTime", "traceId", "environment", "createdAt"),
    "score": ("timestamp", "traceId", "environment", "createdAt"),
}
LATER_WINS_UNLESS_EMPTY = ("input", "output")


def deep_merge(base: Any, change: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    merged = dict(base)
    for key, value in change.items():
        merged[key] = deep_merge(merged.get(key), value)
    return merged


def js_true(value: Any) -> bool:
    return bool(value) or isinstance(value, (dict, list))


def fold(entity: str, current: Body, body: Body) -> None:
    """Merge one event's body into the record: omitted keys keep, an explicit null overwrites."""
    for key, value in body.items():
        if key in IMMUTABLE[entity] and current.get(key) is not None:
            continue
        if key in LATER_WINS_UNLESS_EMPTY and not js_true(value):
            current.setdefault(key, value)
        elif key == "metadata":
            if value is not None:
                current[key] = deep_merge(current.get(key), value)
        elif key == "tags":
            known = current.get(key) or []
            current[key] = known + [tag for tag in value or [] if tag not in known]
        else:
            current[key] = value
    if entity == "trace":
        current["public"] = bool(body.get("public"))


class Record:
    """One legacy record: its events in time order, and the values merged from them."""

    __slots__ = ("events", "value")

    def __init__(self) -> None:
        self.events: List[Tuple[Tuple[str, int], Body]] = []
        self.value: Body = {}

    def add(self, entity: str, rank: Tuple[str, int], body: Body) -> None:
        late = bool(self.events) and rank < self.events[-1][0]
        self.events.append((rank, body))
        if not late:
            fold(entity, self.value, body)
            return
        self.events.sort(key=lambda event: event[0])
        self.value = {}
        for _, one in self.events:
            fold(entity, self.value, one)


class Tables:
    """Legacy records by id and the rows of the v4 events table. Not locked: see Store."""

    def __init__(self) -> None:
        self.records: Dict[str, Dict[str, Record]] = {"trace": {}, "observation": {}, "score": {}}
        self.members: Dict[str, Dict[str, None]] = {}  # trace id -> its observation ids
        self.scored: Dict[str, Dict[str, None]] = {}  # trace id -> its score ids
        self.sessions: Dict[str, Body] = {}
        self.rows: List[Body] = []
        self.rows_by_trace: Dict[str, List[Body]] = {}
        self.rows_by_key: Dict[Tuple[str, str, str], List[Body]] = {}
        self.changes = 0  # readers keep sorted lists until it moves
        self.sorted_lists: Dict[Any, Tuple[int, List[Body]]] = {}

    def put(self, entity: str, record_id: str, rank: Tuple[str, int], body: Body) -> None:
        """Merge one event into a legacy record; `body` holds stored values, `rank` orders it."""
        self.changes += 1
        record = self.records[entity].setdefault(record_id, Record())
        record.add(entity, rank, dict(body, id=record_id))
        value = record.value
        if entity == "trace" and value.get("sessionId"):
            session = {"id": value["sessionId"], "createdAt": value.get("createdAt")}
            session["environment"] = value.get("environment") or "default"
            self.sessions.setdefault(value["sessionId"], session)
        index = {"observation": self.members, "score": self.scored}.get(entity)
        if index is not None and value.get("traceId"):
            index.setdefault(value["traceId"], {})[record_id] = None

    def add_row(self, row: Body) -> None:
        """Append a span. Earlier rows of the same key show the newer input and output at once
        but keep their own end time, as measured on a running 4.16.0."""
        self.changes += 1
        row = dict(row)
        same = self.rows_by_key.setdefault(row_key(row), [])
        for earlier in same:
            earlier.update(input=row["input"], output=row["output"])
        same.append(row)
        self.rows_by_trace.setdefault(row["traceId"], []).append(row)
        self.rows.append(row)

    def merge_rows(self) -> None:
        """The background merge: of rows with the same key the newest stays."""
        self.changes += 1
        self.keep_rows(list({row_key(row): row for row in self.rows}.values()))

    def keep_rows(self, rows: List[Body]) -> None:
        self.rows = rows
        self.rows_by_trace = {}
        self.rows_by_key = {}
        for row in rows:
            self.rows_by_trace.setdefault(row["traceId"], []).append(row)
            self.rows_by_key.setdefault(row_key(row), []).append(row)

    def delete_trace(self, trace_id: str) -> None:
        self.changes += 1
        self.records["trace"].pop(trace_id, None)
        for observation_id in self.members.pop(trace_id, {}):
            self.records["observation"].pop(observation_id, None)
        for score_id in self.scored.pop(trace_id, {}):
            self.records["score"].pop(score_id, None)
        if trace_id in self.rows_by_trace:
            self.keep_rows([row for row in self.rows if row["traceId"] != trace_id])

    def delete_score(self, score_id: str) -> None:
        self.changes += 1
        record = self.records["score"].pop(score_id, None)
        if record is not None:
            self.scored.get(record.value.get("traceId") or "", {}).pop(score_id, None)

    def all_of(self, entity: str) -> List[Body]:
        return [record.value for record in self.records[entity].values()]

    def get(self, entity: str, record_id: str) -> Optional[Body]:
        record = self.records[entity].get(record_id)
        return None if record is None else record.value

    def observations_of(self, trace_id: str) -> List[Body]:
        known = self.records["observation"]
        return [known[one].value for one in self.members.get(trace_id, {}) if one in known]

    def scores_of(self, trace_id: str) -> List[Body]:
        known = self.records["score"]
        return [known[one].value for one in self.scored.get(trace_id, {}) if one in known]

    def sorted_once(self, name: Any, make: Any) -> List[Body]:
        """`make()` remembered under `name` until something changes, so that paging is cheap."""
        kept = self.sorted_lists.get(name)
        if kept is None or kept[0] != self.changes:
            kept = (self.changes, make())
            self.sorted_lists[name] = kept
        return kept[1]


def row_key(row: Body) -> Tuple[str, str, str]:
    return row["traceId"], row["id"], row["startTime"]
