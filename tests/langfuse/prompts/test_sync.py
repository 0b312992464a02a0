"""A folder of prompts and a server: what changed where, and nobody's newer work is replaced."""

import os

import pytest
from servers import settings_for

from coaiapy.langfuse.prompts import compare as prompt_compare
from coaiapy.langfuse.prompts import files as prompt_files
from coaiapy.langfuse.prompts import prompts
from coaiapy.langfuse.prompts import sync as prompt_sync

CHAT = [{"role": "system", "content": "s"}, {"role": "user", "content": "{{q}}"}]


@pytest.fixture
def server(langfuse):
    return langfuse("v3")


@pytest.fixture
def known(server):
    found = settings_for(server)
    prompts.create_prompt(found, "team/text", "Hello", labels=["production"], tags=["t"])
    prompts.create_prompt(found, "chat", CHAT, prompt_type="chat", config={"model": "m"})
    return found


def states(known, folder, **options):
    return {one.name: one.state for one in compare(known, folder, **options)}


def compare(known, folder, *names, **options):
    files = prompt_files.read_checked(str(folder)).prompts
    return prompt_compare.compare(known, files, names, **options)


def test_what_was_pulled_is_the_same(known, tmp_path):
    rows = pull(known, tmp_path)
    assert [(row["name"], row["state"], row["path"]) for row in rows] == [
        ("chat", "new", "chat.md"),
        ("team/text", "new", os.path.join("team", "text.md")),
    ]
    assert states(known, tmp_path) == {"chat": "same", "team/text": "same"}
    stamp = os.stat(str(tmp_path / "chat.md")).st_ino
    assert {row["state"] for row in pull(known, tmp_path)} == {"same"}
    assert os.stat(str(tmp_path / "chat.md")).st_ino == stamp


def push(known, folder, **options):
    label = options.get("label", "latest")
    chosen = prompt_sync.pushable(compare(known, folder, label=label))
    return prompt_sync.push(known, str(folder), chosen, **options)


def pull(known, folder, *names, **options):
    pulled = prompt_sync.pull(known, str(folder), names, **options)
    assert pulled.failed == []
    return pulled.rows


def test_only_what_changed_is_pushed(server, known, tmp_path):
    pull(known, tmp_path)
    path = tmp_path / "team" / "text.md"
    path.write_text(path.read_text().replace("Hello", "Hi"))
    (tmp_path / "extra.md").write_text("---\ntags: [n]\n---\nNew\n")
    server.forget_requests()
    assert push(known, tmp_path, commit_message="Shorter") == []
    bodies = [one.body for one in server.requests if one.method == "POST"]
    assert [(body["name"], body["prompt"]) for body in bodies] == [
        ("extra", "New"),
        ("team/text", "Hi"),
    ]
    assert bodies[1]["labels"] == ["production"]
    assert bodies[1]["tags"] == ["t"]
    assert bodies[1]["commitMessage"] == "Shorter"
    assert set(states(known, tmp_path).values()) == {"same"}
    server.forget_requests()
    push(known, tmp_path)
    assert {one.method for one in server.requests} == {"GET"}


def test_a_label_alone_makes_no_version(server, known, tmp_path):
    pull(known, tmp_path)
    path = tmp_path / "chat.md"
    path.write_text(path.read_text().replace("labels: []", "labels: [staging]"))
    assert states(known, tmp_path)["chat"] == "labels"
    push(known, tmp_path)
    assert [one["version"] for one in server.prompts["chat"]] == [1]
    assert "staging" in server.prompts["chat"][0]["labels"]


def test_another_label_compares_and_pushes_to_that(server, known, tmp_path):
    prompts.create_prompt(known, "team/text", "Draft")
    pull(known, tmp_path, label="production")
    assert states(known, tmp_path, label="production") == {"team/text": "same"}
    path = tmp_path / "team" / "text.md"
    path.write_text("---\nname: team/text\n---\nReleased\n")
    push(known, tmp_path, label="production")
    assert prompts.get_prompt(known, "team/text")["prompt"] == "Released"


