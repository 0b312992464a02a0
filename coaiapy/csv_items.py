"""Reads CSV files whose rows are imported as records."""

import csv
import io
from typing import IO, Any, Callable, Iterator, List

from coaiapy.errors import UsageError
from coaiapy.item_files import EMPTY, Item


def csv_items(
    stream: IO[bytes], value: Callable[[str, str], Any], delimiter: str = ","
) -> Iterator[Item]:
    """Yield each row as a dict with the header's names as keys.

    ``value(column, cell)`` converts a cell; an empty cell is ``None``. Empty lines are skipped. A
    row with more or fewer cells than the header is an item with a ``problem``: the file may have
    been cut off. Raises ``UsageError`` for a file that is not UTF-8, not CSV or empty.
    """
    try:
        text = stream.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("the CSV is not UTF-8 text: save it as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: List[str] = []
    number = 0
    try:
        for cells in filter(None, reader):
            if not header:
                header = [cell.strip() for cell in cells]
                continue
            number += 1
            if len(cells) == len(header):
                said = {
                    name: value(name, cell) if cell else None for name, cell in zip(header, cells)
                }
                yield Item(number, reader.line_num, said)
            else:
                message = "the number of cells is {}, but the header has {}: make them equal"
                problem = message.format(len(cells), len(header))
                yield Item(number, reader.line_num, None, problem=problem)
    except csv.Error as error:
        raise UsageError("line {} is not CSV: {}".format(reader.line_num, error)) from error
    if not header:
        raise UsageError(EMPTY)
