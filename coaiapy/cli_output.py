"""What a command writes: JSON on stdout, a text on stdout or in a file."""

import json
import os
from typing import IO, Any, Iterable, Optional

from coaiapy.cli_streams import Context
from coaiapy.config.settings import Settings
from coaiapy.errors import StateError
from coaiapy.util.files import write_output
from coaiapy.util.formats.json_values import json_line


def print_json(context: Context, value: Any) -> None:
    """Print ``value`` as JSON, for people and programs."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if not _can_show(context.stdout, text):
        text = json.dumps(value, indent=2)
    context.say(text)


def print_json_lines(context: Context, values: Iterable[Any]) -> None:
    """Print each of ``values`` as JSON on a line of its own."""
    for value in values:
        line = json_line(value)
        context.say(line if _can_show(context.stdout, line) else json.dumps(value))


def _can_show(stream: IO[str], text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeError:
        return False
    return True


def check_output(path: Optional[str]) -> None:
    """Raise ``StateError`` if ``path`` cannot be written; asked before a service is paid for."""
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


def note_source(context: Context, settings: Settings) -> None:
    """Say so if what is shown comes from no server."""
    if settings.is_local:
        context.note("read from the local journal")
