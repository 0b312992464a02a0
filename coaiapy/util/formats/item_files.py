"""Reads files of items: JSON, JSON Lines, YAML and CSV, with all mistakes of a file in one error.

A file is read only once, so that it may be a pipe. JSON Lines are read line by line, so that there
may be any number of them.
"""

import codecs
import csv
import functools
import io
import itertools
import json
import re
from typing import IO, Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional

from coaiapy.errors import UsageError
from coaiapy.util.formats import json_values, line_numbers, yaml_values
from coaiapy.util.formats.columns import Columns
from coaiapy.util.text.notes import Note, ignore_note
from coaiapy.util.text.wording import cut_repr, listed, share

FORMATS = ("json", "jsonl", "yaml")
EMPTY = "it is empty"
_ENDINGS = {"json": "json", "jsonl": "jsonl", "ndjson": "jsonl", "yaml": "yaml", "yml": "yaml"}
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars (|)"}
# Spreadsheets write such a line before the header to name the separator.
_NAMED_SEPARATOR = re.compile(r'"?sep=(.)"?[ \t]*\r?\n')
_QUOTED = re.compile(r'"[^"]*"')
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MAX_SHOWN = 20
# The most bytes of a line of JSON Lines, and of a whole file of another format: a device has no end.
_LONGEST_LINE = 64 << 20
_LARGEST = 512 << 20
# The most places that are named for one mistake.
_PLACES = 3


class Item(NamedTuple):
    """An item of a file: its number (from 1), its line if that is known, and its value.

    For JSON Lines ``text`` is its line. ``problem`` says why the line cannot be read; there is no
    value then. ``line_of`` returns the line of an item by its number; it is ``None`` if ``line``
    is known.
    """

    number: int
    line: Optional[int]
    values: Any
    text: Optional[str] = None
    problem: Optional[str] = None
    line_of: Optional[Callable[[int], int]] = None

    @property
    def place(self) -> str:
        """The item's place for messages."""
        if self.line is not None:
            return "line {}".format(self.line)
        return "item {}".format(self.number)

    def fields(self, what: str) -> Dict[str, Any]:
        """Return the value if it is an object, else ``UsageError``; ``what`` begins its message."""
        if self.problem is not None:
            raise UsageError(self.problem)
        if not isinstance(self.values, dict):
            shown = cut_repr(self.values)
            raise UsageError("{} is an object, not {}".format(what, shown))
        return self.values


def read_items(stream: IO[bytes], name: str = "", format: Optional[str] = None) -> Iterator[Item]:
    """Return the items in ``stream``.

    Without ``format`` the extension of ``name`` or the content tells the format. Raises
    ``UsageError`` for a file that cannot be read; a bad line of JSON Lines only makes an item with
    a ``problem``.
    """
    head = _head(stream)
    format = format or _guess_format(name, head[-1])
    if format == "jsonl":
        lines = iter(lambda: _line(stream), b"")
        return _json_lines(itertools.chain(head, lines))
    text = _decoded(b"".join(head) + _whole(stream))
    if format == "yaml":
        places = functools.lru_cache(maxsize=None)(lambda: yaml_values.item_lines(text))
        return _numbered(_yaml(text), lambda number: places()[number - 1])
    place_of = functools.lru_cache(maxsize=None)(lambda: line_numbers.json_places(text))
    return _numbered(_json(text), lambda number: place_of()([number - 1]).line)


def _line(stream: IO[bytes]) -> bytes:
    line = stream.readline(_LONGEST_LINE + 1)
    if len(line) > _LONGEST_LINE:
        raise UsageError("a line of it is longer than {} MB".format(_LONGEST_LINE >> 20))
    return line


def _whole(stream: IO[bytes]) -> bytes:
    content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UsageError("it is larger than {} MB: divide it".format(_LARGEST >> 20))
    return content


