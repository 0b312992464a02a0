"""``coaia pipeline run``: real commands, and the trace that tells what became of them."""

import json
import os
import signal
import subprocess
import sys

import pytest
from delivering import in_outbox
from pipeline_runs import is_there, observation, wait_until
from processes import finish

CHAIN = [
    {"name": "All", "observation_type": "SPAN"},
    {"name": "Load", "parent": "All", "run": "printf '[1, 2]'", "output": "json"},
    {
        "name": "Use {{ item }}",
        "parent": "All",
        "for_each": "{{ steps['Load'].output }}",
        "run": ["echo", "{{ item }} {{ who }}"],
    },
]


def test_outputs_reach_later_steps_and_the_trace(save, result, project):
    save(*CHAIN)
    code, steps, trace = result()
    assert code == 0
    assert {step["status"] for step in steps.values()} == {"succeeded"}
    assert steps["Load"]["output"] == [1, 2]
    assert steps["Use 2"]["output"] == "2 ; touch HIT"
    used, everything = observation(trace, "Use 2"), observation(trace, "All")
    assert used["output"] == "2 ; touch HIT" and used["parentObservationId"] == everything["id"]
    assert used["type"] == "SPAN" and used["startTime"] <= used["endTime"] <= everything["endTime"]
    assert trace["output"]["status"] == "succeeded"
    assert not (project / "HIT").exists()


def test_a_failure_stops_what_needs_it_and_nothing_else(save, result):
    save(
        {"name": "Load", "run": "echo oh no >&2; exit 3"},
        {"name": "Use", "run": "true"},
        {"name": "Last", "run": "true"},
        {"name": "Other", "needs": [], "run": "echo other"},
        {"name": "Soft", "needs": [], "run": ["missing-command"], "continue_on_error": True},
        {"name": "After", "run": "echo {{ steps['Soft'].exit_code }} {{ steps.Soft.status }}"},
    )
    code, steps, trace = result()
    assert code == 1
    assert steps["Load"]["reason"] == "exit code 3: oh no"
    for name in ("Use", "Last"):
        assert (steps[name]["status"], steps[name]["reason"]) == ("skipped", "'Load' failed")
        assert observation(trace, name)["statusMessage"] == "skipped: 'Load' failed"
    assert steps["Other"]["output"] == "other"
    assert steps["Soft"]["exit_code"] == 127 and steps["After"]["output"] == "127 failed"
    assert observation(trace, "Load")["level"] == "ERROR"


def test_a_failed_command_is_repeated(save, result, project):
    save({"name": "Try", "run": "echo x >> n; test $(wc -l < n) = 3", "retries": 5, "backoff": 0})
    code, steps, trace = result()
    assert (code, steps["Try"]["attempts"]) == (0, 3)
    assert len(observation(trace, "Try")["metadata"]["attempts"]) == 3


def test_a_timeout_ends_all_that_was_started(save, result, project):
    save({"name": "Slow", "run": "sleep 300 & echo $! > pid; wait", "timeout": 0.5})
    code, steps, _ = result()
    assert code == 1 and steps["Slow"]["reason"] == "timed out after 0.5 seconds"
    pid = project / "pid"  # a busy machine may not come to that
    said = pid.read_text() if pid.exists() else ""
    wait_until(lambda: not said or not is_there(int(said)))


def test_a_command_gets_its_input_folder_and_context(save, result, project):
    (project / "below").mkdir()
    said = 'pwd -P; cat; echo "$COAIA_WHO|$A|$COAIA_TRACE_ID|$COAIA_PARENT_OBSERVATION_ID|$HOME"'
    save(
        {
            "name": "Show",
            "run": said,
            "cwd": "below",
            "stdin": "in: {{ who }}\n",
            "env": {"A": "{{ who }}", "HOME": None},
            "output": "lines",
        }
    )
    _, steps, trace = result("--var", "who=me")
    folder, given, context = steps["Show"]["output"]
    assert folder == os.path.realpath(str(project / "below")) and given == "in: me"
    assert context == "me|me|{}|{}|".format(trace["id"], steps["Show"]["id"])


