"""Commands in processes of their own, several at a time: each ends, and imports in no thread."""

import os
import subprocess
import sys

import cold
import pytest


@pytest.fixture
def prepared(project, openai, monkeypatch):
    """Make the files and variables in the examples of all commands."""
    for name, value in cold.VARIABLES.items():
        monkeypatch.setenv(name, value)
    for name, text in cold.FILES.items():
        (project / name).write_text(text, encoding="latin-1")
    (project / "prompts").mkdir()


@pytest.fixture
def traced(tmp_path, monkeypatch):
    """Let processes write the names of the modules that a thread imports first to this file."""
    report = tmp_path / "imported"
    report.write_text("")
    monkeypatch.setenv("COLD_IMPORTS", str(report))
    monkeypatch.setenv("PYTHONPATH", str(cold.SITE))
    return report


def test_the_trace_shows_what_a_thread_imports(traced):
    script = (
        "import json, threading\n"
        "import decimal\n"
        "thread = threading.Thread(target=lambda: __import__('colorsys') and __import__('json'))\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    subprocess.check_call([sys.executable, "-c", script])
    assert traced.read_text() == "colorsys\n"


@pytest.mark.timeout(900)
def test_every_command_ends_and_imports_in_no_thread(use, prepared, traced):
    use("v4-events_only")
    examples = cold.examples(cold.asks_a_server)
    assert len(examples) > 100
    ends = check(cold.several_at_once(cold.run, examples), traced)
    assert sum(end.code == 0 for end in ends) > 60


def test_what_sends_to_an_older_server_imports_in_no_thread(use, prepared, traced):
    use("v3")
    examples = cold.examples(cold.delivers)
    assert len(examples) > 15
    ends = check(cold.several_at_once(cold.run, examples), traced)
    assert sum(end.code == 0 for end in ends) > 10


def check(ends, traced):
    assert not [end for end in ends if end.code not in range(7)], "killed, or by a signal"
    assert not [end for end in ends if "Traceback" in end.err or "unexpected" in end.err]
    assert traced.read_text() == ""
    return ends


@pytest.mark.parametrize("host", ["localhost", "b\u00fccher.invalid"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_address_makes_a_thread_import(use, traced, scheme, host):
    """The first command asks what the server is, the second knows it and only sends."""
    port = use("v4-events_only").url.rsplit(":", 1)[1]
    create = ["fuse", "traces", "create", "--timeout", "1"]
    addressed = {"LANGFUSE_BASE_URL": "{}://{}:{}".format(scheme, host, port)}
    behind = {"http_proxy": "http://b\u00fccher.invalid:" + port, "no_proxy": ""}
    ends = [cold.run(create + ["one"]), cold.run(create + ["two"], **addressed)]
    ends += [cold.run(create + ["three"], **behind), cold.run(["fuse", "projects"], **behind)]
    assert not [end for end in ends if end.code not in (0, 4)]
    assert traced.read_text() == ""


@pytest.mark.timeout(600)
def test_no_write_waits_for_ever(use):
    """One of thirty did, when a thread imported requests while the main thread imported socket.

    That no thread imports anything is tested above; this is for other reasons to wait.
    """
    use("v4-events_only")
    writes = [
        ["fuse", "traces", "create", "t"],
        ["fuse", "traces", "add-observation", "t", "-n", "a step"],
        ["pipeline", "create", "simple-trace", "--var", "trace_name=a trace"],
    ]
    assert {end.code for end in cold.several_at_once(cold.run, writes * 4)} == {0}


def cannot_start_threads():
    """Whether the limits of ``cold.refuse_threads`` do what they say on this system."""
    program = "import threading; threading.Thread(target=print).start()"
    words = [sys.executable, "-c", program]
    ended = subprocess.run(words, stderr=subprocess.PIPE, preexec_fn=cold.refuse_threads)
    return b"can't start new thread" in ended.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are another thing there")
def test_where_no_thread_can_be_started_writes_are_kept_and_sent(use, run):
    assert cannot_start_threads()
    server = use("v4-events_only")
    end = cold.run(["fuse", "traces", "create", "one"], cold.refuse_threads)
    assert (end.code, "Traceback" in end.err) == (0, False), end
    assert run("fuse", "outbox", "list", "--jsonl").out == ""
    server.stop_listening()
    words = ["fuse", "traces", "create", "two", "--timeout", "1"]
    end = cold.run(words, cold.refuse_threads)
    assert end.code == 0 and "not sent yet: 1 record in the outbox, nothing is lost" in end.err
    assert run("fuse", "outbox", "list", "--jsonl").out.count("\n") == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are another thing there")
@pytest.mark.parametrize(
    "words",
    [
        ["fuse", "traces", "create", "one"],
        ["fuse", "traces", "add-observation", "t", "-n", "a step"],
        ["pipeline", "create", "simple-trace", "--var", "trace_name=a trace"],
        ["run", "--quiet", "--", "true"],
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_where_no_thread_can_be_started_nothing_is_lost_in_the_background(use, run, words):
    server = use("v4-events_only")
    server.stop_listening()
    end = cold.run(words, cold.refuse_threads, COAIA_DELIVERY="background")
    assert (end.code, "Traceback" in end.err) == (0, False), end
    assert run("fuse", "outbox", "list", "--jsonl").out.count("\n") >= 1


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_a_thread_that_sends_in_the_background_imports_nothing(use, traced, kind):
    """It stands in for the process, where no process can be started."""
    server = use(kind)
    script = (
        "import sys, time\n"
        "sys.executable = ''\n"
        "import coaiapy\n"
        "coaiapy.create_trace('t', trace_id='t-1')\n"
        "from coaiapy.langfuse.journal import db, outbox\n"
        "while outbox.count_waiting(db.Journal()):\n"
        "    time.sleep(0.05)\n"
    )
    variables = dict(os.environ, COAIA_DELIVERY="background")
    subprocess.check_call([sys.executable, "-c", script], env=variables, timeout=cold.LONGEST)
    assert len(server.traces()) == 1
    assert traced.read_text() == ""
