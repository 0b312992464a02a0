"""However a run of a pipeline ends: all is recorded, and no command is left."""

import json
import signal
import sqlite3

import pytest
from pipeline_runs import is_there, observation, wait_until
from processes import finish, start


def said(process):
    """Read what a process writes, once; return its exit code too."""
    _, err = process.communicate(timeout=200)
    return process.returncode, err.decode("utf-8")


def open_records(home):
    db = sqlite3.connect(str(home / ".coaia" / "coaia.db"))
    (count,) = db.execute("SELECT count(*) FROM open_records").fetchone()
    db.close()
    return count


def trace_of(run):
    (trace,) = json.loads(run("fuse", "traces", "--json").out)
    return json.loads(run("fuse", "traces", "tv", trace["id"], "--json").out)


def test_after_a_failure_what_runs_is_finished_and_what_needs_it_is_skipped(
    save, run, home, project
):
    save(
        {"name": "Bad", "run": "while [ ! -e slow ]; do sleep 0.05; done; exit 3"},
        {"name": "After bad", "run": "touch HIT"},
        {"name": "Last", "run": "touch HIT"},
        {"name": "Slow", "needs": [], "run": "touch slow; sleep 0.5; echo finished"},
        {"name": "After slow", "run": "echo {{ steps.Slow.output }}"},
    )
    code, _, err = finish("pipeline", "run", "t", "--jobs", "2")
    assert code == 1 and "skipped    Last  ('Bad' failed)" in err
    trace = trace_of(run)
    assert observation(trace, "Slow")["output"] == "finished"
    assert observation(trace, "After slow")["output"] == "finished"
    for name in ("After bad", "Last"):
        assert observation(trace, name)["statusMessage"] == "skipped: 'Bad' failed"
        assert observation(trace, name)["level"] == "WARNING"
    assert trace["output"]["status"] == "failed" and not (project / "HIT").exists()
    assert open_records(home) == 0


def test_a_mistake_that_shows_only_now_fails_the_step_that_makes_it(save, run, project):
    save(
        {"name": "A", "run": "while [ ! -e f ]; do sleep 0.05; done"},
        {"name": "B", "run": "echo {{ steps.A.output }}"},
        {"name": "C", "needs": [], "run": "true"},
        {"name": "D", "needs": "C", "run": "echo {{ steps.A.output }}"},
        {"name": "E", "run": "touch HIT"},
        {"name": "F", "needs": "C", "run": "touch f"},
    )
    done = run("pipeline", "run", "t", "--json", "--jobs", "2")
    steps = {step["name"]: step for step in json.loads(done.out)["steps"]}
    assert {name: step["status"] for name, step in steps.items()} == dict(
        A="succeeded", B="succeeded", C="succeeded", D="failed", E="skipped", F="succeeded"
    )
    assert "has no attribute 'A'" in steps["D"]["reason"] and done.code == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_commands_that_do_not_listen_are_ended_with_all_that_they_have_started(
    save, run, home, project, number
):
    deaf = "trap '' INT HUP; sleep 300 & echo $$ $! > {}; wait; wait; sleep 300"
    save(
        {"name": "A", "run": deaf.format("a")},
        {"name": "B", "needs": [], "run": deaf.format("b")},
        {"name": "C", "run": "touch HIT", "retries": 3},
    )
    process = start("pipeline", "run", "t", "--jobs", "2")
    files = [project / "a", project / "b"]
    wait_until(lambda: all(file.exists() and file.read_text().strip() for file in files))
    process.send_signal(number)
    code, err = said(process)
    assert code == 130, err
    left = [int(word) for file in files for word in file.read_text().split()]
    wait_until(lambda: not any(map(is_there, left)))
    trace = trace_of(run)
    assert {one["statusMessage"] for one in trace["observations"]} == {
        "interrupted",
        "skipped: interrupted",
    }
    assert all(one["endTime"] for one in trace["observations"])
    assert trace["output"]["status"] == "interrupted" and open_records(home) == 0


def test_an_error_of_our_own_leaves_no_command(save, run, project, monkeypatch):
    from coaiapy.running.pipelines import runs

    save({"name": "A", "run": "echo $$ > pid; sleep 300"})
    pid = project / "pid"

    def broken(self):
        if pid.exists() and pid.read_text().strip():
            raise MemoryError("no memory left")

    monkeypatch.setattr(runs.Run, "_look_for_signal", broken)
    assert run("pipeline", "run", "t").code != 0
    wait_until(lambda: not is_there(int(pid.read_text())))
