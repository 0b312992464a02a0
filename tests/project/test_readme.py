"""README.md: every command does what is printed below it; the tables are true."""

import re
import shlex

import pytest
from documents import ROOT, check, read, steps

from coaiapy.cli.commands.fuse_branches import RESOURCES
from coaiapy.cli.commands.help import EXIT_CODES, variables
from coaiapy.coaiacli import GROUPS, build_parser

TEXT = read("README.md")
PAGES = sorted(
    [ROOT / "README.md", ROOT / "templates" / "README.md"] + list(ROOT.glob("docs/*.md"))
)


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_every_command_prints_what_it_says(shell):
    assert len([step for step in steps(TEXT) if step.command]) > 10
    check("README.md", shell)


def commands_of_the_table():
    """The words of every command of the table; a cell names the first one whole."""
    section = TEXT.split("## Commands\n")[1].split("\n## ")[0]
    for cell in re.findall(r"^\| (`coaia [^|]*) \|", section, re.MULTILINE):
        first, *others = re.findall(r"`([^`]+)`", cell)
        words = first.split()[1:]
        yield words
        for other in others:
            yield words[:-1] + [other]


def test_the_table_of_commands_is_complete_and_true(run):
    told = list(commands_of_the_table())
    assert {words[0] for words in told} == {branch.name for branch in GROUPS}
    of_fuse = {words[1] for words in told if words[0] == "fuse"}
    assert of_fuse == {branch.name for branch in RESOURCES}
    for words in told:
        assert run(*(words + ["--help"])).code == 0, words


def test_every_command_that_is_not_run_is_one():
    lines = "\n".join(re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)).splitlines()
    commands = [part for line in lines for part in line.split(" | ") if part.startswith("coaia ")]
    assert len(commands) >= 5
    for command in commands:
        words = shlex.split(command.split(" > ")[0])[1:]
        build_parser(words).parse_args(words)


def test_it_is_read_in_five_minutes():
    without_tables_and_examples = re.sub(r"```.*?```|^\|.*?$", "", TEXT, flags=re.DOTALL | re.M)
    assert len(without_tables_and_examples.split()) < 1250


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_linked_to_exists(path):
    for link in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (path.parent / link).exists(), link


def test_the_two_commands_come_first_and_then_how_to_install():
    clone, install = re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)[:2]
    assert re.findall(r"(?:pipx|uv tool|pip) install coaiapy", install) == [
        "pipx install coaiapy",
        "uv tool install coaiapy",
        "pip install coaiapy",
    ]
    assert re.findall(r"^(make \w+)", clone, re.MULTILINE) == ["make demo", "make test"]
    assert TEXT.index("make demo") < TEXT.index("coaia pipeline")


def test_the_table_of_exit_codes_is_that_of_the_help():
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", TEXT, re.MULTILINE)
    assert rows == [(str(int(code)), meaning) for code, meaning in EXIT_CODES]


def test_the_table_of_settings_is_that_of_the_help():
    rows = re.findall(r"^\| `([A-Z_<>]+)` \| (.*) \|$", TEXT, re.MULTILINE)
    own = [row for row in variables() if row[0].startswith(("LANGFUSE_", "COAIA"))]
    assert rows == own
