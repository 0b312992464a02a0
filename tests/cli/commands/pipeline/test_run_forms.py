"""Commands of the built-in templates, and the items of a loop that run one after another."""

import json

import pytest


@pytest.fixture
def steps(run):
    """Return the steps of a run by their names."""

    def _steps(*words):
        done = run("pipeline", "run", *words + ("--json",))
        return {step["name"]: step for step in json.loads(done.out)["steps"]}

    return _steps


def test_the_steps_of_a_data_pipeline_run_what_is_given_and_the_others_are_marks(steps, run):
    given = ("--var", "load_cmd=echo $COAIA_DATA_SOURCE", "--var", "data_source=; sales")
    found = steps("data-pipeline", *given + ("--var", "export_cmd=echo 'done' | tr a-z A-Z"))
    assert found["Load Data"]["output"] == "; sales" and found["Export Results"]["output"] == "DONE"
    assert found["Validate Data"]["status"] == "succeeded"
    assert found["Validate Data"]["attempts"] == 0
    (trace,) = json.loads(run("fuse", "traces", "--json").out)
    trace = json.loads(run("fuse", "traces", "tv", trace["id"], "--json").out)
    outputs = {one["name"]: one["output"] for one in trace["observations"]}
    assert outputs["Load Data"] == "; sales" and "placeholder" in outputs["Validate Data"]


def test_workers_run_and_their_outputs_are_aggregated(steps):
    worker = "worker_cmd=echo $WORKER of $WORKERS"
    given = ("--var", "job_name=j", "--var", worker, "--var", "aggregate_cmd=tr '\\n' ';'")
    assert steps("parallel-processing", *given)["Results Aggregation"]["output"] == (
        "1 of 3;2 of 3;3 of 3;"
    )


def test_a_model_answers_and_gets_its_answer_again(steps):
    given = ("--var", "model_cmd=sed s/$/!/", "--var", "initial_prompt=$(hi)")
    assert steps("llm-chain", *given)["Follow-up Generation"]["output"] == "$(hi)!!"


def test_a_template_without_commands_says_so(run):
    done = run("pipeline", "run", "simple-trace", "--var", "trace_name=x")
    assert done.code == 0 and "no step has a command to run" in done.err


def test_items_that_need_one_another_run_in_order(save, steps, project):
    save(
        {
            "name": "I{{ item }}",
            "for_each": "{{ range(200) | list }}",
            "needs": ["I{{ item }}"],
            "run": "test {{ item }} != 5 && echo {{ item }} >> ran",
        },
        {"name": "End", "run": "touch HIT"},
    )
    found = steps("t", "--jobs", "4")
    assert (project / "ran").read_text().split() == list("01234")
    assert found["I5"]["status"] == "failed"
    assert {found[name]["reason"] for name in ("I6", "I199", "End")} == {"'I5' failed"}
    assert not (project / "HIT").exists()
