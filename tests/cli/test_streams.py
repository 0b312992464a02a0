"""The streams of a command: who reads them leaves, they are full, know ASCII alone, or are not there."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys

import pytest
from processes import finish
from terminal import Terminal
from web_server import serving

import coaiapy
from coaiapy import coaiacli
from coaiapy.cli.streams import Context, write_bytes, write_text
from coaiapy.coaiacli import main
from coaiapy.errors import UsageError
from coaiapy.util.text.wording import one_line

COAIA = [sys.executable, "-m", "coaiapy"]


# Clears the screen, sets the title, writes from right to left, goes back to the line's start.
STEERING = "a\x1b[2J\x1b]0;owned\x07b\x9b31mc\u202ed\re\x7f\x08f"
SHOWN = r"a\x1b[2J\x1b]0;owned\x07b\x9b31mc\u202ed\re\x7f\x08f"
# As an id, in which a carriage return is refused.
STEERING_ID, SHOWN_ID = STEERING.replace("\r", ""), SHOWN.replace(r"\r", "")


def process(*words, **options):
    """Run ``coaia WORD...`` as a real process with the real streams."""
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(COAIA + list(words), stderr=subprocess.PIPE, timeout=200, **options)


BUFFERING = pytest.mark.parametrize("unbuffered", ["", "1"])


@BUFFERING
def test_a_reader_that_leaves_is_no_error(unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    environment = dict(os.environ, PYTHONUNBUFFERED=unbuffered)
    result = process("--help", stdout=writing, env=environment)
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, b"")


def test_head_in_a_shell_shows_no_traceback():
    line = "set -o pipefail; {} --help | head -1".format(" ".join(map(shlex.quote, COAIA)))
    result = subprocess.run(
        ["bash", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=200
    )
    assert result.returncode == 0
    assert result.stdout.startswith(b"usage: coaia")
    assert result.stderr == b""


@BUFFERING
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk_under_stdout_is_an_error_that_says_so(unbuffered):
    environment = dict(os.environ, PYTHONUNBUFFERED=unbuffered)
    with open("/dev/full", "w") as full:
        result = process("--help", stdout=full, env=environment)
    assert result.returncode == 6
    assert result.stderr == b"coaia: cannot write the output: No space left on device\n"


@BUFFERING
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_an_error_that_nobody_can_be_told_is_still_an_exit_code(unbuffered):
    environment = dict(os.environ, PYTHONUNBUFFERED=unbuffered)
    with open("/dev/full", "w") as full:
        result = subprocess.run(COAIA + ["nonsense"], stderr=full, env=environment, timeout=200)
        assert result.returncode == 2
        words = COAIA + ["env", "set", "KEY", "value"]  # what is done counts, not the note about it
        assert subprocess.run(words, stderr=full, env=environment, timeout=200).returncode == 0


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_text_goes_through_any_locale_unharmed(locale):
    environment = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("LC_", "LANG", "PYTHON"))
    }
    environment["LC_ALL"] = locale
    value = "é ☃ 日本".encode("utf-8")
    assert process("env", "set", "KEY", value, env=environment).returncode == 0
    result = process("env", "get", "KEY", env=environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, value + b"\n", b"")


def test_a_terminal_that_knows_ascii_alone_gets_escapes(run):
    run("env", "set", "KEY", "é")
    environment = dict(os.environ, PYTHONIOENCODING="ascii")
    result = process("env", "get", "KEY", env=environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"\\xe9\n", b"")
    failed = process("env", "get", "é", env=environment)
    assert failed.returncode in (1, 2)
    assert failed.stderr.startswith(b"coaia: ")
    assert b"Traceback" not in failed.stderr


class BareStream:
    """All that some hosts' streams can do."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


def test_streams_may_be_able_to_do_no_more_than_write(monkeypatch):
    out, err = BareStream(), BareStream()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdin", BareStream())
    assert coaiacli.main(["--version"]) == 0
    assert out.text == "coaia {}\n".format(coaiapy.__version__)
    assert coaiacli.main(["nonsense"]) == 2
    assert err.text.startswith("coaia: ")


