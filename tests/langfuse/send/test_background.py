"""The sender in the background: never two, nothing overlooked, nothing inherited, an end."""

import os
import signal
import subprocess
import sys
import time

import processes
import pytest
from delivering import BOTH, accepted, acquaint, in_outbox, records_of, settings_for, submit, writes
from servers import point_at

from coaiapy import patience
from coaiapy.config.schema import BACKGROUND, MANUAL
from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.send import background, delivery, sender_lock
from coaiapy.langfuse.send.outcome import Outcome
from coaiapy.langfuse.send.sender_lock import FileLock, ThreadLock
from coaiapy.util import threads

# Seconds after which a test gives up; nothing takes so long.
LONG = 200.0
SETTINGS = Settings("pk-lf-1", "sk-lf-1", "http://127.0.0.1:9")
ADD = ("fuse", "traces", "add-observation", "0" * 31 + "1", "--name")


@pytest.fixture(params=BOTH)
def server(request, langfuse):
    return acquaint(langfuse(request.param))


@pytest.fixture
def senders():
    """What counts the senders of this test's journal; at the end they are stopped."""
    yield count_senders
    for status in statuses().values():
        if status.is_running:
            for process in sender_processes():
                os.kill(process, signal.SIGTERM)


def statuses():
    with Journal() as journal:
        return sender_lock.statuses(journal)


def sender_processes():
    mark = "coaia sender " + os.path.dirname(journal_path())
    listed = subprocess.check_output(["ps", "-A", "-ww", "-o", "pid=,args="]).decode()
    return [int(line.split()[0]) for line in listed.splitlines() if mark in line]


def count_senders():
    return len(sender_processes())


def until(condition):
    ends = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def in_background(server, monkeypatch):
    point_at(monkeypatch, server)
    monkeypatch.setenv("COAIA_DELIVERY", BACKGROUND)
    return server


# One sender, which sends everything


def test_twenty_commands_at_once_start_one_sender_that_sends_everything_once(
    langfuse, monkeypatch, senders
):
    server = in_background(acquaint(langfuse("v4-events_only")), monkeypatch)
    submit(server, records_of(1))
    server.forget_requests()
    commands = [processes.start(*ADD, "step {}".format(number)) for number in range(20)]
    most = 0
    while any(command.poll() is None for command in commands):
        most = max(most, senders())
    for command in commands:
        out, err = command.communicate()
        assert (command.returncode, err) == (0, b"")
    until(lambda: not in_outbox())
    assert max(most, senders()) == 1
    names = [one["name"] for one in server.observations().values()]
    assert sorted(n for n in names if n.startswith("step")) == sorted(
        "step {}".format(number) for number in range(20)
    )


def test_a_record_that_comes_while_the_sender_idles_is_sent_by_it(server, senders):
    submit(server, records_of(2), delivery=BACKGROUND)
    until(lambda: not in_outbox())
    begun, first = time.monotonic(), sender_processes()
    submit(server, records_of(2, trace=1), delivery=BACKGROUND)
    seen = sender_processes()
    if time.monotonic() - begun < patience.SENDER_IDLE:  # else a busy machine has let it end
        assert seen == first and len(first) == 1
    until(lambda: not in_outbox())
    assert set(accepted(server, records_of(2) + records_of(2, trace=1)).values()) == {1}


def test_no_command_waits_for_a_server_that_does_not_answer(server, senders):
    server.fail("hang", times=None)
    begun = time.monotonic()
    outcome = submit(server, records_of(3), delivery=BACKGROUND, timeout=LONG)
    assert time.monotonic() - begun < LONG / 2
    assert (outcome.waiting, outcome.sent, outcome.problem) == (3, 0, None)
    assert outcome.is_left
    server.heal()
    until(lambda: not in_outbox())


