"""An interactive bash on a real terminal, in which ``coaia`` is the program itself."""

import fcntl
import os
import pty
import select
import shlex
import struct
import sys
import termios
import time

from processes import environment

PROMPT = "ready> "
SECONDS = 200
COAIA = "{} -m coaiapy".format(shlex.quote(sys.executable))


class ShellTerminal:
    """Types into bash; a context manager, which ends the shell."""

    def __enter__(self):
        self.screen = ""
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            known = environment(TERM="dumb", PS1=PROMPT, HISTFILE="")
            os.execvpe("bash", ["bash", "--noprofile", "--norc", "-i"], known)
        self.resize(24, 80)
        self.until(PROMPT)
        self.enter("alias coaia={}".format(shlex.quote(COAIA)))
        return self

    def __exit__(self, *exc):
        os.close(self.terminal)
        os.waitpid(self.child, 0)

    def resize(self, lines, columns):
        """Give the terminal another size."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, keys):
        """Send keys, without Enter."""
        os.write(self.terminal, keys.encode("utf-8"))

    def enter(self, line):
        """Type a line; return what is on the screen until the next prompt."""
        self.type(line + "\n")
        return self.until(PROMPT)

    def until(self, text):
        """Read the screen until ``text`` is there; return what came with it."""
        deadline = time.monotonic() + SECONDS
        while text not in self.screen:
            assert time.monotonic() < deadline, "on the screen: " + self.screen
            if select.select([self.terminal], [], [], 0.02)[0]:
                self.screen += os.read(self.terminal, 65536).decode("utf-8", "replace")
        end = self.screen.index(text) + len(text)
        found, self.screen = self.screen[:end], self.screen[end:]
        return found