def test_there_may_be_no_streams_at_all(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert [coaiacli.main(["--version"]), coaiacli.main(["nonsense"])] == [0, 2]


def show(*words):
    """Run a command line on a terminal; return its code and all that the person sees."""
    out, err = Terminal(), Terminal()
    code = main(list(words), Context(io.StringIO(), out, err))
    return code, out.getvalue() + err.getvalue()


def assert_harmless(text):
    assert one_line(text.replace("\n", "").replace("\t", "")) == text.replace("\n", "").replace(
        "\t", ""
    )


def write_traces(run):
    words = ["--name", STEERING, "--user", STEERING, "--session", STEERING]
    assert run("fuse", "traces", "create", "t", *words).code == 0
    words = ["-n", STEERING, "--input", json.dumps(STEERING), "--model", STEERING]
    assert run("fuse", "traces", "add-observation", "t", *words).code == 0
    assert run("tash", "key", STEERING).code == 0
    assert run("env", "set", "KEY", STEERING).code == 0


@pytest.mark.parametrize(
    "words",
    [
        "fuse traces",
        "fuse traces --json",
        "fuse traces --csv",
        "fuse traces trace-view t",
        "fuse traces trace-view t --json",
        "fuse traces list-observations t",
        "fuse traces session-view {}",
        "fuse traces trace-view {}",
        "fuse sessions list",
        "fetch key",
        "fetch {}",
        "stash list",
        "env list",
        "env get KEY",
        "env source --export",
        "pipeline show {}",
        "{}",
    ],
)
def test_on_a_terminal_it_stands_as_escapes(run, words):
    write_traces(run)
    code, seen = show(*[word.format(STEERING) for word in words.split()])
    assert seen
    assert_harmless(seen)


@pytest.mark.parametrize(
    "status, form",
    [(200, "json"), (200, "page"), (400, "json"), (401, "text"), (404, "text"), (500, "page")],
)
def test_what_a_server_says_is_no_exception(monkeypatch, status, form):
    body = {
        "json": json.dumps({"message": STEERING, "number": STEERING, "title": STEERING}),
        "text": STEERING,
        "page": "<html><title>{}</title>".format(STEERING),
    }[form]
    headers = {"Retry-After": "86400", "Location": "http://h/\x9b31m"}
    with serving(lambda asked, url: (status, body.encode("utf-8"), headers)) as server:
        for name in ("LANGFUSE_BASE_URL", "GITHUB_API_URL", "OPENAI_BASE_URL"):
            monkeypatch.setenv(name, server.url)
        monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
        monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk")
        for words in (
            "fuse doctor",
            "fuse health",
            "fuse projects",
            "fuse prompts get p",
            "gh issues get o/r#1",
            "summarize text",
        ):
            assert_harmless(show(*words.split())[1])


def test_talk_is_harmless_even_in_a_log(run):
    """A log's viewer obeys escapes as a terminal does."""
    result = run("fuse", "traces", "trace-view", STEERING_ID)
    assert result.code == 1
    assert_harmless(result.err)
    assert_harmless(run("tash", STEERING, "value").err)


def test_what_is_piped_is_exact(run):
    write_traces(run)
    assert run("fetch", "key").out == STEERING
    assert run("env", "get", "KEY").out == STEERING + "\n"
    assert json.loads(run("fuse", "traces", "--json").out)[0]["name"] == STEERING


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("x")', ' "'])
def test_csv_says_what_is_there_and_nothing_else(run, value):
    """For programs: a sign in front of a formula would be a change of the data."""
    assert run("fuse", "traces", "create", "t", "--name=" + value).code == 0
    rows = list(
        csv.DictReader(io.StringIO(run("fuse", "traces", "--csv", "--columns=id,name").out))
    )
    assert [row["name"] for row in rows] == [value]


def test_a_real_process_says_no_more(project):
    code, out, err = finish("fuse", "traces", "trace-view", STEERING_ID)
    assert (code, out) == (1, "")
    assert SHOWN_ID.encode("unicode_escape").decode() in err or SHOWN_ID in err


def test_a_terminal_sees_escapes_and_a_pipe_the_bytes_as_they_are():
    terminal, pipe = Terminal(), io.StringIO()
    write_text(terminal, STEERING + "\n")
    write_text(pipe, STEERING + "\n")
    assert (terminal.getvalue(), pipe.getvalue()) == (SHOWN + "\n", STEERING + "\n")


def test_bytes_that_are_no_text_stay_away_from_a_terminal():
    terminal = Terminal()
    write_bytes(terminal, "é".encode("utf-8"))
    assert terminal.getvalue() == "é\n"
    for data in (b"a\0b", b"\xff"):
        with pytest.raises(UsageError, match="write them to a file"):
            write_bytes(terminal, data)


def test_quiet_silences_notes_and_no_warning():
    err = io.StringIO()
    context = Context(io.StringIO(), io.StringIO(), err, quiet=True)
    context.note("a note")
    context.warn("this is wrong")
    assert err.getvalue() == "coaia: this is wrong\n"
