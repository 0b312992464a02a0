"""README.md: every command of the tour does what is printed below it; the tables are true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from coaiapy.cli_help import EXIT_CODES, VARIABLES

README = Path(__file__).resolve().parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
END = "end of a command's output"
SHELLS = ["bash", "sh"]


def tour():
    """Every command of the console blocks with the output that is printed below it."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        for line in block.splitlines(True):
            if line.startswith("$ "):
                steps.append((line[2:].rstrip("\n"), []))
            else:
                steps[-1][1].append(line)
    return [(command, "".join(lines)) for command, lines in steps]


def without_what_changes(text):
    """The text with every id and every time replaced by its kind."""
    text = re.sub(r"\b[0-9a-f]{32}\b", "ID", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "TIME", text)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tour_prints_what_it_says(shell):
    lines = ['coaia() { "{}" -m coaiapy "$@"; }'.replace("{}", sys.executable, 1), "set -e"]
    for command, _ in tour():
        lines += [command, "echo " + '"{}"'.format(END)]
    result = subprocess.run(
        [shell, "-c", "\n".join(lines)],
        env=dict(os.environ, PYTHONIOENCODING="utf-8"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr.decode("utf-8")
    printed = result.stdout.decode("utf-8").split(END + "\n")[:-1]
    shown = [without_what_changes(text) for text in printed]
    assert shown == [without_what_changes(text) for _, text in tour()]
    assert len(shown) > 8


def test_the_two_commands_come_first():
    first = re.search(r"```bash\n(.*?)```", TEXT, re.DOTALL).group(1)
    assert re.findall(r"^(make \w+)", first, re.MULTILINE) == ["make demo", "make test"]
    assert TEXT.index("make demo") < TEXT.index("coaia pipeline")


def test_the_table_of_exit_codes_is_that_of_the_help():
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", TEXT, re.MULTILINE)
    assert rows == [(str(int(code)), meaning) for code, meaning in EXIT_CODES]


def test_the_table_of_settings_is_that_of_the_help():
    rows = re.findall(r"^\| `([A-Z_<>]+)` \| (.*) \|$", TEXT, re.MULTILINE)
    assert rows == list(VARIABLES)
