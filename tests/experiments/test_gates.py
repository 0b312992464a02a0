"""Gates of ``coaia fuse experiments run``: they name what has failed, and fail closed."""

import json
import shlex
import sys

import pytest

HALF = "import os; print(2 * int(input()) if os.environ['COAIA_ITEM_ID'] < 'q3' else 'wrong')"
MORE = "import os; print(2 * int(input()) if os.environ['COAIA_ITEM_ID'] < 'q5' else 'wrong')"


@pytest.fixture
def gated(experiment):
    def start(*options, **more):
        return experiment("--eval", "accuracy:exact", *options, **more)

    return start


def test_a_mean_that_is_too_low_fails_and_one_that_is_not_passes(gated):
    passed = gated("--fail-under", "accuracy=0.5", code=HALF)
    assert passed.code == 0, passed.err
    failed = gated("--fail-under", "accuracy=0.9", code=HALF)
    assert failed.code == 1
    assert "coaia: gate --fail-under accuracy=0.9: accuracy is 0.5\n" in failed.err
    told = gated("--fail-under", "accuracy=0.9", "--json", code=HALF).err.splitlines()[-1]
    assert json.loads(told)["error"] == "gate --fail-under accuracy=0.9: accuracy is 0.5"
    warned = gated("--fail-under", "accuracy=0.5", "--warn-under", "accuracy=0.9", code=HALF)
    assert warned.code == 0
    assert "warning: gate --warn-under accuracy=0.9: accuracy is 0.5" in warned.err


def test_what_is_not_known_has_not_passed(gated, run, questions, experiment):
    unknown = gated("--fail-under", "acuracy=0.5", code=HALF)
    assert unknown.code == 1 and "no item has a score 'acuracy'" in unknown.err
    errors = "import os; assert os.environ['COAIA_ITEM_ID'] != 'q0'; print(2 * int(input()))"
    failed = gated("--fail-under", "accuracy=0.5", code=errors, name="errors")
    assert failed.code == 1 and "gate: 1 item did not end well" in failed.err
    judge = "{} -c 'print(\"no\\nword\")'".format(sys.executable)
    silent = experiment("--eval-cmd", "judged:" + judge, "--fail-under", "judged=0", name="judged")
    assert silent.code == 1 and "no item has a score 'judged'" in silent.err


def test_a_regression_fails_against_a_run_the_latest_one_and_a_file(gated, run, project):
    first = gated("--json", code=MORE)
    (project / "base.json").write_text(first.out, encoding="utf-8")
    for baseline in ("first", "base.json", "latest"):
        options = ["--baseline", baseline, "--fail-on-regression", "accuracy=0.02"]
        worse = gated(*options, code=HALF, name="second")
        assert worse.code == 1
        said = "gate --fail-on-regression accuracy=0.02: accuracy fell from 0.8333 to 0.5"
        assert said in worse.err, worse.err
    options[-1] = "accuracy=0.4"
    assert gated(*options, code=HALF, name="second").code == 0
    options[-1] = "accuracy=0.02:significant"
    assert gated(*options, code=HALF, name="second").code == 0


def test_a_drop_that_chance_does_not_explain_is_significant(gated, questions):
    questions(*[{"id": "i%d" % n, "input": "1", "expectedOutput": "2"} for n in range(40)])
    gated(code="print(2)")
    options = ["--baseline", "first", "--fail-on-regression", "accuracy=0.02:significant"]
    worse = gated(*options, code="import os; print(2 * (os.urandom(1) < b'\\x01'))", name="second")
    assert worse.code == 1 and "accuracy=0.02:significant: accuracy fell" in worse.err


def test_a_score_that_only_the_baseline_has_fails(gated, experiment):
    gated(code=MORE)
    failed = experiment("--baseline", "first", "--eval", "json", name="second")
    assert failed.code == 1
    assert "the baseline has a score 'accuracy' and the run has not" in failed.err


def test_a_score_of_words_that_only_the_baseline_has_fails(experiment, project):
    said = ["--eval-cmd", "tone:{} -c 'print(\"good\")'".format(sys.executable)]
    first = experiment("--limit", "1", "--json", *said)
    (project / "base.json").write_text(first.out, encoding="utf-8")
    for baseline in ("first", "base.json"):
        failed = experiment("--limit", "1", "--baseline", baseline, name="second")
        assert failed.code == 1
        assert "the baseline has a score 'tone' and the run has not" in failed.err
    assert experiment("--limit", "1", "--baseline", "first", *said, name="third").code == 0