def test_what_the_server_refuses_does_not_keep_back_the_others(server, known, tmp_path):
    (tmp_path / "chat.md").write_text("---\n---\nnow a text\n")
    (tmp_path / "zzz.md").write_text("---\n---\nfine\n")
    failed = push(known, tmp_path)
    assert [(one.name, "different prompt type" in str(one.error)) for one in failed] == [
        ("chat", True)
    ]
    assert "zzz" in server.prompts


def test_references_to_other_prompts_are_pulled_as_they_are_written(server, known, tmp_path):
    server.forget_requests()
    pull(known, tmp_path)
    gets = [one for one in server.requests if one.path.startswith("/api/public/v2/prompts/")]
    assert {one.first("resolve") for one in gets} == {"false"}


def test_a_difference_is_shown_as_one(known, tmp_path):
    pull(known, tmp_path)
    path = tmp_path / "team" / "text.md"
    path.write_text(path.read_text().replace("Hello", "Hi"))
    (one,) = compare(known, tmp_path, "team/text")
    lines = prompt_compare.diff(one).splitlines()
    assert [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")] == [
        "-Hello",
        "+Hi",
    ]


# Two people, one server


@pytest.fixture
def pulled(known, tmp_path):
    """The file of a prompt as one of them has it."""
    pull(known, tmp_path)
    return tmp_path / "team" / "text.md"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def versions(server, name="team/text"):
    return [one["prompt"] for one in server.prompts[name]]


def pushed(run, folder, *more):
    return run("fuse", "prompts", "push", folder, *more, "--yes")


@pytest.fixture
def keys(server, known, monkeypatch):
    """Point the commands at the server."""
    monkeypatch.setenv("LANGFUSE_BASE_URL", server.url)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", server.secret_key)


def test_a_clean_file_does_not_take_back_what_is_newer_on_the_server(
    keys, server, known, pulled, tmp_path, run
):
    prompts.create_prompt(known, "team/text", "Newer")
    result = pushed(run, tmp_path)
    assert result.code == 0
    assert (
        "team/text was not pushed: the file is of version 1, but the server has 2; pull it"
        in result.err
    )
    assert "0 prompts written" in result.err
    assert versions(server) == ["Hello", "Newer"]
    check = run("fuse", "prompts", "check", tmp_path)
    assert (check.code, "is of version 1, and the server has version 2" in check.out) == (1, True)
    pull(known, tmp_path)
    assert states(known, tmp_path)["team/text"] == "same"


def test_what_was_changed_on_both_sides_is_refused_until_forced(
    keys, server, known, pulled, tmp_path, run
):
    edit(pulled, "Hello", "Mine")
    prompts.create_prompt(known, "team/text", "Theirs")
    prompts.create_prompt(known, "other", "x")
    (tmp_path / "added.md").write_text("---\n---\nNew\n")
    for more in (["--dry-run"], []):
        result = pushed(run, tmp_path, *more)
        assert result.code == 1
        assert (
            "coaia: team/text was not written: {} is from version 1, and the server's latest is "
            "version 2: ".format(os.path.join("team", "text.md"))
            in result.err
        )
    assert versions(server) == ["Hello", "Theirs"]
    assert versions(server, "added") == ["New"]
    assert pushed(run, tmp_path, "team/text", "--force").code == 0
    assert versions(server) == ["Hello", "Theirs", "Mine"]


def test_what_was_pushed_can_be_changed_and_pushed_again(keys, server, pulled, tmp_path, run):
    pulled.write_text("---\n# for the front desk\nname: team/text\n---\nOne\n")
    assert pushed(run, tmp_path).code == 0
    assert (
        pulled.read_text() == "---\n# for the front desk\nname: team/text\nversion: 2\n---\nOne\n"
    )
    edit(pulled, "One", "Two")
    assert pushed(run, tmp_path).code == 0
    assert versions(server) == ["Hello", "One", "Two"]


