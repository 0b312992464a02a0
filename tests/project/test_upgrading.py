"""docs/upgrading.md: what it says of commands is what they do."""

import json
import re

import pytest
from langfuse_server import LangfuseServer
from places import ROOT
from servers import point_at

TEXT = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| `fuse")
]
# The page names twelve kinds of commands; these are lines that print a result.
LINES = {
    "fuse traces create": "t1",
    "fuse traces add-observation": "o2 t",
    "fuse traces add-observations": "t -f batch.json",
    "fuse traces patch-output": "t done",
    "fuse traces delete": "t --yes",
    "fuse prompts create": "p text",
    "fuse datasets create": "d",
    "fuse dataset-items create": "d -i 1",
    "fuse score-configs create": "Q NUMERIC --allow-duplicates",
    "fuse projects": "",
    "fuse comments list": "",
    "fuse sessions get": "s",
}


@pytest.fixture
def ready(run, project, monkeypatch):
    with LangfuseServer("v3") as server:
        point_at(monkeypatch, server)
        run("fuse", "traces", "create", "t", "-s", "s")
        run("fuse", "datasets", "create", "d")
        (project / "batch.json").write_text('[{"name": "a"}]', "utf-8")
        yield server


def test_the_page_names_every_command_whose_output_has_changed():
    assert sorted(row[0].strip("`") for row in ROWS) == sorted(LINES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_command_prints_what_the_page_says(run, ready, row):
    name = row[0].strip("`")
    words = name.split() + LINES[name].split()
    if name == "fuse traces delete" and "--yes" not in run(*(name.split() + ["--help"])).out:
        words.remove("--yes")
    plain = run(*words)
    assert plain.code == 0, plain.err
    assert (plain.out == "") == row[1].startswith("nothing")
    if row[2] and "only with" not in row[2]:
        shown = json.loads(run(*words + ["--json"]).out)
        assert isinstance(shown, list) == row[2].startswith("a list")


def test_the_changelog_and_the_readme_lead_to_the_page():
    assert "docs/upgrading.md" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"\]\(docs/upgrading\.md\)", (ROOT / "README.md").read_text("utf-8"))
