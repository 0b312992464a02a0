"""``coaia fuse traces export`` and ``import``, to a file and through a pipe."""

import json
import os

import pytest
from figure_data import write_them


@pytest.fixture
def traces(run):
    write_them()
    return lambda *words, **options: run("fuse", "traces", *words, **options)


def forget(traces):
    assert traces("delete", "t1", "t2", "t3", "--yes").code == 0


def test_a_file_brings_back_what_was_deleted(traces):
    before = traces("trace-view", "t1", "--json").out
    done = traces("export", "-o", "all.jsonl")
    assert (done.code, done.out) == (0, "") and "exported 9 records of 3 traces" in done.err
    forget(traces)
    assert traces("import", "all.jsonl", "--dry-run").err.startswith("dry run: 9 records valid")
    assert traces("trace-view", "t1").code == 1
    assert traces("import", "all.jsonl").code == 0
    assert traces("trace-view", "t1", "--json").out == before
    again = traces("import", "all.jsonl")
    assert "9 records read and valid, 0 written, 9 already there" in again.err


def test_a_pipe_carries_what_the_filters_choose(traces):
    lines = traces("export", "--user", "u2", "--format", "otlp").out
    forget(traces)
    assert traces("import", "-", stdin=lines).code == 0
    assert [one["id"] for one in json.loads(traces("--json").out)] == ["t2"]


def test_a_wrong_file_is_one_error_and_writes_nothing(traces, project):
    (project / "wrong.jsonl").write_text('{"type": "trace-create", "body": {"id": "new"}}\n5\n')
    refused = traces("import", "wrong.jsonl")
    assert refused.code == 2 and "line 2" in refused.err
    assert traces("trace-view", "new").code == 1
    missing = traces("import", "missing.jsonl")
    assert missing.code != 0 and missing.err.count("\n") == 1


def test_an_export_that_fails_leaves_the_old_file(traces, project):
    (project / "old.jsonl").write_text("old\n")
    assert traces("export", "-o", "old.jsonl", "--format", "nothing").code == 2
    assert traces("export", "-o", "none/x.jsonl").code == 6
    assert (project / "old.jsonl").read_text() == "old\n"
    assert traces("export", "-o", "old.jsonl").code == 0
    assert [name for name in os.listdir(str(project)) if name.startswith(".old")] == []
