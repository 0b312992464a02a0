"""Reading and writing files: atomic replacement, private permissions, and locks between processes.

Also says where coaia keeps its state. Errors of the operating system become a ``StateError``.
"""

import os
import stat
import sys
import time
from contextlib import contextmanager
from typing import IO, Iterator, Optional, Union

from coaiapy.errors import StateError, UsageError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def user_home() -> str:
    """Return the user's home folder; on iOS its ``Documents``, where apps may write."""
    home = os.path.expanduser("~")
    documents = os.path.join(home, "Documents")
    return documents if _is_ios() and os.path.isdir(documents) else home


def _is_ios() -> bool:
    """Tell iOS from macOS by the machine name, because both may call their system "darwin"."""
    if sys.platform == "ios":
        return True
    return hasattr(os, "uname") and os.uname().machine.startswith(("iPhone", "iPad", "iPod"))


def state_folder() -> str:
    """Return the folder where coaia keeps its state: ``$COAIA_HOME``, else ``~/.coaia``."""
    return os.environ.get("COAIA_HOME") or os.path.join(user_home(), ".coaia")


def make_private_folder(path: str) -> str:
    """Create ``path`` and its missing parents with mode 0700, and return ``path``."""
    try:
        _make_private_folders(os.path.abspath(path))
    except OSError as error:
        raise StateError("cannot create the folder {}: {}".format(path, reason(error))) from error
    return path


def _make_private_folders(path: str) -> None:
    """Do what ``os.makedirs`` does, but give the mode to the parents as well."""
    if os.path.isdir(path):
        return
    if os.path.dirname(path) != path:
        _make_private_folders(os.path.dirname(path))
    try:
        os.mkdir(path, PRIVATE_FOLDER)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def reason(error: OSError) -> str:
    """Return the operating system's message without the path, which the caller names itself."""
    return error.strerror or str(error)


def read_text(path: str, newline: Optional[str] = None) -> str:
    """Return the text of a UTF-8 file without its byte-order mark.

    Line ends become ``\\n``; with ``newline=""`` they stay as they are in the file.
    """
    try:
        with open(path, encoding="utf-8-sig", newline=newline) as stream:
            return stream.read()
    except UnicodeDecodeError as error:
        raise StateError(
            "{} is not UTF-8 text (line {}, byte {}): save it as UTF-8".format(
                path, error.object.count(b"\n", 0, error.start) + 1, error.start
            )
        ) from error
    except OSError as error:
        raise StateError("cannot read {}: {}".format(path, reason(error))) from error


def read_input_text(path: str, newline: Optional[str] = None) -> str:
    """Return the text of a file that the user gave as input.

    ``UsageError`` if it is not UTF-8, as for all that is wrong with an input. Use ``read_text`` for
    the files that coaia keeps itself, where that is a ``StateError``.
    """
    try:
        return read_text(path, newline)
    except StateError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            raise UsageError(str(error)) from error
        raise


def write_atomic(path: str, data: Union[str, bytes], mode: int = PRIVATE_FILE) -> None:
    """Replace ``path`` by ``data`` in one step: a reader sees the old file or the new one.

    If ``path`` is a symbolic link, the file it points to is replaced.
    """
    import tempfile  # slow to import, and most commands write no file

    target = os.path.realpath(path)
    content = data.encode("utf-8") if isinstance(data, str) else data
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(
            prefix=".{}.".format(os.path.basename(target)), dir=os.path.dirname(target)
        )
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        _remove_quietly(temporary)
        raise StateError("cannot write {}: {}".format(path, reason(error))) from error
    except BaseException:
        _remove_quietly(temporary)
        raise


def open_bytes(path: str) -> IO[bytes]:
    """Open a file for reading its bytes; ``StateError`` if that cannot be done."""
    try:
        return open(path, "rb")
    except OSError as error:
        raise StateError("cannot read {}: {}".format(path, reason(error))) from error


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file."""
    with open_bytes(path) as stream:
        try:
            return stream.read()
        except OSError as error:
            raise StateError("cannot read {}: {}".format(path, reason(error))) from error


def write_output(path: str, data: Union[str, bytes]) -> None:
    """Write ``data`` to a path that the user chose.

    A file is replaced atomically and keeps its mode; a new file gets the mode that the umask
    allows. A device or a pipe is opened and written to.
    """
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return write_atomic(path, data, 0o666 & ~_umask())
    if stat.S_ISREG(mode):
        return write_atomic(path, data, stat.S_IMODE(mode))
    try:
        with open(path, "wb") as stream:
            stream.write(data.encode("utf-8") if isinstance(data, str) else data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StateError("cannot write {}: {}".format(path, reason(error))) from error


def _umask() -> int:
    mask = os.umask(0o077)  # the umask can only be read by setting it
    os.umask(mask)
    return mask


def _remove_quietly(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


@contextmanager
def locked(path: str, timeout: float = 20.0) -> Iterator[None]:
    """Hold the lock for changing ``path`` while the block runs.

    The file's folder is what is locked: the file itself may be replaced meanwhile, and a lock
    file would stay behind after a crash. Raises ``StateError`` after ``timeout`` seconds.
    """
    folder = os.path.dirname(os.path.realpath(path)) or "."
    try:
        import fcntl
    except ImportError:
        with _lock_file(path, timeout):
            yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StateError("cannot open the folder {}: {}".format(folder, reason(error))) from error
    try:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                _wait_for_lock(path, deadline, error)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _lock_file(path: str, timeout: float) -> Iterator[None]:
    """Lock with a lock file, on systems without ``fcntl``: only one process can create it."""
    lock_path = path + ".lock"
    deadline = time.monotonic() + timeout
    while True:
        try:
            os.close(os.open(lock_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError as error:
            _wait_for_lock(
                path, deadline, error, "; if no such process exists, remove " + lock_path
            )
        except OSError as error:
            raise StateError("cannot lock {}: {}".format(lock_path, reason(error))) from error
    try:
        yield
    finally:
        _remove_quietly(lock_path)


def _wait_for_lock(path: str, deadline: float, error: OSError, hint: str = "") -> None:
    if time.monotonic() > deadline:
        raise StateError(
            "{} is locked by another process: try again when it has finished{}".format(path, hint)
        ) from error
    time.sleep(0.01)
