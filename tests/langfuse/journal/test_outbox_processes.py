"""``coaia fuse outbox`` in real processes: on a terminal, and interrupted."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest
from delivering import (
    claimed,
    in_outbox,
    leave,
    observation_of,
    records_of,
    writes,
)
from processes import ROOT


@pytest.fixture
def server(use, monkeypatch):
    """A stand-in that the environment names."""
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "20")
    return use("v3")


def command(*words):
    return [sys.executable, "-m", "coaiapy"] + list(words)


def environment(**changes):
    return dict(os.environ, PYTHONPATH=ROOT, **changes)


def on_terminal(words, answer=None, prompt=b"[y/N] "):
    """Run a command on a terminal, answer its prompt, and return code and what it showed."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    child = subprocess.Popen(
        command(*words), stdin=slave, stdout=slave, stderr=slave, env=environment()
    )
    os.close(slave)
    shown = b""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            try:
                data = os.read(master, 4096)
            except OSError:
                break
            if not data:
                break
            shown += data
            if answer and shown.endswith(prompt):
                os.write(master, answer)
                answer = None
    os.close(master)
    return child.wait(), shown.decode()


@pytest.mark.parametrize(
    "answer, code, left", [(b"y\n", 0, 0), (b"n\n", 1, 3), (b"\n", 1, 3), (b"\x04", 1, 3)]
)
def test_drop_asks_on_a_terminal(server, answer, code, left):
    leave(server, records_of(3))
    found, shown = on_terminal(["fuse", "outbox", "drop", "--all"], answer)
    assert "delete 3 records without sending? [y/N]" in shown
    assert found == code
    assert len(in_outbox()) == left


def test_flush_shows_a_bar_on_a_terminal(server):
    leave(server, records_of(1001) + [observation_of(n) for n in range(2000, 3500)])
    code, shown = on_terminal(["fuse", "outbox", "flush"])
    assert code == 0, shown
    assert re.search(r"\d+/2501", shown), shown
    assert "2501 records sent" in shown


def interrupted(server, words, number=signal.SIGINT):
    """Interrupt a command while the server keeps it waiting; return its code, stderr, seconds."""
    server.fail("hang", times=None, method="POST")
    child = subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    server.wait_until(lambda: writes(server))
    begun = time.monotonic()
    child.send_signal(number)
    _, err = child.communicate()
    return child.returncode, err.decode(), time.monotonic() - begun


def test_an_interrupted_write_ends_at_once_and_is_kept(server, run, monkeypatch):
    words = ["fuse", "traces", "create", "one", "--timeout", "60"]
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "60")
    code, err, seconds = interrupted(server, words)
    assert code == 130
    assert err.startswith("coaia: interrupted: what was not sent yet is in the outbox")
    assert seconds < 20
    assert in_outbox() == {"one": "waiting"}
    assert claimed() == 0
    server.heal()
    assert "1 record sent" in run("fuse", "outbox", "flush").err


def test_an_interrupted_flush_keeps_what_it_has_not_sent(server, run, monkeypatch):
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "60")
    leave(server, records_of(50))
    code, err, seconds = interrupted(server, ["fuse", "outbox", "flush", "--timeout", "60"])
    assert code == 130
    assert "coaia: interrupted: what was not sent yet is in the outbox" in err
    assert seconds < 20
    assert len(in_outbox()) == 50
    assert claimed() == 0
    server.heal()
    assert "50 records sent" in run("fuse", "outbox", "flush").err
