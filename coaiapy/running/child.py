"""Starts a command as a shell would: found in PATH, with its own streams and clean signals."""

import errno
import os
import signal
from typing import (
    Any,
    Callable,
    Collection,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from coaiapy.errors import CoaiaError

# The codes with which shells say that there is no such command, and that it cannot be executed.
NOT_FOUND, NOT_EXECUTABLE = 127, 126
KILLED = 128
# What Python ignores for itself; a command must not inherit that.
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")
# The lowest descriptor that is none of a command's three streams.
_FREE = 3
# Runs scripts without a #! line.
_SHELL = "/bin/sh"


class NotStartedError(CoaiaError):
    """A command cannot be started; ``code`` is the exit code that a shell would end with."""

    def __init__(self, sentence: str, code: int) -> None:
        CoaiaError.__init__(self, sentence)
        self.code = code


class Plan(NamedTuple):
    """What is to be started.

    ``streams`` are the descriptors of its standard streams. With ``leads_group`` it gets a process
    group of its own, so that all that it starts can be ended with it. ``prepare`` is called in the
    new process before the command takes its place.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    streams: Tuple[int, int, int] = (0, 1, 2)
    folder: Optional[str] = None
    leads_group: bool = False
    prepare: Optional[Callable[[], None]] = None


def start(plan: Plan) -> int:
    """Start a command and return its process id; raise ``NotStartedError`` if that fails.

    It starts with the signals that this process ignored when it was started itself ignored, and
    all others as the system has them.
    """
    path = find(plan.words[0], plan.environment, plan.folder)
    if hasattr(os, "posix_spawn") and plan.folder is None and plan.prepare is None:
        return _spawned(path, plan)
    return _forked(path, plan)


def _spawned(path: str, plan: Plan) -> int:
    """Start a command without a copy of this process in between, which takes a multiple of the time."""
    try:
        try:
            return _spawn(path, list(plan.words), plan)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
        return _spawn(_SHELL, [_SHELL, path] + list(plan.words[1:]), plan)
    except OSError as error:
        raise _not_started(plan.words[0], error.errno or 0) from error
    except ValueError as error:
        said = "the command {!r} cannot be executed: {}".format(plan.words[0], error)
        raise NotStartedError(said, NOT_EXECUTABLE) from error


def _spawn(path: str, words: List[str], plan: Plan) -> int:
    options: Dict[str, Any] = {"setsigdef": list(_signals_ignored_by_python())}
    if plan.leads_group:
        options["setpgroup"] = 0
    copy = os.POSIX_SPAWN_DUP2  # novm
    options["file_actions"] = [
        (copy, descriptor, number)
        for number, descriptor in enumerate(plan.streams)
        if descriptor != number
    ]
    return os.posix_spawn(path, words, plan.environment, **options)  # novm


def _forked(path: str, plan: Plan) -> int:
    reading, writing = (above_streams(end) for end in os.pipe())
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.Signals)
    try:
        process = os.fork()
        if process == 0:
            _become(path, plan, writing, blocked)
    except OSError as error:  # too many processes, or a system that allows none
        os.close(reading)
        raise _not_started(plan.words[0], error.errno or 0) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.close(writing)
    with os.fdopen(reading, "rb") as failure:
        said = failure.read()
    if said:
        os.waitpid(process, 0)
        raise _not_started(plan.words[0], int(said))
    return process


def find(word: str, environment: Mapping[str, str], folder: Optional[str] = None) -> str:
    """Return the file that a command's first word names, looked for in PATH as a shell does."""
    if os.sep in word:
        return word
    hidden = False
    for place in os.get_exec_path(dict(environment)) if word else ():
        path = os.path.join(folder or "", place, word)
        if os.path.isfile(path):
            if os.access(path, os.X_OK):
                return os.path.join(place, word) if folder else path
            hidden = True
    raise _not_started(word, errno.EACCES if hidden else errno.ENOENT)


def _not_started(word: str, number: int) -> NotStartedError:
    if number in (errno.ENOENT, errno.ENOTDIR):
        return NotStartedError("there is no command {!r}".format(word), NOT_FOUND)
    return NotStartedError(
        "the command {!r} cannot be executed: {}".format(word, os.strerror(number)), NOT_EXECUTABLE
    )


def above_streams(descriptor: int) -> int:
    """Return a descriptor for the same file that is none of the three standard streams.

    It is needed where this process was started with one of them closed.
    """
    if descriptor >= _FREE:
        return descriptor
    import fcntl

    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FREE)
    os.close(descriptor)
    return int(moved)


def _become(path: str, plan: Plan, writing: int, blocked: Collection[int]) -> None:
    """In the new process: take the command's place, or say why not and end."""
    try:
        if plan.leads_group:
            os.setpgid(0, 0)
        if plan.prepare:
            plan.prepare()
        for number, descriptor in enumerate(plan.streams):
            if descriptor != number:
                os.dup2(descriptor, number)
        if plan.folder:
            os.chdir(plan.folder)
        signals_as_started()
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        _execute(path, list(plan.words), plan.environment)
    except OSError as error:
        os.write(writing, str(error.errno).encode("ascii"))
    finally:
        os._exit(NOT_FOUND)


def signals_as_started() -> None:
    """Undo what Python and coaia have set for signals, but keep ignored what was ignored before."""
    for number in _signals_ignored_by_python():
        signal.signal(number, signal.SIG_DFL)
    for number in signal.Signals:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def _signals_ignored_by_python() -> Iterator[int]:
    return (getattr(signal, name) for name in _IGNORED_BY_PYTHON if hasattr(signal, name))


def _execute(path: str, words: List[str], environment: Mapping[str, str]) -> None:
    try:
        os.execve(path, words, environment)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    os.execve(_SHELL, [_SHELL, path] + words[1:], environment)


def exit_code(status: int) -> int:
    """Return the exit code that a shell makes of a status of ``os.waitpid``: 128 + n for a signal."""
    if os.WIFSIGNALED(status):
        return KILLED + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)
