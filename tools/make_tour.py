"""Draws the tour of README.md as a picture of a terminal: docs/tour.svg.

The commands of the tour are typed into a real bash in a throw-away home, and what the terminal
then shows is drawn. Ids, times and the home are new in every run: the ids and times that README.md
shows and ``/home/john`` take their place, so that the picture changes when something else does.

    python tools/make_tour.py
"""

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, Match, NamedTuple
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from documents import CHANGING, Step, read, steps  # noqa: E402

PICTURE = ROOT / "docs" / "tour.svg"
SECTION = "## Five minutes\n"
PROMPT = "<prompt>"
HOME = "/home/john"
OWN_SETTINGS = ("COAIA", "LANGFUSE_", "OPENAI_", "REDIS_", "AWS_")

COLUMNS = 118
# In pixels: the width and height of a character of size 13, and the space around the text.
WIDTH, HEIGHT = 7.8, 18
MARGIN, HEAD, GAP = 20, 34, 8


class Line(NamedTuple):
    """One line that the terminal shows; a command begins with its prompt."""

    text: str
    is_command: bool


def tour() -> List[Step]:
    """Return the files and the commands of the tour."""
    return steps(read("README.md").split(SECTION)[1].split("\n## ")[0])


def recorded(found: List[Step]) -> List[Line]:
    """Return what a terminal shows when the steps are done in a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "project").mkdir()
        shown = _typed(found, folder)
    lines: List[Line] = []
    outputs = iter(shown)
    for step in found:
        if step.path:
            lines.append(Line("# {} is the file that README.md shows".format(step.path), False))
            continue
        lines.append(Line("$ " + step.command, True))
        lines += [Line(text, False) for text in next(outputs).replace(folder, HOME).splitlines()]
    return _with_the_ids_of(found, lines)


def _typed(found: List[Step], folder: str) -> List[str]:
    """What follows each command on a real terminal, without the command itself."""
    terminal, inside = pty.openpty()
    shell = subprocess.Popen(
        ["bash", "--norc", "--noprofile", "--noediting", "-i"],
        cwd=os.path.join(folder, "project"),
        env=_environment(folder),
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    shown = []
    _until_prompt(terminal)
    for step in found:
        if step.path:
            path = Path(folder, "project", step.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.shown, encoding="utf-8")
        else:
            os.write(terminal, (step.command + "\n").encode("utf-8"))
            echoed, _, output = _until_prompt(terminal).partition("\n")
            assert echoed == step.command, echoed
            shown.append(output)
    os.write(terminal, b"exit\n")
    shell.wait()
    os.close(terminal)
    return shown


def _environment(folder: str) -> Dict[str, str]:
    """This process's variables without settings, and ``coaia`` as this Python runs it."""
    own = {key: text for key, text in os.environ.items() if not key.startswith(OWN_SETTINGS)}
    coaia = Path(folder) / "coaia"
    coaia.write_text('#!/bin/sh\nexec "{}" -m coaiapy "$@"\n'.format(sys.executable))
    coaia.chmod(0o700)
    path = folder + os.pathsep + own.get("PATH", os.defpath)
    return dict(
        own, HOME=folder, PATH=path, PS1=PROMPT, LC_ALL="C.UTF-8", TERM="dumb", COLUMNS=str(COLUMNS)
    )


def _until_prompt(terminal: int) -> str:
    seen = b""
    while not seen.endswith(PROMPT.encode()):
        seen += os.read(terminal, 65536)
    return seen[: -len(PROMPT)].decode("utf-8").replace("\r\n", "\n")


def _with_the_ids_of(found: List[Step], lines: List[Line]) -> List[Line]:
    """The lines with each new id, time and duration as README.md shows it in the same place.

    An id stays the same wherever it is. How long all took is only on a terminal: as the whole trace.
    """
    shown = re.findall(CHANGING, "".join(step.shown for step in found if step.command))
    lasted = [text for text in shown if text.endswith(" s")]
    times = (text for text in shown if "-" in text)
    ids = iter(dict.fromkeys(text for text in shown if not re.search("[- ]", text)))
    known: Dict[str, str] = {}
    left = iter(lasted)

    def take(match: Match[str]) -> str:
        new = match.group()
        if new.endswith(" s"):
            return next(left, lasted[0])
        if "-" in new:
            return next(times)[: len(new)]
        if new not in known:
            known[new] = next(ids)
        return known[new]

    return [line._replace(text=re.sub(CHANGING, take, line.text)) for line in lines]


STYLE = """
.page { fill: #f6f8fa; stroke: #d1d9e0 }
.dot { fill: #d1d9e0 }
text { fill: #1f2328; white-space: pre }
.prompt { fill: #1a7f37; font-weight: bold }
.command { fill: #0550ae }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117; stroke: #3d444d }
  .dot { fill: #3d444d }
  text { fill: #d1d7e0 }
  .prompt { fill: #3fb950 }
  .command { fill: #79c0ff }
}
"""


def drawn(lines: List[Line]) -> str:
    """Return the picture of a terminal that shows the lines, as SVG."""
    rows = [row for line in lines for row in _rows(line)]
    width = round(COLUMNS * WIDTH + 2 * MARGIN)
    height = HEAD + len(rows) * HEIGHT + GAP * _prompts(rows) + MARGIN
    return "\n".join(_svg(rows, width, height)) + "\n"


def _rows(line: Line) -> Iterator[Line]:
    """A line that is longer than the terminal is wide goes on in the next row, by whole words."""
    rest = line.text
    while len(rest) > COLUMNS:
        end = rest.rfind(" ", 1, COLUMNS + 1) + 1 or COLUMNS
        yield line._replace(text=rest[:end])
        rest = rest[end:]
    yield line._replace(text=rest)


def _prompts(rows: List[Line]) -> int:
    """How many commands begin in these rows; there is a gap above each."""
    return sum(row.is_command and row.text.startswith("$ ") for row in rows)


def _svg(rows: List[Line], width: int, height: int) -> Iterator[str]:
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" '
        "font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
        'monospace" font-size="13">'.format(width, height)
    )
    yield "<title>A tour of coaia in a terminal</title>"
    yield "<style>{}</style>".format(STYLE)
    yield '<rect class="page" x="0.5" y="0.5" width="{}" height="{}" rx="8"/>'.format(
        width - 1, height - 1
    )
    for i in range(3):
        yield '<circle class="dot" cx="{}" cy="18" r="5"/>'.format(MARGIN + 5 + 18 * i)
    for i, row in enumerate(rows):
        if row.text:
            yield _text(row, HEAD + (i + 1) * HEIGHT + GAP * _prompts(rows[: i + 1]) - 5)
    yield "</svg>"


def _text(row: Line, y: int) -> str:
    """One row; its length is stated, so that columns stay columns in every font."""
    return '<text x="{}" y="{}" textLength="{:.1f}" xml:space="preserve">{}</text>'.format(
        MARGIN, y, len(row.text) * WIDTH, _styled(row)
    )


def _styled(row: Line) -> str:
    words = escape(row.text)
    if not row.is_command:
        return words
    if not words.startswith("$ "):
        return '<tspan class="command">{}</tspan>'.format(words)
    return '<tspan class="prompt">$ </tspan><tspan class="command">{}</tspan>'.format(words[2:])


if __name__ == "__main__":
    PICTURE.write_text(drawn(recorded(tour())), encoding="utf-8")
    print("drawn: {}".format(PICTURE.relative_to(ROOT)))
