"""Ends the program ``coaia`` in good order when a signal asks it to, at any moment of its life.

Each of these signals raises one ``KeyboardInterrupt``, but only where it does its work: not before
``main()`` can turn it into a sentence, not within an import, and not where Python would print it and
go on. There it waits. Programs that only use coaia keep their own ways with signals.

The package imports this module first, and it imports nothing that takes time: until ``watch()`` is
called, Ctrl-C shows a traceback.
"""

import _signal as signal  # type: ignore[import-not-found] # signal builds enums, which takes longer
import gc
import os
import sys
import time
from types import FrameType

# Windows knows no SIGHUP.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
# What the script of the command is called, on Windows too.
_SCRIPTS = ("coaia", "coaia.exe", "coaia-script.py", "coaia-script.pyw")
# How many new objects there are before Python looks for garbage, as a rule 700: it would do so again
# and again while modules are imported, which make none.
_NEW_OBJECTS = 10000
# Seconds after which a signal that had to wait is tried again, and after which the program ends
# wherever it is.
_SOON = 0.01
_AT_LAST = 2.0
# Python prints what is raised in the callback of a weak reference; the import system has such
# callbacks.
_LOSING_FILES = ("<frozen importlib", "weakref.py", "_weakrefset.py")


class _Watch:
    """Whether this process is the program, the first signal, when it came, and how far it got.

    ``is_said``: the user knows.
    """

    is_on = False
    number = 0
    moment = 0.0
    is_allowed = False
    is_raised = False
    is_said = False


def is_command() -> bool:
    """Tell whether this process was started as the command ``coaia``."""
    words = getattr(sys, "argv", None) or [""]
    return os.path.basename(str(words[0])) in _SCRIPTS


def watch() -> None:
    """Take care of the signals from now on, for the rest of the process.

    A signal that is ignored, as SIGHUP after ``nohup``, or that has a handler already, is left.
    """
    _Watch.is_on = True
    gc.set_threshold(_NEW_OBJECTS)
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _receive)


class Allowed:
    """The block in which ``KeyboardInterrupt`` is raised for a signal, also for one before it.

    It is raised at the end of the block at the latest, instead of any error that followed from it.
    After the block signals have no effect.
    """

    def __enter__(self) -> None:
        _Watch.is_allowed = True
        if _Watch.number:
            _interrupt(sys._getframe())

    def __exit__(self, kind: object, *error: object) -> None:
        _Watch.is_allowed = False
        if _Watch.number and kind is not KeyboardInterrupt:
            raise KeyboardInterrupt()


def leave(code: int) -> None:
    """End the program here and now if a signal came, or if it has threads that are still at work.

    Python would first take apart what is left, and could wait for ever for something that was cut
    off, such as a lock that a thread holds where it was stopped.
    """
    if not _Watch.is_on or not (_Watch.number or len(sys._current_frames()) > 1):
        return
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # it is closed, or its reader has left
    os._exit(code)


def exit_code() -> int:
    """Return 128 + the number of the signal that came, which is SIGINT if none has come."""
    return 128 + int(_Watch.number or signal.SIGINT)


def sentence() -> str:
    """Say what ended the program."""
    number = exit_code() - 128
    names = [name for name in _NAMES if getattr(signal, name, None) == number]
    return "interrupted" if names == ["SIGINT"] else "ended by " + names[0]


def told() -> None:
    """Note that the user has been told what ended the program."""
    _Watch.is_said = True


def _receive(number: int, frame: object) -> None:
    if not _Watch.number:
        _Watch.number = number
        _Watch.moment = time.monotonic()
    _interrupt(frame)


def _interrupt(frame: object) -> None:
    """Raise ``KeyboardInterrupt``, or let the clock bring the program back here."""
    is_now = _Watch.is_allowed and not _Watch.is_raised
    must_wait = is_now and _loses_errors(frame)
    if hasattr(signal, "setitimer"):
        left = max(_SOON, _Watch.moment + _AT_LAST - time.monotonic())
        signal.signal(signal.SIGALRM, _remind)
        signal.setitimer(signal.ITIMER_REAL, _SOON if must_wait else left)
        is_now = is_now and not must_wait
    if is_now:
        _Watch.is_raised = True
        raise KeyboardInterrupt()


def _remind(number: int, frame: object) -> None:
    if time.monotonic() < _Watch.moment + _AT_LAST:
        return _interrupt(frame)
    if not _Watch.is_said:
        os.write(2, "coaia: {}\n".format(sentence()).encode("ascii"))
    os._exit(exit_code())


def _loses_errors(frame: object) -> bool:
    """Tell whether Python would not pass on what is raised in this frame.

    It does not where a generator is closed that nobody uses any more, either.
    """
    if sys.exc_info()[0] is GeneratorExit:
        return True
    while isinstance(frame, FrameType):
        code = frame.f_code
        if code.co_name == "__del__" or any(name in code.co_filename for name in _LOSING_FILES):
            return True
        frame = frame.f_back
    return False
