"""Tables for a terminal: columns are aligned, and cut to its width if necessary."""

import os.path
import re
from typing import Any, Collection, Iterable, List, NamedTuple, Sequence

from coaiapy.util.formats.tables.widths import cut, padded, width_of
from coaiapy.util.text.wording import one_line

GAP = 2
NARROWEST = 8
SHORTEST_ID = 8


class Fitted(NamedTuple):
    """A table that fits a terminal, and the headers of the columns that are left out of it."""

    text: str
    hidden: List[str]


def table(rows: Iterable[Sequence[Any]], headers: Sequence[str]) -> str:
    """Return rows under headers, as wide as what is in them."""
    return _drawn(_cells(rows), headers)


def fitted(
    rows: Iterable[Sequence[Any]],
    headers: Sequence[str],
    width: int,
    whole: Collection[str] = (),
    ids: Collection[str] = (),
) -> Fitted:
    """Return rows under headers, made to fit ``width`` columns if there are rows.

    First the columns with headers in ``ids`` are shortened, to beginnings that still tell the rows
    apart; then empty columns are left out; then the widest columns are cut, except those in
    ``whole``, which people copy. If that does not help, each row is shown as a block with one value
    on each line.
    """
    cells = _cells(rows)
    if not cells or _total(_widths(cells, headers)) <= width:
        return Fitted(_drawn(cells, headers), [])
    short = _cut_to(cells, _limits(cells, headers, width, _id_floors(cells, headers, ids)))
    if _total(_widths(short, headers)) <= width:
        return Fitted(_drawn(short, headers), [])
    shown = [index for index in range(len(headers)) if any(row[index] for row in cells)]
    hidden = [header for index, header in enumerate(headers) if index not in shown]
    headers = [headers[index] for index in shown]
    cells = [[row[index] for index in shown] for row in cells]
    floors = _id_floors(cells, headers, ids)
    short = _cut_to(cells, _limits(cells, headers, width, floors))
    floors = [
        wide if header in whole else min(wide, max(NARROWEST, width_of(header)))
        for header, wide in zip(headers, _widths(short, headers))
    ]
    short = _cut_to(short, _limits(short, headers, width, floors))
    if _total(_widths(short, headers)) <= width:
        return Fitted(_drawn(short, headers), hidden)
    return Fitted("\n\n".join(_record(row, headers) for row in cells), hidden)


def _cells(rows: Iterable[Sequence[Any]]) -> List[List[str]]:
    return [[_one_line(cell) for cell in row] for row in rows]


def _drawn(cells: List[List[str]], headers: Sequence[str]) -> str:
    widths = _widths(cells, headers)
    lines = [list(headers), ["-" * wide for wide in widths]] + cells
    return "\n".join(_line(line, widths) for line in lines)


def _cut_to(cells: List[List[str]], limits: List[int]) -> List[List[str]]:
    return [[cut(cell, limit) for cell, limit in zip(row, limits)] for row in cells]


def _id_floors(cells: List[List[str]], headers: Sequence[str], ids: Collection[str]) -> List[int]:
    """Return how narrow each column may become while only ids are shortened."""
    return [
        max(_needed({row[index] for row in cells}), width_of(header)) if header in ids else wide
        for index, (header, wide) in enumerate(zip(headers, _widths(cells, headers)))
    ]


def _needed(texts: Collection[str]) -> int:
    """Return how many columns tell different texts apart, with one for the mark of a cut."""
    ordered = sorted(texts)
    common = [os.path.commonprefix(pair) for pair in zip(ordered, ordered[1:])]
    return max([SHORTEST_ID] + [width_of(prefix) + 1 for prefix in common]) + 1


def _record(row: List[str], headers: Sequence[str]) -> str:
    wide = max(map(width_of, headers))
    return "\n".join(_line([name, cell], [wide, 0]) for name, cell in zip(headers, row) if cell)


def _total(widths: List[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _line(cells: Sequence[str], widths: List[int]) -> str:
    return (" " * GAP).join(map(padded, cells, widths)).rstrip()


def _one_line(cell: Any) -> str:
    return "" if cell is None else one_line(" ".join(str(cell).split()))


def _widths(cells: List[List[str]], headers: Sequence[str]) -> List[int]:
    return [
        max([width_of(header)] + [width_of(row[index]) for row in cells])
        for index, header in enumerate(headers)
    ]


def _limits(
    cells: List[List[str]], headers: Sequence[str], width: int, floors: List[int]
) -> List[int]:
    """Return the width of each column: the widest are reduced first, but not below their floor."""
    widths = _widths(cells, headers)
    for _ in range(_total(widths) - width):
        spare = [wide - floor for wide, floor in zip(widths, floors)]
        widest = max(range(len(widths)), key=lambda index: (spare[index] > 0, widths[index]))
        if spare[widest] <= 0:
            break
        widths[widest] -= 1
    return widths


def markdown_text(text: str) -> str:
    """Return a text on one line that means nothing to Markdown, in a table or elsewhere, or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#~@&])", r"\\\1", one_line(text))


def markdown_code(text: str) -> str:
    """Return a text as code on one line, in more backquotes than it has in a row."""
    longest = max([len(run) for run in re.findall("`+", text)] or [0])
    fence = "`" * (longest + 1)
    return "{0} {1} {0}".format(fence, one_line(text))
