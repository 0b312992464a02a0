"""Scoring a run again, and what a score config allows."""

import json
import sys


def judge(code, name="judged"):
    return ["--eval-cmd", "{}:'{}' -c '{}'".format(name, sys.executable, code.replace("'", '"'))]


def test_a_finished_run_is_scored_again_without_running_it(experiment, run, shown, project):
    experiment("--eval", "exact")
    before = shown()
    words = ["fuse", "experiments", "score", "first"]
    for options in (["--eval", "exact", "--eval", "length<2"], judge("print(0.5)")):
        done = run(*(words + options))
        assert done.code == 0, done.err
    assert len((project / "ran").read_text().split()) == 6
    after = shown()
    assert after["q5"]["scores"] == {"exact": 1, "length": 0, "judged": 0.5}
    kept = ("trace_id", "output", "seconds", "state", "started")
    assert [[one[name] for name in kept] for one in after.values()] == [
        [one[name] for name in kept] for one in before.values()
    ]
    listed = json.loads(run("fuse", "scores", "list", "--name", "exact", "--json").out)
    assert len(listed) == 6


def test_a_score_config_says_what_a_score_may_be(experiment, run, shown):
    run("fuse", "score-configs", "create", "exact", "BOOLEAN")
    run(
        "fuse",
        "score-configs",
        "create",
        "judged",
        "NUMERIC",
        "--min-value",
        "0",
        "--max-value",
        "1",
    )
    done = experiment("--limit", "1", "--eval", "exact", *judge("print(7)"))
    assert done.code == 0, done.err
    (score,) = json.loads(run("fuse", "scores", "list", "--name", "exact", "--json").out)
    (config,) = json.loads(run("fuse", "score-configs", "list", "--json").out)[:1]
    assert score["configId"] and score["value"] is True
    assert "takes a number from 0 to 1, not 7" in shown()["q0"]["unscored"]["judged"]
