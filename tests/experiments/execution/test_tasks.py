"""What runs for an item instead of a command: a prompt that a model is asked with, or a pipeline."""

import json

import pytest
from langfuse_server import KINDS
from pipeline_runs import is_there

pytestmark = pytest.mark.usefixtures("short_waits")
RUN = ["fuse", "experiments", "run", "questions.jsonl", "--name", "first"]
CHAT = [
    {"role": "system", "content": "Answer in {{language}}."},
    {"type": "placeholder", "name": "history"},
    {"role": "user", "content": "{{ question }}"},
]
ASKED = {"language": "French", "question": "Why?", "history": [{"role": "user", "content": "Hm"}]}
TEMPLATE = {
    "name": "answer",
    "variables": [{"name": "question"}, {"name": "shout", "type": "boolean", "default": False}],
    "steps": [
        {"name": "think", "run": "echo thinking about {{question}}"},
        {"name": "answer", "run": "echo {{question}}; echo {{shout}}", "needs": ["think"]},
        {"name": "end"},
    ],
}


def create(run, name, content, *options):
    done = run("fuse", "prompts", "create", name, content, "--labels", "production", *options)
    assert done.code == 0, done.err


def tree(run, shown, item):
    trace_id = shown()[item]["trace_id"]
    found = json.loads(run("fuse", "traces", "tv", trace_id, "--json").out)
    return {one["name"]: one for one in found["observations"]}, found


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_model_is_asked_with_a_prompt_that_is_linked(use, run, openai, questions, shown, kind):
    use(kind)
    create(run, "ask", "Double {{input}}.")
    done = run(*(RUN + ["--prompt", "ask", "--model", "m", "--limit", "2", "--require-delivery"]))
    assert done.code == 0, done.err
    said = "user: Double 1. | temperature None"
    assert shown()["q1"]["output"] == said
    found, trace = tree(run, shown, "q1")
    asked = found["ask"]
    assert asked["type"] == "GENERATION" and asked["parentObservationId"] == found["item"]["id"]
    assert (asked["promptName"], asked["promptVersion"]) == ("ask", 1)
    assert asked["model"] == "m-2024" and asked["usageDetails"]["input"] == 11
    assert asked["input"] == [{"role": "user", "content": "Double 1."}]
    assert trace["name"] == "experiment first" and trace["output"] == said
    (known,) = json.loads(run("fuse", "experiments", "list", "--json").out)
    told = {name: known["metadata"][name] for name in ("prompt", "prompt_version", "model")}
    assert told == {"prompt": "ask", "prompt_version": 1, "model": "m"}


def test_a_chat_and_what_its_config_says(use, run, openai, questions, shown):
    use("v3")
    config = json.dumps({"model": "small", "temperature": 0.25, "other": 1})
    create(run, "chat", json.dumps(CHAT), "--type", "chat", "--config", config)
    questions({"id": "i", "input": ASKED})
    assert run(*(RUN + ["--prompt", "chat"])).code == 0
    said = "system: Answer in French. | user: Hm | user: Why? | temperature 0.25"
    assert shown()["i"]["output"] == said
    body = openai.requests[-1].body
    assert (body["model"], body["temperature"]) == ("small", 0.25)


def test_what_a_prompt_lacks_is_named_before_anything_runs(use, run, openai, questions):
    use("v3")
    create(run, "chat", json.dumps(CHAT), "--type", "chat")
    questions({"id": "a", "input": ASKED}, {"id": "b", "input": "x"}, {"id": "c", "input": {}})
    done = run(*(RUN + ["--prompt", "chat"]))
    assert done.code == 2 and not openai.requests
    said = "the item 'b' of line 2 (and 1 item more) lacks what the prompt 'chat' names: language, history"
    assert said in done.err
    done = run(*(RUN + ["--prompt", "chat", "--label", "staging"]))
    assert done.code == 1 and "chat" in done.err and not openai.requests


