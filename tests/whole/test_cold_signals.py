"""Signals at any moment of a command's life: it ends at once, in order, and leaves nothing behind."""

import os
import random
import re
import signal
import sqlite3
import time

import cold
import pytest

from coaiapy.langfuse.journal.db import journal_path

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SENTENCE = r"coaia: (interrupted|ended by SIG(TERM|HUP))(: what was not sent[^\n]*)?\n"
# Until our first line has run, Python shows its own traceback for Ctrl-C, as for any program.
PYTHONS_OWN = re.compile(
    r"Traceback(?!.*/coaiapy/(?!(__init__|interrupts)\.py)).*KeyboardInterrupt\n$", re.S
)
# Python 3.6 itself forgets a Ctrl-C that comes while it takes back the lock of an import.
FORGOTTEN = re.compile(
    r"Exception ignored in: <function _get_module_lock\.<locals>\.cb at \w+>\n"
    r"Traceback [^\n]*\n(  [^\n]*importlib\._bootstrap[^\n]*\n)*KeyboardInterrupt: ?\n"
)


def write(number):
    """A command that would wait for a server longer than ``cold`` waits for its end."""
    words = "fuse traces create t{}"
    if number % 2:
        words = "fuse traces add-observation a-trace -i o{0} -n step-{0}"
    return words.format(number).split() + ["--timeout", "300"]


def interrupted(number, most, begun=lambda: True):
    """Start a command, send it a signal at most so many seconds after ``begun()``.

    Return the signal, and how the command ended.
    """
    chance = random.Random(number)
    sent = chance.choice(SIGNALS)
    process = cold.started(write(number))
    while not begun() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(chance.uniform(0, most))
    process.send_signal(sent)
    return sent, cold.ended(process, write(number))


def check(sent, end):
    """What an interrupted command may do; a signal may also come when it has ended, or nearly."""
    said = FORGOTTEN.sub("", end.err)
    if end.code == 128 + sent:
        assert re.search("^" + SENTENCE + r"\Z", end.err, re.M), end
        assert "Traceback" not in said
    elif "Traceback" in said:
        assert sent == signal.SIGINT and PYTHONS_OWN.search(end.err), end
    else:
        assert end.code in (0, -sent), end


def check_what_is_left(home, project):
    journal = sqlite3.connect(journal_path())
    assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    journal.close()
    assert os.listdir(str(project)) == []
    assert {name.split("-")[0] for name in os.listdir(str(home / ".coaia"))} == {"coaia.db"}


@pytest.mark.timeout(600)
def test_a_signal_while_a_command_starts_works_and_ends(use, run, home, project):
    use("v4-events_only")
    for sent, end in cold.several_at_once(lambda n: interrupted(n, 0.8), range(60)):
        check(sent, end)
    assert run("fuse", "outbox", "flush").code == 0
    assert '"waiting"' not in run("fuse", "outbox", "list", "--jsonl").out
    check_what_is_left(home, project)


@pytest.mark.timeout(600)
def test_a_signal_while_a_command_waits_for_a_server(use, run, home, project, monkeypatch):
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "300")
    server = use("v4-events_only")
    server.fail("hang", times=None)

    def one(number):
        before = len(server.requests)
        return interrupted(number, 0.4, lambda: len(server.requests) > before)

    ends = cold.several_at_once(one, range(18))
    for sent, end in ends:
        check(sent, end)
    assert [end for _, end in ends if "what was not sent yet is in the outbox" in end.err]
    server.heal()
    assert run("fuse", "outbox", "flush").code == 0
    check_what_is_left(home, project)
