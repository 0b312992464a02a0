"""What a command does about sending: its own records first, then for a moment what waited before.

Nothing here raises for what the network or a server does, unless it is said; the ``Outcome`` tells.
"""

import threading
import time
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from coaiapy import current_project, destinations, journal_marks, outbox
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError, StateError
from coaiapy.journal import Journal, Written
from coaiapy.journal_schema import LOCAL
from coaiapy.packages import require
from coaiapy.record_fields import Body
from coaiapy.settings import Settings

# Seconds that one command may spend on sending its own records, and on what waited before.
DEADLINE = 15.0
BACKLOG_SECONDS = 2.0
# A server that could not be reached a minute ago is given this long, not the whole deadline.
UNREACHABLE_SECONDS = 60.0
BRIEF_SECONDS = 2.0
# A command that wrote more than this does not pick its own records out of what waits.
MANY = 1000
PRUNE_SECONDS = 86400.0


class Rejected(NamedTuple):
    """A record that the server refused for good, and why."""

    row: int
    kind: str
    id: str
    reason: str


class Outcome(NamedTuple):
    """What became of the records that a command wrote.

    ``destination`` is where they belong (see ``destinations``). ``backlog`` were waiting before and
    sent now; ``elsewhere`` wait for other servers and projects, if a flush has counted them.
    ``notes`` say what whoever wrote them should look at.
    """

    changed: int
    is_local: bool = False
    destination: int = LOCAL
    sent: int = 0
    backlog: int = 0
    waiting: int = 0
    elsewhere: int = 0
    rejected: Tuple[Rejected, ...] = ()
    problem: Optional[CoaiaError] = None
    notes: Tuple[str, ...] = ()


def prepare(settings: Settings) -> None:
    """Begin to load the packages that ``deliver`` needs, in a thread, unless nothing is sent."""
    if not settings.is_local:
        threading.Thread(target=_load).start()


def _load() -> None:
    try:
        require("requests")
    except ConfigError:
        pass  # ``deliver`` will meet it again


def deliver(
    journal: Journal, settings: Settings, written: Written, seconds: Optional[float] = None
) -> Outcome:
    """Send what was written within ``seconds`` (default: ``DEADLINE``), then what waited before.

    Many records may take longer, as long as the server goes on accepting them.
    """
    if settings.is_local:
        return Outcome(changed=written.changed, is_local=True)
    with _Courier(journal, settings) as courier:
        outbox.watch(journal, written.rows)
        owed = sum(outbox.watched(journal).values())
        try:
            _send(courier, written, owed, seconds)
            return courier.outcome(written.changed, owed, outbox.watched(journal))
        except StateError as error:  # the journal has the records: this costs time, not data
            return Outcome(
                changed=written.changed,
                destination=courier.own,
                waiting=max(0, owed - courier.accepted),
                problem=error,
            )


def _send(courier: "_Courier", written: Written, owed: int, seconds: Optional[float]) -> None:
    many = len(written.rows) > MANY
    if owed:
        rows = None if many else written.rows
        courier.send(courier.usual_seconds() if seconds is None else seconds, rows, renewing=many)
    if not (courier.problem or courier.rejected or many):
        courier.send_backlog(BACKLOG_SECONDS)


def check(outcome: Outcome) -> None:
    """Raise what went wrong with what was written; that it waits for a server is no error."""
    if outcome.rejected:
        raise RefusedError("; ".join(rejected.reason for rejected in outcome.rejected))
    if outcome.problem is not None and not isinstance(outcome.problem, NetworkError):
        raise outcome.problem


def flush(
    settings: Settings,
    seconds: float = DEADLINE,
    adopted: Sequence[int] = (),
    on_accepted: Callable[[int, int], None] = lambda done, total: None,
    score: Callable[[Body], Body] = destinations.as_it_is,
) -> Outcome:
    """Send everything that waits for this project, for as long as the server accepts it.

    What was written for the ``adopted`` destinations becomes the project's first: once the server
    has said that the keys are of a project, else ``NetworkError`` or ``ConfigError``; ``score``
    makes of a score what the project takes.
    ``on_accepted`` is told how many of how many have been sent. Raises ``ConfigError`` without
    Langfuse keys.
    """
    if settings.is_local:
        raise ConfigError(
            "there is no server to send to: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
        )
    with Journal() as journal, _Courier(journal, settings) as courier:
        if adopted:
            courier.name_project(seconds)
        for source in adopted:
            if source != courier.own:
                destinations.adopt(journal, courier.own, source, score)
        courier.send_all(seconds, on_accepted)
        waiting = outbox.count_waiting(journal, courier.destinations)
        outcome = courier.outcome(0, courier.accepted + waiting, {"waiting": waiting})
        return outcome._replace(elsewhere=outbox.count_waiting(journal) - waiting)


