"""A large file to a server: streamed, sent in chunks, counted, taken up again after a kill."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from langfuse_server import LangfuseServer
from processes import peak_memory

COUNT = 4000


def write_lines(project, count):
    path = project / "steps.jsonl"
    with open(str(path), "w") as stream:
        for number in range(count):
            line = {"name": "step {}".format(number), "type": "SPAN", "input": "x" * 100}
            stream.write(json.dumps(line) + "\n")
    return str(path)


@pytest.fixture(params=[pytest.param("v3", marks=pytest.mark.once), "v4-events_only"])
def server(request, monkeypatch):
    with LangfuseServer(request.param) as running:
        monkeypatch.setenv("LANGFUSE_BASE_URL", running.url)
        monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-test")
        monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-test")
        yield running


def batch(path):
    return ["fuse", "traces", "add-observations", "bench", "-f", path]


def posts(server):
    return [request for request in server.requests if request.method == "POST"]


def test_a_large_file_arrives_once_in_a_few_requests_and_is_counted(server, project, run):
    path = write_lines(project, COUNT)
    first = run(*batch(path))
    assert first.code == 0
    counts = "{0} written; {0} sent: {0} accepted, 0 refused; 0 waiting".format(COUNT)
    assert "{} observations of trace bench read and valid, ".format(COUNT) + counts in first.err
    assert len(server.observations()) == COUNT
    assert len(posts(server)) <= COUNT / 500
    again = run(*batch(path))
    assert "0 written, {} already there; 0 sent".format(COUNT) in again.err
    assert len(posts(server)) <= COUNT / 500


def test_the_same_file_after_a_kill_sends_what_is_missing(server, project, run):
    path = write_lines(project, COUNT)
    server.fail("hang", method="POST", after=2)
    child = subprocess.Popen(
        [sys.executable, "-m", "coaiapy"] + batch(path), stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 200
    while len(posts(server)) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert len(posts(server)) >= 3, "it was killed in the middle"
    server.heal()
    assert run(*batch(path)).code == 0
    counts = {server.accepted_count(each) for each in server.observations()}
    assert len(server.observations()) == COUNT
    assert run("fuse", "outbox", "list").out.count("observation") == 0
    # Only what was in flight when the process died may have been accepted again, with one id, and once
    # more where a busy machine answers too late.
    assert counts <= {1, 2, 3}


def test_memory_does_not_grow_with_the_file(server, project, home, tmp_path):
    peaks = []
    for count in (1000, 6000):
        code, peak = peak_memory(tmp_path / "peak", *batch(write_lines(project, count)))
        assert code == 0
        peaks.append(peak / 1e6)
    assert peaks[1] < peaks[0] + 20, "{} MB, then {} MB".format(*peaks)
    assert os.path.exists(str(home / ".coaia" / "coaia.db"))