def _head(stream: IO[bytes]) -> List[bytes]:
    """Return the lines up to the first that is not blank, without a byte-order mark."""
    first = _line(stream)
    if first.startswith(codecs.BOM_UTF8):
        first = first[len(codecs.BOM_UTF8) :]
    head = [first]
    while head[-1].isspace():
        head.append(_line(stream))
    return head


def _guess_format(name: str, first: bytes) -> str:
    """Return the format of a file by its extension, else by the first line that is not blank."""
    by_ending = _ENDINGS.get(name.rpartition(".")[2].lower())
    if by_ending and by_ending != "json":
        return by_ending
    first = first.strip()
    if first.startswith(b"{") and _is_json(first):
        return "jsonl"
    if first.startswith((b"{", b"[")):
        return "json"
    return by_ending or "yaml"


def _json_lines(stream: Iterable[bytes]) -> Iterator[Item]:
    count = 0
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        count += 1
        yield _line_item(count, number, line)
    if not count:
        raise UsageError(EMPTY)


def _line_item(number: int, line: int, content: bytes) -> Item:
    try:
        text = content.decode("utf-8").strip()
        return Item(number, line, json_values.parse_unique(text), text)
    except UnicodeDecodeError:
        problem = "not UTF-8 text: save the file as UTF-8"
    except json.JSONDecodeError as error:
        column = error.colno + len(content) - len(content.lstrip())
        what = re.sub(r"( starting)? at\Z", "", error.msg)  # where some of Python's sentences end
        problem = "not JSON: {} at column {}".format(what, column)
    except json_values.DuplicateKeyError as error:
        problem = str(error)
    except ValueError as error:
        problem = "not JSON: {}".format(error)
    return Item(number, line, None, problem=problem)


def _numbered(parsed: Iterable[Any], line_of: Callable[[int], int]) -> Iterator[Item]:
    for number, values in enumerate(parsed, 1):
        yield Item(number, None, values, line_of=line_of)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            "line {} is not UTF-8 text: save the file as UTF-8".format(line)
        ) from error


def _json(text: str) -> List[Any]:
    if not text.strip():
        raise UsageError(EMPTY)
    try:
        return _as_list(json_values.parse_unique(text))
    except json_values.DuplicateKeyError as error:
        doubled = line_numbers.doubled_key(text)
        place = "line {}: ".format(doubled.line) if doubled else ""
        raise UsageError("{}{}".format(place, error)) from error
    except ValueError as error:
        hint = " (--format jsonl expects one object per line)" if "Extra data" in str(error) else ""
        raise UsageError("this is not JSON: {}{}".format(error, hint)) from error


def _yaml(text: str) -> List[Any]:
    """Return the items of every document of a YAML text."""
    try:
        # Times stay texts: they are parsed by the rules of coaiapy/util/times.py.
        documents = yaml_values.load_all(text, "timestamp")
    except yaml_values.NotYamlError as error:
        place = "line {}".format(error.line) if error.line else "this"
        raise UsageError("{} is not YAML: {}".format(place, error.problem)) from error
    except ValueError as error:
        raise UsageError(
            "this YAML contains a value that cannot be stored: {}".format(error)
        ) from error
    said = [document for document in documents if document is not None]
    if not said:
        raise UsageError(EMPTY)
    return [item for document in said for item in _as_list(document)]


def _as_list(parsed: Any) -> List[Any]:
    return parsed if isinstance(parsed, list) else [parsed]


def _is_json(text: bytes) -> bool:
    try:
        json_values.parse(text.decode("utf-8"))
    except ValueError:
        return False
    return True


class _Row(NamedTuple):
    line: int
    cells: List[str]


