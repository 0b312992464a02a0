"""Draws the wings of the package and what each imports, from the imports: docs/wings.svg.

A line leads from a wing down to one that it imports from. A line is left out where others lead the
same way: what ``cli`` imports of ``util``, it could also get through ``checks``.

    python tools/make_wings.py
"""

import sys
from functools import partial
from math import fsum
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Set, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from tests.project import test_architecture as architecture  # noqa: E402

PICTURE = ROOT / "docs" / "wings.svg"
START = {"__init__", "__main__"}

Arrows = Dict[str, Set[str]]

# In pixels: a box, the way between two rows, the way between two boxes or lines of one row.
LETTER, PADDING, BOX = 7.5, 26, 30
STEP, APART, LINE = 66, 30, 12
MARGIN, HEAD = 28, 66
LINES_FIRST = 4  # how much more a bend in a line counts than a box beside its middle
SWEEPS, ORDERING = 300, 20


class Panel:
    """Boxes in rows, from the top down, and where each stands."""

    def __init__(self, title: str, rows: List[List[str]], arrows: Arrows) -> None:
        self.title = title
        self.rows = [list(row) for row in rows]
        self.arrows = arrows
        self.ways: List[List[str]] = []
        self.beside: Dict[str, List[str]] = {name: [] for row in rows for name in row}
        row_of = {name: number for number, row in enumerate(rows) for name in row}
        for name in sorted(arrows):
            for other in sorted(arrows[name]):
                self._lead(name, other, row_of)
        self.x = {name: 0.0 for row in self.rows for name in row}
        self._arrange()

    def _lead(self, name: str, other: str, row_of: Dict[str, int]) -> None:
        """Give the line a place of its own in each row that it only passes."""
        way = [name]
        for row in range(row_of[name] + 1, row_of[other]):
            way.append("{} {} {}".format(name, other, row))
            self.rows[row].append(way[-1])
        way.append(other)
        for one, next_one in zip(way, way[1:]):
            self.beside.setdefault(one, []).append(next_one)
            self.beside.setdefault(next_one, []).append(one)
        self.ways.append(way)

    def _arrange(self) -> None:
        """Move everything towards the middle of what it is joined with, until it settles."""
        for sweep in range(SWEEPS):
            for row in self.rows if sweep % 2 else self.rows[::-1]:
                wanted = {name: self._wanted(name) for name in row}
                if sweep < ORDERING:
                    row.sort(key=lambda name: (wanted[name], name))
                self._place(row, wanted)
        left = min(self.x[name] - width_of(name) / 2 for row in self.rows for name in row)
        self.x = {name: x - left for name, x in self.x.items()}

    def _wanted(self, name: str) -> float:
        near = [self.x[one] for one in self.beside[name]]
        return fsum(near) / len(near) if near else self.x[name]

    def _place(self, row: List[str], wanted: Dict[str, float]) -> None:
        """Give each its place without overlaps, as near as a row of this order can be."""
        before = 0.0
        for i, name in enumerate(row):
            least = before + space_between(row[i - 1], name) if i else wanted[name]
            self.x[name] = before = max(wanted[name], least)
        weights = [LINES_FIRST if is_line(name) else 1 for name in row]
        off = fsum(
            (self.x[name] - wanted[name]) * weight for name, weight in zip(row, weights)
        ) / fsum(weights)
        for name in row:
            self.x[name] -= off

    def size(self) -> Tuple[float, float]:
        """Return width and height, in pixels."""
        right = max(self.x[name] + width_of(name) / 2 for row in self.rows for name in row)
        return right, HEAD + STEP * (len(self.rows) - 1) + BOX


def is_line(name: str) -> bool:
    """Whether this is the place of a line in a row that it passes, rather than a box."""
    return " " in name


def width_of(name: str) -> float:
    return LINE if is_line(name) else len(name) * LETTER + PADDING


def space_between(one: str, other: str) -> float:
    return (width_of(one) + width_of(other)) / 2 + APART


def panels() -> List[Panel]:
    """Return the whole, and each wing that has an order of its own."""
    rows = [set(line.split()) - START for line in architecture.WINGS.split("\n")]
    whole = arrows_between(lambda module: module.split(".")[0])
    found = [Panel("coaiapy", [sorted(row) for row in reversed(rows) if row], without(whole))]
    for wing, parts in sorted(architecture.INSIDE.items(), reverse=True):
        inside = arrows_between(partial(part_of, wing, parts))
        found.append(Panel(wing, rows_of(inside, set(map(shown, parts))), without(inside)))
    return found


def part_of(wing: str, parts: Dict[str, str], module: str) -> str:
    """Return the part of ``wing`` that has the module, an empty text if none has."""
    names = module.split(".")
    if names[0] != wing or len(names) < 2:
        return ""
    return shown(names[1] if names[1] in parts else "SHARED")


def shown(part: str) -> str:
    return "shared" if part == "SHARED" else part


def arrows_between(group_of: Callable[[str], str]) -> Arrows:
    """Return what each group of modules imports from."""
    found: Arrows = {}
    for module, name in architecture.arrows():
        one, other = group_of(module), group_of(name)
        if one and other and one != other and not {one, other} & START:
            found.setdefault(one, set()).add(other)
    return found


