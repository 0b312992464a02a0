"""README.md: every command does what is printed below it; the tables are true."""

import re

import pytest
from documents import ROOT, check, read, steps

from coaiapy.cli_help import EXIT_CODES, VARIABLES

TEXT = read("README.md")


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_every_command_prints_what_it_says(shell):
    assert len([step for step in steps(TEXT) if step.command]) > 10
    check("README.md", shell)


def test_it_is_read_in_five_minutes():
    without_tables_and_examples = re.sub(r"```.*?```|^\|.*?$", "", TEXT, flags=re.DOTALL | re.M)
    assert len(without_tables_and_examples.split()) < 1200


@pytest.mark.parametrize("name", ["README.md", "docs/templates.md", "docs/architecture.md"])
def test_every_file_that_is_linked_to_exists(name):
    links = re.findall(r"\]\(([^)#]+)\)", read(name))
    for link in links:
        assert link.startswith("https://") or (ROOT / name).parent.joinpath(link).exists(), link


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