def csv_items(
    stream: IO[bytes],
    columns: Columns,
    value: Callable[[str, str], Any],
    note: Note = ignore_note,
) -> Iterator[Item]:
    """Yield each row as a dict with the names of ``columns`` as keys.

    ``value(column, cell)`` converts a cell; an empty cell is ``None``. The header tells whether the
    cells are separated by commas, semicolons, tabs or bars; ``note`` is told if it is not commas.
    Rows without any text, and columns without any text, are skipped. A row with more or fewer cells
    than the header is an item with a ``problem``: the file may have been cut off. Raises
    ``UsageError`` for a file that is not text, not CSV or empty, and for a header that ``columns``
    refuses.
    """
    rows = _rows(_decoded_csv(_whole(stream)), note)
    if not rows:
        raise UsageError(EMPTY)
    named = [cell.strip() for cell in rows[0].cells]
    header = columns.header(named)
    _check_nameless(named, rows[1:])
    for number, row in enumerate(rows[1:], 1):
        if len(row.cells) != len(header):
            message = "the number of cells is {}, but the header has {}: make them equal"
            problem = message.format(len(row.cells), len(header))
            yield Item(number, row.line, None, problem=problem)
            continue
        yield _item(number, row, header, value)


def _item(number: int, row: _Row, header: List[str], value: Callable[[str, str], Any]) -> Item:
    said = {}
    for name, cell in zip(header, row.cells):
        try:
            if name:
                said[name] = value(name, cell) if cell else None
        except UsageError as error:
            return Item(number, row.line, None, problem="{}: {}".format(name, error))
    return Item(number, row.line, said)


def _decoded_csv(content: bytes) -> str:
    try:
        if content.startswith(_UTF_16):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("the CSV is not UTF-8 text: save it as UTF-8") from error


def _rows(text: str, note: Note) -> List[_Row]:
    """Return the rows with any text; the first is the header.

    Python refuses cells of more than 131,072 characters. Its limit, which belongs to the whole
    process, is raised as long as this file is read.
    """
    named = _NAMED_SEPARATOR.match(text)
    separator = named.group(1) if named else _separator(text)
    if separator != ",":
        note("the cells are separated by {}".format(_SEPARATORS.get(separator, repr(separator))))
    begin = named.end() if named else 0
    before = csv.field_size_limit()
    csv.field_size_limit(max(before, len(text)))
    lines = io.StringIO(text[begin:], newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    extra = 1 if named else 0
    try:
        return [_Row(reader.line_num + extra, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        place = reader.line_num + extra
        raise UsageError("line {} is not CSV: {}".format(place, error)) from error
    finally:
        csv.field_size_limit(before)


def _separator(text: str) -> str:
    """Return the separator that occurs most often in the header, outside of quotes."""
    header = _QUOTED.sub("", text.lstrip("\r\n").partition("\n")[0])
    return max(_SEPARATORS, key=lambda one: (header.count(one), one == ","))


def _check_nameless(named: List[str], rows: List[_Row]) -> None:
    """Raise ``UsageError`` for a column without a name that has texts."""
    for row in rows:
        for place, (name, cell) in enumerate(zip(named, row.cells), 1):
            if cell and not name:
                raise UsageError(
                    "column {} has no name, but line {} has {!r} there: name it in the header, or "
                    "remove it".format(place, row.line, cell[:40])
                )


class RowErrors:
    """Counts the wrong rows of a file, and keeps the first ``MAX_SHOWN`` different mistakes."""

    def __init__(self) -> None:
        self.count = 0
        self._places: Dict[str, List[str]] = {}
        self._untold = 0

    def add(self, place: str, error: Exception) -> None:
        """Add an error at a place such as ``line 3``."""
        self.count += 1
        said = str(error)
        if said in self._places or len(self._places) < MAX_SHOWN:
            self._places.setdefault(said, []).append(place)
        else:
            self._untold += 1

    def check(self, total: int, row: str, undone: str) -> None:
        """Raise ``UsageError`` if there were errors; the same mistake is told once.

        ``row`` and ``undone`` are words for the message, such as "item" and "sent": "2 of 9 items
        are wrong, so nothing was sent".
        """
        if not self.count:
            return
        lines = [
            "{}: {}".format(listed(self._places[said], _PLACES), said) for said in self._places
        ]
        if self._untold:
            lines.append("and {} more".format(self._untold))
        raise UsageError(
            "{} wrong, so nothing was {}:\n  {}".format(
                share(self.count, total, row), undone, "\n  ".join(lines)
            )
        )
