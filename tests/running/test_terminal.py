"""A command under ``coaia run`` has a terminal, and keys, jobs and sizes work as they do without."""

import os
import sys

import pytest
from shell_terminal import PROMPT, ShellTerminal


@pytest.fixture
def shell(project):
    with ShellTerminal() as opened:
        yield opened


SEES = 'import os; print("sees", [os.isatty(n) for n in range(3)], *os.get_terminal_size())'


@pytest.mark.parametrize("capture", ["both", "none", "stderr"])
def test_a_command_sees_the_terminal_and_its_size(shell, capture):
    line = "coaia run --capture {} -- {} -c '{}'".format(capture, sys.executable, SEES)
    assert "sees [True, True, True] 80 24" in shell.enter(line)


@pytest.mark.parametrize("capture", ["both", "none"])
def test_keys_reach_the_command_and_ctrl_c_ends_it(shell, capture):
    shell.type("coaia run --capture {} -- sh -c 'echo up; exec cat'\n".format(capture))
    shell.until("up\r\n")
    shell.type("hello\n")
    shell.until("hello\r\nhello\r\n")
    shell.type("\x03")
    shell.until(PROMPT)
    assert "code 130" in shell.enter("echo code $?")


@pytest.mark.parametrize("capture", ["both", "none"])
def test_a_command_is_stopped_and_continued_as_a_job(shell, capture):
    shell.type("coaia run --capture {} -- sh -c 'echo up; read x; echo got $x'\n".format(capture))
    shell.until("up\r\n")
    shell.type("\x1a")
    shell.until(PROMPT)
    assert "Stopped" in shell.enter("jobs")
    shell.type("fg\n")
    shell.until("fg\r\n")
    shell.type("abc\n")
    assert "got abc" in shell.until(PROMPT)


@pytest.mark.parametrize("capture", ["both", "none"])
def test_a_stopped_command_goes_on_in_the_background(shell, capture):
    os.mkfifo("gate")
    # A loop could be stopped where it starts a process: then the shell itself waits for ever.
    waits = "echo up; read x <gate; echo went on"
    shell.type("coaia run --capture {} -- sh -c '{}'\n".format(capture, waits))
    shell.until("up\r\n")
    shell.type("\x1a")
    shell.until(PROMPT)
    shell.enter("bg")
    shell.type("echo go >gate; wait; echo 'all' 'done'\n")
    assert "went on" in shell.until("all done\r\n")


def test_a_command_is_told_of_a_new_size(shell):
    waits = 'trap "stty size; exit" WINCH; echo up; while :; do sleep 0.05; done'
    shell.type("coaia run -- bash -c '{}'\n".format(waits))
    shell.until("up\r\n")
    shell.resize(33, 99)
    shell.until("33 99")


def test_a_command_in_the_background_ends_there(shell):
    shell.enter("coaia run -- sleep 0.1 &")
    assert "Done" in shell.enter("wait; jobs; echo")


def test_the_terminal_is_left_as_it_was_found(shell):
    before = shell.enter("stty -a | tail -n +2")
    shell.enter("coaia run -- true")
    assert shell.enter("stty -a | tail -n +2") == before


def test_only_what_is_on_the_terminal_sees_one(shell):
    asks = "test -t 1 && echo a terminal || echo no terminal; test -t 2 && echo shown >&2"
    said = shell.enter("coaia run -- sh -c '{}' | cat".format(asks))
    assert "no terminal\r\n" in said and "shown\r\n" in said


def test_ctrl_c_stops_the_script_that_runs_the_command(shell):
    shell.type("(coaia run -- sh -c 'echo up; exec sleep 60'; echo 'goes' 'on')\n")
    shell.until("up\r\n")
    shell.type("\x03")
    assert "goes on" not in shell.until(PROMPT)
