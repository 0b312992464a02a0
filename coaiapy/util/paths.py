"""The folders of the user, of coaia's state and of the project, and which files are read there.

Errors of the operating system become a ``StateError``. In a project that comes from a stranger any
name may be a link to a device that never ends, or a pipe that nobody writes to: such a file is
refused before it is opened.
"""

import errno
import os
import stat
import sys
from typing import IO, List

from coaiapy.errors import NoPlaceError, StateError

# Bytes: far more than any settings, template, session or prompt has.
LARGEST = 10 << 20
# Not to wait for a file that is a pipe by now; Windows needs to be told that it is not text.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
PRIVATE_FOLDER = 0o700
_ELSEWHERE = "set COAIA_HOME to a folder that you can write to"


def open_regular(path: str) -> IO[bytes]:
    """Open the regular file at ``path``, or that it links to, for reading its bytes.

    Raises ``StateError`` for anything else: a device never ends, and a pipe may never begin.
    """
    try:
        _check_kind(path, os.stat(path))
        descriptor = os.open(path, _FLAGS)
        try:
            _check_kind(path, os.fstat(descriptor))
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise
    except (OSError, ValueError) as error:  # a path with a NUL character is a ValueError
        raise StateError("cannot read {}: {}".format(path, reason(error))) from error


def read_regular(path: str, most: int = LARGEST) -> bytes:
    """Return the bytes of the regular file at ``path``, or that it links to.

    Raises ``StateError`` for anything else, and for a file of more than ``most`` bytes.
    """
    with open_regular(path) as stream:
        try:
            content = stream.read(most + 1) or b""  # None from files like /proc/kmsg, which wait
        except OSError as error:
            raise StateError("cannot read {}: {}".format(path, reason(error))) from error
    if len(content) > most:
        raise StateError("cannot read {}: it is larger than {} bytes".format(path, most))
    return content


def _check_kind(path: str, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    for is_kind, kind in _KINDS:
        if is_kind(status.st_mode):
            raise StateError("cannot read {}: it is {} and not a file".format(path, kind))
    raise StateError("cannot read {}: it is not a file".format(path))


def reason(error: Exception) -> str:
    """Return the operating system's message without the path, which the caller names itself."""
    if getattr(error, "errno", None) == errno.ELOOP:
        return "its links lead in a circle"
    return getattr(error, "strerror", None) or str(error)


def user_home() -> str:
    """Return the user's home folder; on iOS its ``Documents``, where apps may write.

    Raises ``NoPlaceError`` where there is none, as in a container without HOME whose user is not in
    the list of users.
    """
    home = os.path.expanduser("~")
    if not os.path.isabs(home) or home == os.sep:
        home = _listed_home()
    documents = os.path.join(home, "Documents")
    return documents if _is_ios() and os.path.isdir(documents) else home


def _listed_home() -> str:
    """Return the home in the list of users, for a process whose HOME names no folder."""
    try:
        import pwd

        home = pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):
        home = ""
    if not os.path.isabs(home):
        raise NoPlaceError("this user has no home folder: set HOME, or " + _ELSEWHERE)
    return home


def _is_ios() -> bool:
    """Tell iOS from macOS by the machine name, because both may call their system "darwin"."""
    if sys.platform == "ios":
        return True
    return hasattr(os, "uname") and os.uname().machine.startswith(("iPhone", "iPad", "iPod"))


def state_folder() -> str:
    """Return the folder where coaia keeps its state: ``$COAIA_HOME``, else ``~/.coaia``.

    Raises ``NoPlaceError`` for a value that only a shell can make a folder of.
    """
    chosen = os.environ.get("COAIA_HOME")
    if not chosen:
        return os.path.join(user_home(), ".coaia")
    if chosen == "~" or chosen.startswith("~" + os.sep):  # nothing but a shell expands it
        return os.path.join(user_home(), chosen[2:])
    folder = os.path.expanduser(chosen)
    if folder.startswith(("~", "$")):
        said = "COAIA_HOME {!r} has not been expanded by a shell: write the whole path"
        raise NoPlaceError(said.format(chosen))
    return folder


