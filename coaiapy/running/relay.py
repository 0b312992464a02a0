"""Passes on what a command writes, unchanged and at once, and keeps its end."""

import errno
import os
from typing import Optional, Tuple

from coaiapy.running.child import above_streams
from coaiapy.running.tail import Tail

# Tell and set how much Linux may keep in a pipe on its way, in bytes; what an ordinary user may set.
_F_GETPIPE_SZ, _F_SETPIPE_SZ = 1032, 1031
_LARGEST = 1 << 20


class Relay:
    """Copies from the descriptor ``source`` to ``target``; without a target it only keeps the end.

    ``problem`` is why something could not be passed on, such as a full disk; that a reader has left
    is none.
    """

    def __init__(self, source: int, target: Optional[int], tail: Tail) -> None:
        self.source = source
        self.target = target
        self.tail = tail
        self.is_open = True
        self.problem: Optional[OSError] = None

    def copy(self) -> bool:
        """Copy what is there; wait if nothing is. Return false if there will be nothing more.

        That is the end of the stream, or that nobody takes what is written any more. The source is
        to be closed then, which tells the command what it would be told without coaia.
        """
        try:
            data = self.tail.read(self.source)
        except OSError as error:
            if error.errno != errno.EIO:  # so ends a pseudo-terminal
                raise
            return False
        return bool(data) and self.pass_on(data)

    def pass_on(self, data: memoryview) -> bool:
        """Hand on what was read; return false if nobody takes it any more."""
        while self.target is not None and data:
            try:
                data = data[os.write(self.target, data) :]
            except OSError as error:
                if error.errno not in (errno.EPIPE, errno.EBADF, errno.EIO):
                    self.problem = error
                return False
        return True

    def close(self) -> None:
        """Read no more."""
        if self.is_open:
            self.is_open = False
            os.close(self.source)


def pipe() -> Tuple[int, int]:
    """Return both ends of a pipe that holds as much as the system allows at once."""
    reading, writing = (above_streams(end) for end in os.pipe())
    enlarge(writing)
    return reading, writing


def enlarge(descriptor: int) -> None:
    """Let a pipe hold more at once, so that both sides wait for each other less; leave other files."""
    try:
        import fcntl

        if fcntl.fcntl(descriptor, _F_GETPIPE_SZ) < _LARGEST:
            fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _LARGEST)
    except (ImportError, OSError):
        pass  # no pipe, another system, or a limit of this user: it is as good, only slower
