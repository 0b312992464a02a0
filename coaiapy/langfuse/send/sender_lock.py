"""The lock that lets one sender work for a destination of the journal, and how that sender is doing.

The lock is on a file beside the journal, which stays there; the system ends it with the process
that holds it. Its content tells of the sender for ``coaia fuse outbox status``, which must not try
the lock: a command that writes at that moment would take it for a sender.
"""

import json
import os
import re
import threading
from typing import Any, Dict, NamedTuple, Optional, Union

from coaiapy.langfuse.journal.db import Journal
from coaiapy.util.files import PRIVATE_FILE
from coaiapy.util.paths import entries

SENDER_COLUMNS = {
    "sender": "Sender",
    "sender_since": "Since",
    "sender_sent": "Sent",
    "sender_problem": "Last error",
}
_NAME = "sender-{}.lock"
_NAMED = re.compile(r"sender-(\d+)\.lock\Z")
_LONGEST = 10000
# The first descriptor that is not one of the standard streams, which a new process gets anew.
_FIRST_FREE = 3


class Status(NamedTuple):
    """A sender: since when it works (seconds since 1970), what it has sent, why it could not send.

    ``is_running`` is false when it has ended.
    """

    since: float
    sent: int
    problem: str
    is_running: bool


def lock_path(journal: Journal, destination: int) -> str:
    """Return the path of the lock for a destination of the journal."""
    folder = os.path.dirname(os.path.abspath(journal.path))
    return os.path.join(folder, _NAME.format(destination))


class FileLock:
    """The lock between processes; with ``descriptor``, one that another process has handed over."""

    def __init__(self, path: str, descriptor: Optional[int] = None) -> None:
        self.path = path
        self.descriptor = descriptor

    def take(self) -> bool:
        """Take the lock, and tell whether nobody else holds it; ``OSError`` if there cannot be one."""
        import fcntl

        if self.descriptor is None:
            opened = os.open(self.path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
            self.descriptor = fcntl.fcntl(opened, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
            os.close(opened)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return self._is_in_place()

    def _is_in_place(self) -> bool:
        """Tell whether the file is the one that others find, and was not deleted meanwhile."""
        try:
            return os.path.samestat(os.fstat(self.descriptor or 0), os.stat(self.path))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let another process take the lock; this one can take it again."""
        import fcntl

        fcntl.flock(self.descriptor or 0, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave the lock to the process that it was handed over to."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def remove(self) -> None:
        """Let go of the lock for good, and remove its file."""
        try:
            os.unlink(self.path)
        except OSError:
            pass  # the next one takes it over
        self.close()

    def show(self, status: Status) -> None:
        """Write down how the sender is doing; only who holds the lock may do that."""
        text = json.dumps(dict(status._asdict(), process=os.getpid())) + "\n"
        try:
            os.ftruncate(
                self.descriptor or 0, os.pwrite(self.descriptor or 0, text.encode("ascii"), 0)
            )
        except OSError:
            pass  # the disk is full: nothing but the listing goes without it


class ThreadLock:
    """The lock within this process, for systems without locks on files."""

    _locks: Dict[str, Any] = {}
    descriptor = None

    def __init__(self, path: str) -> None:
        self._lock = self._locks.setdefault(path, threading.Lock())

    def take(self) -> bool:
        """Take the lock, and tell whether nobody else holds it."""
        return bool(self._lock.acquire(blocking=False))

    def release(self) -> None:
        """Let another thread take the lock."""
        self._lock.release()

    def close(self) -> None:
        """Nothing is open."""

    def remove(self) -> None:
        """Let go of the lock for good."""
        self.release()

    def show(self, status: Status) -> None:
        """Nobody else can see a thread."""


Lock = Union[FileLock, ThreadLock]


def new_lock(path: str) -> Lock:
    """Return the lock that this system can have, not taken yet."""
    try:
        import fcntl  # noqa: F401
    except ImportError:
        return ThreadLock(path)
    return FileLock(path)


def statuses(journal: Journal) -> Dict[int, Status]:
    """Return how the last sender of each destination is doing, by the destination's number."""
    folder = os.path.dirname(os.path.abspath(journal.path))
    named = [(name, _NAMED.match(name)) for name in entries(folder)]
    found = {int(m.group(1)): _read(os.path.join(folder, name)) for name, m in named if m}
    return {number: status for number, status in found.items() if status is not None}


def _read(path: str) -> Optional[Status]:
    try:
        with open(path, "rb") as stream:
            line = stream.read(_LONGEST).split(b"\n")[0]
        told = json.loads(line.decode("ascii"))
        process = int(told.pop("process"))
        status = Status(**told)
        return status._replace(is_running=bool(status.is_running) and _is_alive(process))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None  # nothing is written yet, or it is being written


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it belongs to another user
    return True
