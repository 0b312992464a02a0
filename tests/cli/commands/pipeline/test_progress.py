"""What a run of a pipeline shows: a tree that is drawn over itself, or lines where nobody looks."""

import os
import re
import signal
import subprocess

import pytest
from pipeline_runs import is_there, wait_until
from processes import COAIA, environment, finish
from screen_terminal import ScreenTerminal

STEPS = [
    {"name": "All", "observation_type": "SPAN"},
    {"name": "Load the data", "parent": "All", "run": "echo careful >&2; printf part >&2"},
    {"name": "Use it", "parent": "All", "run": "sleep 0.3; echo broken >&2; exit 3"},
    {"name": "Tell", "needs": "Use it", "run": "true"},
]


def lines_with(shown, text):
    return [line for line in shown if text in line]


def test_a_tree_is_drawn_over_itself_and_what_commands_say_stays_above_it(save, home):
    save(*STEPS)
    with ScreenTerminal(["pipeline", "run", "t"]) as terminal:
        assert terminal.finish() == 1
    shown = terminal.screen.shown()
    assert shown[:3] == ["careful", "part", "broken"]
    assert shown[3] == "failed     All  ('Use it' failed)"
    assert re.match(r"succeeded    Load the data  \d", shown[4])
    assert shown[5].startswith("failed       Use it  ")
    assert shown[5].endswith("(exit code 3: broken)")
    assert shown[6] == "skipped    Tell  ('Use it' failed)"
    assert terminal.written.count("Tell") > 3 and "\x1b[31mfailed\x1b[0m" in terminal.written


@pytest.mark.parametrize("variables, words", [({"NO_COLOR": "1"}, []), ({}, ["--color=never"])])
def test_colors_can_be_switched_off(save, home, variables, words):
    save({"name": "A", "run": "true"})
    with ScreenTerminal(words + ["pipeline", "run", "t"], **variables) as terminal:
        assert terminal.finish() == 0
    assert lines_with(terminal.screen.shown(), "succeeded  A")
    assert "m" not in terminal.written.replace("\x1b[", "\0").partition("succeeded")[0][-4:]
    assert "\x1b[3" not in terminal.written


def test_no_line_is_longer_than_a_narrow_terminal(save, home):
    save(*[dict(step, name=step["name"] + " " + "x" * 70, parent=None, needs=[]) for step in STEPS])
    with ScreenTerminal(["pipeline", "run", "t"], columns=24) as terminal:
        assert terminal.finish() == 1
    tree = [line for line in terminal.screen.shown() if " x" in line or "…" in line]
    assert len(tree) == 4 and max(map(len, tree)) <= 23


def test_a_small_terminal_shows_what_matters_and_counts_the_rest(save, home, project):
    save(
        {"name": "Item {{ item }}", "for_each": "{{ range(30) | list }}", "run": "true"},
        {"name": "Wait", "run": "touch here; while [ ! -e go ]; do sleep 0.05; done"},
        {"name": "Then", "run": "exit 3"},
    )
    with ScreenTerminal(["pipeline", "run", "t"], lines=8) as terminal:
        terminal.until(lambda: lines_with(terminal.screen.shown(), "running    Wait"))
        assert len(terminal.screen.shown()) <= 6
        terminal.resize(8, 30)
        (project / "go").write_text("")
        assert terminal.finish() == 1
    shown = terminal.screen.shown()
    assert lines_with(shown, "failed     Then") and lines_with(shown, "... and 2")


def test_ctrl_c_leaves_a_tree_that_tells_of_it_and_no_command(save, home, project):
    save({"name": "Long", "run": "echo $$ > pid; sleep 300"}, {"name": "Next", "run": "true"})
    pid = project / "pid"
    with ScreenTerminal(["pipeline", "run", "t"]) as terminal:
        terminal.until(lambda: pid.exists() and pid.read_text().strip())
        terminal.type("\x03")
        assert terminal.finish() == 130
    wait_until(lambda: not is_there(int(pid.read_text())))
    shown = terminal.screen.shown()
    assert lines_with(shown, "failed     Long") and lines_with(shown, "(interrupted)")
    assert lines_with(shown, "skipped    Next  (interrupted)")


def test_elsewhere_each_change_is_a_line_without_escapes(save, home):
    save(*STEPS)
    code, out, err = finish("--color=always", "pipeline", "run", "t")
    assert code == 1 and not out and "\x1b" not in err
    said = [line for line in err.splitlines() if "Use it" in line]
    assert said[0] == "running    Use it" and re.match(r"failed     Use it  \d", said[1])


def test_a_reader_who_leaves_ends_no_step(save, home, project):
    save({"name": "A", "run": "sleep 0.2"}, {"name": "B", "run": "touch done"})
    process = subprocess.Popen(
        COAIA + ["pipeline", "run", "t"], stderr=subprocess.PIPE, env=environment()
    )
    process.stderr.close()
    process.wait(200)
    assert os.path.exists(str(project / "done")) and process.returncode != -signal.SIGPIPE
