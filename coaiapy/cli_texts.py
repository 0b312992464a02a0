"""Texts in and out of commands: an argument, a file or what is piped in; stdout or a file."""

import os
from typing import Optional

from coaiapy.cli_input import STDIN, read_input
from coaiapy.cli_streams import Context
from coaiapy.errors import StateError, UsageError
from coaiapy.files import write_output


def input_text(context: Context, text: Optional[str], file: Optional[str]) -> str:
    """Return the text of the file, else of the argument, else of standard input (also ``-``).

    Standard input is read only when nothing else is given. An empty text is a ``UsageError``.
    """
    if text is not None and file is not None:
        context.note("TEXT is ignored, because --file was given")
        text = None
    is_given = file is None and text not in (None, STDIN)
    found = str(text) if is_given else read_input(file, context)
    if not found.strip():
        raise UsageError("the text is empty: give it as an argument, with -F FILE or in a pipe")
    return found


def check_output(path: Optional[str]) -> None:
    """Raise ``StateError`` before anything is paid for if ``path`` cannot be written."""
    if path is None:
        return
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise StateError("cannot write {}: it is a folder".format(path))
    if not os.path.isdir(folder):
        raise StateError("cannot write {}: there is no folder {}".format(path, folder))
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise StateError("cannot write {}: permission denied".format(path))


def put_text(context: Context, text: str, path: Optional[str]) -> None:
    """Write ``text`` with one line break at its end to the file, else to stdout."""
    text = text if text.endswith("\n") else text + "\n"
    if path is None:
        context.say(text[:-1])
    else:
        write_output(path, text)
        context.note("written to {}".format(path))
