"""coaia fuse prompts: what a terminal and a script see of it."""

import csv
import io
import json
import os

import pytest
from langfuse_server import KINDS

pytestmark = pytest.mark.usefixtures("short_waits")
CHAT = [{"role": "system", "content": 'Say "hi"'}, {"role": "user", "content": "{{q}}\nnow"}]


@pytest.fixture
def server(use, monkeypatch):
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "20")
    return use("v4-events_only")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_legacy_words_on_every_server(use, run, kind):
    use(kind)
    words = "prompts create team/p Hello --labels production --tags a b --commit-message first"
    assert run("fuse", *words.split()).out == "1\n"
    assert run("fuse", "prompts", "create", "team/p", "Hi").out == "2\n"
    assert run("fuse", "prompts", "get", "team/p", "-c").out == "Hi\n"
    assert run("fuse", "prompts", "get", "team/p", "--prod", "-c").out == "Hello\n"
    assert run("fuse", "prompts", "get", "team/p", "--label", "production", "-c").out == "Hello\n"
    assert run("fuse", "prompts", "get", "team/p", "--version", "1", "-c").out == "Hello\n"
    for more in (["--label", "latest", "--prod"], ["--version", "2", "--label", "production"]):
        assert run("fuse", "prompts", "get", "team/p", "-c", *more).out == "Hi\n"
    got = json.loads(run("fuse", "prompts", "get", "team/p", "--prod", "--json").out)
    assert (got["version"], got["tags"]) == (1, ["a", "b"])
    listed = run("fuse", "prompts", "list")
    assert listed.err == "1 prompt\n"
    header, _, row = listed.out.splitlines()
    assert header.split() == ["Name", "Type", "Versions", "Labels", "Tags", "Updated"]
    assert row.split()[:2] == ["team/p", "text"]
    assert "1, 2" in row


def test_every_form_of_the_list(server, run):
    run("fuse", "prompts", "create", "p", "x", "--labels", "production")
    (row,) = json.loads(run("fuse", "prompts", "list", "--json").out)
    assert (row["name"], row["type"], row["versions"]) == ("p", "text", [1])
    assert json.loads(run("fuse", "prompts", "list", "--jsonl").out) == row
    lines = list(csv.reader(io.StringIO(run("fuse", "prompts", "list", "--csv").out)))
    assert lines[1][:2] == ["p", "text"]
    only = run("fuse", "prompts", "list", "--columns", "name,versions", "--json")
    assert json.loads(only.out) == [{"name": "p", "versions": [1]}]


def test_an_empty_list_is_a_good_answer_and_an_error_is_none(server, run):
    empty = run("fuse", "prompts", "list")
    assert (empty.code, empty.err) == (0, "0 prompts\n")
    assert empty.out.startswith("Name")
    server.fail("401", times=None)
    refused = run("fuse", "prompts", "list", "--json")
    assert (refused.code, refused.out) == (3, "")
    assert refused.err.count("\n") == 1


def test_chat_keeps_its_roles_all_the_way(server, run, project):
    (project / "chat.json").write_text(json.dumps(CHAT))
    run("fuse", "prompts", "create", "chat", "-f", "chat.json", "--type", "chat")
    content = run("fuse", "prompts", "get", "chat", "-c").out
    assert json.loads(content) == CHAT
    assert run("fuse", "prompts", "create", "again", "--type", "chat", stdin=content).out == "1\n"
    assert server.prompts["again"][0]["prompt"] == CHAT
    shown = run("fuse", "prompts", "get", "chat").out
    assert "[system]\nSay" in shown
    assert "[user]\n{{q}}" in shown


def test_chat_may_be_yaml(server, run, project):
    (project / "chat.yaml").write_text("- role: user\n  content: |\n    Hi\n    there\n")
    run("fuse", "prompts", "create", "chat", "-f", "chat.yaml", "--type", "chat")
    assert server.prompts["chat"][0]["prompt"] == [{"role": "user", "content": "Hi\nthere\n"}]


def test_escaped_content_is_one_line_of_json(server, run):
    run("fuse", "prompts", "create", "p", 'line "one"\nline two\n')
    escaped = run("fuse", "prompts", "get", "p", "-e").out
    assert escaped.count("\n") == 1
    assert json.loads(escaped) == 'line "one"\nline two\n'
    run("fuse", "prompts", "create", "chat", json.dumps(CHAT), "--type", "chat")
    escaped = run("fuse", "prompts", "get", "chat", "--escaped").out
    assert json.loads(json.loads(escaped)) == CHAT


@pytest.mark.parametrize("content", ["x", "x\n", "\n x \n\n"])
def test_content_is_the_same_after_a_way_through_a_file(server, run, project, content):
    run("fuse", "prompts", "create", "p", content)
    (project / "f").write_text(run("fuse", "prompts", "get", "p", "-c").out)
    run("fuse", "prompts", "create", "p", "-f", "f")
    run("fuse", "prompts", "create", "p", stdin=(project / "f").read_text())
    assert [one["prompt"] for one in server.prompts["p"]] == [content] * 3