def test_a_sender_that_was_killed_is_followed_by_another(server, senders):
    server.fail("hang", times=None, method="POST")
    submit(server, records_of(2), delivery=BACKGROUND)
    until(lambda: writes(server))
    killed = sender_processes()
    for process in killed:
        os.kill(process, signal.SIGKILL)
    until(lambda: all(child.poll() is not None for child in background._children))
    submit(server, records_of(2, trace=1), delivery=BACKGROUND)
    (follower,) = sender_processes()
    assert follower not in killed
    server.heal()
    until(lambda: not in_outbox())


def test_each_project_has_a_sender_of_its_own_with_its_own_keys(langfuse, senders):
    one, other = [acquaint(langfuse("v3")) for _ in range(2)]
    for each in (one, other):  # so that both live
        each.fail("hang", times=None)
    submit(one, records_of(2), delivery=BACKGROUND)
    submit(other, records_of(2, trace=1), delivery=BACKGROUND)
    assert senders() == 2
    other.heal()
    until(lambda: accepted(other, records_of(2, trace=1)) == accepted_once(records_of(2, trace=1)))
    until(lambda: len(in_outbox()) == 2)  # the answer comes before it is written down


def accepted_once(records):
    return {record.id: 1 for record in records}


# What it inherits, and its end


def test_the_reader_of_a_pipe_sees_its_end_while_the_sender_lives(langfuse, monkeypatch, senders):
    in_background(acquaint(langfuse("v3")), monkeypatch).fail("hang", times=None)
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)  # as a shell leaves it: 3>&1
    command = processes.start("fuse", "traces", "create", "t", pass_fds=(writing,))
    os.close(writing)
    out, err = command.communicate(timeout=LONG)  # returns when nobody holds its stdout and stderr
    with os.fdopen(reading, "rb") as stream:
        assert stream.read() == b""
    assert command.returncode == 0 and senders() == 1


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no /proc")
def test_the_sender_has_nothing_of_the_command_that_started_it(langfuse, monkeypatch, senders):
    server = in_background(acquaint(langfuse("v3")), monkeypatch)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("MY_PASSWORD", "canary")
    server.fail("hang", times=None)  # so that it lives
    assert processes.finish("fuse", "traces", "create", "t")[0] == 0
    until(senders)
    (process,) = sender_processes()
    place = "/proc/{}/".format(process)
    with open(place + "cmdline", "rb") as line, open(place + "environ", "rb") as variables:
        said, had = line.read(), variables.read()
    assert server.secret_key.encode() not in said + had and b"canary" not in had
    assert os.getsid(process) == process
    assert os.readlink(place + "cwd") == os.path.realpath(os.path.dirname(journal_path()))
    held = {os.readlink(place + "fd/" + name) for name in ("1", "2")}
    assert held == {os.devnull}


def test_it_sends_with_the_settings_of_the_folder_where_the_command_ran(
    langfuse, project, monkeypatch, senders
):
    server = acquaint(langfuse("v3"))
    (project / ".env").write_text(
        "LANGFUSE_BASE_URL={0.url}\nLANGFUSE_PUBLIC_KEY={0.public_key}\n"
        "LANGFUSE_SECRET_KEY={0.secret_key}\nCOAIA_DELIVERY=background\n".format(server)
    )
    monkeypatch.setenv("COAIA_HOME", os.path.relpath(os.environ["COAIA_HOME"]))
    assert processes.finish("fuse", "traces", "create", "t")[0] == 0
    until(lambda: not in_outbox())
    assert "t" in [trace.get("name") for trace in server.traces().values()]


def test_an_idle_sender_ends(server, senders):
    submit(server, records_of(1), delivery=BACKGROUND)
    until(lambda: senders() == 0 and not in_outbox())
    (status,) = statuses().values()
    assert (status.is_running, status.sent, status.problem) == (False, 1, "")


# Its work, in this process


