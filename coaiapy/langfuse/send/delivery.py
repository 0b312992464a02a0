"""Sends the records that a command has written, then for a moment those that waited before.

Failures of the network or the server are not raised, unless a function's description says so; they
are in the ``Outcome``.
"""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from coaiapy import patience
from coaiapy.config.schema import BACKGROUND, WAIT
from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError, StateError
from coaiapy.langfuse.client import project as current_project
from coaiapy.langfuse.client import reachability
from coaiapy.langfuse.journal import destinations, outbox
from coaiapy.langfuse.journal.damage import found_damage
from coaiapy.langfuse.journal.db import Journal, Written, mark_age, set_mark
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records.fields import Body
from coaiapy.langfuse.send import losses
from coaiapy.util import deadlines

# A command that has written more records than this sends all that wait, not only its own.
MANY = 1000
DAY_SECONDS = 86400.0
_NO_SENDER = "no process can send in the background here"
_NO_SENDER_NOTE = (
    "records cannot be sent in the background here: they wait in the outbox, to send them, run: "
    "coaia fuse outbox flush"
)
# What becomes of the records that wait.
SENT_LATER = "a later command will send it, or run: coaia fuse outbox flush"


class Rejected(NamedTuple):
    """A record that the server has refused, and why."""

    row: int
    kind: str
    id: str
    reason: str


class Outcome(NamedTuple):
    """The result of sending the records that a command has written, as numbers of records.

    ``changed``: new or changed in the journal. ``backlog``: were waiting before, and were sent now.
    ``is_off``: kept here only because tracing is turned off. ``waiting``: are still in the outbox. ``elsewhere``: wait for other servers and projects (only
    set by ``flush``). ``is_left``: they wait because the settings leave them to the background or
    to a flush. ``destination`` is their destination (see ``destinations``), ``problem`` why
    they wait, ``notes`` are sentences for the user.
    """

    changed: int
    is_local: bool = False
    is_off: bool = False
    destination: int = LOCAL
    sent: int = 0
    backlog: int = 0
    waiting: int = 0
    elsewhere: int = 0
    is_left: bool = False
    rejected: Tuple[Rejected, ...] = ()
    problem: Optional[CoaiaError] = None
    notes: Tuple[str, ...] = ()


def deliver(journal: Journal, settings: Settings, written: Written, usual: str = WAIT) -> Outcome:
    """Send the records in ``written``, then those that waited before.

    ``usual`` is when that is done unless the settings say it (see ``config.schema``): with
    ``background`` and ``manual`` it returns at once, whatever the server does.

    The limit is the one that the user has given (see ``deadlines``), else ``patience.DELIVERY``; with more
    than ``MANY`` records that counts from the last record that the server has accepted.
    """
    if settings.is_local:
        return Outcome(changed=written.changed, is_local=True, is_off=settings.has_server)
    mode = settings.delivery or usual
    if mode != WAIT:
        return _leave(journal, settings, written, mode == BACKGROUND)
    with _Courier(journal, settings) as courier:
        outbox.watch(journal, written.rows)
        owed = sum(outbox.watched(journal).values())
        try:
            _send(courier, written, owed)
            outcome = courier.outcome(written.changed, owed, outbox.watched(journal))
            lost = losses.notes(journal, settings, written.rows) if owed else ()
            return outcome._replace(notes=outcome.notes + lost)
        except StateError as error:  # the records are in the journal and will be sent later
            return Outcome(
                changed=written.changed,
                destination=courier.own,
                waiting=max(0, owed - courier.accepted),
                problem=error,
            )


def _leave(journal: Journal, settings: Settings, written: Written, is_background: bool) -> Outcome:
    """Leave the records in the outbox; with ``is_background`` a sender is there to send them."""
    from coaiapy.langfuse.send import background

    own = destinations.destination_of(journal, settings)
    outbox.watch(journal, written.rows)
    notes = []
    if is_background and not background.start(journal, settings, own, flush):
        age = mark_age(journal, _NO_SENDER)
        if age is None or age > DAY_SECONDS:
            set_mark(journal, _NO_SENDER)
            notes.append(_NO_SENDER_NOTE)
    return Outcome(
        changed=written.changed,
        destination=own,
        waiting=outbox.watched(journal).get("waiting", 0),
        is_left=True,
        notes=tuple(notes),
    )


