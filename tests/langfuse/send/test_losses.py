"""A command says what a server does not keep of what it has just written."""

import json

import pytest
from langfuse_server import KINDS
from reading import EVERY, forget_what_was_written, known

from coaiapy.langfuse.traces import reads as trace_reads

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
