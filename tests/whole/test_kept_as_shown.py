"""What servers keep differently is shown as it is, or said."""

import json

import pytest
from langfuse_server import KINDS
from reading import EVERY, forget_what_was_written, known

from coaiapy.langfuse.traces import reads as trace_reads

PICTURE = b"\x89PNG not really a picture" * 40


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_file_is_downloaded_as_it_was_uploaded(use, run, project, kind):
    server = use(kind, stores_media=True)
    (project / "p.png").write_bytes(PICTURE)
    assert run("fuse", "traces", "create", "t").code == 0
    assert run("fuse", "media", "upload", "p.png", "t").code == 0
    (media_id,) = server.media
    result = run("fuse", "media", "download", media_id, "-O", "q.png")
    assert result.code == 0, result
    assert (project / "q.png").read_bytes() == PICTURE


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


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_source_of_an_item_is_shown_as_it_was_given(use, run, kind):
    use(kind)
    assert run("fuse", "traces", "create", "my-run").code == 0
    assert run("fuse", "traces", "add-observation", "step", "my-run").code == 0
    assert run("fuse", "datasets", "create", "ds").code == 0
    words = ["ds", "-i", "1", "--id", "a", "--source-trace", "my-run"]
    words += ["--source-observation", "step", "--json"]
    made = json.loads(run("fuse", "dataset-items", "create", *words).out)
    (listed,) = json.loads(run("fuse", "dataset-items", "list", "ds", "--json").out)
    got = json.loads(run("fuse", "dataset-items", "get", "a", "--json").out)
    for item in (made, listed, got):
        assert (item["sourceTraceId"], item["sourceObservationId"]) == ("my-run", "step")
    exported = run("fuse", "datasets", "export", "ds").out
    assert "1 same" in run("fuse", "datasets", "import", "ds", "-", stdin=exported).err


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_is_said_what_a_server_does_not_keep_of_a_score(use, run, kind):
    use(kind)
    assert run("fuse", "traces", "create", "t").code == 0
    text = '{"name": "q", "value": 1, "traceId": "t", "metadata": {"k": 1}}\n'
    result = run("fuse", "scores", "import", "-", stdin=text)
    assert result.code == 0, result
    assert ("does not keep the metadata of scores" in result.err) == (kind == "v2")
    words = ["fuse", "scores", "apply", "--trace-id", "t", "-n", "q", "-v", "1"]
    given = ["--environment", "e", "--timestamp", "2026-01-31T12:00:00Z"]
    result = run(*(words + given))
    assert result.code == 0, result
    assert ("the environment and timestamp of scores" in result.err) == (kind == "v2")
    assert "does not keep" not in run(*words).err


EXACT, ROUNDED = 2**53 - 1, 2**53 + 1


@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_it_is_said_which_numbers_a_server_rounds(use, run, kind):
    use(kind)
    for number, field in ((EXACT, "-i"), (EXACT, "-m"), (ROUNDED, "-i"), (ROUNDED, "-m")):
        run("fuse", "traces", "create", "t", "--quiet")
        words = ["o", "t", field, json.dumps({"a": [{"n": number}, str(number + 2)]})]
        result = run("fuse", "traces", "add-observation", *words)
        assert result.code == 0, result
        forget_what_was_written() if kind != "local" else None
        (found,) = trace_reads.get_trace(known(), "t")["observations"]
        shown = found["input" if field == "-i" else "metadata"]["a"]
        assert shown[1] == str(number + 2)
        told = "rounds whole numbers above 2^53: {} of".format(number) in result.err
        assert told == (shown[0]["n"] != number), (field, number, shown)


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_large_numbers_do_not_change_a_dataset_at_every_import(use, run, kind):
    use(kind)
    item = json.dumps({"id": "a", "input": {"n": ROUNDED}}) + "\n"
    words = ["fuse", "datasets", "import", "ds", "-", "--create"]
    assert "1 new" in run(*words, stdin=item).err
    assert "1 same" in run(*words, stdin=item).err
