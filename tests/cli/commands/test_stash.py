"""coaia tash, fetch and stash: what a person or a script sees of them."""

import io
import json
import os
import pty
import subprocess
import sys

import pytest
from terminal import Terminal

from coaiapy.cli.streams import Context
from coaiapy.coaiacli import main

COAIA = [sys.executable, "-m", "coaiapy"]
BINARY = bytes(range(256)) + b"\r\n\x00\xff"
NOTE = "no Redis is configured: the stash is "


def process(*words, **options):
    result = subprocess.run(
        COAIA + list(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=200, **options
    )
    return result.returncode, result.stdout, result.stderr.decode("utf-8")


def test_a_value_comes_back_as_it_is_and_a_note_says_where_it_lies(run, home):
    said = run("tash", "greeting", "hello there")
    assert (said.code, said.out) == (0, "")
    assert said.err.splitlines()[0] == NOTE + str(home / ".coaia" / "coaia.db")
    assert "stashed 11 bytes under greeting" in said.err
    got = run("fetch", "greeting")
    assert (got.code, got.out) == (0, "hello there")
    assert got.err.splitlines() == [said.err.splitlines()[0]]


def test_m_is_tash(run):
    assert run("m", "key", "value").code == 0
    assert run("fetch", "key").out == "value"


def test_binary_survives_files_and_pipes(project):
    (project / "in.bin").write_bytes(BINARY)
    assert process("tash", "file", "-F", "in.bin")[0] == 0
    assert process("tash", "pipe", "-F", "-", input=BINARY)[0] == 0
    for key in ("file", "pipe"):
        code, out, _ = process("fetch", key)
        assert (code, out) == (0, BINARY)
        assert process("fetch", key, "-O", "out.bin")[:2] == (0, b"")
        assert (project / "out.bin").read_bytes() == BINARY


def test_a_stream_of_text_takes_text_only(run, project):
    (project / "in.bin").write_bytes(BINARY)
    assert run("tash", "file", "-F", "in.bin").code == 0
    result = run("fetch", "file")
    assert (result.code, result.out) == (2, "")
    assert "260 bytes" in result.err


def test_a_terminal_gets_a_line_and_no_bytes():
    """What is printed between other things on a terminal ends with a line break there alone."""
    process("tash", "text", "hello")
    process("tash", "binary", "-F", "-", input=BINARY)
    assert on_terminal("fetch", "text") == (0, b"hello\r\n")
    code, said = on_terminal("fetch", "binary")
    assert code == 2
    assert b"not text and cannot be shown" in said


def on_terminal(*words):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        COAIA + list(words), stdout=follower, stderr=subprocess.PIPE, stdin=follower
    )
    _, error = process.communicate(timeout=200)
    os.close(follower)
    shown = b""
    try:
        while True:
            data = os.read(leader, 1000)
            if not data:
                break
            shown += data
    except OSError:
        pass  # the other side is closed
    os.close(leader)
    return process.returncode, shown if process.returncode == 0 else error


def test_a_missing_key_is_an_error_or_the_default(run, project):
    result = run("fetch", "missing")
    assert (result.code, result.out) == (1, "")
    assert "'missing'" in result.err
    assert run("fetch", "missing", "--default", "green").out == "green"
    assert run("fetch", "missing", "--default", "").code == 0
    assert run("fetch", "missing", "-O", "file").code == 1
    assert not (project / "file").exists()


def test_the_default_is_only_for_a_missing_key(run, monkeypatch):
    run("tash", "there", "value")
    assert run("fetch", "there", "--default", "other").out == "value"
    monkeypatch.setenv("REDIS_PORT", "1")
    result = run("fetch", "there", "--default", "other")
    assert (result.code, result.out) == (4, "")


def test_an_output_file_keeps_its_mode_and_a_device_stays_one(run, project):
    run("tash", "key", "value")
    path = project / "out"
    path.write_text("old")
    path.chmod(0o640)
    assert run("fetch", "key", "-O", path).code == 0
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("value", 0o640)
    assert process("fetch", "key", "-O", "/dev/stdout")[:2] == (0, b"value")
    assert run("fetch", "key", "-O", "/nowhere/file").code == 6


