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
