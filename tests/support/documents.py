"""Runs the examples in a Markdown document, and compares their output with the document.

A block after a line that ends with a path in backticks and a colon is the content of that file. In
a console block a line that begins with ``$ `` is a command, and the following lines are its output
(stdout, and also stderr if it fails).
"""

import os
import re
import subprocess
import sys
from typing import List, NamedTuple

from places import ROOT

_BLOCK = re.compile(r"(?:`([^`\n]+)`:\n\n)?```(\w+)\n(.*?)```", re.DOTALL)
_END = "-- the end of what a command prints --"
# An id, a time, or how long something took, which ends with " s".
CHANGING = (
    r"\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b|\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z?"
    r"|\b\d+(?:\.\d+)? s\b"
)


class Step(NamedTuple):
    """A command with its expected output, or a file, which has a path and no command."""

    command: str
    shown: str
    path: str = ""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def steps(text: str) -> List[Step]:
    """Return the files and commands of a document in their order."""
    found: List[Step] = []
    for path, language, content in _BLOCK.findall(text):
        if path:
            found.append(Step("", content, path))
        elif language == "console":
            for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                found.append(Step(command, shown))
    return found


def run(found: List[Step], shell: str = "bash") -> List[str]:
    """Run all steps in one shell in the current folder; return the output of each command."""
    lines = ['python() {{ "{}" "$@"; }}'.format(sys.executable)]
    lines.append('coaia() { python -m coaiapy "$@"; }')
    for step in found:
        if step.path:
            lines.append('mkdir -p "$(dirname {})"'.format(step.path))
            lines.append("cat > {} <<'END OF FILE'\n{}END OF FILE".format(step.path, step.shown))
        else:
            # The braces keep the command in this shell, where eval and variables count.
            lines.append("{ %s\n} 2> .stderr || cat .stderr" % step.command)
            lines.append("echo '{}'".format(_END))
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]  # for scripts
    # What goes to both streams stands in the order in which a terminal shows it.
    own = {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8", "PATH": path}
    result = subprocess.run(
        [shell, "-c", "\n".join(lines)],
        env=dict(os.environ, **own),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=200,
    )
    assert not result.stderr, result.stderr.decode("utf-8")
    printed = result.stdout.decode("utf-8").split(_END + "\n")
    assert printed.pop() == ""
    return printed


def without_what_changes(text: str) -> str:
    """Return the text with every id and every time replaced by a mark of its length.

    What took how long is a mark as well.
    """

    def mark(match) -> str:
        return "<s>" if match.group().endswith(" s") else "<{}>".format(len(match.group()))

    return re.sub(CHANGING, mark, text)


def check(name: str, shell: str = "bash") -> None:
    """Run all examples of a document, and assert that their output is as written there."""
    found = steps(read(name))
    commands = [step for step in found if step.command]
    printed = [without_what_changes(text) for text in run(found, shell)]
    expected = [without_what_changes(step.shown) for step in commands]
    for step, said, came in zip(commands, expected, printed):
        assert came == said, "{}: $ {}\n{}".format(name, step.command, came)
    assert len(printed) == len(commands)
