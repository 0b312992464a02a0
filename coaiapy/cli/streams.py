"""The streams that a command is given, and writing to whatever they turn out to be."""

import io
import os
import sys
from typing import IO, Any, List, NamedTuple, Optional

from coaiapy.errors import StateError, UsageError
from coaiapy.util.text.wording import visible

_UNCOLORED = "\x1b[0m"


class Answer(Exception):
    """The command line asked for a text (help, version) instead of an action."""


class Context(NamedTuple):
    """The terminal as a command sees it, and what the user wishes to see there.

    Tests pass their own streams. ``color`` is ``auto``, ``always`` or ``never``. ``talk`` gets
    the last line that is said on stderr, if somebody wants to know it.
    """

    stdin: IO[str]
    stdout: IO[str]
    stderr: IO[str]
    env_file: Optional[str] = None
    quiet: bool = False
    utc: bool = False
    color: str = "auto"
    json_errors: bool = False
    talk: Optional[List[str]] = None

    def say(self, text: str) -> None:
        """Write one line of data to stdout."""
        write_text(self.stdout, text + "\n")

    def paint(self, text: str, color: str) -> None:
        """Write one line of data in a color, the escape sequence of which is given."""
        write_raw(self.stdout, "{}{}{}\n".format(color, visible(text), _UNCOLORED))

    def note(self, text: str) -> None:
        """Write one line of talk to stderr, unless ``--quiet`` is on."""
        if not self.quiet:
            self._talk(text)

    @property
    def unquiet(self) -> "Context":
        """The same without ``--quiet``, for what a person must see who is asked about it."""
        return self._replace(quiet=False)

    def warn(self, sentence: str) -> None:
        """Say what is wrong though the command goes on, also if ``--quiet`` is on."""
        self._talk(sentence, "coaia: ")

    def _talk(self, text: str, whose: str = "") -> None:
        """Write a line in which nothing steers a terminal or a log's viewer.

        What cannot be said does not stop what is done: stderr may be full, or its reader gone.
        """
        try:
            write_text(self.stderr, whose + visible(text) + "\n")
            flush(self.stderr)  # before Python 3.9 an error would come at the very end only
        except (BrokenPipeError, StateError):
            pass
        if self.talk is not None:
            self.talk[:] = [text]

    @property
    def local_times(self) -> bool:
        """Whether times are shown in local time: where a person reads them."""
        return is_terminal(self.stdout) and not self.utc

    @property
    def colored(self) -> bool:
        """Whether what stands out is colored."""
        return self._colors(self.stdout)

    @property
    def colored_talk(self) -> bool:
        """The same for what is said on stderr."""
        return self._colors(self.stderr)

    def _colors(self, stream: IO[str]) -> bool:
        if self.color == "auto":
            plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
            return is_terminal(stream) and not plain
        return self.color == "always"

    def prompt(self, question: str) -> None:
        """Write a question to stderr, and leave the cursor behind it."""
        write_text(self.stderr, visible(question))
        flush(self.stderr)


def standard_context() -> Context:
    """Return the streams of this process."""
    return Context(
        _utf8_in_c_locale(sys.stdin, "r"),
        _utf8_in_c_locale(sys.stdout, "w"),
        _utf8_in_c_locale(sys.stderr, "w"),
    )


def _utf8_in_c_locale(stream: Any, mode: str) -> Any:
    """Open ``stream`` anew as UTF-8 where the C locale made it ASCII, as Python 3.7 does itself."""
    if stream is None:  # a program without a console
        return io.StringIO()
    encoding = str(getattr(stream, "encoding", "")).lower()
    if encoding not in ("ascii", "us-ascii", "ansi_x3.4-1968") or "PYTHONIOENCODING" in os.environ:
        return stream
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return stream
    return open(descriptor, mode, 1, "utf-8", "surrogateescape", closefd=False)


def write_text(stream: IO[str], text: str) -> None:
    """Write ``text``; what the stream's encoding cannot say is written as an escape.

    So is what could steer a terminal, where one is there. A file or a pipe gets it as it is.
    Raises ``StateError`` when the disk below the stream is full, ``BrokenPipeError`` when its
    reader has left.
    """
    write_raw(stream, visible(text) if is_terminal(stream) else text)


def write_raw(stream: IO[str], text: str) -> None:
    """Write ``text`` with whatever steers a terminal in it, for which the caller vouches."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    except OSError as error:
        raise _lost(stream, error) from error


def write_bytes(stream: Any, data: bytes) -> None:
    """Write ``data`` as it is, below the text layer of ``stream``; nothing is added or changed.

    A stream without bytes below, as apps have them, and a terminal take text only: raises
    ``UsageError`` for what is none.
    """
    below = getattr(stream, "buffer", None)
    if below is not None and not is_terminal(stream):
        flush(stream)
        try:
            below.write(data)
        except OSError as error:
            raise _lost(stream, error) from error
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError(
            "these {} bytes are not text and cannot be shown here: write them to a file".format(
                len(data)
            )
        )
    write_text(stream, text + ("\n" if is_terminal(stream) and not text.endswith("\n") else ""))


def flush(stream: Any) -> None:
    """Write out what is buffered while an error can still be said and counted."""
    try:
        getattr(stream, "flush", lambda: None)()
    except OSError as error:
        raise _lost(stream, error) from error


def _lost(stream: Any, error: OSError) -> Exception:
    """Return what to raise when ``stream`` takes no more, and make Python forget what is left."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (AttributeError, OSError, ValueError):
        pass  # not a stream of the process
    if isinstance(error, BrokenPipeError):
        return error
    return StateError("cannot write the output: {}".format(error.strerror or error))


def is_terminal(stream: Any) -> bool:
    """Tell whether a person is behind ``stream``; some hosts' streams cannot even be asked."""
    return bool(getattr(stream, "isatty", lambda: False)())
