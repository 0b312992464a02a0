"""Every command ends by its deadline, whatever a server, a proxy or a name server does."""

import argparse
import socket
import threading
import time

import pytest
from all_commands import REAL_COMMANDS
from bad_servers import HOST, HTTP_KINDS, REDIS_KINDS, dripping_value, misbehaving, pings, silent

from coaiapy import patience
from coaiapy.errors import ExitCode
from coaiapy.stash import redis_limits

TIMEOUT = "0.2"
# Seconds that a command may take on a busy machine: what does not end by its deadline takes longer.
LONG, LONGER = 50.0, 200.0
LANGFUSE = (
    "fuse traces",
    "fuse traces list --all",
    "fuse traces trace-view t",
    "fuse traces session-view s",
    "fuse traces list-observations",
    "fuse traces stats",
    "fuse traces diff t u",
    "fuse traces search text",
    "fuse traces export",
    "fuse traces tail",
    "fuse traces get-observation o",
    "fuse traces delete t --yes",
    "fuse sessions list",
    "fuse scores list",
    "fuse scores get s",
    "fuse scores delete s",
    "fuse score-configs list",
    "fuse prompts list",
    "fuse prompts get p",
    "fuse prompts create p text",
    "fuse datasets list",
    "fuse datasets create d",
    "fuse dataset-items list d",
    "fuse comments list",
    "fuse media get m",
    "fuse projects",
    "fuse health",
    "fuse doctor",
    "fuse traces create t --require-delivery",
    "pipeline create simple-trace --var trace_name=t --require-delivery",
    "pipeline init new --from-trace u",
    "config check --online",
)
OTHERS = (
    "p summarizer hello",
    "p summarizer hello --stream",
    "summarize hello",
    "synthesize hello -O hello.mp3",
    "transcribe audio.wav",
    "gh issues list --owner o --repo r",
)
GALLERIES = ("pipeline install gallery", "pipeline search word")
REDIS = ("fetch key", "tash key value", "stash list", "stash ttl key", "stash delete key --yes")
# These ask no server.
LOCAL = """
    pipeline list, pipeline show, pipeline docs, pipeline diff, pipeline schema, pipeline validate, pipeline test,
    pipeline trust, pipeline untrust, pipeline uninstall, pipeline index,
    pipeline schedule, env, environment, tag, init, trust, untrust, worker,
    config show, completion, help, fuse outbox status, fuse outbox list, fuse outbox show, fuse outbox retry,
    fuse outbox drop, fuse outbox export, fuse sessions view, fuse score-configs presets list,
    fuse score-configs presets show
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Nothing but the deadline of a command ends it soon."""
    for name in ("WEB_API", "STORAGE", "OPENAI", "AWS"):
        service = getattr(patience, name)._replace(whole=LONGER, connect=LONGER, part=LONGER)
        monkeypatch.setattr(patience, name, service)
    for name in ("LANGFUSE", "DELIVERY", "REDIS", "REDIS_PART", "CHECKS", "SCORE_CONFIGS"):
        monkeypatch.setattr(patience, name, LONGER)
    for name in ("LANGFUSE_TIMEOUT", "OPENAI_TIMEOUT"):
        monkeypatch.setenv(name, str(LONGER))


@pytest.fixture
def ends(run):
    """Return a function that runs a command and checks that it ends soon, with exit code 4."""

    def check(words, *more):
        begin = time.monotonic()
        result = run(*(words.split() + list(more)))
        assert time.monotonic() - begin < LONG, words
        assert result.code == ExitCode.NETWORK, (words, result)
        return result

    return check


def name_everywhere(monkeypatch, url):
    for name in ("LANGFUSE_BASE_URL", "GITHUB_API_URL", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, url)
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "OPENAI_API_KEY", "GH_TOKEN"):
        monkeypatch.setenv(name, "key")
    for name in ("AWS_KEY_ID", "AWS_SECRET_KEY"):
        monkeypatch.setenv(name, "key")
    monkeypatch.setenv("OPENAI_BASE_URL", url + "/v1")
    monkeypatch.setenv("COAIA_GALLERIES", "gallery={}/templates.zip".format(url))


def write_audio(folder):
    import wave

    with wave.open(str(folder / "audio.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\x40\0\xc0" * 400)


@pytest.mark.parametrize("words", LANGFUSE + OTHERS + GALLERIES)
def test_no_command_waits_for_a_silent_server(ends, monkeypatch, project, words):
    write_audio(project)
    with misbehaving(silent) as port:
        name_everywhere(monkeypatch, "http://{}:{}".format(HOST, port))
        ends(words, "--timeout", TIMEOUT)


@pytest.mark.parametrize("kind", HTTP_KINDS, ids=lambda kind: kind.__name__)
def test_no_server_holds_up_a_command(ends, monkeypatch, project, kind):
    with misbehaving(kind) as port:
        name_everywhere(monkeypatch, "http://{}:{}".format(HOST, port))
        for words in ("fuse traces", "fuse health", "fuse media get m") + OTHERS[:4] + OTHERS[5:]:
            ends(words, "--timeout", TIMEOUT)


def test_a_flush_ends_as_well(ends, run, monkeypatch):
    with misbehaving(silent) as port:
        name_everywhere(monkeypatch, "http://{}:{}".format(HOST, port))
        for limit in ("0", TIMEOUT):
            assert run("fuse", "traces", "create", "t", "--timeout", limit).code == 0
            ends("fuse outbox flush --require-delivery", "--timeout", limit)


def test_no_proxy_holds_up_a_command(ends, monkeypatch, project):
    write_audio(project)
    with misbehaving(silent) as port:
        name_everywhere(monkeypatch, "http://somewhere.invalid")
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, "http://{}:{}".format(HOST, port))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        for words in (
            "fuse traces",
            "p summarizer hello --stream",
            "gh issues list --owner o --repo r",
        ):
            ends(words, "--timeout", TIMEOUT)


