"""Tables for a terminal: columns are aligned, and cut to its width if necessary."""

import unicodedata
from typing import Any, Collection, Iterable, List, Optional, Sequence, Tuple

from coaiapy.terminal_text import one_line

GAP = 2
NARROWEST = 8

# Unicode: a character after a joiner is drawn as part of the one before it; the second mark makes
# the character before it an emoji, which is two columns wide.
_JOINER = "\u200d"
_AS_PICTURE = "\ufe0f"
_WITHOUT_WIDTH = ("Mn", "Me", "Cf", "Cc")


def table(
    rows: Iterable[Sequence[Any]],
    headers: Sequence[str],
    width: Optional[int] = None,
    whole: Collection[str] = (),
) -> str:
    """Return rows under headers.

    With a ``width`` the table is made to fit: empty columns are left out, then the widest columns
    are cut, except those whose headers are in ``whole`` (ids, which people copy). If it still does
    not fit, each row is shown as a block with one value on each line.
    """
    cells = [[_one_line(cell) for cell in row] for row in rows]
    if width and cells and _total(_widths(cells, headers)) > width:
        headers, cells = _without_empty(headers, cells)
        limits = _limits(cells, headers, width, whole)
        if _total(limits) > width:
            return "\n\n".join(_record(row, headers) for row in cells)
        cells = [[_cut(cell, limit) for cell, limit in zip(row, limits)] for row in cells]
    widths = _widths(cells, headers)
    lines = [list(headers), ["-" * wide for wide in widths]] + cells
    return "\n".join(_line(line, widths) for line in lines)


def _without_empty(headers: Sequence[str], cells: List[List[str]]) -> Tuple[List[str], Any]:
    shown = [index for index in range(len(headers)) if any(row[index] for row in cells)]
    return [headers[index] for index in shown], [[row[index] for index in shown] for row in cells]


def _record(row: List[str], headers: Sequence[str]) -> str:
    wide = max(map(_width, headers))
    return "\n".join(_line([name, cell], [wide, 0]) for name, cell in zip(headers, row) if cell)


def _total(widths: List[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _line(cells: Sequence[str], widths: List[int]) -> str:
    padded = [cell + " " * (wide - _width(cell)) for cell, wide in zip(cells, widths)]
    return (" " * GAP).join(padded).rstrip()


def _one_line(cell: Any) -> str:
    return "" if cell is None else one_line(" ".join(str(cell).split()))


def _widths(cells: List[List[str]], headers: Sequence[str]) -> List[int]:
    return [
        max([_width(header)] + [_width(row[index]) for row in cells])
        for index, header in enumerate(headers)
    ]


def _limits(
    cells: List[List[str]], headers: Sequence[str], width: int, whole: Collection[str]
) -> List[int]:
    """Return the width of each column: the widest are reduced first, but not below the header."""
    widths = _widths(cells, headers)
    floors = [
        wide if header in whole else max(NARROWEST, _width(header))
        for header, wide in zip(headers, widths)
    ]
    for _ in range(_total(widths) - width):
        spare = [wide - floor for wide, floor in zip(widths, floors)]
        widest = max(range(len(widths)), key=lambda index: (spare[index] > 0, widths[index]))
        if spare[widest] <= 0:
            break
        widths[widest] -= 1
    return widths


def _width(text: str) -> int:
    """Return how many terminal columns ``text`` takes."""
    try:
        return len(text.encode("ascii"))
    except UnicodeEncodeError:
        return sum(_places(last, character) for last, character in zip("\0" + text, text))


def _places(last: str, character: str) -> int:
    """Return how many terminal columns ``character`` adds after the character ``last``."""
    if last == _JOINER:
        return 0
    if character == _AS_PICTURE:
        return 2 - _places("", last)
    if unicodedata.category(character) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cut(text: str, limit: int) -> str:
    if _width(text) <= limit:
        return text
    kept = ""
    for character in text:
        if _width(kept + character) >= limit:
            break
        kept += character
    return kept + "…"
