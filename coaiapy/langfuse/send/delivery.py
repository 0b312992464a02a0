"""Sends the records that a command has written, then for a moment those that waited before.

Failures of the network or the server are not raised, unless a function's description says so; they
are in the ``Outcome``.
"""

from typing import Any, Callable, Dict, Optional, Sequence

from coaiapy import patience
from coaiapy.config.schema import BACKGROUND, WAIT
from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError, RefusedError, StateError
from coaiapy.langfuse.journal import destinations, outbox
from coaiapy.langfuse.journal.db import Journal, Written
from coaiapy.langfuse.journal.marks import is_due
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.send.outcome import Outcome

# A command that has written more records than this sends all that wait, not only its own.
MANY = 1000
_NO_SENDER = "no process can send in the background here"
_NO_SENDER_NOTE = (
    "records cannot be sent in the background here: they wait in the outbox, to send them, run: "
    "coaia fuse outbox flush"
)


def deliver(journal: Journal, settings: Settings, written: Written, usual: str = WAIT) -> Outcome:
    """Send the records in ``written``, then those that waited before.

    ``usual`` is when that is done unless the settings say it (see ``config.schema``): with
    ``background`` and ``manual`` it returns at once, whatever the server does.

    The limit is the one that the user has given (see ``deadlines``), else ``patience.DELIVERY``;
    with more than ``MANY`` records that counts from the last record that the server has accepted.
    """
    if settings.is_local:
        return Outcome(changed=written.changed, is_local=True, is_off=settings.has_server)
    mode = settings.delivery or usual
    if mode != WAIT:
        return _leave(journal, settings, written, mode == BACKGROUND)
    return _send_now(journal, settings, written)


def _send_now(journal: Journal, settings: Settings, written: Written) -> Outcome:
    from coaiapy.langfuse.send import losses
    from coaiapy.langfuse.send.project_sender import ProjectSender

    with ProjectSender(journal, settings) as sender:
        outbox.watch(journal, written.rows)
        owed = sum(outbox.watched(journal).values())
        try:
            _send(sender, written, owed)
            outcome = sender.outcome(written.changed, owed, outbox.watched(journal))
            lost = losses.messages(journal, settings, written.rows) if owed else ()
            return outcome._replace(messages=outcome.messages + lost)
        except StateError as error:  # the records are in the journal and will be sent later
            return Outcome(
                changed=written.changed,
                destination=sender.own,
                waiting=max(0, owed - sender.accepted),
                problem=error,
            )


def _leave(journal: Journal, settings: Settings, written: Written, is_background: bool) -> Outcome:
    """Leave the records in the outbox; with ``is_background`` a sender is there to send them."""
    from coaiapy.langfuse.send import background

    own = destinations.destination_of(journal, settings)
    outbox.watch(journal, written.rows)
    messages = []
    if is_background and not background.start(journal, settings, own, flush):
        if is_due(journal, _NO_SENDER):
            messages.append(_NO_SENDER_NOTE)
    return Outcome(
        changed=written.changed,
        destination=own,
        waiting=outbox.watched(journal).get("waiting", 0),
        is_left=True,
        messages=tuple(messages),
    )


def serve(settings: Dict[str, Any], lock: str, descriptor: int) -> None:
    """Be the process that sends in the background; a command has started it (see ``background``)."""
    from coaiapy.langfuse.send import background
    from coaiapy.langfuse.send.sender_lock import FileLock

    background.BackgroundSender(FileLock(lock, descriptor), Settings(**settings), flush).serve()


def _send(sender: Any, written: Written, owed: int) -> None:
    many = len(written.rows) > MANY
    if owed:
        rows = None if many else written.rows
        sender.send(sender.usual_seconds(), rows, renewing=many)
    if not (sender.problem or sender.rejected or many):
        sender.send_backlog(patience.BACKLOG)


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
    from coaiapy.langfuse.send.project_sender import ProjectSender, told_seconds

    if seconds is None:
        told = told_seconds()
        seconds = patience.DELIVERY if told is None else told
    with Journal() as journal, ProjectSender(journal, settings) as sender:
        if adopted:
            sender.name_project(seconds)
        for source in adopted:
            if source != sender.own:
                destinations.adopt(journal, sender.own, source, score)
        sender.send_all(seconds, on_accepted)
        waiting = outbox.count_waiting(journal, sender.destinations)
        outcome = sender.outcome(0, sender.accepted + waiting, {"waiting": waiting})
        return outcome._replace(elsewhere=outbox.count_waiting(journal) - waiting)
