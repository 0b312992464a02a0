"""A pseudo-terminal in place of the user's terminal, so that what a command shows can be kept.

The command runs in a session of its own, whose first process is a monitor. When the command stops
(Ctrl-Z), so does the monitor, and when it ends, the monitor ends in the same way: whoever waits for
the monitor sees what a shell would see. Keys go to the pseudo-terminal as bytes; what they mean,
such as Ctrl-C, is decided there.
"""

import errno
import fcntl
import os
import signal
import termios
import tty
from typing import Collection, Tuple

from coaiapy.running import child
from coaiapy.running.child import NotStartedError, Plan

_KEYS = 1024
_LOCAL_FLAGS, _CHARACTERS = 3, 6  # the places of these in what tcgetattr returns


class Terminal:
    """The terminal of the user, open as ``user``, and the one of the command, from both sides.

    Keys are passed on while this process is in the foreground. With ``shares_keys``, those that
    send signals keep doing so, since other processes of the pipeline have to get them, too.
    """

    def __init__(self, user: int, shares_keys: bool) -> None:
        self.user = user
        self.shares_keys = shares_keys
        self._saved = termios.tcgetattr(user)
        self.master, self.slave = (child.above_streams(end) for end in os.openpty())
        termios.tcsetattr(self.slave, termios.TCSANOW, self._saved)
        os.set_blocking(self.master, False)
        self._pending = b""
        self.is_raw = False
        self.interrupted = False  # by a key, of which only the command was told
        self.copy_size()

    def copy_size(self) -> None:
        """Give the command's terminal the size of the user's; the kernel tells the command."""
        size = fcntl.ioctl(self.user, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def take(self) -> None:
        """Pass on keys from now on, if this process is in the foreground of the terminal."""
        if not self.is_raw and in_foreground(self.user):
            tty.setraw(self.user, termios.TCSANOW)  # what was typed ahead stays
            if self.shares_keys:
                mode = termios.tcgetattr(self.user)
                mode[_LOCAL_FLAGS] |= termios.ISIG
                termios.tcsetattr(self.user, termios.TCSANOW, mode)
            self.is_raw = True

    def give_back(self) -> None:
        """Leave the terminal as it was found."""
        if self.is_raw:
            self.is_raw = False
            if in_foreground(self.user):
                termios.tcsetattr(self.user, termios.TCSADRAIN, self._saved)

    @property
    def wants_keys(self) -> bool:
        """Whether keys can be passed on now."""
        return self.is_raw and not self._pending

    def pass_keys(self) -> None:
        """Pass on what was typed; what the command's terminal has no room for has to wait."""
        if not self._pending:
            self._pending = self._typed()
        try:
            self._pending = self._pending[os.write(self.master, self._pending) :]
        except OSError as error:
            if error.errno != errno.EAGAIN:
                self._pending = b""

    def _typed(self) -> bytes:
        try:
            keys = os.read(self.user, _KEYS)
        except OSError:
            keys = b""
        self.is_raw = self.is_raw and bool(keys)  # without any, the terminal is gone
        self.interrupted = self.interrupted or self._saved[_CHARACTERS][termios.VINTR] in keys
        return keys

    @property
    def has_pending_keys(self) -> bool:
        """Whether typed keys still have to be passed on."""
        return bool(self._pending)

    def close(self) -> None:
        """Give the terminal back and close everything but the master, which a relay closes."""
        self.give_back()
        os.close(self.user)


def in_foreground(terminal: int) -> bool:
    """Tell whether this process belongs to those that the terminal's keys go to."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False


def start(terminal: Terminal, plan: Plan) -> Tuple[int, int]:
    """Start a command on the terminal; return the process ids of the monitor and of the command.

    Raises ``NotStartedError``. Afterwards only the command has the slave side open.
    """
    reading, writing = (child.above_streams(end) for end in os.pipe())
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.Signals)
    try:
        monitor = os.fork()
        if monitor == 0:
            _monitor(terminal, plan, writing, blocked)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.close(writing)
        os.close(terminal.slave)
    with os.fdopen(reading, "rb") as report:
        words = report.read().decode("utf-8", "surrogateescape").split(" ", 1)
    if words[0] == "started":
        return monitor, int(words[1])
    os.waitpid(monitor, 0)
    code, _, sentence = words[1].partition(" ") if len(words) > 1 else ("", "", "it has ended")
    raise NotStartedError(sentence, int(code or child.NOT_EXECUTABLE))


def _monitor(terminal: Terminal, plan: Plan, writing: int, blocked: Collection[int]) -> None:
    """In the monitor: open the session, start the command, end as it ends."""
    try:
        os.setsid()
        fcntl.ioctl(terminal.slave, termios.TIOCSCTTY, 0)
        os.close(terminal.master)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            if callable(signal.getsignal(number)):
                signal.signal(number, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        command = child.start(plan._replace(prepare=lambda: _lead(terminal.slave)))
        os.write(writing, "started {}".format(command).encode("ascii"))
        os.close(writing)
        _follow(command)
    except NotStartedError as error:
        said = "failed {} {}".format(error.code, error)
        os.write(writing, said.encode("utf-8", "surrogateescape"))
    finally:
        os._exit(child.NOT_EXECUTABLE)


def _lead(slave: int) -> None:
    """In the command's process: lead a group of its own, in the foreground of its terminal."""
    os.setpgid(0, 0)
    os.tcsetpgrp(slave, os.getpid())


def _follow(command: int) -> None:
    while True:
        _, status = os.waitpid(command, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            end_like(status)


def end_like(status: int) -> None:
    """End this process as another has ended, by the same signal or with the same code."""
    if os.WIFSIGNALED(status):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the command has left one, if any
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
        os.kill(os.getpid(), number)
    os._exit(child.exit_code(status))
