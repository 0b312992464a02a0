"""Steps of a script in the journal: written when they begin, closed and sent when they end.

What a process leaves open that ends in between, by whatever, is closed by the next command.
"""

import os
import threading
from typing import Any, Dict, Iterable, List, Mapping, Optional

from coaiapy.config.schema import BACKGROUND
from coaiapy.config.settings import Settings
from coaiapy.langfuse.journal.db import Journal, Written
from coaiapy.langfuse.journal.observers import Observer
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.send.outcome import Outcome
from coaiapy.langfuse.traces import placing


def begin(known: Settings, records: Iterable[Any]) -> List[int]:
    """Write records that are open from now on; return their rows in the journal.

    The disk is not waited for: the end of this process leaves them there, that of the machine may not.
    """
    watch = _watch()
    token = watch.enter()
    try:
        with Journal() as journal:
            return list(placing.begin(journal, known, records, token, is_durable=False).rows)
    except BaseException:
        watch.leave()
        raise


def close(known: Settings, changes: Mapping[int, Body]) -> Outcome:
    """Close open records, each with its changes, and have them sent."""
    try:
        with Journal() as journal:
            journal.close_records(changes)
            written = Written(list(changes), len(changes))
            outcome: Outcome = delivery.deliver(journal, known, written, BACKGROUND)
            return outcome
    finally:
        _watch().leave()


class _Watch:
    """The observer of this process, which exists while it has open steps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._observer: Optional[Observer] = None
        self._open = 0

    def enter(self) -> str:
        """Count one more open step, and return the observer's token."""
        with self._lock:
            if self._observer is None:
                self._observer = Observer().__enter__()
            self._observer.breathe()
            self._open += 1
            return self._observer.token

    def leave(self) -> None:
        """Count one less; a step that began before a fork was not counted here."""
        with self._lock:
            self._open = max(0, self._open - 1)
            if self._observer is None:
                return
            self._observer.breathe()
            if not self._open:
                self._observer.__exit__()
                self._observer = None


# By process: after a fork, observer and lock are still those of the other one.
_watches: Dict[int, _Watch] = {}


def _watch() -> _Watch:
    return _watches.setdefault(os.getpid(), _Watch())
