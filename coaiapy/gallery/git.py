"""Runs git so that it reads from a repository and runs nothing that is in there.

There is never a working tree: files are read from git's objects, byte by byte as they were
committed. So no hook, filter, submodule or link of a repository means anything here.
"""

import os
import shutil
import stat
import time
from contextlib import contextmanager
from tempfile import TemporaryFile, gettempdir, mkdtemp
from typing import IO, Any, Dict, Iterator, List, NamedTuple, Sequence

from coaiapy import patience
from coaiapy.errors import ConfigError, NetworkError, StateError
from coaiapy.util import deadlines, files
from coaiapy.util.paths import entries

# Bytes that a fetch may take on the disk.
LARGEST = 256 << 20
# Begins the names of our repositories in the folder for temporary files; they are locked at once.
_PREFIX = "coaia-git-"
_LOCK = "coaia"
_SURELY_LOCKED = 60.0
# Variables by which a hook or an alias of git tells the commands below it which repository to use.
_OF_ANOTHER_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TEMPLATE_DIR",
    "GIT_WORK_TREE",
)
# What the user's own settings of git may say for other repositories.
_SETTINGS = (
    "core.hooksPath=" + os.devnull,
    "core.fsmonitor=false",
    "core.bigFileThreshold=1m",
    "fetch.recurseSubmodules=false",
    "fetch.unpackLimit=1",
    "fetch.fsckObjects=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
_PROTOCOLS = "file:git:http:https:ssh"


class Said(NamedTuple):
    """What git has printed, and its exit code."""

    code: int
    out: bytes
    err: str


class Talk(NamedTuple):
    """How git is asked: whether a person is there to answer it, and secrets that it must send.

    ``headers`` are (address, value of the Authorization header).
    """

    may_ask: bool = False
    headers: Sequence[Sequence[str]] = ()


ALONE = Talk()


@contextmanager
def empty_repository() -> Iterator[str]:
    """Yield the path of a repository without anything in it, which is removed after the block."""
    _remove_left()
    folder = mkdtemp(prefix=_PREFIX)
    try:
        with files.locked(os.path.join(folder, _LOCK)):
            said = run(["init", "-q", "--bare", "--template=", "."], folder)
            if said.code:
                raise StateError("git cannot make a repository: {}".format(said.err))
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left() -> None:
    """Remove the repositories of processes that were killed: those that nobody has locked any more."""
    base = gettempdir()
    try:
        names = [name for name in entries(base) if name.startswith(_PREFIX)]
    except StateError:
        return
    for folder in [os.path.join(base, name) for name in names]:
        if _is_old_own(folder):
            try:
                with files.locked(os.path.join(folder, _LOCK), timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
            except StateError:
                pass  # somebody uses it


def _is_old_own(folder: str) -> bool:
    """Tell whether a folder is the user's own, and older than what may not be locked yet."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == getattr(os, "getuid", int)()
    return is_own and time.time() - found.st_mtime > _SURELY_LOCKED


def run(words: List[str], folder: str, talk: Talk = ALONE, given: bytes = b"") -> Said:
    """Run git in a repository of ours, and return what it says.

    Raises ``ConfigError`` without git, ``NetworkError`` after the time that the command has, and
    ``StateError`` when it takes too much room.
    """
    limit = deadlines.after(patience.GIT)
    if not limit.left:
        raise NetworkError("git was not asked: {}".format(limit.why_over))
    # Files, which are never full: git waits for nobody, whatever it reads and prints.
    with TemporaryFile() as asked, TemporaryFile() as out, TemporaryFile() as err:
        asked.write(given)
        asked.seek(0)
        process = _started(words, folder, talk, (asked, out, err))
        try:
            _wait(process, limit, folder)
        finally:
            if process.poll() is None:
                _end(process, talk)
        out.seek(0)
        err.seek(0)
        return Said(process.returncode, out.read(), err.read().decode("utf-8", "replace").strip())


def _started(words: List[str], folder: str, talk: Talk, streams: Sequence[IO[bytes]]) -> Any:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    try:
        import subprocess  # apps that include Python may have none

        return subprocess.Popen(
            ["git", "--git-dir=" + folder] + settings + words,
            cwd=folder,
            env=_environment(talk),
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            # Without a terminal of its own neither git nor ssh can ask anybody anything.
            start_new_session=not talk.may_ask,
        )
    except (ImportError, OSError) as error:
        raise ConfigError(
            "git cannot be run ({}): install it, or name an archive or a folder".format(
                getattr(error, "strerror", None) or error
            )
        ) from error


def _wait(process: Any, limit: deadlines.Deadline, folder: str) -> None:
    import subprocess

    ended = False
    while not ended:
        try:
            process.wait(min(patience.GIT_LOOK, limit.left))
            ended = True
        except subprocess.TimeoutExpired:
            if not limit.left:
                raise NetworkError(
                    "git did not end within {:g} s; {}".format(limit.seconds, limit.hint)
                ) from None
        if _size(folder) > LARGEST:
            raise StateError(
                "the repository is larger than {} MB: publish the templates in one of their "
                "own".format(LARGEST >> 20)
            )


def _end(process: Any, talk: Talk) -> None:
    """End git and what it has started, so that nothing goes on after the command."""
    try:
        if talk.may_ask:
            process.kill()
        else:
            os.killpg(process.pid, 9)
    except (AttributeError, OSError):
        process.kill()
    process.wait()


def _size(folder: str) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(base, name)).st_size
            except OSError:
                pass  # git has removed it since
    return total


def _environment(talk: Talk) -> Dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    own.update(
        LC_ALL="C",
        GIT_ALLOW_PROTOCOL=_PROTOCOLS,
        GIT_NO_LAZY_FETCH="1",
        GIT_NO_REPLACE_OBJECTS="1",
        GIT_ATTR_NOSYSTEM="1",
    )
    if not talk.may_ask:
        own.update(GIT_TERMINAL_PROMPT="0", GCM_INTERACTIVE="never")
    # Settings in the environment: a command line can be read by everybody on the machine.
    count = own.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdigit() else 0
    for i, (address, value) in enumerate(talk.headers, first):
        own["GIT_CONFIG_KEY_{}".format(i)] = "http.{}.extraHeader".format(address)
        own["GIT_CONFIG_VALUE_{}".format(i)] = "Authorization: " + value
        own["GIT_CONFIG_COUNT"] = str(i + 1)
    return own


class Merged(NamedTuple):
    """The text of two that go back to one, and how many conflicts are marked in it."""

    content: bytes
    conflicts: int


def merge(mine: bytes, base: bytes, theirs: bytes, labels: Sequence[str]) -> Merged:
    """Return ``mine`` with what has changed from ``base`` to ``theirs``, as git merges files.

    ``labels`` name mine, base and theirs at the marks of a conflict.
    """
    with empty_repository() as folder:
        words = ["merge-file", "-p", "-q"]
        names = []
        for i, (label, content) in enumerate(zip(labels, (mine, base, theirs))):
            names.append("file{}".format(i))
            with open(os.path.join(folder, names[-1]), "wb") as stream:
                stream.write(content)
            words += ["-L", label]
        said = run(words + names, folder)
    if said.code >= 128:
        raise StateError("git cannot merge {}: {}".format(labels[0], said.err))
    return Merged(said.out, said.code)


def conflicts_in(content: bytes) -> int:
    """Return how many conflicts are still marked in a file that ``merge`` has written."""
    return sum(line.startswith(b"<<<<<<< ") for line in content.split(b"\n"))
