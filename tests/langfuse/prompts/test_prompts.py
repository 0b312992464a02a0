"""Prompts: every version and label, names with folders, and no version written twice."""

import pytest
from langfuse_server import KINDS
from servers import settings_for

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.errors import (
    ConfigError,
    ExitCode,
    NetworkError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from coaiapy.langfuse.client.errors import WrongDialectError
from coaiapy.langfuse.prompts import prompts
from coaiapy.util.threads import WORKERS

PROMPTS = "/api/public/v2/prompts"
CHAT = [{"role": "system", "content": "s"}, {"role": "user", "content": "{{q}}"}]
ALL_KINDS = sorted(KINDS)

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.fixture
def server(langfuse):
    return langfuse("v4-events_only")


@pytest.fixture
def known(server):
    return settings_for(server)


def posts(server):
    return [one for one in server.requests if one.method == "POST"]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_what_was_created_is_read_by_label_and_by_version(langfuse, kind):
    known = settings_for(langfuse(kind))
    first = prompts.create_prompt(
        known, "a/b c", "Hello", "first", ["production"], ["t"], config={"model": "m"}
    )
    second = prompts.create_prompt(known, "a/b c", "Hi")
    assert (first["version"], second["version"]) == (1, 2)
    assert prompts.get_prompt(known, "a/b c")["prompt"] == "Hello"
    assert prompts.get_prompt(known, "a/b c", "latest")["prompt"] == "Hi"
    found = prompts.get_prompt(known, "a/b c", version=1)
    assert (found["config"], found["labels"], found["tags"]) == (
        {"model": "m"},
        ["production"],
        ["t"],
    )


def test_names_travel_as_one_step_of_the_path(server, known):
    prompts.create_prompt(known, "my/prompt name", "x")
    prompts.get_prompt(known, "my/prompt name", "latest")
    assert server.requests[-1].target.split("?")[0] == PROMPTS + "/my%2Fprompt%20name"


def test_chat_messages_keep_their_roles_and_placeholders(known):
    messages = CHAT + [{"type": "placeholder", "name": "history"}]
    prompts.create_prompt(known, "chat", messages, prompt_type="chat")
    assert prompts.get_prompt(known, "chat", "latest")["prompt"] == messages


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_page_is_listed(langfuse, kind):
    server = langfuse(kind)
    known = settings_for(server)
    for number in range(103):
        server.prompts["p%03d" % number] = []
    body = {"version": 1, "labels": ["latest"], "tags": [], "updatedAt": "x", "config": {}}
    for name in server.prompts:
        server.prompts[name].append(dict(body, name=name, type="text"))
    listed = prompts.list_prompts(known)
    assert [row["name"] for row in listed] == sorted(server.prompts)
    assert all("type" in row for row in listed)


def test_the_list_can_be_narrowed(known):
    prompts.create_prompt(known, "a", "x", labels=["production"], tags=["t"])
    prompts.create_prompt(known, "b", "x", tags=["u"])
    assert [row["name"] for row in prompts.list_prompts(known, label="production")] == ["a"]
    assert [row["name"] for row in prompts.list_prompts(known, tag="u")] == ["b"]
    assert [row["name"] for row in prompts.list_prompts(known, name="b")] == ["b"]


# Types, which v2 servers do not list


def gets(server):
    return [one.target for one in server.requests if one.method == "GET"]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_the_list_tells_types_and_asks_only_for_those_that_are_missing(langfuse, kind):
    server = langfuse(kind)
    known = settings_for(server)
    prompts.create_prompt(known, "a/b", "x")
    prompts.create_prompt(known, "a/b", "y", labels=["dev"])
    prompts.create_prompt(known, "c", CHAT, prompt_type="chat")
    server.forget_requests()
    listed = prompts.list_prompts(known)
    assert {row["name"]: row["type"] for row in listed} == {"a/b": "text", "c": "chat"}
    asked = sorted(target.split("&")[0] for target in gets(server)[1:])
    singly = [PROMPTS + "/a%2Fb?version=2", PROMPTS + "/c?version=1"]
    assert asked == (singly if kind == "v2" else [])


def test_only_what_shows_types_asks_for_them(langfuse):
    server = langfuse("v2")
    known = settings_for(server)
    prompts.create_prompt(known, "p", "x")
    server.forget_requests()
    assert prompts.list_names(known, "latest") == ["p"]
    assert len(gets(server)) == 1
    assert [one["type"] for one in prompts.list_versions(known, "p")] == ["text"]
    assert len(gets(server)) == 3


def test_a_type_that_cannot_be_had_is_unknown_and_the_rest_is_listed(langfuse):
    server = langfuse("v2")
    known = settings_for(server)
    for name in "abc":
        prompts.create_prompt(known, name, "x")
    server.fail("404 html", method="GET", path="/v2/prompts/b")
    listed = prompts.list_prompts(known)
    assert [(row["name"], row["type"]) for row in listed] == [
        ("a", "text"),
        ("b", None),
        ("c", "text"),
    ]


def test_a_server_that_goes_away_is_not_asked_for_every_type(langfuse, short_waits):
    server = langfuse("v2")
    known = settings_for(server)
    for number in range(40):
        prompts.create_prompt(settings_for(server), "p%02d" % number, "x")
    server.forget_requests()
    server.fail("503", method="GET", path="/v2/prompts/", times=None)
    listed = prompts.list_prompts(known)
    assert [row["type"] for row in listed] == [None] * 40
    assert len({target.split("?")[0] for target in gets(server)[1:]}) <= WORKERS


# No version twice


@pytest.mark.parametrize("fault", ["answer lost", "reset", "truncated json"])
def test_a_version_whose_answer_was_lost_is_found_and_not_written_again(server, known, fault):
    prompts.create_prompt(known, "p", "Same", labels=["staging"])
    server.fail(fault, method="POST", path="/v2/prompts")
    created = prompts.create_prompt(known, "p", "Same", labels=["staging"])
    assert created["version"] == 2
    assert len(server.prompts["p"]) == 2
    assert len(posts(server)) == 2


@pytest.mark.parametrize("fault", ["500", "502 html", "503", "408"])
def test_a_version_that_was_not_written_is_posted_again(server, known, fault):
    server.fail(fault, method="POST", path="/v2/prompts")
    assert prompts.create_prompt(known, "p", "x")["version"] == 1
    assert len(posts(server)) == 2
    looks = [one for one in server.requests if one.method == "GET"]
    assert len(looks) == 2  # the version before, and whether the lost post made one


def test_the_version_of_someone_else_is_not_taken_for_ours(server, known):
    server.fail("503", method="POST", path="/v2/prompts", times=1)
    original = prompts._version_after

    def meanwhile(*args):
        prompts._version_after = original
        prompts.create_prompt(known, "p", "of someone else")
        return original(*args)

    prompts._version_after = meanwhile
    try:
        assert prompts.create_prompt(known, "p", "ours")["version"] == 2
    finally:
        prompts._version_after = original
    assert [one["prompt"] for one in server.prompts["p"]] == ["of someone else", "ours"]


def test_the_same_content_with_another_config_is_another_version(server, known):
    prompts.create_prompt(known, "p", "x", config={"t": 1})
    server.fail("503", method="POST", path="/v2/prompts")
    prompts.create_prompt(known, "p", "x", config={"t": 2})
    assert [one["config"] for one in server.prompts["p"]] == [{"t": 1}, {"t": 2}]


def test_a_server_that_stays_away_leaves_the_outcome_open(server, known):
    prompts.create_prompt(known, "p", "x")
    server.fail("answer lost", method="POST", path="/v2/prompts")
    server.fail("503", method="GET", path="/v2/prompts", after=1, times=None)
    with pytest.raises(NetworkError, match="it is not known whether prompt 'p' was created"):
        prompts.create_prompt(known, "p", "y")
    assert len(posts(server)) == 2


def test_it_is_posted_three_times_at_most(server, known):
    server.fail("500", method="POST", path="/v2/prompts", times=None)
    with pytest.raises(NetworkError):
        prompts.create_prompt(known, "p", "x")
    assert len(posts(server)) == patience.PROMPT_POSTS


def test_another_type_is_refused_and_not_repeated(server, known):
    prompts.create_prompt(known, "p", "x")
    with pytest.raises(RefusedError, match="different prompt type"):
        prompts.create_prompt(known, "p", CHAT, prompt_type="chat")
    assert len(posts(server)) == 2


@pytest.mark.parametrize(
    "values, said",
    [
        ({"name": "a|b"}, "name 'a|b' holds"),
        ({"name": "/a"}, "folder without a name"),
        ({"name": "new"}, "is reserved by Langfuse"),
        ({"labels": ["Production"]}, "label 'Production'"),
        ({"tags": [2]}, "tag 2"),
        ({"commit_message": "x" * 501}, "501 characters"),
        ({"content": CHAT}, "for messages, use the type chat"),
        ({"content": "x", "prompt_type": "chat"}, "a chat prompt is a list of messages"),
        ({"content": [{"role": "user"}], "prompt_type": "chat"}, "message 1 .* needs role and"),
    ],
)
def test_what_no_server_takes_is_not_sent(server, known, values, said):
    with pytest.raises(UsageError, match=said):
        prompts.create_prompt(known, **dict({"name": "p", "content": "x"}, **values))
    assert server.requests == []


# Labels and deletion


def test_a_label_moves_to_the_version_that_gets_it(known):
    prompts.create_prompt(known, "p", "1", labels=["production"])
    prompts.create_prompt(known, "p", "2")
    labelled = prompts.update_prompt_version_labels(known, "p", 2, ["production", "latest"])
    assert set(labelled["labels"]) == {"production", "latest"}
    versions = prompts.list_versions(known, "p")
    assert [(one["version"], set(one["labels"])) for one in versions] == [
        (2, {"production", "latest"}),
        (1, set()),
    ]


def test_deleting_takes_a_version_or_all(server, known):
    for content in "123":
        prompts.create_prompt(known, "p", content)
    prompts.delete_prompt(known, "p", version=2)
    assert [one["version"] for one in server.prompts["p"]] == [1, 3]
    prompts.delete_prompt(known, "p")
    assert server.prompts == {}
    with pytest.raises(NotFoundError, match="there is no prompt 'p' to delete"):
        prompts.delete_prompt(known, "p")


def test_a_server_that_can_neither_label_nor_delete_says_so(langfuse):
    known = settings_for(langfuse("v2"))
    prompts.create_prompt(known, "p", "x")
    for call in (
        lambda: prompts.update_prompt_version_labels(known, "p", 1, ["production"]),
        lambda: prompts.delete_prompt(known, "p"),
    ):
        with pytest.raises(WrongDialectError, match="cannot .* it needs 3") as caught:
            call()
        assert caught.value.exit_code == ExitCode.REFUSED


def test_without_a_server_there_are_no_prompts():
    for call in (
        lambda: prompts.list_prompts(Settings()),
        lambda: prompts.get_prompt(Settings(), "p"),
        lambda: prompts.create_prompt(Settings(), "p", "x"),
    ):
        with pytest.raises(ConfigError, match="set LANGFUSE_PUBLIC_KEY"):
            call()


def test_wrong_keys_are_not_an_empty_list(server):
    with pytest.raises(ConfigError, match="Invalid credentials"):
        prompts.list_prompts(settings_for(server, secret_key="sk-wrong"))