def test_commands_that_need_nothing_run_side_by_side(save, result, project):
    meet = "touch {0}; i=0; while [ ! -e {1} ]; do i=$((i+1)); [ $i -lt 4000 ]; sleep .05; done"
    save(
        {"name": "A", "run": meet.format("a", "b"), "timeout": 100},
        {"name": "B", "needs": [], "run": meet.format("b", "a"), "timeout": 100},
    )
    assert result("--jobs", "2")[0] == 0


@pytest.mark.parametrize(
    "words, ran", [(["--only", "B"], "B"), (["--from", "B"], "BC"), ([], "ABC")]
)
def test_a_part_can_be_chosen(save, result, words, ran):
    save(*[{"name": name, "run": "true"} for name in "ABC"])
    assert "".join(result(*words)[1]) == ran


def test_a_dry_run_shows_the_commands_and_runs_nothing(save, run, project):
    save({"name": "A", "run": "touch {{ who }}"}, {"name": "B", "run": ["a b", "{{ who }}"]})
    done = run("pipeline", "run", "t", "--dry-run")
    assert done.out == "# A\ntouch '; touch HIT'\n# B\n'a b' '; touch HIT'\n"
    assert os.listdir(str(project)) == []


@pytest.mark.parametrize(
    "step, said",
    [
        ({"run": "echo '{{ who }}'"}, "in quotes"),
        ({"run": "echo {{ whom }}"}, "'whom' is undefined"),
        ({"run": "true", "needs": ["Loda"]}, "there is no step 'Loda'"),
        ({"run": "true", "needs": ["X"]}, "wait for one another"),
    ],
)
def test_a_mistake_is_found_before_anything_runs(save, run, project, step, said):
    save({"name": "Load", "run": "touch HIT"}, dict(step, name="X"))
    done = run("pipeline", "run", "t")
    assert done.code == 2 and said in done.err and not (project / "HIT").exists()


def test_what_is_not_json_fails_the_step(save, result):
    save({"name": "A", "run": "echo oops", "output": "json"})
    code, steps, _ = result()
    assert code == 1 and "its output is not JSON" in steps["A"]["reason"]


