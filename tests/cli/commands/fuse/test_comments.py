"""The commands ``coaia fuse comments list``, ``get`` and ``post``, on every kind of server."""

import json
import threading

import pytest
from langfuse_server import KINDS

from coaiapy.config import settings
from coaiapy.errors import ExitCode, UsageError
from coaiapy.langfuse import comments

EVERY = sorted(KINDS)
TRACE = "4e2b1c1a-2a46-4f53-9d0c-1f3b9a0c7a11"


@pytest.fixture
def write(run):
    """Write a trace with an observation, in a session."""

    def trace(trace_id=TRACE):
        run("fuse", "traces", "create", trace_id, "-s", "my session", "-n", "run")
        result = run("fuse", "traces", "add-observation", "step one", trace_id, "-n", "step")
        assert result.code == 0, result.err

    return trace


def post(run, text, *words):
    result = run("fuse", "comments", "post", text, *words)
    assert result.code == 0, result.err
    return result.out.strip()


@pytest.mark.parametrize("kind", EVERY)
def test_comments_on_everything(run, use, write, kind):
    server = use(kind)
    write()
    run("fuse", "prompts", "create", "folder/greeting", "Hello")
    run("fuse", "prompts", "create", "folder/greeting", "Hello!", "--labels", "production")
    targets = {
        "TRACE": ("--trace", TRACE),
        "OBSERVATION": ("--observation", "step one"),
        "SESSION": ("--session", "my session"),
        "PROMPT": ("--prompt", "folder/greeting"),
    }
    for name, words in targets.items():
        posted = post(run, "about the " + name, *words)
        found = json.loads(run("fuse", "comments", "list", "--json", *words).out)
        assert [(one["id"], one["content"]) for one in found] == [(posted, "about the " + name)]
        assert found[0]["objectType"] == name
    sent = [one.body for one in server.requests if one.method == "POST" and "/comments" in one.path]
    assert {body["projectId"] for body in sent} == {"test-project"}
    versions = server.prompts["folder/greeting"]
    first = post(run, "older", "--prompt", "folder/greeting@1")
    shown = json.loads(run("fuse", "comments", "get", first, "--json").out)
    assert shown["objectId"] == versions[0]["id"]
    live = post(run, "live", "--prompt", "folder/greeting@production")
    assert server.comments[live]["objectId"] == versions[1]["id"]
    every = run("fuse", "comments", "list")
    assert every.code == 0 and "6 comments" in every.err and "about the SESSION" in every.out


@pytest.mark.parametrize("kind", ["v2", "v3", "v4-events_only"])
def test_every_page_is_listed_the_oldest_first(run, use, write, kind):
    server = use(kind)
    write()
    for number in range(205):
        comment = {"id": "c%03d" % (204 - number), "createdAt": "2026-01-01T00:%06.3fZ" % number}
        comment.update(projectId="test-project", objectType="TRACE", objectId="t", content="x")
        server.comments[comment["id"]] = comment
    found = json.loads(run("fuse", "comments", "list", "--json").out)
    assert len(found) == 205
    assert found == sorted(found, key=lambda one: one["createdAt"])


@pytest.mark.parametrize("kind", ["v3", "v4-dual", "v4-events_only"])
@pytest.mark.parametrize(
    "words", [("--trace", TRACE), ("--observation", "step one"), ("--session", "my session")]
)
def test_what_was_just_written_is_waited_for(run, use, write, kind, words):
    server = use(kind, visible_after=1000)
    write()

    def show_later():
        server.wait_until(lambda: any("/comments" in one.path for one in server.requests))
        server.show_all()

    waiting = threading.Thread(target=show_later)
    waiting.start()
    posted = post(run, "hello", *words)
    waiting.join()
    assert server.comments[posted]["content"] == "hello"
    assert len(server.comments) == 1


def test_waiting_as_long_as_told_for_what_others_write(run, use):
    server = use("v3")
    result = run("fuse", "comments", "post", "hello", "--trace", "theirs", "--wait", "0.3")
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    assert "'theirs'" in result.err and "0.3 seconds" in result.err

    def write_later():
        server.wait_until(lambda: any("/comments" in one.path for one in server.requests))
        run("fuse", "traces", "create", "later")

    server.forget_requests()
    writer = threading.Thread(target=write_later)
    writer.start()
    posted = comments.post_comment(
        settings.load(), comments.target("TRACE", "later"), "hello", wait=100
    )
    writer.join()
    assert posted in server.comments


