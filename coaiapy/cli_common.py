"""What every command shares: the streams it is given, and how its parser is built."""

import argparse
import os
import sys
from typing import IO, Any, Callable, NamedTuple, Optional, Sequence

from coaiapy.errors import ExitCode, StateError, UsageError


class Context(NamedTuple):
    """The terminal as a command sees it; tests pass their own streams."""

    stdin: IO[str]
    stdout: IO[str]
    stderr: IO[str]
    env_file: Optional[str] = None

    def say(self, text: str) -> None:
        """Write one line of data to stdout."""
        write_text(self.stdout, text + "\n")

    def note(self, text: str) -> None:
        """Write one line of talk to stderr."""
        write_text(self.stderr, text + "\n")


def standard_context() -> Context:
    """Return the streams of this process."""
    return Context(
        _utf8_in_c_locale(sys.stdin, "r"),
        _utf8_in_c_locale(sys.stdout, "w"),
        _utf8_in_c_locale(sys.stderr, "w"),
    )


def _utf8_in_c_locale(stream: Any, mode: str) -> Any:
    """Open ``stream`` anew as UTF-8 where the C locale made it ASCII, as Python 3.7 does itself."""
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

    Raises ``StateError`` when the disk below the stream is full, ``BrokenPipeError`` when its
    reader has left.
    """
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    except OSError as error:
        raise _lost(stream, error) from error


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


Handler = Callable[[argparse.Namespace, Context], Optional[int]]


class Answer(Exception):
    """The command line asked for a text (help, version) instead of an action."""


class ShowHelp(argparse.Action):
    """``--help``: answer with the parser's help, on whatever stream the caller chose."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: Any) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help="show this help")

    def __call__(self, parser: Any, *args: Any, **kwargs: Any) -> None:
        raise Answer(parser.format_help())


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of exiting, and never guesses at a short option."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs["add_help"] = False
        super().__init__(*args, **kwargs)
        self.add_argument("-h", "--help", action=ShowHelp)

    def error(self, message: str) -> Any:
        """Say what is wrong with the command line and where the help is."""
        raise UsageError("{} (see: {} --help)".format(message, self.prog))


def add_command(
    group: Any,
    name: str,
    handler: Handler,
    help: str,
    example: str,
    aliases: Sequence[str] = (),
) -> Parser:
    """Add the command ``name`` to a group's subparsers and return its parser.

    ``help`` is one line; ``example`` is one or more command lines, shown below the options.
    """
    parser = group.add_parser(
        name,
        aliases=list(aliases),
        help=help,
        description=_sentence(help),
        epilog=example_text(example),
    )  # type: Parser
    parser.set_defaults(handler=handler)
    return parser


def add_group(group: Any, name: str, help: str, aliases: Sequence[str] = ()) -> Any:
    """Add a command that only has subcommands, and return its subparsers."""
    parser = group.add_parser(name, aliases=list(aliases), help=help, description=_sentence(help))
    return subcommands(parser)


def subcommands(parser: argparse.ArgumentParser) -> Any:
    """Give ``parser`` subcommands; without one of them it prints its help."""

    def print_help(args: argparse.Namespace, context: Context) -> int:
        write_text(context.stdout, parser.format_help())
        return ExitCode.OK

    parser.set_defaults(handler=print_help)
    return parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)


def read_stdin(context: Context) -> str:
    """Return what was piped in; a terminal is not waited for."""
    if is_terminal(context.stdin):
        raise UsageError("nothing to read on standard input: pipe it in, or name a file")
    return context.stdin.read()


def _sentence(help: str) -> str:
    return help[:1].upper() + help[1:] + "."


def example_text(example: str) -> str:
    """Return the part of a help text that shows command lines, one a line."""
    lines = ["  " + line.strip() for line in example.strip().splitlines()]
    return "\n".join(["example:" if len(lines) == 1 else "examples:"] + lines)