def test_an_empty_prompt_is_not_written_by_accident(server, run, project):
    (project / "f").write_text("\n")
    for words, stdin in (([], ""), ([], "\n"), (["-f", "f"], ""), (["-f", "-"], "")):
        result = run("fuse", "prompts", "create", "p", *words, stdin=stdin)
        assert (result.code, "is empty" in result.err) == (2, True)
    assert server.requests == []
    assert run("fuse", "prompts", "create", "p", "").code == 0


def test_a_wrong_command_line_is_told_before_anything_is_sent(server, run):
    for words, said in (
        (["create", "p", "x", "-f", "y"], "the content is given twice"),
        (["create", "p", "hello", "--type", "chat"], "a list of messages"),
        (["create", "p", "[", "--type", "chat"], "the chat prompt is not JSON, and it is not YAML"),
        (["create", "p", "x", "--labels", "No Good"], "label 'No Good'"),
        (["create", "p", "x", "--config", "{"], "is not JSON"),
        (["labels", "p", "1"], "give a label"),
        (["delete", "p", "--version", "1", "--label", "x", "--yes"], "not by both"),
        (["get"], "required: NAME"),
    ):
        result = run("fuse", "prompts", *words)
        assert (result.code, result.out) == (2, "")
        assert said in result.err
        assert result.err.count("\n") == 1
    assert server.requests == []


def test_no_option_is_dropped_without_a_word(server, run):
    run("fuse", "prompts", "create", "p", "One", "--labels", "production", "x")
    run("fuse", "prompts", "create", "p", "Two")
    for words, out, said in (
        ("--prod --version 2", "Two", ["--prod is ignored, because --version was given"]),
        ("--label x --version 2", "Two", ["--label x is ignored, because --version was given"]),
        ("--prod --label latest", "Two", ["--prod is ignored, because --label was given"]),
        ("--prod --label production", "One", []),
        (
            "--prod -e --json",
            '"One"',
            ["--json is ignored, because -c and -e print only the content"],
        ),
        ("--prod -c -e", '"One"', []),
    ):
        result = run("fuse", "prompts", "get", "p", "-c", *words.split())
        assert (result.code, result.out) == (0, out + "\n")
        assert result.err == "".join("coaia: {}\n".format(sentence) for sentence in said)


def test_a_missing_prompt_is_exit_code_1(server, run):
    result = run("fuse", "prompts", "get", "nope", "-c")
    assert (result.code, result.out) == (1, "")
    assert "nope" in result.err


def test_down_offline_and_local(server, run, monkeypatch):
    run("fuse", "prompts", "create", "p", "Hello")
    run("fuse", "prompts", "get", "p")
    server.fail("refuse")
    down = run("fuse", "prompts", "get", "p", "-c")
    assert (down.code, down.out) == (0, "Hello\n")
    assert "coaia: this is the copy that was fetched at" in down.err
    assert run("fuse", "prompts", "list").code == 4
    offline = run("fuse", "prompts", "get", "p", "-c", "--offline")
    assert offline == (0, "Hello\n", "")
    for name in ("LANGFUSE_BASE_URL", "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"):
        monkeypatch.delenv(name)
    assert run("fuse", "prompts", "get", "p", "-c", "--offline").out == "Hello\n"
    local = run("fuse", "prompts", "get", "p")
    assert (local.code, local.out) == (3, "")
    assert "set LANGFUSE_PUBLIC_KEY" in local.err


def test_labels_are_listed_and_moved(server, run):
    run("fuse", "prompts", "create", "p", "1", "--labels", "production")
    run("fuse", "prompts", "create", "p", "2")
    for said in (True, False):
        moved = run("fuse", "prompts", "labels", "p", "2", "production", "--json")
        assert json.loads(moved.out)[0]["version"] == 2
        sentence = "production of p moved from version 1 to 2: coaia fuse prompts rollback p"
        assert (sentence in moved.err) is said, moved.err
    rows = json.loads(
        run("fuse", "prompts", "labels", "p", "--columns", "version,labels", "--json").out
    )
    assert rows[1] == {"version": 1, "labels": []}
    assert set(rows[0]["labels"]) == {"production", "latest"}
    created = run("fuse", "prompts", "create", "p", "3", "--labels", "production")
    assert created.out == "3\n" and "production of p moved from version 2 to 3" in created.err


def test_what_a_server_cannot_do_is_exit_code_5(use, run):
    use("v2")
    run("fuse", "prompts", "create", "p", "1")
    for words, said in (
        (["labels", "p", "1", "x"], "label an existing version: it needs 3.15 or newer"),
        (["delete", "p", "--yes"], "delete prompts: it needs 3.138 or newer"),
    ):
        result = run("fuse", "prompts", *words)
        assert (result.code, result.out) == (5, "")
        assert result.err.startswith("coaia: this Langfuse server (2.")
        assert "cannot " + said in result.err