class Flushes:
    """Stands for ``delivery.flush``: gives outcomes, the last one for ever."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.count = 0

    def __call__(self, settings, seconds, on_accepted):
        self.count += 1
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


@pytest.fixture
def quick(monkeypatch):
    for name in ("SENDER_IDLE", "SENDER_POLL", "FIRST_SENDER_PAUSE"):
        monkeypatch.setattr(patience, name, 0.05)


def serving(flush):
    """Let one sender work in this thread on two records; return it."""
    with Journal() as journal:
        here = destination_of(journal, SETTINGS)
        journal.append(here, records_of(2))
        lock = FileLock(sender_lock.lock_path(journal, here))
    assert lock.take()
    sender = background.BackgroundSender(lock, SETTINGS, flush)
    sender.serve()
    return sender


def test_it_gives_up_when_the_server_stays_away(quick, monkeypatch):
    flushes = Flushes(Outcome(0, waiting=2, problem=NetworkError("nobody is there")))

    def flush(*given, **options):
        if flushes.count == 2:  # at the third try it has been away for as long as it may be
            monkeypatch.setattr(patience, "SENDER_AWAY", 0.0)
        return flushes(*given, **options)

    assert serving(flush).problem == "nobody is there"
    assert flushes.count == 3
    (status,) = statuses().values()
    assert (status.is_running, status.problem) == (False, "nobody is there")


def test_it_does_not_try_wrong_keys_again():
    flushes = Flushes(Outcome(0, waiting=2, problem=ConfigError("the keys are wrong")))
    assert serving(flushes).problem == "the keys are wrong"
    assert flushes.count == 1


def test_it_ends_with_a_journal_that_is_deleted(quick):
    def delete(settings, seconds, on_accepted):
        os.unlink(journal_path())
        return Outcome(0, sent=2)

    assert serving(delete).sent == 2
    assert not os.path.exists(journal_path())


def test_what_comes_between_the_last_look_and_the_release_is_sent(quick, monkeypatch):
    """The lock is released first: who then finds it held knows that there is another look."""
    came = []
    release = FileLock.release

    def write_then_release(lock):
        if not came:
            came.append(True)
            with Journal() as journal:
                journal.append(destination_of(journal, SETTINGS), records_of(1, trace=7))
        release(lock)

    def send_all(settings, seconds, on_accepted):
        with Journal() as journal, journal.transaction() as db:
            return Outcome(0, sent=db.execute("DELETE FROM deliveries").rowcount)

    monkeypatch.setattr(FileLock, "release", write_then_release)
    assert serving(send_all).sent == 3
    assert in_outbox() == {}


# Where no process can be started


@pytest.fixture
def no_processes(monkeypatch):
    monkeypatch.setattr(sys, "executable", "")


@pytest.mark.parametrize("lock", [FileLock, ThreadLock])
def test_without_processes_a_thread_sends(server, no_processes, quick, lock, monkeypatch):
    monkeypatch.setattr(background, "new_lock", lock)
    outcome = submit(server, records_of(3), delivery=BACKGROUND)
    assert (outcome.waiting, outcome.messages) == (3, ())
    until(lambda: not in_outbox())
    assert set(accepted(server, records_of(3)).values()) == {1}


def test_without_processes_and_threads_one_note_says_what_to_do(server, no_processes, monkeypatch):
    monkeypatch.setattr(threads, "start", lambda *args: None)
    outcomes = [submit(server, records_of(1, trace=n), delivery=BACKGROUND) for n in range(2)]
    assert [len(outcome.messages) for outcome in outcomes] == [1, 0]
    assert "coaia fuse outbox flush" in outcomes[0].messages[0]
    assert len(in_outbox()) == 2 and writes(server) == []


@pytest.mark.parametrize(
    "program, is_python",
    [("/usr/bin/python3.11", True), ("C:/pypy3.exe", True), ("/opt/maya", False), ("", False)],
)
def test_a_program_that_contains_python_is_not_started_again(program, is_python):
    assert background._is_python(program) == is_python


# Manual


def test_manual_leaves_everything_to_a_flush(server, senders):
    outcome = submit(server, records_of(3), delivery=MANUAL)
    assert (outcome.waiting, outcome.is_left, senders()) == (3, True, 0)
    assert writes(server) == []
    assert delivery.flush(settings_for(server)).sent == 3