@pytest.mark.parametrize("kind", EVERY)
def test_what_is_not_there_is_said_at_once(run, use, kind):
    server = use(kind)
    result = run("fuse", "comments", "post", "hello", "--trace", "nope")
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    assert "'nope'" in result.err and "--wait" in result.err and result.err.count("\n") == 1
    result = run("fuse", "comments", "post", "hello", "--prompt", "nope")
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    result = run("fuse", "comments", "get", "nope")
    assert (result.code, result.out) == (ExitCode.FAILED, "") and "'nope'" in result.err
    empty = run("fuse", "comments", "list", "--trace", "nope", "--json")
    assert (empty.code, json.loads(empty.out)) == (0, [])
    assert not server.comments


@pytest.mark.parametrize("fault", ["answer lost", "500"])
def test_a_comment_is_never_posted_twice(run, use, write, fault):
    server = use("v3")
    write()
    server.fail(fault, times=None, path="/comments", method="POST")
    result = run("fuse", "comments", "post", "hello", "--trace", TRACE)
    assert (result.code, result.out) == (ExitCode.NETWORK, "")
    assert "not known" in result.err
    posts = [one for one in server.requests if one.path.endswith("/comments")]
    assert len(posts) == 1


def test_text_is_checked_before_anything_is_asked(run, use):
    server = use("v3")
    for text in ("", "  \n ", "x" * 5001):
        result = run("fuse", "comments", "post", text, "--trace", "t")
        assert (result.code, result.out) == (ExitCode.USAGE, "")
        assert "5000" in result.err
    assert not server.requests
    result = run("fuse", "comments", "post", "hello")
    assert result.code == ExitCode.USAGE and "--trace" in result.err
    with pytest.raises(UsageError):
        comments.target("DATASET", "d")


def test_text_comes_from_standard_input(run, use, write):
    server = use("v4-events_only")
    write()
    result = run("fuse", "comments", "post", "-", "--trace", TRACE, "--json", stdin=" data: x\n")
    comment = server.comments[json.loads(result.out)["id"]]
    assert comment["content"] == "data: x"


@pytest.mark.parametrize(
    "words",
    [("list",), ("get", "c"), ("post", "hello", "--trace", "t"), ("post", "x", "--prompt", "p")],
)
def test_local_mode_has_no_comments(run, words):
    result = run("fuse", "comments", *words)
    assert (result.code, result.out) == (ExitCode.CONFIG, "")
    assert "comments" in result.err and "LANGFUSE_PUBLIC_KEY" in result.err


def test_an_error_is_no_empty_list(run, use):
    server = use("v3")
    server.fail("403", path="/comments")
    result = run("fuse", "comments", "list", "--json")
    assert (result.code, result.out) == (ExitCode.CONFIG, "")


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_an_object_is_listed_under_the_name_that_people_gave_it(run, use, kind):
    server = use(kind)
    run("fuse", "traces", "create", "node1")
    run("fuse", "traces", "add-observation", "step1", "node1")
    run("fuse", "prompts", "create", "p", "x")
    run("fuse", "prompts", "create", "p", "y")
    for words in (["--trace-id", "node1"], ["--observation-id", "step1"], ["--prompt", "p@1"]):
        assert run("fuse", "comments", "post", "hello", *words, "--wait", "60").code == 0
        (row,) = json.loads(run("fuse", "comments", "list", "--json", *words).out)
        assert row["objectName"] == words[1]
        assert words[1] in run("fuse", "comments", "list", *words).out
    every = json.loads(run("fuse", "comments", "list", "--json").out)
    names = [row["objectName"] for row in every]
    assert names == ["node1", "step1", server.prompts["p"][0]["id"]]
    assert [row["objectId"] for row in every] == names


@pytest.mark.parametrize("form", ["--trace", "--trace-id"])
def test_ids_have_two_forms_of_their_option_everywhere(run, use, form):
    use("v3")
    run("fuse", "traces", "create", "t", "--session", "s", "--user-id", "u")
    for words in (
        ["comments", "post", "hello", form, "t"],
        ["comments", "list", form, "t"],
        ["scores", "apply", form, "t", "--name", "n"],
        ["traces", "list-observations", form, "t"],
        ["traces", "add-observation", form, "t", "-n", "step"],
    ):
        assert run("fuse", *words).code == 0
    for words in (["--user", "u"], ["--session-id", "s"], ["--user-id", "u", "--session", "s"]):
        assert len(json.loads(run("fuse", "traces", "list", "--json", *words).out)) == 1


def test_comments_are_found_by_the_beginning_of_an_id(use, run):
    use("v4-events_only")
    run("fuse", "traces", "create", "run-1234")
    assert (
        run("fuse", "comments", "post", "seen", "--trace-id", "run-1234", "--wait", "60").code == 0
    )
    found = run("fuse", "comments", "list", "--trace", "run-1", "--csv", "--columns", "content")
    assert found.out == "content\nseen\n" and "trace run-1234\n" in found.err
    assert "0 comments" in run("fuse", "comments", "list", "--trace", "nosuch").err