class _Courier:
    """Sends for one command: its own records, then others, over one HTTP client."""

    def __init__(self, journal: Journal, settings: Settings) -> None:
        from coaiapy.langfuse_http import LangfuseHttp

        self.journal = journal
        self.settings = settings
        self.http = LangfuseHttp(settings, patient=True)
        self.own = destinations.destination_of(journal, settings)
        self.destinations: List[int] = destinations.of_same_project(journal, self.own)
        self.accepted = 0
        self.rejected: Set[int] = set()
        self.problem: Optional[CoaiaError] = None

    def __enter__(self) -> "_Courier":
        return self

    def __exit__(self, *exc: object) -> None:
        self.http.close()

    def usual_seconds(self) -> float:
        """Return how long to try: not long, if a moment ago the server could not be reached."""
        return BRIEF_SECONDS if self._was_unreachable() else DEADLINE

    def send(
        self,
        seconds: float,
        rows: Optional[Sequence[int]] = None,
        renewing: bool = False,
        on_accepted: Callable[[int], None] = lambda count: None,
    ) -> None:
        """Send what waits for the project, of it only ``rows`` if given."""
        self._dispatch(seconds, rows, renewing, True, on_accepted)
        self._remember_reachability()

    def send_backlog(self, seconds: float) -> None:
        """Send for a moment what waited before; that it cannot be sent now is no problem."""
        until = time.monotonic() + seconds
        if self.accepted:
            self._learn_project(seconds)
        if outbox.count_waiting(self.journal, self.destinations):
            self._dispatch(until - time.monotonic(), patient=False)
            self.problem = None
        self._prune()

    def send_all(self, seconds: float, on_accepted: Callable[[int, int], None]) -> None:
        """Send what waits for the project, for as long as the server accepts it.

        Again if it turns out that the project had other keys before.
        """
        known: List[int] = []
        while self.problem is None and known != self.destinations:
            known = self.destinations
            before = self.accepted
            total = before + outbox.count_waiting(self.journal, known)

            def show(done: int, before: int = before, total: int = total) -> None:
                on_accepted(before + done, total)

            self.send(seconds, renewing=True, on_accepted=show)
            if self.problem is None:
                self._learn_project(BACKLOG_SECONDS)
        if self.problem is None:
            self._prune()

    def name_project(self, seconds: float) -> None:
        """Have the server say which project the keys are of, unless it has said so before."""
        if destinations.is_named(self.journal, self.own):
            return
        current_project.learn(self.http, self.journal, time.monotonic() + seconds)
        self.destinations = destinations.of_same_project(self.journal, self.own)

    def outcome(self, changed: int, owed: int, kept: Dict[str, int]) -> Outcome:
        """Return what became of ``owed`` records; ``kept`` counts those in the outbox by state."""
        sent = owed - sum(kept.values())
        waiting = kept.get("waiting", 0)
        return Outcome(
            changed=changed,
            destination=self.own,
            sent=sent,
            backlog=max(0, self.accepted - sent),
            waiting=waiting,
            rejected=tuple(self._rejections()),
            problem=self.problem if waiting else None,
        )

    def _dispatch(
        self,
        seconds: float,
        rows: Optional[Sequence[int]] = None,
        renewing: bool = False,
        patient: bool = True,
        on_accepted: Callable[[int], None] = lambda count: None,
    ) -> None:
        from coaiapy.dispatch import Dispatch
        from coaiapy.posting import Deadline

        dispatch = Dispatch(self.journal, self.http, Deadline(seconds, renewing), on_accepted)
        try:
            dispatch.run(self.destinations, rows, patient)
        finally:
            self.accepted += dispatch.accepted
            self.rejected |= dispatch.rejected
            self.problem = dispatch.problem

    def _learn_project(self, seconds: float) -> None:
        """Keys are replaced, the project stays: find out while these are good."""
        try:
            self.name_project(seconds)
        except (NetworkError, ConfigError, RefusedError):
            pass  # another time; nothing that was asked for depends on it

    def _rejections(self) -> Iterable[Rejected]:
        for row in sorted(self.rejected):
            for entry in outbox.entries(self.journal, state="rejected", row=row):
                yield Rejected(row, entry.kind, entry.id, entry.reason or "")

    def _was_unreachable(self) -> bool:
        age = journal_marks.age(self.journal, self._unreachable)
        return age is not None and age < UNREACHABLE_SECONDS

    @property
    def _unreachable(self) -> str:
        return "unreachable " + self.settings.base_url

    def _remember_reachability(self) -> None:
        """A brief try that fails proves nothing new: a full one is due when the minute is over."""
        if self.accepted or not isinstance(self.problem, NetworkError):
            journal_marks.clear_mark(self.journal, self._unreachable)
        elif not self._was_unreachable():
            journal_marks.set_mark(self.journal, self._unreachable)

    def _prune(self) -> None:
        """Once a day, forget what a server has had for long."""
        age = journal_marks.age(self.journal, "pruned")
        if age is None or age > PRUNE_SECONDS:
            journal_marks.set_mark(self.journal, "pruned")
            outbox.prune(self.journal, self.settings.keep_days)
