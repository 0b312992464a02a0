"""Starts a command so that what it writes is passed on as it is, and its end is kept.

A stream that is not kept is the command's own. One that is kept goes through a pipe, or through a
pseudo-terminal where the user would see it in a terminal, so that the command behaves as it does
without coaia.
"""

import os
import signal
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from coaiapy.running import child
from coaiapy.running.child import Plan
from coaiapy.running.relay import Relay, enlarge, pipe
from coaiapy.running.supervisor import Running, Supervisor
from coaiapy.running.tail import Tail

STDIN, STDOUT, STDERR = 0, 1, 2


class Launched(NamedTuple):
    """A started command, and the end of each stream that is kept, by its descriptor.

    On a terminal, standard output and standard error are one stream with one end.
    """

    running: Running
    tails: Dict[int, Tail]


def launch(
    plan: Plan,
    kept: Sequence[int],
    most: int,
    timeout: Optional[float] = None,
) -> Launched:
    """Start a command with the streams of this process; keep the last ``most`` bytes of ``kept``.

    With ``timeout``, in seconds, it is ended then. Raises ``NotStartedError``. Must be called
    within a ``Supervisor``, which the result's ``running`` is then given to.
    """
    if STDOUT in kept and os.isatty(STDOUT):
        return _on_terminal(plan, kept, most, timeout)
    tails = {number: Tail(most) for number in kept}
    relays: List[Relay] = []
    given = list(plan.streams)
    for number in kept:
        source, given[number] = _terminal_like(number) if os.isatty(number) else pipe()
        enlarge(number)
        relays.append(Relay(source, number, tails[number]))
    alone = timeout is not None and not os.isatty(STDIN)
    try:
        process = child.start(
            plan._replace(streams=(given[0], given[1], given[2]), leads_group=alone)
        )
    finally:
        for number in kept:
            os.close(given[number])
    addressee = -process if alone else process
    return Launched(Running(process, addressee, relays, timeout=timeout), tails)


def _terminal_like(number: int) -> Sequence[int]:
    """Return both sides of a pseudo-terminal that only shows, like the terminal at ``number``."""
    import fcntl
    import termios

    master, slave = (child.above_streams(end) for end in os.openpty())
    mode = termios.tcgetattr(number)
    mode[1] &= ~termios.OPOST  # the real terminal will do that
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    size = fcntl.ioctl(number, termios.TIOCGWINSZ, b"\0" * 8)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
    return master, slave


def _on_terminal(plan: Plan, kept: Sequence[int], most: int, timeout: Optional[float]) -> Launched:
    from coaiapy.running.terminal import Terminal  # not at the top: there may be none
    from coaiapy.running.terminal import start as start_on

    terminal = Terminal(_open_terminal(), shares_keys=not os.isatty(STDIN))
    given = list(plan.streams)
    shown = Tail(most)
    tails = {STDOUT: shown}
    relays = [Relay(terminal.master, STDOUT, shown)]
    for number in (STDIN, STDOUT, STDERR):
        if os.isatty(number):
            given[number] = terminal.slave
    writing = -1
    if STDERR in kept and not os.isatty(STDERR):
        tails[STDERR] = Tail(most)
        source, writing = pipe()
        given[STDERR] = writing
        relays.append(Relay(source, STDERR, tails[STDERR]))
    try:
        monitor, command = start_on(terminal, plan._replace(streams=(given[0], given[1], given[2])))
    except BaseException:
        terminal.close()
        os.close(terminal.master)
        raise
    finally:
        if writing >= 0:
            os.close(writing)
    return Launched(Running(monitor, -command, relays, terminal, timeout), tails)


def _open_terminal() -> int:
    try:
        return child.above_streams(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:  # it shows what we write, but does not control us
        return child.above_streams(os.dup(STDOUT))


def was_interrupted(running: Running, received: Sequence[int]) -> bool:
    """Tell whether the command died of a Ctrl-C or of a SIGINT that was handed on to it."""
    status = running.status or 0
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT
    return died and (signal.SIGINT in received or _only_it_was_told(running))


def _only_it_was_told(running: Running) -> bool:
    return running.terminal is not None and running.terminal.interrupted


def die_of_interrupt(running: Running) -> None:
    """End this process as Ctrl-C ends a program, so that a calling script stops as well.

    A key that went to the command's own terminal is handed to the others in the foreground.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if _only_it_was_told(running):
        os.killpg(os.getpgrp(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)


class Ended(NamedTuple):
    """The exit code of a command; ``interrupted`` is the command if Ctrl-C ended it."""

    code: int
    interrupted: Optional[Running]


def run_unrecorded(words: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Run a command to its end, with the streams, the signals and the terminal of this process.

    Raises ``NotStartedError``, which has the exit code.
    """
    as_given = [os.fsdecode(word.encode("utf-8", "surrogateescape")) for word in words]
    with Supervisor() as supervisor:
        running = launch(Plan(as_given, environment), (), 0).running
        supervisor.add(running)
        supervisor.next()
        interrupted = running if was_interrupted(running, supervisor.received) else None
        return Ended(child.exit_code(running.status or 0), interrupted)