def serve(settings: Dict[str, Any], lock: str, descriptor: int) -> None:
    """Be the process that sends in the background; a command has started it (see ``background``)."""
    from coaiapy.langfuse.send import background
    from coaiapy.langfuse.send.sender_lock import FileLock

    background.BackgroundSender(FileLock(lock, descriptor), Settings(**settings), flush).serve()


def _send(courier: "_Courier", written: Written, owed: int) -> None:
    many = len(written.rows) > MANY
    if owed:
        rows = None if many else written.rows
        courier.send(courier.usual_seconds(), rows, renewing=many)
    if not (courier.problem or courier.rejected or many):
        courier.send_backlog(patience.BACKLOG)


def check(outcome: Outcome) -> None:
    """Raise the error in an outcome, if there is one; waiting for a server is not an error."""
    if outcome.rejected:
        raise RefusedError("; ".join(rejected.reason for rejected in outcome.rejected))
    if outcome.problem is not None and not isinstance(outcome.problem, NetworkError):
        raise outcome.problem


def flush(
    settings: Settings,
    seconds: Optional[float] = None,
    adopted: Sequence[int] = (),
    on_accepted: Callable[[int, int], None] = lambda done, total: None,
    score: Callable[[Body], Body] = destinations.as_it_is,
) -> Outcome:
    """Send everything that waits for this project.

    Gives up when the server has accepted nothing for ``seconds`` (default: the limit that the user
    has given, else ``patience.DELIVERY``). Records of the destinations in
    ``adopted`` are first moved to this project; ``score`` converts scores for it. For that the
    server must tell the project of the keys: else ``NetworkError`` or ``ConfigError`` is raised.
    ``on_accepted`` is called with the numbers of sent and of all records. Raises ``ConfigError``
    without Langfuse keys.
    """
    if settings.is_local:
        raise ConfigError(
            "there is no server to send to: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
        )
    if seconds is None:
        told = _told_seconds()
        seconds = patience.DELIVERY if told is None else told
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


def _told_seconds() -> Optional[float]:
    """Return the seconds that are left of the limit that the user has given, or ``None``."""
    told = deadlines.current()
    return told.left if told.origin else None