def test_a_model_that_fails_is_the_state_of_its_item(use, run, openai, questions, shown):
    use("v3")
    create(run, "ask", "{{input}}")
    refused = {"error": {"message": "too long"}}
    empty = {"choices": [{"message": {"content": ""}, "finish_reason": "length"}]}
    openai.faults = [refused, empty]
    done = run(*(RUN + ["--prompt", "ask", "--limit", "3", "--jobs", "1"]))
    assert done.code == 1, done.err
    items = shown()
    assert [items[name]["state"] for name in ("q0", "q1", "q2")] == ["failed", "failed", "ok"]
    assert "answered with an error: too long" in items["q0"]["reason"]
    assert "answered with no text (it stopped with length)" in items["q1"]["reason"]
    again = run(*(RUN + ["--prompt", "ask", "--limit", "3", "--rerun-failed"]))
    assert again.code == 0, again.err


@pytest.fixture
def template(project):
    """Write a template of the project; return its file."""
    path = project / ".coaia" / "templates" / "answer.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(TEMPLATE), "utf-8")
    return path


def test_a_pipeline_runs_in_the_trace_of_each_item(run, questions, shown, template):
    questions(
        {"id": "a", "input": {"question": "it's; $(touch no)", "more": 1}},
        {"id": "b", "input": {"question": "why", "shout": True}},
    )
    done = run(*(RUN + ["--pipeline", "answer", "--yes", "--eval", "contains=why"]))
    assert done.code == 0, done.err
    assert shown()["a"]["output"] == "it's; $(touch no)\nFalse"
    assert shown()["b"]["output"] == "why\nTrue" and shown()["b"]["scores"] == {"contains": 1}
    found, trace = tree(run, shown, "b")
    assert trace["name"] == "experiment first" and trace["metadata"]["experiment"]["item"] == "b"
    assert {found[name]["parentObservationId"] for name in ("think", "answer", "end")} == {
        found["item"]["id"]
    }
    assert found["think"]["output"] == "thinking about why"


def test_a_template_that_is_not_trusted_runs_nothing(run, questions, project, template):
    questions({"id": "a", "input": {"question": "why"}})
    done = run(*(RUN + ["--pipeline", "answer"]))
    assert done.code == 3 and "is not trusted" in done.err and "runs think: echo" in done.err
    assert not json.loads(run("fuse", "experiments", "list", "--json").out)


def test_what_a_template_lacks_is_named_before_anything_runs(run, questions, template):
    questions({"id": "a", "input": "text"}, {"id": "b", "input": {"question": "x", "shout": "?"}})
    done = run(*(RUN + ["--pipeline", "answer", "--yes"]))
    assert done.code == 2 and "the variable 'question' is required" in done.err
    template.write_text(json.dumps(dict(TEMPLATE, steps=[{"name": "end"}])), "utf-8")
    done = run(*(RUN + ["--pipeline", "answer", "--yes"]))
    assert done.code == 2 and "no step of the template 'answer' has a command" in done.err


def test_a_step_that_fails_or_hangs_is_the_state_of_its_item(
    run, questions, shown, template, project
):
    stubborn = "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done"
    step = {"name": "answer", "run": "case {{question}} in fail) exit 3;; esac; " + stubborn}
    template.write_text(json.dumps(dict(TEMPLATE, steps=[step])), "utf-8")
    words = RUN + ["--pipeline", "answer", "--yes"]
    questions({"id": "a", "input": {"question": "fail"}})
    assert run(*words).code == 1
    assert shown()["a"]["reason"] == (
        "exit code 1: the pipeline was not completed: 'answer': exit code 3"
    )
    questions({"id": "b", "input": {"question": "x"}})
    assert run(*(words + ["--timeout", "5"])).code == 1
    assert shown()["b"]["state"] == "timed out"
    pid = project / "pid"  # a busy machine may not come to that
    assert not pid.exists() or not is_there(int(pid.read_text()))


@pytest.mark.parametrize(
    "options, said",
    [
        (["--prompt", "p", "--pipeline", "q"], "more than one thing to run"),
        (["--prompt", "p", "--", "true"], "more than one thing to run"),
        (["--model", "m", "--", "true"], "--label and --model are for --prompt"),
        (["--prompt", "p", "--input-as", "arg"], "--input-as is for a command"),
        (["--pipeline", "none"], "none"),
    ],
)
def test_what_does_not_go_together_is_said(run, questions, options, said):
    done = run(*(RUN + options))
    assert done.code in (1, 2) and said in done.err
