"""Sends what waits for one project: the records of a command, then others, with one HTTP client."""

from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError
from coaiapy.langfuse.client import project as current_project
from coaiapy.langfuse.client import reachability
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.journal import destinations, outbox
from coaiapy.langfuse.journal.damage import found_damage
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.marks import is_due
from coaiapy.langfuse.send.chunk_sender import ChunkSender
from coaiapy.langfuse.send.outcome import SENT_LATER, Outcome, Rejected
from coaiapy.langfuse.send.remote_traces import complete
from coaiapy.util import deadlines


def told_seconds() -> Optional[float]:
    """Return the seconds that are left of the limit that the user has given, or ``None``."""
    told = deadlines.current()
    return told.left if told.origin else None


class ProjectSender:
    """Sends the records of one command, then others, with one HTTP client.

    It is a context manager, which closes the client. A ``KeyboardInterrupt`` in its block gets a
    message: the records are written already.
    """

    def __init__(self, journal: Journal, settings: Settings) -> None:
        self.journal = journal
        self.settings = settings
        self.http = LangfuseHttp(settings, patient=True)
        self.own = destinations.destination_of(journal, settings)
        self.destinations: List[int] = destinations.of_same_project(journal, self.own)
        self.accepted = 0
        self.rejected: Set[int] = set()
        self.problem: Optional[CoaiaError] = None
        self.messages: List[str] = []

    def __enter__(self) -> "ProjectSender":
        return self

    def __exit__(self, kind: Any, *exc: object) -> None:
        self.http.close()
        if kind is KeyboardInterrupt:
            raise KeyboardInterrupt(
                "what was not sent yet is in the outbox, nothing is lost; " + SENT_LATER
            ) from None

    def usual_seconds(self) -> float:
        """Return the seconds to try: what the user has said, else fewer if the server was away."""
        told = told_seconds()
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
        self._run_sender(seconds, rows, renewing, True, on_accepted)
        self._remember_reachability(seconds)

    def send_backlog(self, seconds: float) -> None:
        """Send what waited before, for ``seconds``; a failure is not reported."""
        deadline = deadlines.after(seconds)
        if self.accepted:
            self._learn_project(seconds)
        if outbox.count_waiting(self.journal, self.destinations):
            self._run_sender(deadline.left, patient=False)
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
            messages=tuple(self.messages) + tuple(found_damage(self.journal)),
        )

    def _run_sender(
        self,
        seconds: float,
        rows: Optional[Sequence[int]] = None,
        renewing: bool = False,
        patient: bool = True,
        on_accepted: Callable[[int], None] = lambda count: None,
    ) -> None:
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
        sender = ChunkSender(self.journal, self.http, time_limit, on_accepted)
        try:
            sender.run(self.destinations, rows, patient)
        finally:
            self.accepted += sender.accepted
            self.rejected |= sender.rejected
            self.problem = sender.problem

    def _complete(self, deadline: deadlines.Deadline) -> bool:
        """Complete what is written about traces of others; ``False`` leaves a ``problem``."""
        try:
            with deadlines.handed_on(deadline):
                self.messages += complete(self.journal, self.settings, self.destinations)
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
        if is_due(self.journal, "pruned"):
            outbox.prune(self.journal, self.settings.keep_days)
