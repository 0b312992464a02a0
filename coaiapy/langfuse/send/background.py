"""Delivery in the background: a sender that lives on when the command that has written has ended.

There is one sender at the most for each journal and project, whatever starts at the same time. It
is a process of its own, which inherits the lock from the command that starts it, and nothing else:
no terminal, no pipe, no folder. Where no process can be started it is a thread.

No record is overlooked: a command writes before it tries the lock, and a sender releases the lock
before it looks for the last time. Either the sender sees the record, or the command gets the lock.
"""

import os
import sys
import time
from typing import Any, Callable, Dict, List

from coaiapy import patience
from coaiapy.config.schema import KEY_OF_VARIABLE
from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, NetworkError
from coaiapy.langfuse.journal import outbox
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.journal.destinations import destination_of, of_same_project
from coaiapy.langfuse.send.sender_lock import Lock, Status, lock_path, new_lock
from coaiapy.util import packages
from coaiapy.util.http import tls
from coaiapy.util.masking import looks_secret

# The name of the thread, where no process can be started.
THREAD = "coaia-sender"
# Sends what waits for the project of the settings: ``delivery.flush``.
Flush = Callable[..., Any]
# The processes that this one has started: asking for their state removes those that have ended.
_children: List[Any] = []


def start(journal: Journal, settings: Settings, destination: int, flush: Flush) -> bool:
    """Make sure that a sender works for the project of the settings, and return at once.

    ``False`` if nothing can work beside this thread here: the records have to wait for a flush.
    """
    _children[:] = [child for child in _children if child.poll() is None]
    lock = new_lock(lock_path(journal, destination))
    try:
        if not lock.take():
            lock.close()
            return True
    except OSError:
        lock.close()
        return False
    if _start_process(lock, settings):
        lock.close()
        return True
    return _start_thread(lock, settings, flush)


def _start_process(lock: Lock, settings: Settings) -> bool:
    """Start a process that inherits the lock; ``False`` where that is impossible."""
    if lock.descriptor is None or not _is_python(sys.executable):
        return False
    orders = {
        "settings": settings._asdict(),
        "lock": lock.path,
        "descriptor": lock.descriptor,
    }
    try:
        import subprocess

        child = subprocess.Popen(
            packages.words_of_process("coaia sender " + lock.path),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock.descriptor,),
            cwd=os.path.dirname(lock.path),
            env=_environment(os.path.dirname(lock.path)),
            start_new_session=True,
        )
        with child.stdin as pipe:  # type: ignore[union-attr]
            pipe.write(packages.orders("langfuse.send.delivery.serve", orders).encode("ascii"))
    except (ImportError, OSError, RuntimeError):
        return False
    _children.append(child)
    return True


def _is_python(program: str) -> bool:
    """Tell whether the program that runs us is Python, and not one that contains it."""
    name = os.path.basename(program or "").lower()
    return name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)


def _environment(folder: str) -> Dict[str, str]:
    """Return the environment without the settings, which are in the orders, and other secrets."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() not in KEY_OF_VARIABLE
        and name != "COAIAPY_ENV_PATH"
        and not looks_secret(name)
    }
    for name in tls.VARIABLES:  # it works in another folder
        if kept.get(name, "").strip():
            kept[name] = os.path.abspath(kept[name])
    return dict(kept, COAIA_HOME=folder)


def _start_thread(lock: Lock, settings: Settings, flush: Flush) -> bool:
    from coaiapy.langfuse.send import project_sender  # noqa: F401 # a thread must not import it
    from coaiapy.util import threads

    if threads.start(BackgroundSender(lock, settings, flush).serve, THREAD) is not None:
        return True
    lock.release()
    lock.close()
    return False


class BackgroundSender:
    """Sends what waits, then what comes, until nothing has come for a while; it holds ``lock``."""

    def __init__(self, lock: Lock, settings: Settings, flush: Flush) -> None:
        self.lock = lock
        self.settings = settings
        self.flush = flush
        self.since = time.time()
        self.sent = 0
        self.problem = ""
        self._lively = time.monotonic()
        self._pause = patience.FIRST_SENDER_PAUSE

    def serve(self) -> None:
        """Work until the outbox stays empty, or the server accepts nothing."""
        try:
            while self._work():
                self._show(is_running=False)
                self.lock.release()
                if not (self._has_work() and self.lock.take()):
                    return
        except CoaiaError as error:
            self.problem = str(error)
        finally:
            if self.problem:
                self._show(is_running=False)
            self.lock.close()

    def _work(self) -> bool:
        """Return true when nothing has come for ``patience.SENDER_IDLE`` seconds, false to give up."""
        self._show()
        while True:
            if self._has_work():
                if not self._send():
                    return False
            elif time.monotonic() - self._lively > patience.SENDER_IDLE:
                return True
            else:
                time.sleep(patience.SENDER_POLL)

    def _has_work(self) -> bool:
        if not os.path.exists(journal_path()):
            return False  # it was deleted, and must not come back
        with Journal() as journal:
            own = destination_of(journal, self.settings)
            return outbox.count_waiting(journal, of_same_project(journal, own)) > 0

    def _send(self) -> bool:
        """Send what waits; return false if there is no use in another try."""
        before = self.sent
        outcome = self.flush(
            self.settings,
            patience.DELIVERY,
            on_accepted=lambda done, total: self._count(before + done),
        )
        self._count(before + outcome.sent, str(outcome.problem or ""))
        if outcome.sent or not outcome.waiting:
            self._lively = time.monotonic()
            self._pause = patience.FIRST_SENDER_PAUSE
        if outcome.problem is None and (outcome.sent or not outcome.waiting):
            return True
        if not isinstance(outcome.problem, (NetworkError, type(None))):
            return False
        if time.monotonic() - self._lively > patience.SENDER_AWAY:
            return False
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, patience.LONGEST_SENDER_PAUSE)
        return True

    def _count(self, sent: int, problem: str = "") -> None:
        self.sent, self.problem = sent, problem
        self._show()

    def _show(self, is_running: bool = True) -> None:
        self.lock.show(Status(self.since, self.sent, self.problem, is_running))
