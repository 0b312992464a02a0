"""``coaia fuse traces tv --follow``: a picture that grows with its trace, on a real terminal."""

import pytest
from processes import start
from reading import forget_what_was_written
from screen_terminal import ScreenTerminal

from coaiapy.cli.commands.fuse.traces.following import framed
from coaiapy.errors import ExitCode
from coaiapy.views.tree import Line

FOLLOW = ["fuse", "traces", "tv", "t", "--follow"]
WAIT = "while [ ! -e {} ]; do sleep 0.05; done"


@pytest.fixture
def job(run):
    """Start a step of the trace ``t`` that goes on until a file is there."""
    run("fuse", "traces", "create", "t")

    def begin(name, file):
        words = ("run", "--trace-id", "t", "--name", name, "--", "sh", "-c", WAIT.format(file))
        running.append(start(*words))

    running = []
    yield begin
    for process in running:
        process.terminate()  # which reaches the step, too
        process.communicate()


def test_the_picture_grows_until_the_trace_is_complete(job, project):
    def shows(name, ending):
        return any(name in line and line.endswith(ending) for line in seen())

    job("first", "one")
    with ScreenTerminal(FOLLOW, columns=100) as terminal:
        seen = terminal.screen.shown
        terminal.until(lambda: shows("first", " s+"))
        job("second", "two")
        terminal.until(lambda: shows("first", " s+") and shows("second", " s+"))
        (project / "one").touch()
        terminal.until(lambda: shows("first", " s") and shows("second", " s+"))
        (project / "two").touch()
        assert terminal.finish() == 0
    lines = seen()
    assert len([line for line in lines if "first" in line and "─ " in line]) == 1
    assert not [line for line in lines if line.endswith("+")]
    assert any(line.startswith("total  2 observations") for line in lines)


def test_it_ends_with_ctrl_c_and_with_the_limit_of_the_command(job):
    job("first", "never")
    with ScreenTerminal(FOLLOW) as terminal:
        terminal.until(lambda: any("first" in line for line in terminal.screen.shown()))
        terminal.type("\x03")
        assert terminal.finish() == ExitCode.INTERRUPTED
    with ScreenTerminal(FOLLOW + ["--timeout", "1"]) as terminal:
        assert terminal.finish() == 0
    assert "not complete after 1 s" in terminal.screen.shown()


@pytest.mark.once
def test_it_goes_on_when_the_server_is_there_again(run, use):
    server = use("v3")
    run("fuse", "traces", "create", "t")
    step = ["fuse", "traces", "add-observation", "o", "t", "-n", "first", "--type", "SPAN"]
    run(*step)
    forget_what_was_written()
    with ScreenTerminal(FOLLOW, columns=200) as terminal:
        terminal.until(lambda: any(line.endswith("+") for line in terminal.screen.shown()))
        server.fail("refuse")
        terminal.until(lambda: "refused" in " ".join(terminal.screen.shown()))
        server.heal()
        run(*step + ["--end-time", "2038-01-01T00:00:00Z"])
        assert terminal.finish() == 0
    assert terminal.screen.shown()[-2].startswith("total  1 observation")


def test_a_small_screen_keeps_the_axis_and_the_newest():
    lines = [Line(str(number)) for number in range(20)]
    assert [one.text for one in framed(lines, 8)] == [
        "0",
        "1",
        "2",
        "... 13 lines",
        "16",
        "17",
        "18",
        "19",
    ]
    assert framed(lines, 20) == lines and len(framed(lines, 1)) == 5


@pytest.mark.parametrize("more", [["--json"], ["--html", "p.html"], []])
def test_where_nothing_can_move_it_is_refused(run, more):
    run("fuse", "traces", "create", "t")
    refused = run(*FOLLOW + more)
    assert refused.code == ExitCode.USAGE and "leave out --follow" in refused.err
