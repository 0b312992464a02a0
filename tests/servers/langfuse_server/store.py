"""The store of the routes: what is written, when it becomes readable, and the counts."""

import threading
import time
from collections import Counter, deque
from typing import Any, Deque, Dict, List, Tuple

from .kinds import Kind
from .tables import Body, Tables

Change = Tuple[str, Tuple[Any, ...]]  # the name of a Tables method and its arguments


class Store:
    """Two sets of tables: `stored` has every accepted write at once, `visible` has it
    `visible_after` seconds later and is what the routes read. 2.x servers write synchronously,
    so there both are one."""

    def __init__(self, kind: Kind, visible_after: float) -> None:
        self.kind = kind
        self.lock = threading.RLock()
        self.visible_after = visible_after if kind.otlp else 0.0
        self.stored = Tables()
        self.visible = Tables() if self.visible_after else self.stored
        self.waiting: Deque[Tuple[float, Change]] = deque()
        self.late_records: Dict[Tuple[str, str], None] = {}
        self.late_rows: List[Body] = []
        self.accepted: "Counter[str]" = Counter()
        self.events: "Counter[str]" = Counter()
        self.seen_events: Dict[Tuple[str, str, str], None] = {}
        self.sequence = 0

    def next_number(self) -> int:
        """Return rising numbers, the order of arrival, for ties between equal timestamps."""
        with self.lock:
            self.sequence += 1
            return self.sequence

    def write(self, method: str, *arguments: Any) -> None:
        with self.lock:
            getattr(self.stored, method)(*arguments)
            if self.visible is not self.stored:
                due = time.monotonic() + self.visible_after
                self.waiting.append((due, (method, arguments)))

    def tables(self) -> Tables:
        """Return what can be read now. Call it, and use the result, with `lock` held."""
        self._show_until(time.monotonic())
        return self.visible

    def show_all(self) -> None:
        """Make everything readable that has been written so far."""
        with self.lock:
            self._show_until(float("inf"))

    def _show_until(self, moment: float) -> None:
        while self.waiting and self.waiting[0][0] <= moment:
            _, (method, arguments) = self.waiting.popleft()
            getattr(self.visible, method)(*arguments)

    def put(self, entity: str, record_id: str, timestamp: str, update: bool, body: Body) -> None:
        """Accept one legacy event; its id has been checked with `first_time` before."""
        with self.lock:
            self.accepted[record_id] += 1
            rank = (timestamp, 2 if update else 1)
            self.write("put", entity, record_id, rank, body)
            if self.kind.rows and entity != "score":
                self.late_records[(entity, record_id)] = None

    def first_time(self, entity: str, record_id: str, event_id: str) -> bool:
        """Count an acknowledged event; False when the same event was accepted before."""
        with self.lock:
            self.events[event_id] += 1
            key = (entity, record_id, event_id)
            known = key in self.seen_events
            self.seen_events[key] = None
            return not known

    def add_row(self, row: Body, at_once: bool) -> None:
        """Accept one span; without the ingestion version header a dual server shows it late."""
        with self.lock:
            self.accepted[row["id"]] += 1
            if at_once:
                self.write("add_row", row)
            else:
                self.late_rows.append(row)

    def merge(self) -> None:
        """Merge duplicate rows, as the database does in the background some time later."""
        with self.lock:
            self.tables()
            self.stored.merge_rows()
            if self.visible is not self.stored:
                self.visible.merge_rows()
