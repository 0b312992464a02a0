"""Reading and writing files: atomic replacement, private permissions, and locks between processes.

Errors of the operating system become a ``StateError``.
"""

import codecs
import os
import stat
import threading
import time
from contextlib import contextmanager
from typing import IO, Callable, Iterator, Optional, Union

from coaiapy import patience
from coaiapy.errors import StateError, UsageError
from coaiapy.util import deadlines
from coaiapy.util.paths import LARGEST, advice_for, check_stays, read_regular, real, reason
from coaiapy.util.text.parsing import is_utf8

PRIVATE_FILE = 0o600
# Bytes of a file that the user has named. Redis, for one, takes no larger value.
LARGEST_INPUT = 512 << 20
_UMASK = threading.Lock()


def read_text(path: str, newline: Optional[str] = None, most: int = LARGEST) -> str:
    """Return the text of a regular UTF-8 file without its byte-order mark.

    Line ends become ``\\n``; with ``newline=""`` they stay as they are in the file. Raises
    ``StateError`` for a device, a pipe, and a file of more than ``most`` bytes.
    """
    return _text(read_regular(path, most), path, newline)


def read_shared_text(path: str, newline: Optional[str] = None) -> str:
    """Return what ``read_text`` does, of a file that other programs write too, as ``.env``.

    Bytes of it that are not UTF-8 become lone surrogates, of which ``shared_bytes`` makes them again.
    """
    content = read_regular(path)
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return _text(content, path, newline, "strict" if is_utf_16 else "surrogateescape")


def shared_bytes(text: str) -> bytes:
    """Return the bytes of a text that ``read_shared_text`` has returned."""
    return text.encode("utf-8", "surrogateescape")


def check_utf8(text: str, path: str) -> None:
    """Raise ``StateError`` if ``read_shared_text`` has read a text that is not UTF-8."""
    if not is_utf8(text):
        _text(shared_bytes(text), path, None)


def _text(content: bytes, path: str, newline: Optional[str], errors: str = "strict") -> str:
    try:
        text = content.decode("utf-8-sig", errors)
    except UnicodeDecodeError as error:
        raise StateError(
            "{} is not UTF-8 text (line {}, byte {}): save it as UTF-8".format(
                path, error.object.count(b"\n", 0, error.start) + 1, error.start
            )
        ) from error
    return text if newline == "" else text.replace("\r\n", "\n").replace("\r", "\n")


def read_input_text(path: str, newline: Optional[str] = None) -> str:
    """Return the text of a file that the user gave as input; it may be a pipe.

    ``UsageError`` if it is not UTF-8, as for all that is wrong with an input. Use ``read_text`` for
    the files that coaia keeps or finds itself, where that is a ``StateError``.
    """
    return _as_input(lambda: _text(read_bytes(path), path, newline))


def read_found_input_text(path: str, newline: Optional[str] = None) -> str:
    """Return what ``read_input_text`` does, of a regular file found in a folder of the user's."""
    return _as_input(lambda: read_text(path, newline, LARGEST))


def input_text(content: bytes, path: str) -> str:
    """Return the text of the bytes that were read from an input file, as ``read_input_text`` does."""
    return _as_input(lambda: _text(content, path, None))


def _as_input(read: Callable[[], str]) -> str:
    try:
        return read()
    except StateError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            raise UsageError(str(error)) from error
        raise


def write_atomic(path: str, data: Union[str, bytes], mode: int = PRIVATE_FILE) -> None:
    """Replace ``path`` by ``data`` in one step: a reader sees the old file or the new one.

    If ``path`` is a symbolic link, the file it points to is replaced.
    """
    target = real(path)
    content = data.encode("utf-8") if isinstance(data, str) else data
    temporary = temporary_beside(target)
    try:
        with open(temporary, "xb", opener=_open_private) as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        remove_quietly(temporary)
        said = "cannot write {}: {}{}".format(path, reason(error), advice_for(path))
        raise StateError(said) from error
    except BaseException:
        remove_quietly(temporary)
        raise


