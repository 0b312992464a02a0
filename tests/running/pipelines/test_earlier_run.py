"""``coaia pipeline run --resume``: what has succeeded is not repeated, whatever has ended the run."""

import json
import os
import signal
import subprocess
import sys

import pytest
from pipeline_runs import observation, wait_until

KILLABLE = [
    {"name": "All", "observation_type": "SPAN"},
    {"name": "Load", "parent": "All", "run": "echo Load >> ran; printf '[1, 2]'", "output": "json"},
    {
        "name": "Use {{ item }}",
        "parent": "All",
        "for_each": "{{ steps['Load'].output }}",
        "run": "echo Use {{ item }} {{ who }} >> ran; echo got {{ item }}",
    },
    {
        "name": "Slow",
        "parent": "All",
        "run": "echo $$ > pid; [ -e go ] || exec sleep 300; echo Slow >> ran",
    },
    {"name": "End", "run": "echo End {{ steps['Use 2'].output }} {{ who }} >> ran"},
]


def trace_of(run, trace_id):
    return json.loads(run("fuse", "traces", "tv", trace_id, "--json").out)


def only_trace(run):
    (trace,) = json.loads(run("fuse", "traces", "--json").out)
    return trace["id"]


@pytest.fixture
def killed(save, run, project):
    """Return the id of a trace whose run was killed in its fourth step."""
    save(*KILLABLE)
    words = ["pipeline", "run", "t", "--var", "who=me", "--jobs", "1"]
    process = subprocess.Popen([sys.executable, "-m", "coaiapy"] + words)
    pid = project / "pid"
    try:
        wait_until(lambda: pid.exists() and pid.read_text().strip())
    finally:
        process.kill()
        process.wait()
    yield only_trace(run)
    try:
        os.kill(int(pid.read_text()), signal.SIGKILL)
    except OSError:
        pass


def end_command(project):
    os.kill(int((project / "pid").read_text()), signal.SIGKILL)
    (project / "go").write_text("")


def test_a_killed_run_goes_on_and_every_step_has_succeeded_once(killed, run, project):
    end_command(project)
    done = run("pipeline", "run", "--resume", killed, "--json")
    assert done.code == 0, done.err
    ran = (project / "ran").read_text().splitlines()
    assert ran == ["Load", "Use 1 me", "Use 2 me", "Slow", "End got 2 me"]
    body = json.loads(done.out)
    assert body["trace_id"] == killed and body["status"] == "succeeded"
    earlier = {step["name"] for step in body["steps"] if step["earlier"]}
    assert earlier == {"Load", "Use 1", "Use 2"}
    assert {s["name"]: s["output"] for s in body["steps"]}["Load"] == [1, 2]
    trace = trace_of(run, killed)
    names = sorted(one["name"] for one in trace["observations"])
    assert names == ["All", "End", "Load", "Slow", "Slow", "Use 1", "Use 2"]
    everything = observation(trace, "All")
    first, second = [one for one in trace["observations"] if one["name"] == "Slow"]
    assert first["level"] == "ERROR" and second["level"] == "DEFAULT"
    assert first["parentObservationId"] == second["parentObservationId"] == everything["id"]
    assert everything["level"] == "DEFAULT" and everything["endTime"] >= second["endTime"]
    assert trace["output"]["status"] == "succeeded"


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="only Linux tells")
def test_a_run_does_not_go_on_beside_what_a_killed_one_has_left(killed, run, project):
    done = run("pipeline", "run", "--resume", killed)
    assert done.code == 6 and "still runs (process " in done.err
    assert (project / "pid").read_text().strip() in done.err


def test_a_run_that_goes_on_cannot_be_resumed(save, run, project):
    save({"name": "Long", "run": "echo $$ > pid; sleep 300"})
    process = subprocess.Popen([sys.executable, "-m", "coaiapy", "pipeline", "run", "t"])
    pid = project / "pid"
    try:
        wait_until(lambda: pid.exists() and pid.read_text().strip())
        done = run("pipeline", "run", "--resume", only_trace(run))
        assert done.code == 6 and "still" in done.err
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(200)


def failed(result, *words):
    code, _, trace = result(*words)
    assert code == 1
    return trace["id"]