def test_a_template_of_the_project_needs_trust(run, project):
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    (folder / "p.json").write_text('{"steps": [{"name": "A", "run": "touch HIT"}]}', "utf-8")
    refused = run("pipeline", "run", "p")
    assert refused.code == 3 and "touch HIT" in refused.err and not (project / "HIT").exists()
    assert run("pipeline", "run", "p", "--yes").code == 0 and (project / "HIT").exists()
    assert run("pipeline", "run", "p").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_command_and_is_recorded(save, run, project, number):
    save(
        {"name": "Long", "run": "sleep 300 & echo $! > pid; wait"},
        {"name": "Next", "run": "touch HIT"},
    )
    command = [sys.executable, "-m", "coaiapy", "pipeline", "run", "t"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        pid = project / "pid"
        wait_until(lambda: pid.exists() and pid.read_text().strip())
        process.send_signal(number)
        _, said = process.communicate(timeout=200)
    finally:
        process.kill()
    assert process.returncode == 130, said
    wait_until(lambda: not is_there(int(pid.read_text())))
    traces = json.loads(run("fuse", "traces", "--json").out)
    trace = json.loads(run("fuse", "traces", "tv", traces[0]["id"], "--json").out)
    assert observation(trace, "Long")["statusMessage"] == "interrupted"
    assert observation(trace, "Next")["statusMessage"] == "skipped: interrupted"
    assert not (project / "HIT").exists()


def test_the_record_arrives_by_itself_and_no_run_waits_for_the_server(save, run, use):
    save({"name": "A", "run": "exit 3"})
    server = use("v3")
    server.fail("hang", times=None)
    code, _, err = finish("pipeline", "run", "t")
    assert code == 1 and "not sent" not in err and in_outbox() and not server.traces()
    server.heal()
    server.wait_until(lambda: server.traces() and not in_outbox())
    assert [one["name"] for one in server.observations().values()] == ["A"]
    save({"name": "B", "run": "true"})
    assert finish("pipeline", "run", "t", "--require-delivery")[0] == 0 and not in_outbox()
    assert len(server.traces()) == 2


def journal_of(home):
    return b"".join(path.read_bytes() for path in (home / ".coaia").glob("*.db*"))


def test_no_secret_gets_into_the_journal(save, run, home, monkeypatch):
    monkeypatch.setenv("SERVICE_TOKEN", "canary-environment")
    monkeypatch.setenv("OPENAI_API_KEY", "canary-setting")
    key = "sk-proj-canary-abcdefghijklmnop"
    save(
        {
            "name": "All canary-environment",
            "observation_type": "SPAN",
            "input": "canary-environment",
            "metadata": {"a": [key]},
        },
        {"name": "Out", "run": ["sh", "-c", "echo $SERVICE_TOKEN", "canary-setting"]},
        {"name": "Json", "run": "echo '[\"canary-environment\", 1]'", "output": "json"},
        {
            "name": "Err",
            "run": "printf '%0480d ' 0 >&2; echo {} >&2; exit 3".format(key),
            "continue_on_error": True,
        },
        {"name": "Var", "run": ["echo", "{{ api_key }}", "{{ who }}"], "input": "{{ api_key }}"},
        {"name": "No", "run": ["./canary-environment"]},
    )
    path = home / ".coaia" / "templates" / "t.json"
    template = json.loads(path.read_text("utf-8"))
    template["variables"].append({"name": "api_key"})
    path.write_text(json.dumps(template), "utf-8")
    given = ["--var", "api_key=canary-variable", "--var", "who=" + key]
    code, _, said = finish("pipeline", "run", "t", *given)
    assert code == 1, said
    found = journal_of(home)
    assert b"api_key" in found and b"Err" in found and b"exit code 3" in found
    assert b"canary" not in found and b"sk-proj" not in found


def test_without_content_only_sizes_are_recorded(save, run, result, home, monkeypatch):
    monkeypatch.setenv("COAIA_TRACE_CONTENT", "false")
    save(
        {
            "name": "A",
            "run": "echo hidden {{ who }}",
            "input": "hidden",
            "metadata": {"b": "hidden"},
        },
        {"name": "B", "run": "echo hidden >&2; exit 3"},
    )
    code, steps, trace = result("--var", "who=hidden")
    assert code == 1 and steps["A"]["output"] == "hidden hidden"
    first, second = observation(trace, "A"), observation(trace, "B")
    assert first["output"] == {"characters": 13} and first["metadata"]["b"] == {"characters": 6}
    assert second["statusMessage"] == "exit code 3" and second["metadata"]["exit_code"] == 3
    assert trace["metadata"]["variables"] == {"who": {"characters": 6}}
    assert b"hidden" not in journal_of(home)


def test_a_killed_run_is_closed_by_the_next_command(save, run, project):
    save({"name": "Long", "run": "echo $$ > pid; exec sleep 300"})
    process = subprocess.Popen([sys.executable, "-m", "coaiapy", "pipeline", "run", "t"])
    pid = project / "pid"
    try:
        wait_until(lambda: pid.exists() and pid.read_text().strip())
    finally:
        process.kill()
        process.wait()
    os.kill(int(pid.read_text()), signal.SIGKILL)
    traces = json.loads(run("fuse", "traces", "--json").out)
    trace = json.loads(run("fuse", "traces", "tv", traces[0]["id"], "--json").out)
    assert observation(trace, "Long")["level"] == "ERROR"
    assert "interrupted" in observation(trace, "Long")["statusMessage"]
