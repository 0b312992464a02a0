"""The helpers that scripts import from coaiacli, beside the command itself."""

import pytest
from redis_for_tests import free_port

from coaiapy import coaiacli, coaiamodule
from coaiapy.errors import StateError


@pytest.fixture(autouse=True)
def fresh(home, monkeypatch):
    """What one test has read of its settings is nothing to the next."""
    monkeypatch.setattr(coaiamodule, "config", None)


def test_a_uuid_has_one_form():
    text = "12345678-1234-1234-1234-123456789ABC"
    assert coaiacli.validate_uuid(text) == text.lower()
    assert coaiacli.validate_uuid(text.replace("-", ""), "trace") == text.lower()
    assert coaiacli.validate_uuid("") is coaiacli.validate_uuid(None) is None
    with pytest.raises(ValueError, match="trace 'abc' is not a UUID"):
        coaiacli.validate_uuid("abc", "trace")


def test_an_identifier_is_short_and_stays_in_its_place():
    assert coaiacli.validate_identifier(" data: of a day ") == "data: of a day"
    assert coaiacli.validate_identifier("  ") is coaiacli.validate_identifier(None) is None
    assert coaiacli.validate_identifier("a" * 100) == "a" * 100
    for wrong in ("a" * 101, "../a", "a\\..\\b", 5):
        with pytest.raises(ValueError, match="name"):
            coaiacli.validate_identifier(wrong, "name")
    with pytest.raises(ValueError, match="longer than 3"):
        coaiacli.validate_identifier("abcd", max_length=3)


def test_values_and_files_are_stashed(run, project, capsys):
    content = bytes(range(256)) * 2
    (project / "file").write_bytes(content)
    coaiacli.tash_key_val("key", "välue")
    coaiacli.tash_key_val("short", "value", 60)
    coaiacli.tash_key_val_from_file("file", "file", 60)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("stashed under") == 3
    assert run("fetch", "key").out == "välue"
    assert run("stash", "ttl", "key").out == "stays\n"
    assert 10 <= int(run("stash", "ttl", "short").out) <= 60
    assert coaiamodule.tash("copy", content) == content
    run("fetch", "file", "-O", "back")
    assert (project / "back").read_bytes() == content
    with pytest.raises(StateError, match="missing"):
        coaiacli.tash_key_val_from_file("key", "missing")


def test_what_was_not_kept_is_not_said_to_be(monkeypatch, capsys):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:{}".format(free_port()))
    coaiacli.tash_key_val("key", "value")
    said = capsys.readouterr()
    assert said.out == ""
    assert "refused the connection" in said.err
    assert "stashed" not in said.err


def test_a_processed_text_is_printed(openai, capsys):
    coaiacli.process_send("dictkore", "helo")
    said = capsys.readouterr()
    assert "user: helo" in said.out
    assert said.out.endswith("\n")
