"""``coaia run``: the command is what it is without coaia, and its record says what happened."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys

import pytest
from delivering import in_outbox
from model_answers import CHAT, CHAT_USAGE
from processes import COAIA, environment, finish, start

CANARY = "canary-7f3a9c1e5b"


def traces(run):
    return json.loads(run("fuse", "traces", "list", "--json").out)


def tree(run, trace_id=None):
    """The observations of a trace by name."""
    trace_id = trace_id or traces(run)[0]["id"]
    found = json.loads(run("fuse", "traces", "tv", trace_id, "--json").out)
    return {one["name"]: one for one in found["observations"]}


def test_streams_pass_through_and_are_recorded(run, project):
    script = "cat; echo aside >&2"
    code, out, err = finish("run", "--name", "step", "--", "sh", "-c", script, input=b"given\n")
    assert (code, out, err) == (0, "given\n", "aside\n")
    (trace,) = traces(run)
    step = tree(run)["step"]
    assert trace["output"] == step["output"] == "given\n"
    assert step["metadata"] == {"exit_code": 0, "stderr": "aside\n"}
    assert step["input"] == "sh -c 'cat; echo aside >&2'"
    assert step["startTime"] <= step["endTime"] and step["level"] == "DEFAULT"


@pytest.mark.parametrize(
    "words, code",
    [
        (["sh", "-c", "exit 3"], 3),
        (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
        (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
        (["no-such-command"], 127),
        (["./no-such-file"], 127),
        (["./file"], 126),
        (["/"], 126),
        ([""], 127),
    ],
)
def test_the_exit_code_is_the_one_of_a_shell(run, project, words, code):
    (project / "file").write_text("#!/bin/sh\n")
    assert finish("run", "--name", "step", "--", *words)[0] == code
    step = tree(run)["step"]
    assert (step["level"], step["metadata"]["exit_code"]) == ("ERROR", code)
    assert step["statusMessage"]


def test_words_and_bytes_that_are_no_text_arrive_unchanged(run, project):
    given = subprocess.check_output(
        COAIA + ["run", "--", "printf", b"\xff%s\\0", b"\xfe\xc3\xa4", b"--", b"--json"],
        env=environment(),
    )
    assert given == b"\xff\xfe\xc3\xa4\0\xff--\0\xff--json\0"
    assert traces(run)[0]["name"]


def test_a_large_output_arrives_unchanged_in_little_memory(run, project):
    script = (
        "import hashlib, resource, subprocess, sys\n"
        "many = 'import os; [os.write(1, bytes(range(256)) * 400) for _ in range(1000)]'\n"
        "run = subprocess.Popen([sys.executable, '-m', 'coaiapy', 'run', '--', sys.executable, '-c', many],"
        " stdout=subprocess.PIPE)\n"
        "seen, size = hashlib.sha256(), 0\n"
        "for part in iter(lambda: run.stdout.read(1 << 16), b''):\n"
        "    seen.update(part); size += len(part)\n"
        "assert run.wait() == 0\n"
        "print(seen.hexdigest(), size, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    said = subprocess.check_output([sys.executable, "-c", script], env=environment())
    digest, size, peak = said.decode().split()
    import hashlib

    assert digest == hashlib.sha256(bytes(range(256)) * 400 * 1000).hexdigest()
    assert int(size) == 102400000
    assert int(peak) < 80000 * (1024 if sys.platform == "darwin" else 1)


@pytest.mark.once
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a pipe's size")
@pytest.mark.parametrize("before", [1 << 16, 1 << 20])
def test_a_pipe_that_it_writes_to_becomes_larger_and_never_smaller(before, run, project):
    import fcntl

    reading, writing = os.pipe()
    try:
        fcntl.fcntl(writing, 1031, 1 << 20)
    except OSError:
        pytest.skip("this user may not have larger pipes")
    else:
        fcntl.fcntl(writing, 1031, before)
        subprocess.check_call(COAIA + ["run", "--", "true"], stdout=writing, env=environment())
        assert fcntl.fcntl(reading, 1032) == 1 << 20
    finally:
        os.close(writing)
        os.close(reading)


def test_what_is_given_is_recorded(run, project):
    words = ["--trace-id", "t", "--trace-name", "all", "--user-id", "john", "--session-id", "s"]
    words += ["--tag", "a", "--tag", "b", "--parent", "p", "--input", '{"a": 1}', "--quiet"]
    words += ["--metadata", '{"b": 2}', "--type", "tool", "--level-on-failure", "warning"]
    assert finish("run", *(words + ["--name", "step", "--", "no-such-command"]))[0] == 127
    found = json.loads(run("fuse", "traces", "tv", "t", "--json").out)
    assert (found["name"], found["userId"], found["sessionId"]) == ("all", "john", "s")
    step = tree(run, "t")["step"]
    assert (found["tags"], step["parentObservationId"]) == (["a", "b"], "p")
    assert (step["type"], step["input"], step["level"]) == ("TOOL", {"a": 1}, "WARNING")
    assert step["metadata"] == {"b": 2, "exit_code": 127}


def test_only_the_end_of_a_long_output_is_recorded(run, project):
    finish("run", "--name", "step", "--capture-bytes", "10", "--", "sh", "-c", "seq 1 9999")
    step = tree(run)["step"]
    assert step["output"] == "9998\n9999\n"
    assert step["metadata"]["stdout_bytes"] == 48888


def test_what_is_not_to_be_captured_is_not(run, project, monkeypatch):
    both = ["sh", "-c", "echo out; echo aside >&2"]
    finish("run", "--name", "step", "--capture", "stderr", "--", *both)
    step = tree(run)["step"]
    assert step.get("output") is None and step["metadata"]["stderr"] == "aside\n"
    monkeypatch.setenv("COAIA_TRACE_CONTENT", "false")
    finish("run", "--trace-name", "sizes", "--", *both)
    sizes = tree(run)["sh"]
    assert sizes["output"] == {"characters": 4} and sizes["metadata"]["stderr"] == {"characters": 6}
    assert "aside" not in json.dumps(sizes)


def test_the_settings_say_what_is_usual(run, project, monkeypatch):
    (project / "coaia.json").write_text(
        json.dumps({"run": {"capture": "stdout", "capture_bytes": 9, "redact": "47\\d\\d"}})
    )
    both = ["sh", "-c", "echo order 4711; echo aside 4712 >&2"]
    finish("run", "--name", "step", "--", *both)
    step = tree(run)["step"]
    assert step["output"] == "der ****\n" and "stderr" not in step["metadata"]
    finish("run", "--name", "other", "--capture", "both", "--capture-bytes", "99", "--", *both)
    other = tree(run)["other"]
    assert (other["output"], other["metadata"]["stderr"]) == ("order ****\n", "aside ****\n")
    monkeypatch.setenv("COAIA_RUN_REDACT", "x*")
    code, out, err = finish("run", "--name", "sizes", "--", *both)
    assert (code, out) == (0, "order 4711\n") and "matches nothing" in err
    assert tree(run)["sizes"]["output"] == {"characters": 11}


def test_no_secret_gets_into_the_journal(run, project, home, monkeypatch):
    monkeypatch.setenv("SERVICE_TOKEN", CANARY)
    script = 'echo $SERVICE_TOKEN; echo "x=$SERVICE_TOKEN" >&2; exit 1'
    out = finish("run", "--", "sh", "-c", script, CANARY)[1]
    assert out == CANARY + "\n"
    finish("run", "--", CANARY)
    many = ["--redact", "4711", "--redact", "471[2]", "--metadata", CANARY, "--input", CANARY]
    finish("run", *(many + ["--name", CANARY + " 4712", "--", "echo", "4711", "4712"]))
    found = b""
    for folder, _, names in os.walk(os.path.expanduser("~")):
        for name in names:
            with open(os.path.join(folder, name), "rb") as stream:
                found += stream.read()
    assert b"SERVICE_TOKEN" in found and CANARY.encode() not in found and b"4711" not in found
    assert b"4712" not in found


def test_what_runs_inside_is_below_it(run, project):
    coaia = " ".join(COAIA)
    inner = "{0} run --name inner -- {0} fuse traces add-observation -n leaf".format(coaia)
    finish("run", "--trace-name", "all", "--name", "outer", "--tag", "t", "--", "sh", "-c", inner)
    (trace,) = traces(run)
    assert (trace["name"], trace["tags"]) == ("all", ["t"])
    steps = tree(run)
    assert steps["outer"].get("parentObservationId") is None
    assert steps["inner"]["parentObservationId"] == steps["outer"]["id"]
    assert steps["leaf"]["parentObservationId"] == steps["inner"]["id"]


def test_it_becomes_the_child_of_another_program(run, project, monkeypatch):
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    monkeypatch.setenv("TRACEPARENT", "00-{}-{}-01".format(trace, parent))
    monkeypatch.setenv("TRACESTATE", "vendor=value")
    out = finish("run", "--name", "step", "--", "sh", "-c", "echo $TRACEPARENT $TRACESTATE")[1]
    step = tree(run, trace)["step"]
    assert step["parentObservationId"] == parent
    assert out == "00-{}-{}-01 vendor=value\n".format(trace, step["id"])


def test_it_is_ended_after_its_time_with_all_that_it_has_started(run, project):
    words = ["run", "--name", "step", "--timeout", "0.5", "--", "sh", "-c", "sleep 60; echo on"]
    code, out, _ = finish(*words, stdin=subprocess.DEVNULL)
    assert (code, out) == (128 + signal.SIGTERM, "")
    assert "0.5 s" in tree(run)["step"]["statusMessage"]


def test_it_is_tried_again_until_it_succeeds(run, project):
    script = "echo x >>tries; test $(wc -l <tries) -ge 3"
    words = ["--name", "step", "--retries", "5", "--backoff", "0.01", "--", "sh", "-c", script]
    assert finish("run", *words)[0] == 0
    step = tree(run)["step"]
    assert (step["metadata"]["attempts"], step["level"]) == ([1, 1, 0], "DEFAULT")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGINT"])
def test_signals_reach_the_command(run, project, name):
    number = getattr(signal, name)
    script = "trap 'echo got; exit 9' {}; echo up; while :; do sleep 0.05; done".format(name[3:])
    with start("run", "--", "sh", "-c", script) as process:
        assert process.stdout.readline() == b"up\n"
        process.send_signal(number)
        assert process.stdout.read() == b"got\n"
    assert process.returncode == 9


def test_the_record_survives_the_death_of_coaia(run, project):
    with start("run", "--name", "step", "--", "cat", stdin=subprocess.PIPE) as process:
        process.stdin.write(b"up\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"up\n"
        step = tree(run)["step"]
        assert step.get("endTime") is None and step["unconfirmed"] == "running"
        process.kill()
    step = tree(run)["step"]
    assert step["endTime"] >= step["startTime"] and step["level"] == "ERROR"
    assert step["statusMessage"].startswith("interrupted")


def test_the_record_survives_a_loss_of_power(run, project, home, monkeypatch, tmp_path):
    """What is on the disk then is the journal of the start, and any part of what was written later."""
    first, later = str(tmp_path / "first"), str(tmp_path / "later")
    script = 'cp -r "$0" "$1" && {} run -- true && cp -r "$0" "$2"'
    script = script.format(" ".join(map(shlex.quote, COAIA)))
    words = ["sh", "-c", script, str(home / ".coaia"), first, later]
    assert finish("run", "--name", "step", "--", *words)[0] == 0
    log = os.path.join("{}", "coaia.db-wal")
    synced, full = (os.path.getsize(log.format(folder)) for folder in (first, later))
    assert 0 < synced < full
    for number, kept in enumerate((synced, (synced + full) // 2, full - 1)):
        left = str(tmp_path / str(number))
        shutil.copytree(later, left)
        os.remove(os.path.join(left, "coaia.db-shm"))
        with open(log.format(left), "r+b") as stream:
            stream.truncate(kept)
            stream.seek(0, os.SEEK_END)
            stream.write(b"\xa5" * (full - kept))
        monkeypatch.setenv("COAIA_HOME", left)
        step = tree(run, traces(run)[-1]["id"])["step"]
        assert step["endTime"] >= step["startTime"] and step["level"] == "ERROR"
        assert step["statusMessage"].startswith("interrupted")


@pytest.mark.parametrize("trouble", ["settings", "journal", "home"])
def test_trouble_with_the_record_never_harms_the_command(project, home, monkeypatch, trouble):
    if trouble == "settings":
        monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-alone")
    elif trouble == "journal":
        folder = os.path.join(os.path.expanduser("~"), ".coaia")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "coaia.db"), "wb") as stream:
            stream.write(b"no database at all " * 100)
    else:
        monkeypatch.setenv("HOME", "/dev/null/none")
        monkeypatch.setenv("COAIA_HOME", "/dev/null/none")
    code, out, err = finish("run", "--", "sh", "-c", "echo out; exit 5")
    assert (code, out) == (5, "out\n")
    assert err.startswith("coaia: the command is not recorded: ") and err.count("\n") == 1


@pytest.mark.parametrize(
    "words, said",
    [
        (["run"], "command is missing"),
        (["run", "--"], "command is missing"),
        (["run", "ls", "-l"], "put -- before the command"),
        (["run", "--redact", "(", "--", "ls"], "--redact"),
    ],
)
def test_a_wrong_command_line_starts_nothing(run, project, words, said):
    result = run(*words)
    assert result.code == 2 and said in result.err


def test_a_system_without_terminals_says_so_in_one_sentence(run, project, monkeypatch):
    monkeypatch.setitem(sys.modules, "termios", None)
    for name in ("terminal", "supervisor", "launch", "recorded_command"):
        monkeypatch.delitem(sys.modules, "coaiapy.running." + name, raising=False)
    result = run("run", "--", "true")
    assert result.code == 1 and "commands cannot be started" in result.err
    assert result.err.count("\n") == 1


def test_what_it_wrote_is_sent_on_wish(run, use, project, monkeypatch):
    use("v3")
    monkeypatch.setenv("COAIA_DELIVERY", "manual")
    code, _, err = finish("run", "--name", "step", "--", "true")
    assert code == 0 and "coaia fuse outbox flush" in err
    assert run("fuse", "outbox", "flush").code == 0
    assert tree(run)["step"]["metadata"]["exit_code"] == 0


def test_what_it_wrote_arrives_by_itself_and_nothing_waits_for_the_server(run, use, project):
    server = use("v3")
    server.fail("hang", times=None)
    code, _, err = finish("run", "--name", "step", "--", "sh", "-c", "exit 3")
    assert (code, err) == (3, "") and in_outbox() and not server.traces()
    server.heal()
    server.wait_until(lambda: server.traces() and not in_outbox())
    assert [one["name"] for one in server.observations().values()] == ["step"]


def test_no_trouble_with_sending_changes_the_exit_code(run, use, project, monkeypatch):
    server = use("v3")
    monkeypatch.setenv("COAIA_DELIVERY", "wait")
    server.fail("401", times=None)
    code, _, err = finish("run", "--", "sh", "-c", "exit 3")
    assert code == 3 and "not sent yet" in err
    server.heal()
    assert finish("run", "--name", "step", "--", "sh", "-c", "exit 4")[0] == 4
    assert "step" in [one["name"] for one in server.observations().values()]


def test_the_answer_of_a_model_is_understood(run, project):
    (project / "answer.json").write_text(json.dumps(CHAT, indent=1))
    finish("run", "--name", "ask", "--type", "generation", "--", "cat", "answer.json")
    step = tree(run)["ask"]
    assert (step["type"], step["model"]) == ("GENERATION", CHAT["model"])
    assert step["usageDetails"] == CHAT_USAGE
    assert step["metadata"]["finish_reason"] == "stop"
    assert step["output"] == CHAT["choices"][0]["message"]["content"]
    finish("run", "--name", "text", "--type", "generation", "--", "echo", "only text")
    assert tree(run)["text"]["output"] == "only text\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_output_that_is_lost_is_a_failure(run, project):
    with open("/dev/full", "wb") as full:
        with start("run", "--name", "step", "--", "sh", "-c", "echo x", stdout=full) as process:
            assert b"No space left" in process.stderr.read()
    assert process.returncode == 1
    assert tree(run)["step"]["level"] == "ERROR"


def test_a_reader_that_leaves_ends_the_command_as_it_does_without_coaia(run, project):
    with start("run", "--name", "step", "--", "yes") as process:
        assert process.stdout.read(2) == b"y\n"
        process.stdout.close()
    assert process.returncode == 128 + signal.SIGPIPE


def test_a_process_that_is_left_behind_keeps_the_streams_and_nobody_waits(run, project):
    script = "echo first; (read x <gate; echo late) & exit 4"
    os.mkfifo("gate")
    with start("run", "--", "sh", "-c", script) as process:
        assert process.stdout.readline() == b"first\n"
        assert process.wait(200) == 4
        (project / "gate").write_text("go\n")
        assert process.stdout.read() == b"late\n"


def test_no_retry_follows_a_wish_to_end(run, project):
    words = ["--name", "step", "--retries", "9", "--backoff", "60", "--"]
    with start("run", *(words + ["sh", "-c", "echo up; exit 1"])) as process:
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(200) in (1, 128 + signal.SIGTERM)
