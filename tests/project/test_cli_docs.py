"""docs/cli.md and the man page: what the parsers say, today, on every Python."""

import re
import runpy
import shutil
import subprocess

import pytest
from all_commands import TREE, named
from places import TOOLS

TOOL = runpy.run_path(str(TOOLS / "make_cli_docs.py"), run_name="tool")
MARKDOWN = TOOL["MARKDOWN"].read_text(encoding="utf-8")
MAN_PAGE = TOOL["MAN_PAGE"].read_text(encoding="utf-8")
HEADINGS = re.findall(r"^##+ (.*)$", MARKDOWN, re.MULTILINE)


@pytest.mark.parametrize("columns", ["40", "200"])
def test_both_are_what_the_parsers_say(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert TOOL["markdown"]() == MARKDOWN, "docs/cli.md is stale: make docs"
    assert TOOL["man_page"]() == MAN_PAGE, "docs/coaia.1 is stale: make docs"


def test_every_command_has_a_section_or_is_named_as_the_same_as_one():
    for words, _ in TREE:
        name = " ".join(["coaia"] + words)
        aliases = re.findall(r"^Alias(?:es)?: (.*)\.$", MARKDOWN, re.MULTILINE)
        also = {alias for line in aliases for alias in re.findall(r"`(.*?)`", line)}
        above = any(name.startswith(alias + " ") for alias in also)
        assert name in HEADINGS or name in also or above, named(words)


def test_every_option_is_there_with_its_help():
    section = MARKDOWN.split("\n### coaia pipeline create\n")[1].split("\n##")[0]
    assert "- `--var KEY=VALUE`: set a template variable" in section
    assert "\ncoaia pipeline create [OPTION]... TEMPLATE\n" in section
    for words, parser in TREE:
        for action in parser._actions:
            for option in action.option_strings:
                assert "--help" in action.option_strings or "`" + option in MARKDOWN, named(words)


def test_every_link_leads_to_a_heading_and_every_heading_is_linked():
    anchors = [heading.lower().replace(" ", "-") for heading in HEADINGS]
    assert len(anchors) == len(set(anchors))
    links = re.findall(r"\]\(#(.*?)\)", MARKDOWN)
    assert set(links) == set(anchors) - {"contents"}


def test_nothing_in_it_is_taken_for_markup():
    markdown = pytest.importorskip("markdown")
    page = markdown.markdown(MARKDOWN, extensions=["tables", "fenced_code"])
    assert "set a template variable" in page
    assert "<em>" not in page and "<strong>" not in page


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_mandoc_finds_nothing_wrong_with_the_man_page():
    said = check("mandoc", "-T", "lint")
    # A day would be a lie on the next: the page is as old as the release that it came with.
    assert [line for line in said.splitlines() if "missing date" not in line] == []


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_groff_finds_nothing_wrong_with_the_man_page():
    assert check("groff", "-ww", "-man", "-Tascii", "-z") == ""


def check(*command):
    done = subprocess.run(
        command + (str(TOOL["MAN_PAGE"]),), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.stdout.decode("utf-8")


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_the_man_page_shows_every_character_as_it_is():
    shown = subprocess.check_output(
        ["mandoc", "-T", "ascii", "-O", "width=200", str(TOOL["MAN_PAGE"])]
    )
    text = re.sub(".\b", "", shown.decode("ascii"))
    for line in (
        """eval "$(coaia env set DEBUG_MODE true --temp)\"""",
        "coaia fuse traces patch-output $COAIA_TRACE_ID '{\"rows\": 3}'",
        "--var KEY=VALUE",
        "~/.coaia/coaia.db",
    ):
        assert line in text
