"""Commands side by side: signals, time limits, and what is left behind."""

import os
import signal

import pytest

from coaiapy import patience
from coaiapy.running.child import Plan, exit_code
from coaiapy.running.launch import launch
from coaiapy.running.supervisor import Running, Supervisor


@pytest.mark.parametrize(
    "addressee, number, receivers",
    [
        (7, signal.SIGTERM, [7]),
        (7, signal.SIGCONT, [7]),
        (-9, signal.SIGTERM, [-9]),
        (-9, signal.SIGCONT, [-9, 7]),
    ],
)
def test_a_signal_is_sent_once_to_each_that_needs_it(monkeypatch, addressee, number, receivers):
    """Two in a row may be taken for one by the system, so that only this shows it."""
    sent = []
    monkeypatch.setattr(os, "kill", lambda receiver, what: sent.append((receiver, what)))
    Running(7, addressee, []).send(number)
    assert sorted(sent) == sorted((receiver, number) for receiver in receivers)


def started(running, *words, **options):
    launched = launch(Plan(words, os.environ), (), 0, **options)
    running.add(launched.running)
    return launched.running


def test_each_end_is_noticed_as_it_comes(project):
    with Supervisor() as running:
        slow = started(running, "sh", "-c", "until [ -e go ]; do sleep 0.02; done; exit 3")
        fast = started(running, "sh", "-c", "exit 4")
        ended = [running.next()]
        (project / "go").touch()
        ended.append(running.next())
    assert ended == [fast, slow]
    assert [exit_code(one.status) for one in ended] == [4, 3]


def test_what_takes_too_long_is_asked_to_end_and_then_killed(monkeypatch):
    monkeypatch.setattr(patience, "GRACE", 0.2)
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # so that it is deaf from the start
    try:
        with Supervisor() as running:
            deaf = started(running, "sh", "-c", "while :; do sleep 0.05; done", timeout=0.2)
            ended = running.next()
    finally:
        signal.signal(signal.SIGTERM, former)
    assert ended is deaf and deaf.timed_out
    assert exit_code(deaf.status) == 128 + signal.SIGKILL


def test_the_signals_of_this_process_are_handled_only_meanwhile():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGCHLD)}
    with Supervisor() as running:
        started(running, "true")
        running.next()
        assert signal.getsignal(signal.SIGTERM) != before[signal.SIGTERM]
    assert {number: signal.getsignal(number) for number in before} == before
