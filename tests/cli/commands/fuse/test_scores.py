"""``coaia fuse scores`` and ``score-configs`` as people type them, the same on every server."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from forked import commands_at_once
from langfuse_server import KINDS

from coaiapy import patience
from coaiapy.langfuse.scores import presets

WHERE = sorted(KINDS) + ["local"]

SCORES = ("fuse", "scores")

CONFIGS = ("fuse", "score-configs")


@pytest.mark.parametrize("kind", WHERE)
def test_one_script_everywhere(use, kind, run, project):
    """Configs made, installed, applied, listed, exported; scores written, listed, deleted."""
    use(kind)

    def done(*words, **options):
        result = run(*words, **options)
        assert result.code == 0, result
        return result

    preset = presets.get("Helpfulness")
    best = preset["categories"][-1]["label"]
    done(*CONFIGS, "presets", "install", "Helpfulness", "Meets Requirements")
    done(*CONFIGS, "create", "Rating", "NUMERIC", "--min-value", "0", "--max-value", "10")
    applied = done(*CONFIGS, "apply", "helpfulness", "--trace-id", "my run", "-v", "5")
    score_id = applied.out.strip()
    done(*CONFIGS, "apply", "RATING", "--trace-id", "my run", "-v", "7.5", "-c", "well done")
    done(*CONFIGS, "apply", "Meets Requirements", "--trace-id", "my run", "-v", "yes")
    done(*SCORES, "apply", "--trace-id", "my run", "--name", "mood", "-v", "calm")
    done(*SCORES, "create", "mine", "--trace-id", "my run", "-n", "quality", "-v", "-0.5")
    wide = done(*SCORES, "list", "--trace-id", "my run", "--csv", "--columns", "name,value,comment")
    rows = sorted(csv.reader(io.StringIO(wide.out)))
    assert rows == sorted(
        [
            ["name", "value", "comment"],
            ["Helpfulness", best, ""],
            ["Rating", "7.5", "well done"],
            ["Meets Requirements", "yes", ""],
            ["mood", "calm", ""],
            ["quality", "-0.5", ""],
        ]
    )
    assert wide.err == "5 scores\n"
    assert json.loads(done("fuse", "sc", "get", score_id, "--json").out)["value"] == best
    assert best in done(*SCORES, "get", score_id).out
    done(*SCORES, "delete", "mine")
    assert run(*SCORES, "get", "mine").code == 1
    names = [one["name"] for one in json.loads(done("fuse", "scc", "available", "--json").out)]
    assert sorted(names) == ["Helpfulness", "Meets Requirements", "Rating"]
    done(*CONFIGS, "export", "-o", "configs.json")
    assert json.loads((project / "configs.json").read_text())["totalConfigs"] == 3
    preview = done(*CONFIGS, "import", "configs.json", "--preview", "--jsonl")
    assert {json.loads(line)["outcome"] for line in preview.out.splitlines()} == {"exists"}
    (project / "s.csv").write_text("value,trace_id\n1,a\n2,b\n")
    imported = done(*SCORES, "import", "s.csv", "--config", "Rating")
    assert "2 scores read and valid, 2 written" in imported.err
    assert (
        "0 written, 2 already there"
        in done(
            *SCORES,
            "import",
            "-",
            "--format",
            "csv",
            "--config",
            "Rating",
            stdin="value,trace_id\n1,a\n2,b\n",
        ).err
    )
    archived = run(*CONFIGS, "archive", "Rating")
    if kind == "v2":
        said = "cannot archive score configs: it needs 3.113 or newer\n"
        assert archived.code == 5 and archived.err.endswith(said)
        changed = run(*CONFIGS, "update", "Rating", "--description", "x")
        assert changed.code == 5 and "cannot change score configs" in changed.err
    else:
        assert archived.code == 0
        refused = run(*CONFIGS, "apply", "Rating", "--trace-id", "t", "-v", "5")
        assert refused.code == 2 and "archived" in refused.err
        done(*CONFIGS, "archive", "Rating", "--undo")
        done(*CONFIGS, "update", "Rating", "--description", "ten is best")
        assert "ten is best" in done(*CONFIGS, "get", "Rating").out


@pytest.mark.parametrize("words", [("scores", "list"), ("score-configs", "list")])
@pytest.mark.parametrize("kind", WHERE)
def test_an_empty_list_is_an_empty_table(use, kind, words, run):
    use(kind)
    found = run("fuse", *words)
    assert found.code == 0
    assert found.err.startswith("0 score")
    assert len(found.out.splitlines()) == 2
    assert json.loads(run("fuse", *words, "--json").out) == []
    assert run("fuse", *words, "--jsonl").out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("scores", "list"),
        ("scores", "get", "x"),
        ("score-configs", "list"),
        ("score-configs", "available"),
        ("score-configs", "show", "x"),
        ("score-configs", "export", "-o", "kept.json"),
        ("score-configs", "apply", "x", "--trace-id", "t", "-v", "1"),
        ("score-configs", "presets", "install", "Helpfulness"),
    ],
)
@pytest.mark.parametrize("fault, code", [("401", 3), ("502 html", 4), ("200 html", 4)])
def test_an_error_is_no_empty_list(use, words, fault, code, run, project, monkeypatch):
    for pause in ("FIRST_PAUSE", "LONGEST_PAUSE"):  # longer than a request may take: one try
        monkeypatch.setattr(patience, pause, 100.0)
    (project / "kept.json").write_text("good")
    server = use("v4-dual")
    server.fail(fault, times=None)
    found = run("fuse", *words)
    assert found.code == code
    assert found.out == ""
    assert found.err.count("\n") == 1
    assert (project / "kept.json").read_text() == "good"
    assert server.score_configs == {} and server.scores() == {}


def test_a_score_needs_a_name_and_a_target(run):
    assert run(*SCORES, "apply", "--trace-id", "t").code == 2
    assert run(*SCORES, "create", "x").code == 2
    assert run(*SCORES, "apply", "--trace-id", "t", "--score-id", "q").code == 0
    assert json.loads(run(*SCORES, "get", "q", "--json").out)["name"] == "q"
    comment = "see file:notes and data:more <script"
    assert run(*SCORES, "apply", "--trace-id", "t", "--name", "n", "-c", comment).code == 0


def test_a_dry_run_writes_nothing(run, project):
    (project / "s.jsonl").write_text('{"name": "q", "value": 1, "traceId": "t"}\n')
    found = run(*SCORES, "import", "s.jsonl", "--dry-run", "--json")
    assert json.loads(found.out)[0]["dataType"] == "NUMERIC"
    assert json.loads(run(*SCORES, "list", "--json").out) == []


def test_wrong_rows_are_listed_and_nothing_is_written(run, project):
    (project / "s.csv").write_text("name,value,trace_id\nq,1,t\nq,,t\n")
    found = run(*SCORES, "import", "s.csv")
    assert found.code == 2 and "s.csv: 1 of 2" in found.err and "line 3" in found.err
    assert json.loads(run(*SCORES, "list", "--json").out) == []


def test_the_outbox_keeps_an_import_when_the_server_is_down(use, run, project):
    server = use("v3")
    run(*SCORES, "apply", "--trace-id", "t", "--name", "first")
    rows = ["q,{},t".format(number) for number in range(50)]
    (project / "s.csv").write_text("\n".join(["name,value,trace_id"] + rows))
    server.fail("refuse")
    found = run(*SCORES, "import", "s.csv", "--timeout", "0.5")
    assert found.code == 0 and "50 records in the outbox" in found.err
    server.heal()
    assert run("fuse", "outbox", "flush").code == 0
    assert len(server.scores()) == 51


def test_a_terminal_that_only_knows_ascii_gets_escapes_for_the_rest(run):
    run(*SCORES, "apply", "--trace-id", "t", "--score-id", "q", "--name", "qualit\u00e9 \u2713")
    environment = dict(os.environ, PYTHONIOENCODING="ascii")
    words = [sys.executable, "-m", "coaiapy"] + list(SCORES) + ["get", "q"]
    shown = subprocess.check_output(words, env=environment)
    assert b"name       qualit\\xe9 \\u2713\n" in shown


def test_eight_processes_at_once_fill_one_cache_and_then_ask_nothing(use):
    server = use("v4-dual")

    def eight(*words):
        lines = [["fuse", "scc"] + [word.format(number) for word in words] for number in range(8)]
        return [(code, err) for code, _, err in commands_at_once(lines)]

    assert eight("create", "Config {}", "BOOLEAN") == [(0, "")] * 8
    assert len(server.score_configs) == 8
    server.forget_requests()
    assert eight("show", "CONFIG {}") == [(0, "")] * 8
    assert server.requests == []


def test_a_score_that_was_refused_is_listed_as_that(use, run):
    use("v2")
    assert run(*SCORES, "apply", "--session-id", "s", "--name", "n", "--score-id", "q").code == 5
    heading, _, row = run(*SCORES, "list").out.splitlines()
    assert heading.split()[-1] == "Note"
    assert "refused" in row
    assert json.loads(run(*SCORES, "get", "q", "--json").out)["unconfirmed"] == "rejected"
    assert "refused by the server" in run(*SCORES, "get", "q").out


@pytest.mark.parametrize("kind", WHERE)
def test_a_score_that_is_not_there_cannot_be_deleted(use, run, kind):
    use(kind)
    run(*SCORES, "apply", "--trace-id", "t", "--name", "n", "--score-id", "q")
    missing = run(*SCORES, "delete", "nope")
    assert (missing.code, "no score 'nope' to delete" in missing.err) == (1, True)
    assert run(*SCORES, "delete", "q").err == "deleted q\n"


def test_a_score_of_another_machine_is_deleted(use, run, home):
    server = use("v4-events_only")
    run(*SCORES, "apply", "--trace-id", "t", "--name", "n", "--score-id", "q")
    for path in (home / ".coaia").glob("coaia.db*"):
        path.unlink()
    assert run(*SCORES, "delete", "q").code == 0
    assert server.scores() == {}


def test_a_value_is_made_up_only_where_there_is_no_config(use, run):
    server = use("v3")
    run(*CONFIGS, "presets", "install", "Helpfulness")
    for words in (["apply"], ["create", "x"]):
        result = run(*SCORES, *words, "--trace-id", "t", "--config", "Helpfulness")
        assert (result.code, "value: missing" in result.err) == (2, True)
    assert run(*SCORES, "apply", "--trace-id", "t", "--name", "n", "-v", "0,9").code == 2
    assert server.scores() == {}
    assert run(*SCORES, "apply", "--trace-id", "t", "--name", "n").code == 0
    assert [one["value"] for one in server.scores().values()] == [1.0]


def test_a_run_is_looked_up_where_servers_have_runs(use, run):
    use("v4-events_only")
    result = run(*SCORES, "list", "--run", "r", "--dataset", "d")
    assert (result.code, "give the run's id with --run, without --dataset" in result.err) == (
        5,
        True,
    )
    assert run(*SCORES, "list", "--run", "r").code == 0
