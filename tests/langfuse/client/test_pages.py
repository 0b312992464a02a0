"""Listings of a server that answers something else than Langfuse would."""

import re

import pytest
from langfuse_server.row_reads import encode_cursor
from reading import forget_what_was_written
from web_server import serving

from coaiapy.util.http import page_watch

LISTINGS = ("fuse prompts list", "fuse datasets list", "fuse comments list")


@pytest.fixture
def listed(run, monkeypatch, short_waits):
    """Return a function that lists with each command what a server answers."""

    def ask(body):
        with serving(lambda asked, url: (200, body, {})) as server:
            monkeypatch.setenv("LANGFUSE_BASE_URL", server.url)
            monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
            monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk")
            return [run(*words.split()) for words in LISTINGS]

    return ask


@pytest.mark.parametrize(
    "data", [5, "text", {"id": "a"}, ["text"], [None], [{"name": None}], [{"id": 5, "name": []}]]
)
def test_rows_that_are_no_records_are_one_sentence(listed, data):
    for result in listed({"data": data}):
        assert (result.code, result.out) == (4, "")
        assert re.search(
            r" with (a|an|text|null) .*: check that LANGFUSE_BASE_URL is", result.err
        ), result
        assert result.err.count("\n") == 1


@pytest.mark.parametrize("body", [b'{"data": [NaN]}', b"[" * 100000, b'{"data": 1e999}', b"\xff"])
def test_what_is_no_json_is_one_sentence(listed, body):
    for result in listed(body):
        assert (result.code, result.out) == (4, "")
        assert "is not JSON" in result.err and result.err.count("\n") == 1


READS = (
    "traces list",
    "traces trace-view t",
    "traces list-observations",
    "traces get-observation o",
    "traces session-view s",
    "sessions list",
    "scores list",
)


@pytest.mark.parametrize(
    "kind, values", [("v3", ("soon", None)), ("v4-events_only", (5, "\ud800"))], ids=("v3", "v4")
)
@pytest.mark.parametrize("name", ["timestamp", "startTime", "createdAt", "id", "traceId", "value"])
def test_rows_with_a_wrong_value_end_no_command_badly(run, use, kind, values, name):
    """For any value anywhere see ``tests/whole/test_any_answer.py``."""
    server = use(kind)
    for words in (
        "traces create t -s s -n n",
        "traces add-observation o t",
        "scores create s1 -n good -v 1 --trace-id t",
        "traces list",
    ):
        assert run("fuse", *words.split()).code == 0
    forget_what_was_written()
    for wrong in values:
        server.heal()
        give_instead(server, name, wrong)
        for words in READS:
            result = run("fuse", *words.split())
            assert result.code in (0, 1, 4), (wrong, result)
            if result.code:
                assert (result.out, result.err.count("\n")) == ("", 1), (wrong, result)


def give_instead(server, name, wrong):
    """Let the server give ``wrong`` in every field of this name."""

    def change(body):
        rows = body["data"] if isinstance(body.get("data"), list) else [body]
        for row in list(rows):
            rows += row.get("observations") or []
            rows += row.get("scores") or []
        for row in rows:
            if isinstance(row, dict) and name in row:
                row[name] = wrong
        return body

    for path in ("/traces", "observations", "/sessions", "/scores"):
        server.fail("changed", times=None, path=path, change=change)


def test_a_server_that_leads_in_a_circle_is_left(run, use):
    server = use("v4-events_only")
    run("fuse", "traces", "create", "t")
    forget_what_was_written()

    again = encode_cursor({"startTime": "2099", "traceId": "t", "id": "o"})

    def change(body):
        return dict(body, meta={"cursor": again})

    server.fail("changed", times=None, path="observations", change=change)
    result = run("fuse", "traces", "--all")
    assert (result.code, result.out) == (4, "")
    assert "does not say how to get the next page" in result.err


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_a_listing_of_too_many_bytes_is_given_up(run, use, monkeypatch, kind):
    use(kind)
    run("fuse", "traces", "create", "t", "-n", "name")
    monkeypatch.setattr(page_watch, "MOST_BYTES", 0)
    for words in (
        "traces export",
        "prompts list",
        "datasets list",
        "scores list",
        "comments list",
    ):
        result = run("fuse", *words.split())
        assert (result.code, result.out) == (4, ""), (words, result)
        assert "lists more than 0 MB" in result.err, (words, result)
