"""Runs commands side by side: passes on what they write, hands signals on, notices each end."""

import os
import selectors
import signal
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from coaiapy import patience
from coaiapy.running.relay import Relay

if TYPE_CHECKING:
    from coaiapy.running.terminal import Terminal

# What is handed on to the commands. A signal that this process ignores is not touched.
FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTSTP", "SIGCONT")
# A key of the terminal sends these to every process in its foreground.
_BY_KEY = ("SIGINT", "SIGQUIT", "SIGTSTP")
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


class Running:
    """A command that was started.

    ``process`` is waited for, and signals go to ``addressee``, both as ``os.kill`` takes them. Its
    output goes through ``relays``. Asked to end it has ``grace`` seconds. Times are seconds since
    1970; ``status`` is that of ``os.waitpid``, ``None`` while it runs.
    """

    def __init__(
        self,
        process: int,
        addressee: int,
        relays: List[Relay],
        terminal: Optional["Terminal"] = None,
        timeout: Optional[float] = None,
    ) -> None:
        self.process = process
        self.addressee = addressee
        self.relays = relays
        self.terminal = terminal
        self.started = time.time()
        self.ended: Optional[float] = None
        self.status: Optional[int] = None
        self.timed_out = False
        self.grace = patience.GRACE
        self._end_by = None if timeout is None else time.monotonic() + timeout

    @property
    def shares_group(self) -> bool:
        """Whether keys of the terminal reach it without us."""
        return self.addressee > 0

    def send(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        receivers = {self.addressee}
        if number == signal.SIGCONT:  # a monitor was stopped with its command
            receivers.add(self.process)
        for receiver in receivers:
            try:
                os.kill(receiver, number)
            except (ProcessLookupError, PermissionError):
                pass

    def seconds_left(self) -> Optional[float]:
        """Return the seconds until it has to end, ``None`` without a limit."""
        return None if self._end_by is None else self._end_by - time.monotonic()

    def kill_rest(self) -> None:
        """Kill what is left of its process group, if it has one of its own."""
        if not self.shares_group:
            self.send(signal.SIGKILL)

    def end_within(self, seconds: float) -> None:
        """Give it no more than ``seconds`` to end."""
        left = self.seconds_left()
        if left is None or left > seconds:
            self._end_by = time.monotonic() + seconds

    def overtake(self) -> None:
        """Its time is over: ask it to end, the next time kill it."""
        self.send(signal.SIGKILL if self.timed_out else signal.SIGTERM)
        self.timed_out = True
        self._end_by = time.monotonic() + self.grace


class Supervisor:
    """Waits for commands; a context manager, which handles the signals of this process meanwhile.

    It can be entered in the main thread only. ``beat`` is called every few seconds; ``received``
    are the signals that came.
    """

    def __init__(self) -> None:
        self.beat: Callable[[], None] = lambda: None
        self.running: List[Running] = []
        self.received: List[int] = []
        self._early: List[int] = []
        self._next_beat = time.monotonic() + patience.BEAT
        self._selector = selectors.DefaultSelector()
        self._handlers: Dict[int, Any] = {}
        self._lingering: List[Relay] = []
        self._woken = self._waking = self._former = -1

    def __enter__(self) -> "Supervisor":
        self._woken, self._waking = os.pipe()
        for end in (self._woken, self._waking):
            os.set_blocking(end, False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._former = signal.set_wakeup_fd(self._waking)
        for name in FORWARDED:
            self._handle(getattr(signal, name), self._forward)
        self._handle(signal.SIGWINCH, self._resize)
        self._handle(signal.SIGALRM, self._look_at_clock)
        self._handle(signal.SIGCHLD, lambda *_: None, even_ignored=True)
        return self

    def __exit__(self, *exc: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._former)
        self._selector.close()
        os.close(self._woken)
        os.close(self._waking)
        self._leave_lingering()

    def _handle(
        self, number: int, handler: Callable[[int, Any], None], even_ignored: bool = False
    ) -> None:
        former = signal.getsignal(number)
        if even_ignored or former != signal.SIG_IGN:
            self._handlers[number] = former
            signal.signal(number, handler)

    def add(self, running: Running) -> None:
        """Take charge of a command that was started inside the ``with`` block."""
        self.running.append(running)
        for relay in running.relays:
            self._selector.register(relay.source, selectors.EVENT_READ, relay)
        if running.terminal:
            running.terminal.take()
        self._set_clock()
        while self._early:
            running.send(self._early.pop(0))

    def send(self, number: int) -> None:
        """Send a signal to every command."""
        for running in self.running:
            running.send(number)

    def turn(self, seconds: float) -> Optional[Running]:
        """Return a command that has ended, if any; otherwise pass on what there is.

        If there is nothing, wait for it, or for a signal, for at most ``seconds``.
        """
        ended = self._ended()
        if ended is None:
            self._pass_on(seconds)
        return ended

    def end_all(self, seconds: float) -> None:
        """End, in at most ``seconds``, what has not ended by itself by then."""
        for running in self.running:
            running.end_within(seconds)
        self._set_clock()

    def _ended(self) -> Optional[Running]:
        return next((one for one in self.running if self._has_ended(one)), None)

    def next(self) -> Running:
        """Wait for a command to end, and return it; what it has written has been passed on."""
        while True:
            ended = self._ended()
            if ended is not None:
                return ended
            self._pass_on(None)

    def pause(self, seconds: float) -> bool:
        """Wait before the next command; return at once, with true, if a signal asks to end."""
        end = time.monotonic() + seconds
        while not self._is_asked_to_end() and time.monotonic() < end:
            self._select(end - time.monotonic())
            _drain(self._woken)
        return self._is_asked_to_end()

    def _is_asked_to_end(self) -> bool:
        return any(signal.Signals(number).name in _ENDING for number in self.received)

    def _select(self, seconds: Optional[float]) -> List[Any]:
        """Wait for what can be read, at most ``seconds`` or until the next beat."""
        now = time.monotonic()
        if now >= self._next_beat:
            self.beat()
            self._next_beat = now + patience.BEAT
        left = self._next_beat - now
        return self._selector.select(left if seconds is None else max(0, min(left, seconds)))

    def _pass_on(self, seconds: Optional[float]) -> None:
        terminal = next((one.terminal for one in self.running if one.terminal), None)
        if terminal:
            self._listen(terminal)
        waits = terminal is not None and terminal.has_pending_keys
        for key, _ in self._select(patience.KEY_PAUSE if waits else seconds):
            if key.fd == self._woken:
                _drain(self._woken)
            elif isinstance(key.data, Relay):
                if not key.data.copy():
                    self._forget(key.data)
            elif terminal:
                terminal.pass_keys()
        if waits and terminal:
            terminal.pass_keys()

    def _listen(self, terminal: "Terminal") -> None:
        """Listen to the keys while they can be passed on, and only then."""
        listens = terminal.user in self._selector.get_map()
        if terminal.wants_keys and not listens:
            self._selector.register(terminal.user, selectors.EVENT_READ)
        elif listens and not terminal.wants_keys:
            self._selector.unregister(terminal.user)

    def _forget(self, relay: Relay) -> None:
        self._selector.unregister(relay.source)
        relay.close()

    def _has_ended(self, running: Running) -> bool:
        process, status = os.waitpid(running.process, os.WNOHANG | os.WUNTRACED)
        if not process:
            return False
        if os.WIFSTOPPED(status):
            self._stop_too(running)
            return False
        running.ended = time.time()
        running.status = status
        self.running.remove(running)
        self._finish(running)
        return True

    def _finish(self, running: Running) -> None:
        """Pass on the rest of what it has written.

        A process that it has left behind may hold its streams open for longer; nobody waits for
        that, see ``_leave_lingering``.
        """
        if running.terminal and running.terminal.user in self._selector.get_map():
            self._selector.unregister(running.terminal.user)
        self._pass_on_what_is_there(running)
        for relay in running.relays:
            if relay.is_open:
                self._selector.unregister(relay.source)
                self._lingering.append(relay)
        if running.terminal:
            running.terminal.close()

    def _pass_on_what_is_there(self, running: Running) -> None:
        for relay in running.relays:
            while relay.is_open and _is_readable(relay.source):
                if not relay.copy():
                    self._forget(relay)

    def _leave_lingering(self) -> None:
        """Let a process of its own pass on what processes left behind may still write.

        Without coaia they would have the streams themselves.
        """
        targets = [relay for relay in self._lingering if relay.target is not None]
        if targets and os.fork() == 0:
            try:
                while targets:
                    targets = [relay for relay in targets if relay.copy()]
            finally:
                os._exit(0)
        for relay in self._lingering:
            relay.close()

    def _stop_too(self, running: Running) -> None:
        """A command was stopped: stop as well, so that the shell takes over; then go on with it."""
        self._pass_on_what_is_there(running)
        if running.terminal:
            running.terminal.give_back()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        if running.terminal:
            os.killpg(os.getpgrp(), signal.SIGTSTP)
        else:
            os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        if running.terminal:
            running.terminal.take()
            running.send(signal.SIGCONT)

    def _forward(self, number: int, _: Any) -> None:
        self.received.append(number)
        if not self.running:
            self._early.append(number)
        by_key = signal.Signals(number).name in _BY_KEY and _has_foreground()
        for running in self.running:
            if not (by_key and running.shares_group):
                running.send(number)
            if number == signal.SIGCONT and running.terminal:
                running.terminal.take()

    def _resize(self, number: int, _: Any) -> None:
        for running in self.running:
            if running.terminal:
                running.terminal.copy_size()
            elif not running.shares_group:
                running.send(number)

    def _look_at_clock(self, *_: Any) -> None:
        for running in self.running:
            left = running.seconds_left()
            if left is not None and left <= 0:
                running.overtake()
        self._set_clock()

    def _set_clock(self) -> None:
        limits = [one.seconds_left() for one in self.running]
        times = [left for left in limits if left is not None]
        if times:
            signal.setitimer(signal.ITIMER_REAL, max(min(times), 0.001))


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 512):
            pass
    except BlockingIOError:
        pass


def _is_readable(descriptor: int) -> bool:
    with selectors.DefaultSelector() as one:
        one.register(descriptor, selectors.EVENT_READ)
        return bool(one.select(0))


def _has_foreground() -> bool:
    try:
        own = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    from coaiapy.running.terminal import in_foreground

    try:
        return in_foreground(own)
    finally:
        os.close(own)
