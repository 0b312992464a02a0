"""What a command does about sending: its own records first, then for a moment what waited before.

Nothing here raises for what the network or a server does; the ``Outcome`` says it.
"""

from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from coaiapy import destinations, journal_marks, outbox
from coaiapy.errors import CoaiaError, ConfigError, NetworkError
from coaiapy.journal import Journal, Written
from coaiapy.settings import Settings

# Seconds that one command may spend on sending its own records, and on what waited before.
DEADLINE = 15.0
BACKLOG_SECONDS = 2.0
# A server that could not be reached a minute ago is given this long, not the whole deadline.
UNREACHABLE_SECONDS = 60.0
BRIEF_SECONDS = 2.0
# A command that wrote more than this does not pick its own records out of what waits.
MANY = 500
KEEP_DAYS = 30.0
PRUNE_SECONDS = 86400.0


class Rejected(NamedTuple):
    """A record that the server refused for good, and why."""

    row: int
    kind: str
    id: str
    reason: str


class Outcome(NamedTuple):
    """What became of the records that a command wrote; ``backlog`` were sent besides."""

    changed: int
    is_local: bool = False
    sent: int = 0
    backlog: int = 0
    waiting: int = 0
    rejected: Tuple[Rejected, ...] = ()
    problem: Optional[CoaiaError] = None


def deliver(
    journal: Journal, settings: Settings, written: Written, seconds: Optional[float] = None
) -> Outcome:
    """Send what was written within ``seconds`` (default: ``DEADLINE``), then what waited before.

    Many records may take longer, as long as the server goes on accepting them.
    """
    if settings.is_local:
        return Outcome(changed=written.changed, is_local=True)
    many = len(written.rows) > MANY
    rows = None if many else written.rows
    owed = set(written.rows).intersection(outbox.states(journal, rows))
    if seconds is None:
        seconds = _usual_seconds(journal, settings)
    courier = _Courier(journal, settings)
    if owed:
        courier.send(seconds, rows, renewing=many)
    if courier.problem is None and not many:
        courier.send_backlog()
    left = outbox.states(journal, rows)
    return courier.outcome(written.changed, owed, owed.intersection(left), left)


def flush(
    settings: Settings,
    seconds: float = DEADLINE,
    with_local: bool = False,
    on_accepted: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Send everything that waits for this project, for as long as the server accepts it.

    ``with_local`` makes what was written locally the project's first. ``on_accepted`` is told how
    many of how many have been sent. Raises ``ConfigError`` without Langfuse keys.
    """
    if settings.is_local:
        raise ConfigError(
            "there is no server to send to: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
        )
    with Journal() as journal:
        courier = _Courier(journal, settings)
        if with_local:
            outbox.adopt(journal, courier.own)
        courier.send_all(seconds, on_accepted)
        left = outbox.states(journal, None, courier.destinations)
        return courier.outcome(0, courier.accepted, set(left), left)


def _usual_seconds(journal: Journal, settings: Settings) -> float:
    age = journal_marks.age(journal, _unreachable(settings))
    return BRIEF_SECONDS if age is not None and age < UNREACHABLE_SECONDS else DEADLINE


def _unreachable(settings: Settings) -> str:
    return "unreachable " + settings.base_url


class _Courier:
    """Sends for one command: its own records, then others, over one HTTP client."""

    def __init__(self, journal: Journal, settings: Settings) -> None:
        from coaiapy.langfuse_http import LangfuseHttp

        self.journal = journal
        self.settings = settings
        self.http = LangfuseHttp(settings)
        self.own = destinations.destination_of(journal, settings)
        self.destinations: List[int] = destinations.of_same_project(journal, self.own)
        self.accepted: Set[int] = set()
        self.rejected: Set[int] = set()
        self.problem: Optional[CoaiaError] = None

    def send(
        self,
        seconds: float,
        rows: Optional[Sequence[int]] = None,
        renewing: bool = False,
        patient: bool = True,
        on_accepted: Callable[[int], None] = lambda count: None,
    ) -> None:
        """Send what waits for the project, of it only ``rows`` if given."""
        from coaiapy.dispatch import Deadline, Dispatch

        dispatch = Dispatch(self.journal, self.http, Deadline(seconds, renewing), on_accepted)
        dispatch.run(self.destinations, rows, patient)
        if dispatch.problem is None:
            self._name_project()
        self.accepted |= dispatch.accepted
        self.rejected |= dispatch.rejected
        self.problem = dispatch.problem
        self._remember_reachability()

    def send_backlog(self) -> None:
        """Send for a moment what waited before; that it cannot be sent now is no problem."""
        if not outbox.count_waiting(self.journal, self.destinations):
            return self._prune()
        self.send(BACKLOG_SECONDS, patient=False)
        self.problem = None
        self._prune()

    def send_all(self, seconds: float, on_accepted: Callable[[int, int], None]) -> None:
        """Send what waits for the project, for as long as the server accepts it."""
        total = outbox.count_waiting(self.journal, self.destinations)
        self.send(seconds, renewing=True, on_accepted=lambda done: on_accepted(done, total))

    def outcome(
        self, changed: int, owed: Iterable[int], left: Set[int], states: Dict[int, str]
    ) -> Outcome:
        """Return what became of the rows that were ``owed``, of which ``left`` still are."""
        waiting = [row for row in left if states[row] == "waiting"]
        sent = len(set(owed) - left)
        return Outcome(
            changed=changed,
            sent=sent,
            backlog=len(self.accepted - set(owed)),
            waiting=len(waiting),
            rejected=tuple(self._rejections()),
            problem=self.problem if waiting else None,
        )

    def _name_project(self) -> None:
        """Ask once for the project of these keys: it stays when they are replaced."""
        if destinations.is_named(self.journal, self.own):
            return
        from coaiapy.langfuse_generation import current_project

        try:
            project = current_project(self.http)
        except CoaiaError:
            return  # another time; nothing that was asked for depends on it
        destinations.name_project(self.journal, self.own, project)

    def _rejections(self) -> Iterable[Rejected]:
        for row in sorted(self.rejected):
            for entry in outbox.entries(self.journal, row=row):
                yield Rejected(row, entry.kind, entry.id, entry.reason or "")

    def _remember_reachability(self) -> None:
        if isinstance(self.problem, NetworkError):
            journal_marks.set_mark(self.journal, _unreachable(self.settings))
        else:
            journal_marks.clear_mark(self.journal, _unreachable(self.settings))

    def _prune(self) -> None:
        """Once a day, forget what a server has had for long."""
        age = journal_marks.age(self.journal, "pruned")
        if age is None or age > PRUNE_SECONDS:
            journal_marks.set_mark(self.journal, "pruned")
            days = self.settings.values.get("journal_keep_days", KEEP_DAYS)
            outbox.prune(self.journal, float(days))
