"""Observers: the processes that write down what is going on, and how others see that one has died.

An observer holds a lock on a file of its own in the state folder. However it ends, also by SIGKILL
or with the machine, the lock is gone then. The file's time is the last moment that it is known to
have lived.
"""

import os
from typing import Optional, Set

from coaiapy.util import paths

# The observers of this process. Its own locks cannot be asked: the question would release them.
_own: Set[str] = set()


class Observer:
    """A process that has open records; a context manager. ``token`` is its name.

    Raises ``OSError`` if its file cannot be written.
    """

    def __init__(self) -> None:
        self.token = "{}-{}".format(os.getpid(), os.urandom(8).hex())
        self._path = _path(self.token)

    def __enter__(self) -> "Observer":
        paths.make_private_folder(os.path.dirname(self._path))
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        _lock(self._file)
        _own.add(self.token)
        return self

    def __exit__(self, *exc: object) -> None:
        _own.discard(self.token)
        os.close(self._file)
        forget(self.token)

    def breathe(self) -> None:
        """Note that this process still lives; to be called every few seconds."""
        try:
            os.utime(self._path)
        except OSError:
            pass  # somebody has removed the file: then the start is the last known moment


def _path(token: str) -> str:
    return os.path.join(paths.state_folder(), "running", token)


def _lock(file: int) -> bool:
    """Lock an open file for this process; ``OSError`` if another one has it.

    Returns false where there are no such locks.
    """
    try:
        import fcntl
    except ImportError:
        return False
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


def is_alive(token: str) -> bool:
    """Tell whether the observer of this name still lives."""
    if token in _own:
        return True
    try:
        file = os.open(_path(token), os.O_RDWR)
    except OSError as error:
        return not isinstance(error, FileNotFoundError)
    try:
        return not _lock(file) and _is_process(token)
    except OSError:
        return True
    finally:
        os.close(file)


def _is_process(token: str) -> bool:
    if os.name == "nt":
        return True  # there os.kill would end it
    try:
        os.kill(int(token.partition("-")[0]), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:
        pass  # it exists, but belongs to another user
    return True


def last_seen(token: str) -> Optional[float]:
    """Return when the observer is known to have lived (seconds since 1970), ``None`` if unknown."""
    try:
        return os.stat(_path(token)).st_mtime
    except OSError:
        return None


def forget(token: str) -> None:
    """Remove the file of an observer that has ended."""
    try:
        os.unlink(_path(token))
    except OSError:
        pass