def without(arrows: Arrows) -> Arrows:
    """Return the arrows without those that say what others say together."""
    return {
        one: {
            other
            for other in others
            if not any(other in all_below(arrows, way) for way in others - {other})
        }
        for one, others in arrows.items()
    }


def all_below(arrows: Arrows, name: str) -> Set[str]:
    near = arrows.get(name, set())
    return near.union(*(all_below(arrows, one) for one in near))


def rows_of(arrows: Arrows, parts: Set[str]) -> List[List[str]]:
    """Return the rows, from the top down: each part is one above the highest that it imports."""

    def height(part: str) -> int:
        return 1 + max((height(one) for one in arrows.get(part, ())), default=-1)

    top = max(map(height, parts))
    return [sorted(one for one in parts if height(one) == row) for row in range(top, -1, -1)]


STYLE = """
.page { fill: #f6f8fa; stroke: #d1d9e0 }
.way { fill: none; stroke: #8c959f; stroke-width: 1.3 }
.head { fill: #8c959f }
.box { fill: #ffffff; stroke: #0550ae }
text { fill: #1f2328; text-anchor: middle }
.title { fill: #1a7f37; font-weight: bold; text-anchor: start }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117; stroke: #3d444d }
  .way { stroke: #6e7681 }
  .head { fill: #6e7681 }
  .box { fill: #151b23; stroke: #79c0ff }
  text { fill: #d1d7e0 }
  .title { fill: #3fb950 }
}
"""
HEADS = (
    '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path class="head" d="M0 0.5 L8 4 L0 7.5 Z"/></marker>'
)


def drawn(shown_panels: List[Panel]) -> str:
    """Return the panels as SVG: the first, and the others one below the other beside it."""
    first, others = shown_panels[0], shown_panels[1:]
    beside = first.size()[0] + 2 * MARGIN
    width = round(beside + max(one.size()[0] for one in others) + MARGIN)
    height = round(max(first.size()[1], sum(one.size()[1] for one in others)) + MARGIN)
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" '
        'font-family="ui-sans-serif, system-ui, Helvetica, Arial, sans-serif" font-size="13">'
    ]
    lines += ["<title>The wings of coaiapy, and what each imports from</title>"]
    lines += ["<style>{}</style>".format(STYLE.replace("{", "{{").replace("}", "}}")), HEADS]
    lines += ['<rect class="page" x="0.5" y="0.5" width="{2}" height="{3}" rx="8"/>']
    lines += _panel(first, MARGIN, 0)
    top = 0.0
    for one in others:
        lines += _panel(one, beside, top)
        top += one.size()[1]
    return "\n".join(lines + ["</svg>", ""]).format(width, height, width - 1, height - 1)


def _panel(panel: Panel, left: float, top: float) -> Iterator[str]:
    yield '<text class="title" x="{:.0f}" y="{:.0f}">{}</text>'.format(
        left, top + HEAD - 28, panel.title
    )
    row_of = {name: number for number, row in enumerate(panel.rows) for name in row}
    place = {name: (left + panel.x[name], top + HEAD + STEP * row_of[name]) for name in row_of}
    for way in panel.ways:
        yield '<path class="way" marker-end="url(#head)" d="{}"/>'.format(
            _curve([place[name] for name in way])
        )
    for name in panel.beside:
        if not is_line(name):
            x, y = place[name]
            yield '<rect class="box" x="{:.0f}" y="{:.0f}" width="{:.0f}" height="{}" rx="6"/>'.format(
                x - width_of(name) / 2, y, width_of(name), BOX
            )
            yield '<text x="{:.0f}" y="{:.0f}">{}</text>'.format(x, y + 19.5, name)


def _curve(corners: List[Tuple[float, float]]) -> str:
    """Lead from below the first box to the top of the last, smoothly through what is between."""
    points = [(x, y + BOX / 2) for x, y in corners]
    points[0], points[-1] = (corners[0][0], corners[0][1] + BOX), corners[-1]
    (first_x, first_y), (last_x, last_y) = points[0], points[-1]
    around = [(first_x, first_y - STEP)] + points + [(last_x, last_y + STEP)]
    said = "M{:.0f} {:.0f}".format(*points[0])
    for before, start, end, after in zip(around, around[1:], around[2:], around[3:]):
        down = (end[1] - start[1]) / 2.5
        bends = (
            start[0] + down * slope(before, end),
            start[1] + down,
            end[0] - down * slope(start, after),
            end[1] - down,
        )
        said += " C" + " ".join("{:.0f}".format(number) for number in bends + end)
    return said


def slope(one: Tuple[float, float], other: Tuple[float, float]) -> float:
    """How far a line leads to the side for each pixel that it leads down."""
    return (other[0] - one[0]) / (other[1] - one[1])


if __name__ == "__main__":
    PICTURE.write_text(drawn(panels()), encoding="utf-8")
    print("drawn: {}".format(PICTURE.relative_to(ROOT)))
