"""Runs ``coaia`` on a real terminal, and knows what is on its screen."""

import codecs
import errno
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

from processes import COAIA, environment

SECONDS = 200
_PIECES = re.compile(r"\x1b\[(\d*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n])")


class Screen:
    """What a terminal shows of what is written to it, line by line, with all that has scrolled away."""

    def __init__(self, columns):
        self.columns = columns
        self.lines = [""]
        self.row = self.column = 0

    def feed(self, text):
        """Show more."""
        for count, command, start, line, character in _PIECES.findall(text):
            if start:
                self.column = 0
            elif line:
                self._down()
            elif character:
                self._put(character)
            else:
                self._obey(command, int(count or 1))

    def _down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def _put(self, character):
        if self.column == self.columns:
            self.column = 0
            self._down()
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
        self.column += 1

    def _obey(self, command, count):
        if command == "A":
            self.row = max(0, self.row - count)
        elif command == "K":
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif command == "J":
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        else:
            assert command == "m", "unknown to this screen: " + command

    def shown(self):
        """Return the lines that are not empty."""
        return [line.rstrip() for line in self.lines if line.strip()]


class ScreenTerminal:
    """``coaia WORD...`` on a terminal of this size; a context manager, which ends it."""

    def __init__(self, words, lines=24, columns=80, **variables):
        self.screen = Screen(columns)
        self.written = ""
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._words, self._size = words, (lines, columns)
        self._variables = dict({"TERM": "xterm"}, **variables)

    def __enter__(self):
        known = environment(**self._variables)
        reading, writing = os.pipe()
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.read(reading, 1)  # until the terminal has its size
            os.execve(COAIA[0], COAIA + self._words, known)
        self.resize(*self._size)
        os.write(writing, b".")
        os.close(reading)
        os.close(writing)
        return self

    def __exit__(self, *exc):
        os.close(self.terminal)
        if self.child:
            os.waitpid(self.child, 0)

    def resize(self, lines, columns):
        """Give the terminal another size."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.columns = columns

    def type(self, keys):
        """Send keys."""
        os.write(self.terminal, keys.encode("utf-8"))

    def until(self, reached):
        """Read until ``reached()`` is true, or until the program has ended."""
        deadline = time.monotonic() + SECONDS
        while not reached():
            assert time.monotonic() < deadline, "on the screen: {}".format(self.screen.shown())
            if select.select([self.terminal], [], [], 0.02)[0] and not self._read():
                return

    def _read(self):
        try:
            data = os.read(self.terminal, 65536)
        except OSError as error:
            assert error.errno == errno.EIO
            return False
        text = self._decoder.decode(data)
        self.written += text
        self._rest += text
        whole = re.match(r"(?:[^\x1b]|\x1b\[\d*[A-Za-z])*", self._rest).group()
        self._rest = self._rest[len(whole) :]
        self.screen.feed(whole)
        return bool(data)

    def finish(self):
        """Read until the program has ended; return its exit code."""
        self.until(lambda: False)
        child, self.child = self.child, 0
        status = os.waitpid(child, 0)[1]
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
