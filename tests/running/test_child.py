"""A command is started as a shell would start it: found, with clean signals, with its own streams."""

import os
import signal
import stat
import subprocess
import sys

import pytest
from processes import environment

from coaiapy.running import child
from coaiapy.running.child import NotStartedError, Plan, exit_code, find, start


@pytest.fixture
def folder(tmp_path):
    """Makes files in a folder: their text by name; those with a text can be executed."""

    def make(**texts):
        for name, text in texts.items():
            path = tmp_path / name
            path.write_text(text)
            path.chmod(stat.S_IRWXU if text else stat.S_IRUSR)
        return str(tmp_path)

    return make


def end_of(*words, **more):
    plan = Plan(words, more.pop("environment", os.environ), **more)
    return exit_code(os.waitpid(start(plan), 0)[1])


def written_by(*words, **more):
    reading, writing = os.pipe()
    try:
        process = start(Plan(words, more.pop("environment", os.environ), (0, writing, 2), **more))
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        data = stream.read()
    os.waitpid(process, 0)
    return data.decode("utf-8")


def test_a_word_is_found_in_path_and_a_path_is_taken_as_it_is(folder):
    here = folder(tool="#!/bin/sh\nexit 7\n")
    path = {"PATH": os.pathsep.join(["/nowhere", here, "/bin"])}
    assert find("tool", path) == os.path.join(here, "tool")
    assert find("./no/such", path) == "./no/such"
    assert end_of("tool", environment=path) == 7
    assert end_of("./tool", folder=here) == 7


@pytest.mark.parametrize(
    "word, code", [("missing", 127), ("", 127), ("hidden", 126), ("/", 126), ("/no/such", 127)]
)
def test_what_cannot_be_started_has_the_code_of_a_shell(folder, word, code):
    with pytest.raises(NotStartedError) as caught:
        start(Plan([word], {"PATH": folder(hidden="")}))
    assert caught.value.code == code and repr(word) in str(caught.value)


def test_a_script_without_a_first_line_is_run_by_the_shell(folder):
    here = folder(script="exit $1\n")
    assert end_of(os.path.join(here, "script"), "9") == 9


def test_it_gets_the_environment_the_folder_and_the_streams_that_were_planned(tmp_path):
    assert written_by("/usr/bin/env", environment={"A": "1"}) == "A=1\n"
    assert written_by("pwd", folder=str(tmp_path)).strip() == os.path.realpath(str(tmp_path))


SIGNALS = (
    "import signal; print(*[int(signal.getsignal(n) == signal.SIG_IGN) for n in "
    "(signal.SIGHUP, signal.SIGTERM, signal.SIGINT)], signal.pthread_sigmask(0, []) or 0)"
)


def test_what_was_ignored_stays_ignored_and_nothing_else_does(monkeypatch):
    former = [signal.signal(signal.SIGHUP, signal.SIG_IGN)]
    former.append(signal.signal(signal.SIGTERM, lambda *_: None))
    try:
        assert written_by(sys.executable, "-c", SIGNALS) == "1 0 0 0\n"
    finally:
        signal.signal(signal.SIGHUP, former[0])
        signal.signal(signal.SIGTERM, former[1])


def test_a_broken_pipe_ends_it_although_python_ignores_that():
    reading, writing = os.pipe()
    os.close(reading)
    process = start(Plan(["yes"], os.environ, (0, writing, 2)))
    os.close(writing)
    assert exit_code(os.waitpid(process, 0)[1]) == 128 + signal.SIGPIPE


def test_streams_that_are_closed_stay_out_of_the_way():
    code = (
        "import os\nfrom coaiapy.running.child import Plan, start\n"
        "os.close(0); os.close(1)\n"
        "process = start(Plan(['sh', '-c', 'exit 5'], os.environ))\n"
        "os._exit(os.WEXITSTATUS(os.waitpid(process, 0)[1]))\n"
    )
    assert subprocess.call([sys.executable, "-c", code], env=environment()) == 5


def test_a_system_without_a_further_process_is_told_in_a_sentence(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(11, "no more processes")

    for name in {"fork", "posix_spawn"}.intersection(dir(os)):
        monkeypatch.setattr(os, name, refuse)
    with pytest.raises(NotStartedError, match="'true' cannot be executed") as caught:
        start(Plan(["true"], os.environ))
    assert caught.value.code == child.NOT_EXECUTABLE


@pytest.mark.parametrize("status, code", [(0, 0), (3 << 8, 3), (signal.SIGKILL, 137)])
def test_a_status_becomes_the_code_of_a_shell(status, code):
    assert exit_code(status) == code
