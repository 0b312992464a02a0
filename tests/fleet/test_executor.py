"""Pipelines on real workers, through a real Redis: the result is that of this machine."""

import json
import os
import signal
import time

from pipeline_runs import is_there, observation
from processes import COAIA, start

import coaiapy

# Seconds until a worker without a sign of life is lost: no busy machine is silent for so long.
LOST_AFTER = 600


def ended(process):
    out, err = process.communicate(timeout=300)
    return process.returncode, out and json.loads(out.decode("utf-8")), err.decode("utf-8")


def without_moments(body):
    own = ("id", "seconds")
    return [{k: v for k, v in one.items() if k not in own} for one in body["steps"]]


def test_the_result_is_that_of_this_machine(server, save, workers, run):
    save(
        {"name": "Group"},
        {"name": "List", "parent": "Group", "run": "seq 3", "output": "lines"},
        {
            "name": "Item {{ item }}",
            "for_each": "steps.List.output",
            "run": "echo {{ who }} {{ item }} {{ number }} $COAIA_WHO",
        },
        {"name": "Bad", "run": "echo no >&2; exit 3", "continue_on_error": True},
        {"name": "After", "run": "echo {{ steps['Bad'].exit_code }}"},
        {"name": "Worse", "run": "exit 4", "retries": 1, "backoff": 0},
        {"name": "Never", "run": "touch HIT"},
        who="me; touch HIT",
    )
    here = run("pipeline", "run", "t", "--json")
    worker = workers.start()
    there = run("pipeline", "run", "t", "--json", "--on", "redis")
    workers.stop(worker)
    assert (here.code, there.code) == (1, 1), there.err
    assert without_moments(json.loads(there.out)) == without_moments(json.loads(here.out))


def test_one_trace_and_what_commands_record_hangs_below_their_step(server, save, workers, run):
    words = COAIA + ["run", "--quiet", "--name", "Inner", "--", "echo", "hello"]
    save({"name": "Outer", "run": words})
    workers.start()
    done = run("pipeline", "run", "t", "--json", "--on", "redis")
    body = json.loads(done.out)
    assert body["steps"][0]["output"] == "hello", done.err
    trace = json.loads(run("fuse", "traces", "tv", body["trace_id"], "--json").out)
    assert observation(trace, "Inner")["parentObservationId"] == body["steps"][0]["id"]
    (attempt,) = observation(trace, "Outer")["metadata"]["attempts"]
    assert attempt["worker"]


def test_a_queue_of_ones_own_and_a_worker_of_another_release(
    server, save, workers, run, client, monkeypatch
):
    monkeypatch.setattr("coaiapy.fleet.dispatch.__version__", "0.0.1")
    save({"name": "Item {{ item }}", "for_each": "range(3) | list", "run": "echo {{ item }}"})
    workers.start("--queue", "nightly")
    done = run("pipeline", "run", "t", "--json", "--on", "redis", "--queue", "nightly")
    assert done.code == 0, done.err
    assert [step["output"] for step in json.loads(done.out)["steps"]] == list("012")
    said = "has coaiapy {}, and this machine has 0.0.1: use the same release on all machines"
    assert done.err.count(said.format(coaiapy.__version__)) == 1
    assert not client.keys("rq:queue:coaia")


