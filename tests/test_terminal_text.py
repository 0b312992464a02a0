"""What servers, files and stashes say cannot steer a terminal; what is piped stays as it is."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import finish
from web_server import serving

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main
from coaiapy.util.text import one_line, visible

# Clears the screen, sets the title, writes from right to left, goes back to the line's start.
STEERING = "a\x1b[2J\x1b]0;owned\x07b\x9b31mc\u202ed\re\x7f\x08f"
SHOWN = r"a\x1b[2J\x1b]0;owned\x07b\x9b31mc\u202ed\re\x7f\x08f"


class Terminal(io.StringIO):
    """A stream with a person behind it."""

    def isatty(self):
        return True


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
    result = run("fuse", "traces", "trace-view", STEERING)
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
    code, out, err = finish("fuse", "traces", "trace-view", STEERING)
    assert (code, out) == (1, "")
    assert SHOWN.encode("unicode_escape").decode() in err or SHOWN in err


@given(st.text())
def test_nothing_is_lost_and_nothing_steers(text):
    assert "\x1b" not in visible(text) and "\n" not in one_line(text)
    assert visible(text).count("\n") == text.count("\n")
    kept = "".join(letter for letter in text if letter.isalnum())
    assert (
        "".join(letter for letter in text if one_line(letter) == letter and letter.isalnum())
        == kept
    )
