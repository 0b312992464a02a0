"""``--html`` and ``--open``: pages of traces as files, on every kind of server."""

import json
import re
import stat

import pytest
from langfuse_server import KINDS
from processes import environment, finish

from coaiapy.errors import ExitCode

STEPS = """
- {id: agent, name: agent, type: AGENT, start_time: 2026-01-31T12:00:00Z, end_time: 2026-01-31T12:00:10Z}
- {id: ask, name: ask, type: GENERATION, parent: agent, model: gpt-4o, input: question, output: {a: 1},
   start_time: 2026-01-31T12:00:00Z, end_time: 2026-01-31T12:00:04Z, usage: {input: 12, output: 3}, cost: 0.5}
- {id: tool, name: tool, type: TOOL, parent: agent, level: ERROR, status_message: "</script>",
   start_time: 2026-01-31T12:00:08Z, end_time: 2026-01-31T12:00:10Z}
"""


@pytest.fixture
def write(run, project):
    """Write a trace of three steps, and one without any, in a session."""

    def write_it():
        (project / "steps.yaml").write_text(STEPS, "utf-8")
        words = "fuse traces create {} -n run -s s --timestamp 2026-01-31T12:00:0{}Z"
        run(*words.format("t", 0).split())
        run(*words.format("t2", 1).split())
        assert run("fuse", "traces", "add-observations", "t", "-f", "steps.yaml").code == 0

    return write_it


def data_of(path):
    """What a page shows."""
    text = path.read_text("utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL).group(1))


def shown(trace):
    """What the rows of a trace show, and what stands in the pane beside them."""
    names = ("input", "output", "statusMessage", "usageDetails", "costDetails")
    rows = []
    for row in trace["rows"]:
        body = json.loads(row.pop("detail"))
        rows.append(dict(row, inside={name: body.get(name) for name in names}))
    return [rows, trace["gaps"], trace["figures"], trace["facts"], trace["length"]]


@pytest.mark.parametrize("kind", sorted(KINDS) + ["local"])
def test_a_page_shows_the_same_from_everywhere(
    run, use, write, project, tmp_path, monkeypatch, kind
):
    write()
    assert run("fuse", "traces", "tv", "t", "--html", "local.html").code == 0
    use(kind)
    if kind != "local":
        monkeypatch.setenv("COAIA_HOME", str(tmp_path / "there"))
        write()
        monkeypatch.setenv("COAIA_HOME", str(tmp_path / "here"))
    done = run("fuse", "traces", "tv", "t", "--html", "page.html")
    assert (done.code, done.out) == (0, "") and "written to page.html" in done.err
    here, there = (
        shown(data_of(project / name)["traces"][0]) for name in ("local.html", "page.html")
    )
    assert here == there and len(there[0]) == 3 and there[2]["errors"] == 1
    for words in ("session-view s --html many.html", "list --html many.html"):
        assert run("fuse", "traces", *words.split()).code == 0
        traces = data_of(project / "many.html")["traces"]
        assert sorted(len(one["rows"]) for one in traces) == [0, 3]


@pytest.mark.parametrize("kind", sorted(KINDS) + ["local"])
def test_figures_and_differences_are_pages_too(run, use, write, project, kind):
    use(kind)
    write()
    for words, title, cell in (
        ("stats --by model --exact", "Figures by model", "gpt-4o"),
        ("stats --top 2", "Worst observations", "agent"),
        ("diff t t2", "t → t2", "only in a"),
    ):
        done = run("fuse", "traces", *(words + " --html report.html").split())
        assert (done.code, done.out) == (0, "") and "written to report.html" in done.err
        data = data_of(project / "report.html")
        assert data["title"] == title and cell in json.dumps(data["sections"])
    failed = run("fuse", "traces", "diff", "t2", "t", "--html", "r.html", "--fail-on", "errors")
    assert failed.code == 1 and (project / "r.html").exists()


def test_a_page_replaces_a_file_but_no_folder_and_nothing_behind_a_link(run, write, project, home):
    write()
    page = project / "page.html"
    page.write_text("old", "utf-8")
    page.chmod(0o640)
    assert run("fuse", "traces", "tv", "t", "--html", "page.html").code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o640 and len(list(project.glob("*.html"))) == 1
    outside = home / "outside"
    outside.write_text("mine", "utf-8")
    (project / "link.html").symlink_to(outside)
    for name in ("link.html", ".", "no/page.html"):
        refused = run("fuse", "traces", "tv", "t", "--html", name)
        assert refused.code == ExitCode.STATE and name in refused.err
    assert outside.read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    "words, said",
    [
        ("tv t --open", "add --html FILE"),
        ("tv t --html p.html --json", "leave out --json"),
        ("tv t --html p.html --errors", "leave out --errors"),
        ("stats --html p.html --json", "leave out --json"),
        ("diff t t2 --open", "add --html FILE"),
        ("diff t t2 --html p.html --json", "leave out --json"),
        ("list --html p.html --csv", "leave out --csv"),
        ("--html p.html --columns id", "leave out --columns"),
    ],
)
def test_what_a_page_does_not_go_with_is_refused(run, write, project, words, said):
    write()
    refused = run("fuse", "traces", *words.split())
    assert refused.code == ExitCode.USAGE and said in refused.err
    assert not (project / "p.html").exists()


def test_open_shows_the_page_in_the_browser_of_the_user(write, project, tmp_path):
    write()
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$1" >"{}/opened"\n'.format(tmp_path))
    browser.chmod(0o700)
    words = ("fuse", "traces", "tv", "t", "--html", "a page.html", "--open")
    code, out, err = finish(*words, env=environment(BROWSER=str(browser)))
    assert (code, out) == (0, "") and "warning" not in err
    opened = (tmp_path / "opened").read_text().strip()
    assert opened == (project / "a page.html").as_uri()


def test_without_a_browser_the_page_is_there_all_the_same(write, project, tmp_path):
    write()
    empty = tmp_path / "empty"
    empty.mkdir()
    given = environment(PATH=str(empty), BROWSER="")
    code, _, err = finish("fuse", "traces", "tv", "t", "--html", "p.html", "--open", env=given)
    assert code == 0 and "no browser can be started here: open p.html" in err
    assert (project / "p.html").exists()
