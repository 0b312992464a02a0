"""Evaluators: rules, commands and judges."""

import json
import sys

import pytest

SAY = "import json, sys; asked = json.load(sys.stdin); print({})"


def judge(code, name="judged"):
    return ["--eval-cmd", "{}:'{}' -c '{}'".format(name, sys.executable, code.replace("'", '"'))]


@pytest.mark.parametrize(
    "rule, output, expected, value",
    [
        ("exact", "yes", "yes", 1),
        ("exact", "Yes", "yes", 0),
        ("exact", '{"b": 2, "a": 1}', {"a": 1, "b": 2}, 1),
        ("exact", "x", None, None),
        ("contains", "it is yes", "yes", 1),
        ("contains=no", "it is yes", None, 0),
        ("regex=^it (is|was)", "it was", None, 1),
        ("regex=a:b=c", "a:b=c", None, 1),
        ("json", "[1]", None, 1),
        ("json", "[1", None, 0),
        ("json", "[1]", [2], 0),
        ("number=0.01", "3.14", 3.15, 1),
        ("number=0.01", "3.1", "3.15", 0),
        ("number", "none", 3, 0),
        ("levenshtein", "kitten", "sitting", 0.571429),
        ("levenshtein", "same", "same", 1),
        ("length<5", "four", None, 1),
        ("length<5", "fives", None, 0),
    ],
)
def test_rules(experiment, questions, shown, rule, output, expected, value):
    questions({"id": "i", "input": "x", "expectedOutput": expected})
    done = experiment("--eval", "own:" + rule, code="print({!r})".format(output))
    assert done.code == 0, done.err
    assert shown()["i"]["scores"].get("own") == value


@pytest.mark.parametrize(
    "said, scores",
    [
        ("0.5", {"judged": 0.5}),
        ("'good'", {"judged": "good"}),
        ("json.dumps({'name': 'other', 'value': True, 'comment': asked['output']})", {"other": 1}),
        ("json.dumps([{'name': 'a', 'value': 1}, {'name': 'b', 'value': 2}])", {"a": 1, "b": 2}),
        ("float(asked['expected']) - float(asked['output'])", {"judged": 0}),
    ],
)
def test_what_a_command_says_is_a_score(experiment, shown, said, scores):
    done = experiment("--limit", "1", *judge(SAY.format(said)))
    assert done.code == 0, done.err
    assert shown()["q0"]["scores"] == scores
    assert shown()["q0"]["comments"] == ({"other": "0"} if "other" in scores else {})


@pytest.mark.parametrize(
    "code, why",
    [
        ("exit(4)", "exit code 4"),
        ("print()", "neither"),
        ("print([])", "nothing"),
        ("print(dict(value=1))", "begins like JSON and is none"),
        ("import json; print(json.dumps(dict(name=chr(0xD800), value=1)))", "what it has said"),
    ],
)
def test_a_command_that_says_nothing_leaves_its_item_without_that_score(
    experiment, shown, code, why
):
    done = experiment("--limit", "1", "--eval", "exact", *judge(code))
    assert done.code == 0 and "judged  no value (1 without: coaia fuse experiments" in done.out
    assert shown()["q0"]["scores"] == {"exact": 1}
    assert why in shown()["q0"]["unscored"]["judged"]


def test_a_model_judges_by_a_process_tag_and_its_answer_stays_in_the_trace(
    experiment, openai, project, run, shown
):
    (project / "coaia.json").write_text(json.dumps({"fair_instruction": "Be fair."}))
    done = experiment("--limit", "1", "--judge", "fair")
    assert done.code == 0, done.err
    item = shown()["q0"]
    trace = json.loads(run("fuse", "traces", "tv", item["trace_id"], "--json").out)
    (asked,) = [one for one in trace["observations"] if one["type"] == "GENERATION"]
    (made,) = [one for one in trace["observations"] if one["name"] == "item"]
    assert asked["parentObservationId"] == made["id"]
    assert item["scores"]["fair"] == asked["output"]
    assert item["scores"]["fair"].startswith(
        'system: Be fair. | user: {"input": "0", "output": "0"'
    )


def test_a_judge_that_there_is_not_is_said_before_anything_runs(experiment, project):
    done = experiment("--judge", "nosuch")
    assert done.code == 1 and "no tag 'nosuch'" in done.err
    assert not (project / "ran").exists()


def test_two_evaluators_of_one_name_are_refused(experiment):
    done = experiment("--eval", "exact", "--eval", "exact")
    assert done.code == 2 and "two evaluators are called 'exact'" in done.err