@contextmanager
def replacing(path: str) -> Iterator[IO[str]]:
    """Yield a text stream whose content replaces a file at the end of the block.

    If the block raises, the file stays as it was. A device or a pipe is written to directly.
    ``StateError`` if it cannot be written, or a link leads out of the current folder.
    """
    check_stays(path)
    is_file = not os.path.exists(path) or os.path.isfile(path)
    target = temporary_beside(real(path)) if is_file else path
    try:
        with open(target, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
        if is_file:
            if os.path.exists(path):
                os.chmod(target, stat.S_IMODE(os.stat(path).st_mode))
            os.replace(target, real(path))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StateError("cannot write {}: {}".format(path, reason(error))) from error
    finally:
        if is_file:
            remove_quietly(target)


def temporary_beside(path: str, suffix: str = "") -> str:
    """Return the path of a hidden file beside ``path`` that nobody else has, which is not created.

    Whoever creates it knows its name before that, and can remove it whenever he is interrupted.
    """
    folder, name = os.path.split(path)
    # The longest name of a file has 255 bytes.
    start = os.fsdecode(os.fsencode(name)[:200])
    return os.path.join(folder, ".{}.{}{}".format(start, os.urandom(8).hex(), suffix))


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def make_private_file(path: str) -> None:
    """Create an empty file with mode 0600, whatever the umask; one that is there stays as it is.

    Raises ``OSError``.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        return
    os.close(descriptor)
    os.chmod(path, PRIVATE_FILE)


def open_bytes(path: str) -> IO[bytes]:
    """Open a file for reading its bytes; ``StateError`` if that cannot be done."""
    try:
        return open(path, "rb")
    except OSError as error:
        raise StateError("cannot read {}: {}".format(path, reason(error))) from error


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file that the user has named, up to ``LARGEST_INPUT``."""
    with open_bytes(path) as stream:
        try:
            content = stream.read(LARGEST_INPUT + 1)
        except OSError as error:
            raise StateError("cannot read {}: {}".format(path, reason(error))) from error
    if len(content) > LARGEST_INPUT:
        raise StateError(
            "cannot read {}: it is larger than {} MB".format(path, LARGEST_INPUT >> 20)
        )
    return content


def write_output(path: str, data: Union[str, bytes], mode: Optional[int] = None) -> None:
    """Write ``data`` to a path that the user chose.

    A file is replaced atomically and gets ``mode``; without one, it keeps its mode, and a new file
    gets the mode that the umask allows. A device or a pipe is opened and written to.
    ``StateError`` if a link leads out of the current folder.
    """
    check_stays(path)
    try:
        found = os.stat(path).st_mode
    except OSError:
        return write_atomic(path, data, 0o666 & ~_umask() if mode is None else mode)
    if stat.S_ISREG(found):
        return write_atomic(path, data, stat.S_IMODE(found) if mode is None else mode)
    try:
        with open(path, "wb") as stream:
            stream.write(data.encode("utf-8") if isinstance(data, str) else data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StateError("cannot write {}: {}".format(path, reason(error))) from error


def _umask() -> int:
    with _UMASK:
        mask = os.umask(0o077)  # the umask can only be read by setting it
        os.umask(mask)
        return mask


def remove_quietly(path: str) -> None:
    """Remove a file, if it is there and that is possible."""
    try:
        os.unlink(path)
    except OSError:
        pass


@contextmanager
def locked(path: str, timeout: float = patience.FILE_LOCK) -> Iterator[None]:
    """Hold the lock for changing ``path`` while the block runs.

    The file's folder is what is locked: the file itself may be replaced meanwhile, and a lock
    file would stay behind after a crash. Raises ``StateError`` after ``timeout`` seconds, or when
    the command's limit is over.
    """
    deadline = time.monotonic() + deadlines.for_lock(timeout)
    folder = os.path.dirname(real(path))
    try:
        import fcntl
    except ImportError:
        with _lock_file(path, deadline):
            yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StateError("cannot open the folder {}: {}".format(folder, reason(error))) from error
    try:
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
def _lock_file(path: str, deadline: float) -> Iterator[None]:
    """Lock with a lock file, on systems without ``fcntl``: only one process can create it."""
    lock_path = path + ".lock"
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
        remove_quietly(lock_path)


def _wait_for_lock(path: str, deadline: float, error: OSError, hint: str = "") -> None:
    if time.monotonic() > deadline:
        raise StateError(
            "{} is locked by another process: try again when it has finished{}".format(path, hint)
        ) from error
    time.sleep(patience.FILE_LOCK_POLL)
