"""What a user's expressions match is masked, and no expression can hold up a command."""

import os
import signal
import subprocess
import sys
import time

import pytest
from processes import environment

from coaiapy import patience
from coaiapy.errors import UsageError
from coaiapy.running.expressions import WITHHELD, Expressions

FOR_EVER = r"(a+)+$"
LONG = "a" * 60 + "b"


def test_every_match_of_every_expression_is_masked():
    masked = Expressions([r"47\d\d", "ä+"])
    assert masked("order 4711, \ud800 4712 ää\0") == "order ****, \ud800 **** ****\0"
    assert masked("4711 " * 100000) == "**** " * 100000
    assert masked("") == ""


@pytest.mark.parametrize("wrong", ["(", "*", "x*", ""])
def test_an_expression_that_is_wrong_is_refused(wrong):
    with pytest.raises(UsageError, match="--redact"):
        Expressions([wrong])


def test_one_that_takes_for_ever_withholds_the_text_and_all_that_follow(monkeypatch):
    monkeypatch.setattr(patience, "EXPRESSIONS", 0.3)
    masked, started, fork = Expressions([FOR_EVER]), [], os.fork

    def watched():
        started.append(fork())
        return started[-1]

    monkeypatch.setattr(os, "fork", watched)
    begun = time.monotonic()
    assert [masked(LONG), masked("short"), masked(LONG)] == [WITHHELD] * 3
    assert time.monotonic() - begun < 20
    with pytest.raises(ChildProcessError):  # it has been ended and waited for
        os.waitpid(started[0], os.WNOHANG)
    assert len(started) == 1


def test_without_a_further_process_nothing_unmasked_is_recorded(monkeypatch):
    def refuse():
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    assert Expressions(["x"])("abc") == WITHHELD


def test_it_works_where_the_end_of_processes_is_ignored():
    code = (
        "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "from coaiapy.running.expressions import Expressions\n"
        "print(Expressions(['b'])('abc'))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], env=environment()) == b"a****c\n"


def test_signals_of_this_process_stay_as_they_are():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    Expressions(["b"])("abc")
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