def test_the_version_is_noted_with_the_line_ends_that_the_file_has(pulled, server, tmp_path, known):
    pulled.write_bytes(b"---\r\nversion: 1\r\nname: team/text\r\n---\r\nOne\r\n")
    push(known, tmp_path)
    assert pulled.read_bytes() == b"---\r\nversion: 2\r\nname: team/text\r\n---\r\nOne\r\n"


def test_a_version_that_changed_nothing_is_no_reason_to_refuse(keys, server, known, pulled, run):
    prompts.create_prompt(known, "team/text", "Hello")
    edit(pulled, "Hello", "Mine")
    assert pushed(run, pulled.parent.parent).code == 0
    assert versions(server) == ["Hello", "Hello", "Mine"]


def test_a_file_of_another_project_needs_force(keys, server, known, pulled, tmp_path, run):
    edit(pulled, "version: 1", "version: 9")
    edit(pulled, "Hello", "Mine")
    result = pushed(run, tmp_path)
    assert (
        result.code,
        "is from version 9, and the server's latest is version 1" in result.err,
    ) == (
        1,
        True,
    )
    assert pushed(run, tmp_path, "--force").code == 0
    assert versions(server) == ["Hello", "Mine"]


@pytest.mark.parametrize("kind", ["v3", "v2"])
def test_a_release_of_what_is_there_sets_a_label(use, run, tmp_path, kind):
    server = use(kind)
    run("fuse", "prompts", "create", "p", "One", "--labels", "production")
    run("fuse", "prompts", "create", "p", "Two")
    run("fuse", "prompts", "pull", tmp_path)
    assert pushed(run, tmp_path, "p", "--label", "production").code == 0
    assert run("fuse", "prompts", "get", "p", "--prod", "-c").out == "Two\n"
    assert run("fuse", "prompts", "check", tmp_path, "--label", "production").code == 0
    # The oldest servers cannot label an existing version.
    assert versions(server, "p") == ["One", "Two"] + (["Two"] if kind == "v2" else [])


def test_a_release_of_an_older_file_does_not_take_back_the_newest(server, known, pulled, tmp_path):
    prompts.create_prompt(known, "team/text", "Newer", labels=["production"])
    assert states(known, tmp_path, label="production")["team/text"] == "behind"


def test_a_text_with_both_sides_of_a_conflict_is_not_pushed(keys, server, pulled, tmp_path, run):
    edit(pulled, "Hello", "<<<<<<< HEAD\nMine\n=======\nTheirs\n>>>>>>> main")
    for force in ([], ["--force"]):
        result = pushed(run, tmp_path, *force)
        assert (result.code, "contains conflict markers of git" in result.err) == (2, True)
    assert versions(server) == ["Hello"]
    assert run("fuse", "prompts", "check", tmp_path).code == 1


def test_a_prompt_about_conflicts_is_a_prompt(server, known, pulled, tmp_path):
    prompts.create_prompt(known, "team/text", "<<<<<<< a\n=======\n>>>>>>> b\n")
    pull(known, tmp_path)
    edit(pulled, "<<<<<<< a", "<<<<<<< c")
    assert states(known, tmp_path)["team/text"] == "changed"


# What pull replaces


def pulls(run, folder, *more):
    return run("fuse", "prompts", "pull", folder, *more)


