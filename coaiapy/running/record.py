"""The record of a command that runs: an observation, and the trace that it opens if none is active.

The command matters more than its record: trouble is said in one note, never raised.
"""

from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Sequence

from coaiapy.config import settings
from coaiapy.config.schema import BACKGROUND
from coaiapy.errors import CoaiaError
from coaiapy.langfuse.journal.db import Journal, Written
from coaiapy.langfuse.journal.observers import Observer
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import api_named, checked
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.send.outcome import Outcome
from coaiapy.langfuse.traces.placing import begin


class Place(NamedTuple):
    """Where the observation goes; ``opens_trace`` says whether the trace begins with it."""

    trace_id: str
    parent_id: Optional[str]
    opens_trace: bool


class Record:
    """An observation that is open while a command runs; a context manager.

    ``step`` has the observation's fields, ``trace`` those of the trace, by attribute; the trace is
    written if it is new or has fields. ``note`` gets a sentence about trouble.

    It keeps the journal open meanwhile: the last program that closes it has to wait for the disk,
    and one after the other would do that in a script.
    """

    def __init__(
        self,
        place: Place,
        step: Mapping[str, Any],
        trace: Mapping[str, Any],
        env_file: Optional[str],
        note: Callable[[str], None],
    ) -> None:
        self.place = place
        self.observation_id = ids.new_observation_id()
        self._records = _records(place, self.observation_id, step, trace)
        self._env_file = env_file
        self._note = note
        self._observer: Optional[Observer] = None
        self._journal: Optional[Journal] = None
        self._rows: List[int] = []
        self._is_noted = False

    def __enter__(self) -> "Record":
        self._try(self._begin)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._journal is not None:
            self._journal.__exit__()
        if self._observer is not None:
            self._observer.__exit__()

    def breathe(self) -> None:
        """Note that the command still runs."""
        if self._observer is not None:
            self._observer.breathe()

    def close(self, outcome: Mapping[str, Any]) -> Sequence[int]:
        """Write the end with ``outcome``, the fields by attribute; return the journal's rows.

        There are none if that failed.
        """
        return self._rows if self._try(lambda: self._close(outcome)) else ()

    def _begin(self) -> None:
        if self._observer is None:
            self._observer = Observer().__enter__()
        known = settings.load(self._env_file)
        self._rows = list(begin(self._open(), known, self._records, self._observer.token).rows)

    def _open(self) -> Journal:
        if self._journal is None:
            self._journal = Journal()
        return self._journal

    def _close(self, outcome: Mapping[str, Any]) -> None:
        if not self._rows:
            self._begin()
        changes = {self._rows[-1]: api_named(checked(outcome, "observation"))}
        for row in self._rows[:-1]:
            changes[row] = _of_trace(outcome) if self.place.opens_trace else {}
        self._open().close_records(changes)

    def _try(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except Exception as error:
            if not self._is_noted:
                kind = "" if isinstance(error, CoaiaError) else type(error).__name__ + ": "
                self._note("coaia: the command is not recorded: {}{}".format(kind, error))
            self._is_noted = True
            return False
        return True


def deliver(known: settings.Settings, rows: Sequence[int]) -> Outcome:
    """Have a closed record sent: in the background, unless the settings say otherwise."""
    from coaiapy.langfuse.send import delivery

    with Journal() as journal:
        return delivery.deliver(journal, known, Written(rows, len(rows)), BACKGROUND)


def _records(
    place: Place, observation_id: str, step: Mapping[str, Any], trace: Mapping[str, Any]
) -> List[Any]:
    observation = observation_from(
        dict(step, id=observation_id, parent_id=place.parent_id), place.trace_id
    )
    given = {name: value for name, value in trace.items() if value is not None}
    if not place.opens_trace and not given:
        return [observation]
    if place.opens_trace:
        given = dict(
            {"name": observation.name, "input": observation.input},
            timestamp=observation.start_time,
            **given,
        )
    return [trace_from(dict(given, id=place.trace_id)), observation]


def _of_trace(outcome: Mapping[str, Any]) -> Body:
    return api_named({"output": outcome["output"]}) if outcome.get("output") is not None else {}
