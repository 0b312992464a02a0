"""Reads CSV files whose rows are imported as records, in the dialects that spreadsheets write."""

import codecs
import csv
import io
import re
from typing import IO, Any, Callable, Iterator, List, NamedTuple

from coaiapy.columns import Columns
from coaiapy.errors import UsageError
from coaiapy.item_files import EMPTY, Item
from coaiapy.notes import Note, ignore_note

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars (|)"}
# Spreadsheets write such a line before the header to name the separator.
_NAMED_SEPARATOR = re.compile(r'"?sep=(.)"?[ \t]*\r?\n')
_QUOTED = re.compile(r'"[^"]*"')
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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
    rows = _rows(_decoded(stream.read()), note)
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


def _decoded(content: bytes) -> str:
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