def test_pull_replaces_nothing_that_is_nowhere_else(keys, known, pulled, tmp_path, run):
    prompts.create_prompt(known, "README", "A prompt")
    prompts.create_prompt(known, "odd", "x")
    (tmp_path / "README.md").write_text("# Our prompts\n")
    (tmp_path / "odd.md").write_text("<<<<<<< HEAD\n---\n---\nx\n")
    (tmp_path / "chat.md").write_text("---\nname: chat\n---\nmine\n")
    edit(pulled, "Hello", "Mine")
    prompts.create_prompt(known, "zzz", "x")
    result = pulls(run, tmp_path)
    assert result.code == 1
    for said in (
        "README was not written: README.md exists already and is not this prompt",
        "odd was not written: odd.md: begins with a conflict marker",
        "chat was not written: chat.md differs and does not name the version",
        "text.md was changed since version 1 was pulled",
        "1 file written",
    ):
        assert said in result.err
    assert (tmp_path / "README.md").read_text() == "# Our prompts\n"
    assert "Mine" in pulled.read_text()
    assert (tmp_path / "zzz.md").exists()
    assert pulls(run, tmp_path, "--force").code == 0
    assert run("fuse", "prompts", "check", tmp_path, "--complete").code == 0


def test_one_name_that_no_file_can_have_stops_no_other(keys, known, tmp_path, run):
    prompts.create_prompt(known, "long" * 80, "Long")
    result = pulls(run, tmp_path / "prompts")
    assert (result.code, "3 files written" in result.err) == (0, True)
    assert run("fuse", "prompts", "check", tmp_path / "prompts", "--complete").code == 0


def test_one_file_that_cannot_be_written_stops_no_other(keys, known, tmp_path, run):
    (tmp_path / "team").write_text("a file where a folder should be")
    result = pulls(run, tmp_path)
    assert (result.code, "1 file written" in result.err) == (6, True)
    assert "team/text was not written: cannot write" in result.err


def test_labels_that_only_the_server_has_are_no_change_to_push_but_are_pulled(
    server, known, tmp_path
):
    pull(known, tmp_path)
    prompts.update_prompt_version_labels(known, "chat", 1, ["staging"])
    assert states(known, tmp_path)["chat"] == "labels moved on the server"
    server.forget_requests()
    push(known, tmp_path)
    assert {one.method for one in server.requests} == {"GET"}
    assert [row["state"] for row in pull(known, tmp_path)] == ["changed", "same"]
    assert "staging" in (tmp_path / "chat.md").read_text()
    assert set(states(known, tmp_path).values()) == {"same"}


def test_a_label_that_is_to_be_set_survives_a_pull(keys, known, pulled, tmp_path, run):
    edit(pulled, "- production", "- production\n- staging")
    result = pulls(run, tmp_path)
    assert (result.code, "has labels that the server does not have" in result.err) == (1, True)
    assert "staging" in pulled.read_text()


def test_a_file_without_a_version_gets_that_of_the_same_prompt(known, pulled, tmp_path):
    pulled.write_text("---\nname: team/text\n---\nHello\n")
    pull(known, tmp_path)
    assert pulled.read_text() == "---\nname: team/text\nversion: 1\n---\nHello\n"


@pytest.mark.parametrize("name", ["/abs", "a//b", "a|b", "<b>", "x/", "latest"])
def test_what_a_server_once_accepted_is_pulled_and_read_again(server, known, tmp_path, name):
    versions = server.prompts["team/text"]
    server.prompts[name] = [
        dict(one, name=name, labels=["Old Label", "latest"]) for one in versions
    ]
    pull(known, tmp_path)
    assert set(states(known, tmp_path).values()) == {"same"}


@pytest.mark.parametrize("bad", ["..", "."])
def test_a_name_that_cannot_be_asked_for_does_not_stop_the_others(server, known, tmp_path, bad):
    server.prompts[bad] = [dict(one, name=bad) for one in server.prompts["team/text"]]
    pulled = prompt_sync.pull(known, str(tmp_path))
    assert [row["name"] for row in pulled.rows] == ["chat", "team/text"]
    assert {one.name for one in pulled.failed} <= {bad}
    found = [one for one in compare(known, tmp_path) if one.name != bad]
    assert {one.state for one in found} == {"same"}
    assert prompt_compare.differing(compare(known, tmp_path)) == []
    named = prompt_compare.differing(compare(known, tmp_path, bad), [bad])
    assert [one.name for one in named] == [bad]