def test_no_item_is_lost_with_the_workers_that_are_killed(
    server, save, workers, run, project, poll, client, lose
):
    """One is killed alone; of the other, the process that does the job is killed with it."""
    save(
        {
            "name": "Item {{ item }}",
            "for_each": "range(30) | list",
            "run": "case {{ item }} in 7|8) while [ ! -e go ]; do sleep 0.05; done;; esac;"
            " echo {{ item }}",
            "retries": 2,
            "backoff": 0,
        }
    )
    doomed = [workers.start("--lost-after", str(LOST_AFTER)) for _ in range(2)]
    process = start("pipeline", "run", "t", "--json", "--on", "redis")
    poll(lambda: begun(client) == 9)  # two of them wait for the file
    horses = {one.pid: _children(one.pid) for one in doomed}
    doomed[0].kill()
    for number in [doomed[1].pid] + horses[doomed[1].pid]:
        os.kill(number, signal.SIGKILL)
    poll(lambda: not is_there(horses[doomed[0].pid][0]))
    (project / "go").write_text("")
    ends = [end for _, end in client.zrange("rq:wip:coaia", 0, -1, withscores=True)]
    assert ends and min(ends) > time.time() + LOST_AFTER / 2
    lose(client)
    for _ in range(2):
        workers.start()
    code, body, err = ended(process)
    assert code == 0, err
    outputs = [step["output"] for step in body["steps"]]
    assert outputs == [str(number) for number in range(30)]
    repeated = {step["name"]: step["attempts"] for step in body["steps"] if step["attempts"] > 1}
    assert repeated == {"Item 7": 2, "Item 8": 2}
    trace = json.loads(run("fuse", "traces", "tv", body["trace_id"], "--json").out)
    reasons = []
    for name in repeated:
        first, second = observation(trace, name)["metadata"]["attempts"]
        assert first["exit_code"] != 0 and second["exit_code"] == 0
        assert first["worker"] != second["worker"]
        reasons.append(first["reason"].split()[-1])
    # What is left of the first worker says that it was killed, or is lost if the machine is too busy.
    assert "lost" in reasons and set(reasons) <= {"killed", "lost"}
    assert len(trace["observations"]) == 30 and not client.keys("coaia:fleet:*")


def begun(client):
    """Return how many attempts have begun."""
    return sum(client.hlen(key) for key in client.keys("coaia:fleet:*:begun"))


def _children(number):
    with open("/proc/{0}/task/{0}/children".format(number)) as file:
        return [int(word) for word in file.read().split()]


def test_a_worker_that_is_killed_costs_no_more_than_the_retries(
    server, save, workers, run, poll, client
):
    save({"name": "A", "run": "sleep 300"})
    worker = workers.start()
    process = start("pipeline", "run", "t", "--json", "--on", "redis")
    poll(lambda: begun(client))
    worker.kill()
    code, body, err = ended(process)
    assert code == 1 and body["steps"][0]["attempts"] == 1
    assert "was killed" in body["steps"][0]["reason"], err


def test_a_signal_takes_back_what_waits_and_ends_what_runs(
    server, save, workers, run, poll, client, project
):
    save(
        {"name": "A", "run": "echo done"},
        {
            "name": "Item {{ item }}",
            "for_each": "range(5) | list",
            "run": "test -e go || { echo $$ > pid; sleep 300; }; echo {{ item }} >> did",
        },
    )
    workers.start()
    process = start("pipeline", "run", "t", "--json", "--on", "redis")
    poll(lambda: (project / "pid").exists() and (project / "pid").read_text().strip())
    process.send_signal(signal.SIGINT)
    code, body, err = ended(process)
    assert code == 130 and body["status"] == "interrupted"
    assert "waiting for the workers to end 1 command" in err
    assert "--resume {} --on redis".format(body["trace_id"]) in err
    assert not client.keys("coaia:fleet:*") and not client.llen("rq:queue:coaia")
    (project / "go").write_text("")
    done = run("pipeline", "run", "--resume", body["trace_id"], "--on", "redis", "--json")
    steps = json.loads(done.out)["steps"]
    assert done.code == 0 and [one["earlier"] for one in steps] == [True] + 5 * [False]
    assert (project / "did").read_text().split() == list("01234")


def test_what_workers_do_while_nobody_waits_is_not_done_again(
    server, save, workers, run, poll, client, project
):
    """The process that waits for them is killed; workers go on, and it is found when the run does."""
    save(
        {
            "name": "Item {{ item }}",
            "for_each": "range(4) | list",
            "run": "while [ ! -e go ]; do sleep 0.05; done; echo {{ item }} >> did; echo {{ item }}",
        }
    )
    workers.start()
    process = start("pipeline", "run", "t", "--trace-id", "one", "--on", "redis")
    poll(lambda: begun(client))
    process.kill()
    process.communicate()
    (project / "go").write_text("")
    poll(lambda: (project / "did").exists() and len((project / "did").read_text().split()) >= 2)
    done = run("pipeline", "run", "--resume", "one", "--on", "redis", "--json")
    assert done.code == 0, done.err
    assert [one["output"] for one in json.loads(done.out)["steps"]] == list("0123")
    assert sorted((project / "did").read_text().split()) == list("0123")