def test_an_empty_value_is_a_value(run):
    assert run("tash", "key", "").code == 0
    assert run("fetch", "key", "--default", "x").out == ""


def test_a_file_comes_before_a_value_and_a_note_says_so(run, project):
    (project / "file").write_text("of the file")
    result = run("tash", "key", "value", "-F", "file")
    assert result.code == 0
    assert "VALUE is ignored" in result.err
    assert run("fetch", "key").out == "of the file"


@pytest.mark.parametrize(
    "words, code",
    [
        (("tash", "key"), 2),
        (("tash", "key", "-F", "missing"), 6),
        (("tash", "", "value"), 2),
        (("tash", "key", "value", "-T", "soon"), 2),
        (("tash", "key", "value", "-T", "-5"), 2),
        (("tash", "key", "value", "-T", "1.5"), 2),
        (("tash", "key", "value", "-T", "99999999999"), 2),
        (("fetch", ""), 2),
        (("stash", "ttl", ""), 2),
    ],
)
def test_what_cannot_be_is_said_and_keeps_nothing(run, words, code):
    result = run(*words)
    assert (result.code, result.out) == (code, "")
    assert "stashed" not in result.err.replace("stashed under", "")
    assert run("stash", "list", "--json").out.strip() == "[]"


def test_seconds_are_seconds(run):
    run("tash", "hour", "x", "-T", "3600")
    run("tash", "good", "x")
    run("tash", "zero", "x", "-T", "0")
    assert 3300 <= int(run("stash", "ttl", "hour").out) <= 3600
    assert run("stash", "ttl", "good").out == "stays\n"
    assert run("stash", "ttl", "zero").out == "stays\n"
    assert run("stash", "ttl", "missing").code == 1
    rows = json.loads(run("stash", "ttl", "[gh]*", "--json").out)
    assert {row["key"]: row["ttl"] is None for row in rows} == {"good": True, "hour": False}


def test_the_list_shows_sizes_and_no_values(run):
    run("tash", "a", "secret-value")
    run("tash", "b", "xy", "-T", "100")
    table = run("stash", "list")
    assert "secret-value" not in table.out
    assert "2 values" in table.err
    assert json.loads(run("stash", "list", "a", "--json").out) == [
        {"key": "a", "size": 12, "ttl": None}
    ]
    assert run("stash", "list", "--csv").out.splitlines()[0] == "key,size,ttl"


def test_deleting_names_what_goes_and_asks_for_patterns(run):
    for key in ("a:1", "a:2", "b"):
        run("tash", key, "x")
    assert run("stash", "delete", "a:1").code == 0
    assert run("stash", "delete", "a:1").code == 1
    result = run("stash", "delete", "*")
    assert result.code == 3
    assert "--yes" in result.err
    assert [row["key"] for row in json.loads(run("stash", "list", "--json").out)] == ["a:2", "b"]
    assert "deleted 1 value" in run("stash", "delete", "a:*", "--yes").err
    assert run("stash", "delete", "a:*", "--yes").code == 1


def test_a_key_of_exactly_this_name_wins_over_the_pattern(run):
    for key in ("session[42]", "session4", "a*", "ab"):
        run("tash", key, "x")
    assert run("stash", "ttl", "session[42]").out == "stays\n"
    assert run("stash", "delete", "session[42]", "a*").code == 0
    assert [row["key"] for row in json.loads(run("stash", "list", "--json").out)] == [
        "ab",
        "session4",
    ]
    assert run("stash", "delete", "session[42]").code == 3
    assert "deleted 1 value" in run("stash", "delete", "session[42]", "--yes").err


def test_a_person_is_asked(run):
    run("tash", "a:1", "x")
    for answer, code, left in (("n\n", 1, 1), ("", 1, 1), ("y\n", 0, 0)):
        err = io.StringIO()
        context = Context(Terminal(answer), io.StringIO(), err)
        assert main(["stash", "delete", "a*"], context) == code
        assert "delete 1 value (a:1)? [y/N]" in err.getvalue()
        assert len(json.loads(run("stash", "list", "--json").out)) == left