def is_home() -> bool:
    """Tell whether the current folder is the user's home, so that its files are the user's own."""
    try:
        return real(".") == real(user_home())
    except StateError:
        return False


def current_folder() -> str:
    """Return the path of the current folder; ``StateError`` if it has been removed."""
    try:
        return os.getcwd()
    except OSError as error:
        raise StateError(
            "the current folder does not exist any more ({}): go to another one".format(
                reason(error)
            )
        ) from error


def absolute(path: str) -> str:
    """Return ``os.path.abspath(path)``; ``StateError`` if the current folder has been removed."""
    return os.path.normpath(path if os.path.isabs(path) else os.path.join(current_folder(), path))


def real(path: str) -> str:
    """Return the absolute path that ``path`` and its links lead to; see ``absolute``."""
    return os.path.realpath(path if os.path.isabs(path) else os.path.join(current_folder(), path))


def up_to_repository() -> List[str]:
    """Return the current folder, and those above it up to the one with a git repository, if any."""
    here = current_folder()
    found = [here]
    while not os.path.lexists(os.path.join(found[-1], ".git")):
        above = os.path.dirname(found[-1])
        if above == found[-1]:
            return [here]
        found.append(above)
    return found


def is_below(path: str, folder: str) -> bool:
    """Tell whether ``path`` is in ``folder``, whatever links lead to; both may not exist."""
    return real(path).startswith(os.path.join(real(folder), ""))


def check_stays(path: str, folder: str = ".") -> None:
    """Raise ``StateError`` if links lead a path that is in ``folder`` out of it.

    Somebody else may have put them there, to have another file of the user's written.
    """
    is_inside = absolute(path).startswith(os.path.join(absolute(folder), ""))
    if is_inside and not is_below(path, folder):
        place = "the current folder" if folder == "." else folder
        where = "is" if os.path.islink(path) else "is behind"
        raise StateError(
            "{} {} a link that leads out of {}, so nothing is written through it: remove the link, "
            "or name the file that it leads to".format(path, where, place)
        )


def entries(path: str) -> List[str]:
    """Return the sorted names in a folder, none if there is no folder; ``StateError`` if unreadable."""
    try:
        return sorted(os.listdir(path))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StateError("cannot list {}: {}".format(path, reason(error))) from error


def make_private_folder(path: str) -> str:
    """Create ``path`` and its missing parents with mode 0700, and return ``path``."""
    try:
        _make_private_folders(absolute(path))
    except OSError as error:
        said = "cannot create the folder {}: {}{}".format(path, reason(error), advice_for(path))
        raise NoPlaceError(said) from error
    return path


def advice_for(path: str) -> str:
    """Return how to end an error about ``path``: in the state folder, what moves that."""
    try:
        state = os.path.join(absolute(state_folder()), "")
    except StateError:
        return ""
    is_state = os.path.join(absolute(path), "").startswith(state)
    return ": " + _ELSEWHERE if is_state else ""


def _make_private_folders(path: str) -> None:
    """Do what ``os.makedirs`` does, but give the mode to the parents as well."""
    if os.path.isdir(path):
        return
    if os.path.dirname(path) != path:
        _make_private_folders(os.path.dirname(path))
    try:
        os.mkdir(path, PRIVATE_FOLDER)
        os.chmod(path, PRIVATE_FOLDER)  # a umask may have taken rights that the owner needs
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def make_folders(path: str) -> None:
    """Create ``path`` and its missing parents for the user's own files, as the umask says.

    Whatever it says, the owner can use them. Raises ``StateError``.
    """
    try:
        if not os.path.isdir(path):
            make_folders(os.path.dirname(absolute(path)))
            os.mkdir(path, 0o777)
            os.chmod(path, stat.S_IMODE(os.stat(path).st_mode) | PRIVATE_FOLDER)
    except FileExistsError:
        pass  # another process was faster, or what is written next says what is there
    except OSError as error:
        raise StateError("cannot create the folder {}: {}".format(path, reason(error))) from error
