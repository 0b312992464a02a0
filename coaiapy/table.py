"""Rows in columns, as wide as the terminal: wide characters aligned, cells cut only to fit."""

from typing import Any, Iterable, List, Optional, Sequence

GAP = 2
NARROWEST = 8


def table(
    rows: Iterable[Sequence[Any]], headers: Sequence[str], width: Optional[int] = None
) -> str:
    """Return rows under headers; with a ``width`` the widest columns are cut to fit into it."""
    from tabulate import tabulate

    cells = [[_one_line(cell) for cell in row] for row in rows]
    if width:
        limits = _limits(cells, headers, width)
        cells = [[_cut(cell, limit) for cell, limit in zip(row, limits)] for row in cells]
    return str(tabulate(cells, headers=headers, tablefmt="simple", disable_numparse=True))


def _one_line(cell: Any) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _limits(cells: List[List[str]], headers: Sequence[str], width: int) -> List[int]:
    """Return how wide each column may be: the widest give way first, none below its header."""
    widths = [
        max([_width(header)] + [_width(row[index]) for row in cells])
        for index, header in enumerate(headers)
    ]
    floors = [max(NARROWEST, _width(header)) for header in headers]
    excess = sum(widths) + GAP * (len(widths) - 1) - width
    while excess > 0:
        spare = [wide - floor for wide, floor in zip(widths, floors)]
        widest = max(range(len(widths)), key=lambda index: (spare[index] > 0, widths[index]))
        if spare[widest] <= 0:
            break
        widths[widest] -= 1
        excess -= 1
    return widths


def _width(text: str) -> int:
    from wcwidth import wcswidth

    return max(int(wcswidth(text)), 0)


def _cut(text: str, limit: int) -> str:
    if _width(text) <= limit:
        return text
    kept = ""
    for character in text:
        if _width(kept + character) >= limit:
            break
        kept += character
    return kept + "…"