def test_deleting(server, run):
    run("fuse", "prompts", "create", "p", "1")
    deleted = run("fuse", "prompts", "delete", "p", "--yes")
    assert (deleted.code, deleted.out, deleted.err) == (0, "", "deleted prompt 'p'\n")
    assert run("fuse", "prompts", "delete", "p", "--yes").code == 1


def test_a_folder_of_prompts_from_pull_to_push(server, run, project):
    run("fuse", "prompts", "create", "team/p", "Hello", "--labels", "production")
    run("fuse", "prompts", "create", "other", "Other")
    pulled = run("fuse", "prompts", "pull", "prompts", "--json")
    assert [row["state"] for row in json.loads(pulled.out)] == ["new", "new"]
    assert "2 files written" in pulled.err
    assert run("fuse", "prompts", "check", "prompts").code == 0
    assert run("fuse", "prompts", "diff", "prompts").out == ""

    path = project / "prompts" / "team" / "p.md"
    path.write_text(path.read_text().replace("Hello", "Hi"))
    (project / "prompts" / "other.md").unlink()
    check = run("fuse", "prompts", "check", "prompts", "--json")
    assert check.code == 1
    (problem,) = json.loads(check.out)
    assert problem["path"] == os.path.join("prompts", "team", "p.md")
    assert problem["message"].startswith(
        "content of the file and of version 1 on the server differ"
    )
    assert "1 prompt only on the server" in check.err
    diff = run("fuse", "prompts", "diff", "prompts")
    assert (diff.code, "\n-Hello\n+Hi" in diff.out, "other" in diff.out) == (1, True, False)

    server.forget_requests()
    dry = run("fuse", "prompts", "push", "prompts", "--dry-run")
    assert dry.code == 0
    assert "1 prompt would be written" in dry.err
    assert {one.method for one in server.requests} == {"GET"}
    pushed = run("fuse", "prompts", "push", "prompts", "-m", "Shorter", "--yes")
    assert (pushed.code, server.prompts["team/p"][-1]["prompt"]) == (0, "Hi")
    assert "created version 2 of team/p" in pushed.err
    assert run("fuse", "prompts", "check", "prompts").code == 0
    assert run("fuse", "prompts", "check", "prompts", "--complete").code == 1


@pytest.mark.parametrize(
    "data, said",
    [
        (b"<<<<<<< HEAD\n---\n---\nx\n=======\n---\n---\ny\n>>>>>>> other\n", "conflict"),
        (b"---\nname: p\n---\ncaf\xe9\n", "not UTF-8 text (line 4"),
        ("---\n---\nx\n".encode("utf-16"), "not UTF-8"),
        (b"---\nname: p\n<<<<<<< HEAD\ntags: []\n=======\n>>>>>>> x\n---\n", "not YAML"),
    ],
)
def test_a_file_that_cannot_be_read_passes_no_check_and_is_not_pushed(
    server, run, project, data, said
):
    run("fuse", "prompts", "create", "p", "x")
    run("fuse", "prompts", "pull", "prompts")
    (project / "prompts" / "p.md").write_bytes(data)
    for command in ("check", "diff", "push"):
        result = run("fuse", "prompts", command, "prompts")
        shown, empty = (result.out, "") if command == "check" else (result.err, result.out)
        assert (result.code, empty) == (2, "")
        assert "p.md" in shown
        assert said in shown
    assert len(server.prompts["p"]) == 1


def test_a_text_that_is_no_prompt_is_mentioned(server, run, project):
    run("fuse", "prompts", "create", "p", "x")
    run("fuse", "prompts", "pull", "prompts")
    (project / "prompts" / "README.md").write_text("# Our prompts\n")
    check = run("fuse", "prompts", "check", "prompts")
    assert check.code == 0
    assert "ignored README.md: a prompt file begins with ---\n" in check.err


def test_a_prompt_that_was_named_and_is_not_in_the_folder_fails_the_check(server, run, project):
    run("fuse", "prompts", "create", "p", "x")
    run("fuse", "prompts", "create", "q", "x")
    run("fuse", "prompts", "pull", "prompts", "q")
    assert run("fuse", "prompts", "check", "prompts", "q").code == 0
    for command in ("check", "diff"):
        named = run("fuse", "prompts", command, "prompts", "p")
        assert named.code == 1
        assert "p" in named.out
        assert run("fuse", "prompts", command, "prompts").code == 0
        assert run("fuse", "prompts", command, "prompts", "--complete").code == 1


def test_a_push_that_is_partly_refused_is_exit_code_5(server, run, project):
    run("fuse", "prompts", "create", "p", "x")
    folder = project / "prompts"
    folder.mkdir()
    (folder / "p.md").write_text("---\ntype: chat\n---\n- role: user\n  content: x\n")
    (folder / "q.md").write_text("---\n---\nx\n")
    result = run("fuse", "prompts", "push", "prompts")
    assert result.code == 5
    assert "coaia: p was not written:" in result.err
    assert "1 prompt written" in result.err
    assert "q" in server.prompts