def test_items_without_the_score_fail_a_gate_for_regressions_too(experiment):
    judge = "print(1)"
    for name in ("first", "second"):
        judged = ["--limit", "2", "--eval-cmd", "j:{} -c '{}'".format(sys.executable, judge)]
        done = experiment(*judged, name=name)
        assert done.code == 0, done.err
        judge = 'import json, sys; print(1 / int(json.load(sys.stdin)["input"]))'
    options = judged + ["--baseline", "first", "--fail-on-regression", "j=0.02"]
    failed = experiment(*options, name="second")
    said = "gate --fail-on-regression j=0.02: 1 item without a score 'j'"
    assert failed.code == 1 and said in failed.err, failed.err


@pytest.mark.parametrize(
    "name, is_told", [("it's $HOME", True), ("two\nlines", False), ("-x", False)]
)
def test_hints_name_a_run_as_a_shell_can_take_it(run, questions, name, is_told):
    words = ["run", "questions.jsonl", "--name=" + name, "--limit", "2", "--eval-cmd", "j:false"]
    words += ["--", sys.executable, "-c", "print(1 / int(input()))"]
    done = run("fuse", "experiments", *words)
    unscored = done.out.partition("no value (1 without: coaia ")[2].partition(" says why")[0]
    failed = done.err.partition("1 item did not end well: coaia ")[2].splitlines()[0]
    for hint in (unscored, failed):
        words = shlex.split(hint)
        assert (words[3] == name) == is_told
        assert run(*words).code == 0


def test_a_baseline_that_is_not_there_fails_before_anything_runs(gated, project):
    failed = gated("--baseline", "latest", "--fail-on-regression", "accuracy=0.02")
    assert failed.code == 1 and "no baseline 'latest'" in failed.err
    assert not (project / "ran").exists()
    (project / "other.json").write_text("[]")
    wrong = gated("--baseline", "other.json", "--fail-on-regression", "accuracy=0.02")
    assert wrong.code == 2 and "other.json is no baseline" in wrong.err


@pytest.mark.parametrize("how", ["mean", "majority", "all", "pass@2"])
def test_repetitions_are_put_together(experiment, run, how):
    """Item a passes always, b in two of three times, c once, the others never."""
    code = (
        "import os; item, turn = os.environ['COAIA_ITEM_ID'], int(os.environ['COAIA_ITEM_REPEAT'])\n"
        "passes = {'q0': 3, 'q1': 2, 'q2': 1}.get(item, 0)\n"
        "print(2 * int(input()) if turn <= passes else 'wrong')"
    )
    options = ["--repeat", "3", "--eval", "exact", "--aggregate", how]
    said = experiment(*options, code=code).out
    assert "of 6 items, 2 flaky, spread 0.1925)\n  flaky: q1  " in said and "  flaky: q2  " in said
    done = experiment(*options, "--json", code=code)
    assert done.code == 0, done.err
    score = json.loads(done.out)["scores"]["exact"]
    means = {"mean": 2 / 6, "majority": 2 / 6, "all": 1 / 6, "pass@2": (1 + 1 + 2 / 3) / 6}
    assert score["mean"] == pytest.approx(means[how], abs=1e-5) and score["flaky"] == 2
    assert score["spread"] == pytest.approx(2 / 6 * 3**-0.5, abs=1e-5)
    rows = json.loads(run("fuse", "experiments", "show", "first", "--json").out)
    spread = {row["item"]: row["spread"]["exact"] for row in rows}
    assert (spread["q0"], spread["q1"]) == (0, pytest.approx(3**-0.5, abs=1e-5))
    assert "Spread" in run("fuse", "experiments", "show", "first").out


@pytest.mark.parametrize(
    "options, said",
    [
        (["--fail-under", "accuracy"], "'accuracy' is not SCORE=NUMBER"),
        (["--fail-on-regression", "a=1"], "needs a --baseline"),
        (["--fail-on-regression", "a=1:perhaps", "--baseline", "x"], "SCORE=NUMBER:significant"),
        (["--aggregate", "pass@0"], "'pass@0' is none of mean"),
    ],
)
def test_a_gate_that_is_wrong_is_said_before_anything_runs(gated, project, options, said):
    failed = gated(*options)
    assert failed.code == 2 and said in failed.err
    assert not (project / "ran").exists()