def test_no_name_server_holds_up_a_command(ends, monkeypatch, project):
    over = threading.Event()

    def never(*args, **options):
        over.wait(LONGER)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    name_everywhere(monkeypatch, "http://somewhere.invalid")
    monkeypatch.setenv("REDIS_URL", "redis://somewhere.invalid")
    try:
        for words in (
            "fuse traces",
            "p summarizer hello",
            "gh issues list --owner o --repo r",
            "fetch key",
        ):
            ends(words, "--timeout", TIMEOUT)
    finally:
        over.set()


@pytest.mark.parametrize("kind", REDIS_KINDS, ids=lambda kind: kind.__name__)
def test_no_redis_holds_up_a_command(run, monkeypatch, kind):
    monkeypatch.setenv("REDIS_TIMEOUT", TIMEOUT)
    with misbehaving(kind) as port:
        monkeypatch.setenv("REDIS_URL", "redis://{}:{}".format(HOST, port))
        for words in REDIS:
            begin = time.monotonic()
            result = run(*words.split())
            assert time.monotonic() - begin < LONG, words
            assert result.code in (ExitCode.CONFIG, ExitCode.NETWORK), (words, result)
            assert result.err.count("\n") == 1 and "unexpected" not in result.err, (words, result)


def test_a_value_that_is_none_of_redis_is_not_kept_in_memory(run, monkeypatch):
    monkeypatch.setattr(redis_limits, "MOST_BYTES", 20)
    with misbehaving(dripping_value) as port:
        monkeypatch.setenv("REDIS_URL", "redis://{}:{}".format(HOST, port))
        result = run("fetch", "key")
    assert result.code == ExitCode.NETWORK and "no value of Redis" in result.err


def test_the_setting_limits_the_complete_answer_of_a_model(ends, monkeypatch):
    with misbehaving(pings) as port:
        name_everywhere(monkeypatch, "http://{}:{}".format(HOST, port))
        monkeypatch.delenv("LANGFUSE_PUBLIC_KEY")
        monkeypatch.setenv("OPENAI_TIMEOUT", "0.3")
        assert "raise OPENAI_TIMEOUT (0.3 s)" in ends("p summarizer hello --stream").err
        said = ends("p summarizer hello --stream", "--timeout", "0.2").err
        assert "raise --timeout (0.2 s)" in said


@pytest.mark.parametrize("words", ["config check --online", "fuse doctor"])
def test_the_checks_of_all_services_have_one_limit(ends, monkeypatch, words):
    monkeypatch.setattr(patience, "CHECKS", 0.3)
    with misbehaving(silent) as port:
        name_everywhere(monkeypatch, "http://{}:{}".format(HOST, port))
        ends(words)


def test_zero_asks_nobody(run, use, monkeypatch, project):
    write_audio(project)
    server = use("v3")
    name_everywhere(monkeypatch, server.url)
    for words in LANGFUSE + OTHERS + GALLERIES:
        if words not in ("fuse doctor", "config check --online"):
            result = run(*(words.split() + ["--timeout", "0"]))
            assert result.code == ExitCode.NETWORK, (words, result)
            assert "--timeout 0 says not to wait" in result.err, (words, result)
    assert server.requests == []


def test_zero_keeps_a_write_for_later_and_shows_what_is_here(run, use):
    server = use("v3")
    said = run("fuse", "traces", "create", "t", "-n", "later", "--timeout", "0")
    assert said.code == 0 and "not sent yet: 1 record" in said.err
    listed = run("fuse", "traces", "--timeout", "0")
    assert listed.code == 0 and "later" in listed.out
    assert "this is what this machine has written" in listed.err
    assert server.requests == []
    assert run("fuse", "outbox", "flush").code == 0
    assert [trace["name"] for trace in server.traces().values()] == ["later"]


def test_every_command_that_may_ask_a_server_has_a_limit():
    local = [" ".join(words.split()) for words in LOCAL.split(",")]
    for words, parser in REAL_COMMANDS:
        command = " ".join(words)
        command = command.replace("fuse scc ", "fuse score-configs ")
        is_local = any(command == one or command.startswith(one + " ") for one in local)
        assert has_timeout(parser) != is_local, command


def has_timeout(parser):
    return any(
        "--timeout" in action.option_strings and action.help != argparse.SUPPRESS
        for action in parser._actions
    )
