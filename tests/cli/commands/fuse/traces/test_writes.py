"""``coaia fuse traces create`` and ``add-observation``: what is known already stays, and that is said."""

import json

import pytest
from reading import EVERY, forget_what_was_written, known

from coaiapy.langfuse.traces import reads as trace_reads


@pytest.fixture
def fuse(run):
    """Run ``coaia fuse traces WORD...``."""
    return lambda *words, **options: run("fuse", "traces", *words, **options)


@pytest.fixture
def shown(fuse):
    """Return a trace as ``trace-view --json`` shows it."""
    return lambda trace_id: json.loads(fuse("trace-view", trace_id, "--json").out)


@pytest.mark.parametrize(
    "words, option, name",
    [
        (("create", "t"), "--timestamp", "timestamp"),
        (("add-observation", "o", "t"), "--start-time", "startTime"),
    ],
)
def test_a_start_that_is_known_stays_and_that_is_said(fuse, words, option, name):
    assert "keeps its" not in fuse(*words + (option, "260131120000")).err
    assert "keeps its" not in fuse(*words + (option, "2026-01-31T12:00:00Z")).err
    assert "keeps its" not in fuse(*words).err
    again = fuse(*words + (option, "260131130000", "--json"))
    assert (again.code, json.loads(again.out)[name]) == (0, "2026-01-31T12:00:00.000Z")
    assert "keeps its start time, 2026-01-31T12:00:00.000Z" in again.err


def test_an_environment_that_is_known_stays_and_that_is_said(fuse):
    fuse("create", "t", "--environment", "dev")
    again = fuse("create", "t", "--environment", "prod", "--json")
    assert json.loads(again.out)["environment"] == "dev"
    assert "keeps its environment, dev" in again.err


def test_an_end_before_the_known_start_is_refused(fuse, shown):
    fuse("add-observation", "o", "t", "-ts", "--start-time", "260131120000")
    early = fuse("add-observation", "o", "t", "--end-time", "260131110000", "-o", "done")
    assert (early.code, early.out, early.err.count("\n")) == (2, "", 1)
    assert "is before 2026-01-31T12:00:00.000Z, when observation 'o' started" in early.err
    line = '{"id": "o", "startTime": "260131100000", "endTime": "260131110000"}\n'
    assert fuse("add-observations", "t", stdin='{"id": "p"}\n' + line).code == 2
    (body,) = shown("t")["observations"]
    assert "endTime" not in body and "output" not in body


def test_a_trace_or_parent_that_is_not_known_here_is_noted(fuse):
    """It may be mistyped, or made on another machine: the observation is written."""
    unknown = fuse("add-observation", "o1", "T9")
    assert (unknown.code, unknown.out) == (0, "o1\n")
    assert "trace 'T9' was not known here before" in unknown.err
    again = fuse("add-observation", "o2", "T9", "-p", "o1")
    assert "known" not in again.err
    lost = fuse("add-observation", "o3", "T9", "-p", "nope")
    assert (lost.code, lost.err.count("known")) == (0, 1)
    assert "parent 'nope' is not known in trace 'T9'" in lost.err
    batch = fuse("add-observations", "T8", stdin='{"name": "a"}\n{"name": "b"}\n')
    assert batch.err.count("trace 'T8' was not known") == 1


@pytest.mark.parametrize("kind", EVERY)
def test_the_environment_of_the_first_write_is_kept_and_shown(use, run, kind):
    use(kind)
    assert run("fuse", "traces", "add-observation", "o", "t").code == 0
    result = run("fuse", "traces", "create", "t", "-n", "n", "--environment", "prod", "--json")
    shown = json.loads(result.out).get("environment", "default")
    here = trace_reads.get_trace(known(), "t").get("environment", "default")
    forget_what_was_written()
    there = trace_reads.get_trace(known(), "t").get("environment", "default")
    assert shown == here == there


@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_an_environment_is_not_changed_later(use, run, kind):
    use(kind)
    assert run("fuse", "traces", "create", "t").code == 0
    result = run("fuse", "traces", "create", "t", "--environment", "prod")
    assert "t keeps its environment, default" in result.err
    assert trace_reads.get_trace(known(), "t").get("environment", "default") == "default"
    if kind != "local":
        forget_what_was_written()
        assert trace_reads.get_trace(known(), "t").get("environment", "default") == "default"
        if kind != "v2":  # which has none
            result = run("fuse", "traces", "create", "t", "--environment", "prod")
            assert "t keeps its environment, default" in result.err