class _Courier:
    """Sends the records of one command, then others, with one HTTP client.

    It is a context manager, which closes the client. A ``KeyboardInterrupt`` in its block gets a
    message: the records are written already.
    """

    def __init__(self, journal: Journal, settings: Settings) -> None:
        from coaiapy.langfuse.client.http import LangfuseHttp

        self.journal = journal
        self.settings = settings
        self.http = LangfuseHttp(settings, patient=True)
        self.own = destinations.destination_of(journal, settings)
        self.destinations: List[int] = destinations.of_same_project(journal, self.own)
        self.accepted = 0
        self.rejected: Set[int] = set()
        self.problem: Optional[CoaiaError] = None
        self.notes: List[str] = []

    def __enter__(self) -> "_Courier":
        return self

    def __exit__(self, kind: Any, *exc: object) -> None:
        self.http.close()
        if kind is KeyboardInterrupt:
            raise KeyboardInterrupt(
                "what was not sent yet is in the outbox, nothing is lost; " + SENT_LATER
            ) from None

    def usual_seconds(self) -> float:
        """Return the seconds to try: what the user has said, else fewer if the server was away."""
        told = _told_seconds()
        if told is not None:
            return told
        return reachability.brief_seconds(self.settings, self.journal) or patience.DELIVERY

    def send(
        self,
        seconds: float,
        rows: Optional[Sequence[int]] = None,
        renewing: bool = False,
        on_accepted: Callable[[int], None] = lambda count: None,
    ) -> None:
        """Send what waits for the project, or only ``rows``."""
        self._dispatch(seconds, rows, renewing, True, on_accepted)
        self._remember_reachability(seconds)

    def send_backlog(self, seconds: float) -> None:
        """Send what waited before, for ``seconds``; a failure is not reported."""
        deadline = deadlines.after(seconds)
        if self.accepted:
            self._learn_project(seconds)
        if outbox.count_waiting(self.journal, self.destinations):
            self._dispatch(deadline.left, patient=False)
            self.problem = None
        self._prune()

    def send_all(self, seconds: float, on_accepted: Callable[[int, int], None]) -> None:
        """Send everything that waits for the project, as long as the server accepts records.

        Continues with records that were written with earlier keys of the project, once it is known
        that these belonged to it.
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
                self._learn_project(patience.BACKLOG)
        if self.problem is None:
            self._prune()

    def name_project(self, seconds: float) -> None:
        """Ask the server for the project of the keys, unless it is known."""
        if destinations.is_named(self.journal, self.own):
            return
        current_project.learn(self.http, self.journal, deadlines.after(seconds))
        self.destinations = destinations.of_same_project(self.journal, self.own)

    def outcome(self, changed: int, owed: int, kept: Dict[str, int]) -> Outcome:
        """Return the outcome for ``owed`` records; ``kept`` counts those in the outbox by state."""
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
            notes=tuple(self.notes) + tuple(found_damage(self.journal)),
        )

    def _dispatch(
        self,
        seconds: float,
        rows: Optional[Sequence[int]] = None,
        renewing: bool = False,
        patient: bool = True,
        on_accepted: Callable[[int], None] = lambda count: None,
    ) -> None:
        from coaiapy.langfuse.send.sender import Sender

        whole = deadlines.current()
        if not whole.left:
            self.problem = NetworkError(
                "{} was not asked: {}".format(self.http.shown_url, whole.why_over)
            )
            return
        deadline = whole.within(seconds)
        if not self._complete(deadline):
            return
        time_limit = deadlines.Renewing(seconds if renewing else deadline.left, renewing, whole)
        dispatch = Sender(self.journal, self.http, time_limit, on_accepted)
        try:
            dispatch.run(self.destinations, rows, patient)
        finally:
            self.accepted += dispatch.accepted
            self.rejected |= dispatch.rejected
            self.problem = dispatch.problem

    def _complete(self, deadline: deadlines.Deadline) -> bool:
        """Complete what is written about traces of others; ``False`` leaves a ``problem``."""
        from coaiapy.langfuse.send.remote_traces import complete

        try:
            with deadlines.handed_on(deadline):
                self.notes += complete(self.journal, self.settings, self.destinations)
        except CoaiaError as error:
            self.problem = error
            return False
        return True

    def _learn_project(self, seconds: float) -> None:
        """Find out the project of the keys, to recognize its records when it gets new keys."""
        try:
            self.name_project(seconds)
        except (NetworkError, ConfigError, RefusedError):
            pass  # a later command tries again

    def _rejections(self) -> Iterable[Rejected]:
        for row in sorted(self.rejected):
            for entry in outbox.entries(self.journal, state="rejected", row=row):
                yield Rejected(row, entry.kind, entry.id, entry.reason or "")

    def _remember_reachability(self, seconds: float) -> None:
        """Save whether the server could be reached; too short a try says nothing."""
        if self.accepted or not isinstance(self.problem, NetworkError):
            reachability.note_success(self.settings, self.journal)
        elif seconds >= patience.BRIEF:
            reachability.note_failure(self.settings, self.journal)

    def _prune(self) -> None:
        """Once a day, delete old records that a server has accepted."""
        age = mark_age(self.journal, "pruned")
        if age is None or age > DAY_SECONDS:
            set_mark(self.journal, "pruned")
            outbox.prune(self.journal, self.settings.keep_days)
