"""``coaia fuse traces tail`` in a process of its own, until Ctrl-C or a timeout."""

import json
import signal

import pytest
from processes import start

from coaiapy.langfuse.records.fields import LEVELS


@pytest.fixture
def tail():
    running = []

    def begin(*words):
        process = start("fuse", "traces", "tail", *words)
        running.append(process)
        assert b"read from the local journal" in process.stderr.readline()
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def test_what_is_written_is_shown_at_once_and_ctrl_c_ends_it(run, tail):
    people, programs = tail(), tail("--json", "--user", "u")
    run("fuse", "traces", "create", "t", "-n", "Nightly", "-u", "u")
    words = ["-n", "ask\x1b[2J", "--level", LEVELS[-1], "--status-message", "broken"]
    run("fuse", "traces", "add-observation", "o", "t", *words)
    first, second = people.stdout.readline().decode(), people.stdout.readline().decode()
    assert "TRACE" in first and "Nightly" in first
    assert "ask" in second and "broken" in second and "of trace t" in second
    found = [json.loads(programs.stdout.readline().decode()) for _ in range(2)]
    assert [(one["kind"], one["id"]) for one in found] == [("trace", "t"), ("observation", "o")]
    for process in (people, programs):
        process.send_signal(signal.SIGINT)
        assert process.wait(200) == 130


def test_a_timeout_is_its_end(run):
    ended = run("fuse", "traces", "tail", "--timeout", "0.1")
    assert (ended.code, ended.out) == (0, "")
