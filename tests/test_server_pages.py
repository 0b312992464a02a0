"""Listings of a server that answers something else than Langfuse would."""

import pytest
from web_server import serving

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
        assert "lists what is no record" in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize("body", [b'{"data": [NaN]}', b"[" * 100000, b'{"data": 1e999}', b"\xff"])
def test_what_is_no_json_is_one_sentence(listed, body):
    for result in listed(body):
        assert (result.code, result.out) == (4, "")
        assert "is not JSON" in result.err and result.err.count("\n") == 1