def test_a_failed_run_goes_on_after_the_template_was_mended(save, result, run, project):
    load = {"name": "Load", "run": "echo Load >> ran; printf %0200000d 7"}
    save(load, {"name": "Use", "run": "exit 3"}, {"name": "End", "run": "true"})
    trace_id = failed(result)
    save(
        load,
        {"name": "Use", "run": "wc -c", "stdin": "{{ steps['Load'].output }}"},
        {"name": "End", "run": "true"},
    )
    done = run("pipeline", "run", "t", "--resume", trace_id, "--json")
    assert done.code == 0 and "the template t has changed since; what has succeeded" in done.err
    steps = {step["name"]: step for step in json.loads(done.out)["steps"]}
    assert steps["Use"]["output"].strip() == "200000" and steps["Load"]["earlier"]
    assert (project / "ran").read_text() == "Load\n"
    observations = trace_of(run, trace_id)["observations"]
    assert [one["level"] for one in observations if one["name"] == "Use"] == ["ERROR", "DEFAULT"]
    again = run("pipeline", "run", "--resume", trace_id, "--dry-run")
    assert again.out == ""


def test_a_part_is_repeated_if_it_is_asked_for(save, result, run, project):
    steps = [{"name": name, "run": "echo {} >> ran".format(name)} for name in "ABC"]
    save(*steps, {"name": "D", "run": "test {{ who }} = me"})
    trace_id = failed(result)
    words = ["--resume", trace_id, "--from", "C", "--var", "who=me"]
    done = run("pipeline", "run", *words)
    assert done.code == 0 and "the variable who has another value now" in done.err
    assert (project / "ran").read_text().split() == ["A", "B", "C", "C"]


def test_what_was_not_kept_is_said(save, result, run, monkeypatch):
    key = "sk-proj-canary-abcdefghijklmnop"
    login = {"name": "Login", "run": "echo " + key}
    save(
        login,
        {"name": "Fail", "run": "exit 3"},
        {"name": "Use", "run": "echo {{ steps.Login.output }}"},
    )
    trace_id = failed(result)
    done = run("pipeline", "run", "--resume", trace_id)
    assert done.code == 2
    assert (
        "the output of 'Login' was not kept, because it holds a secret: repeat it with --from 'Login'"
        in done.err
    )
    save(
        login,
        {"name": "Fail", "run": "true"},
        {"name": "Use", "run": "echo {{ steps.Login.output }}"},
    )
    assert run("pipeline", "run", "--resume", trace_id, "--from", "Login").code == 0


def test_a_secret_variable_is_given_again(save, result, run, home):
    save({"name": "A", "run": "true"}, {"name": "B", "run": "test {{ who }} = right"})
    path = home / ".coaia" / "templates" / "t.json"
    template = json.loads(path.read_text("utf-8"))
    template["variables"].append({"name": "api_key"})
    path.write_text(json.dumps(template), "utf-8")
    trace_id = failed(result, "--var", "api_key=canary-variable")
    done = run("pipeline", "run", "--resume", trace_id)
    assert done.code == 2 and "'api_key' was not kept: give it again with --var" in done.err
    given = ["--var", "api_key=canary-variable", "--var", "who=right"]
    assert run("pipeline", "run", "--resume", trace_id, *given).code == 0


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["--resume", "a" * 32], 1, "no run of a pipeline is known here"),
        (["t", "--resume", "{}", "--trace-id", "b" * 32], 2, "leave --trace-id out"),
        (["other", "--resume", "{}"], 2, "was made by the template 't'"),
        ([], 2, "name the template to run"),
    ],
)
def test_a_wrong_resume_is_refused(save, result, run, words, code, said):
    save({"name": "A", "run": "exit 3"})
    trace_id = failed(result)
    done = run("pipeline", "run", *[word.format(trace_id) for word in words])
    assert done.code == code and said in done.err


def test_the_kept_outputs_go_with_the_trace(save, result, run, home):
    save({"name": "A", "run": "echo kept"}, {"name": "B", "run": "exit 3"})
    trace_id = failed(result)
    run("fuse", "traces", "delete", trace_id, "--yes")
    assert "no run of a pipeline" in run("pipeline", "run", "--resume", trace_id).err
