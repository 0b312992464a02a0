"""Experiments on real workers, through a real Redis: each item is one run of a template they trust."""

import json
import signal
from collections import Counter

import pytest
from processes import start

RUN = ["fuse", "experiments", "run", "items.jsonl", "--name", "first", "--json"]
RUN += ["--pipeline", "t", "--on", "redis", "--eval", "exact"]


@pytest.fixture
def items(project):
    """Write items; each is put out by the template as it is expected."""

    def write(*names, **more):
        bodies = [{"id": n, "input": dict(more, text=n), "expectedOutput": n} for n in names]
        lines = [json.dumps(body) + "\n" for body in bodies]
        (project / "items.jsonl").write_text("".join(lines), "utf-8")

    return write


def outcomes(run):
    listed = json.loads(run("fuse", "experiments", "show", "first", "--json").out)
    return {one["item"]: one for one in listed}


def test_items_are_worked_on_once_though_a_worker_is_killed(
    server, save, items, workers, run, project, poll, client, lose
):
    save(
        {
            "name": "Wait",
            "run": "case {{ text }} in c) while [ ! -e go ]; do sleep 0.05; done;; esac",
        },
        {"name": "Say", "run": "echo {{ text }} $COAIA_ITEM_ID >> did; echo {{ text }}"},
        text="",
    )
    items(*"abcdef")
    doomed = workers.start()
    process = start(*(RUN + ["--retries", "1"]))
    poll(lambda: (project / "did").exists() and len((project / "did").read_text().split("\n")) == 3)
    poll(lambda: sum(client.hlen(key) for key in client.keys("coaia:fleet:*:begun")) == 3)
    doomed.kill()
    doomed.wait()
    lose(client)
    (project / "go").write_text("")
    survivor = workers.start()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    body = json.loads(out.decode("utf-8"))
    assert body["states"] == {"ok": 6} and body["scores"]["exact"]["mean"] == 1
    assert body["scores"]["exact"]["items"] == 6
    found = outcomes(run)
    assert {name: one["attempts"] for name, one in found.items() if one["attempts"] > 1} == {"c": 2}
    did = Counter((project / "did").read_text().split("\n")[:-1])
    assert set(did) == {"{0} {0}".format(name) for name in "abcdef"}
    assert not client.keys("coaia:fleet:*")
    trace = json.loads(run("fuse", "traces", "tv", found["f"]["trace_id"], "--json").out)
    by_name = {one["name"]: one for one in trace["observations"]}
    assert by_name["Say"]["parentObservationId"] == by_name["item"]["id"]
    assert str(survivor.pid) in by_name["item"]["metadata"]["experiment"]["worker"]


def test_what_workers_do_while_nobody_waits_is_taken_over(
    server, save, items, workers, run, project, poll, client
):
    save(
        {
            "name": "A",
            "run": "while [ ! -e go ]; do sleep 0.05; done; echo {{ text }} >> did; echo {{ text }}",
        },
        text="",
    )
    items(*"abc")
    workers.start()
    process = start(*RUN)
    poll(lambda: client.keys("coaia:fleet:*:begun"))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (project / "go").write_text("")
    poll(lambda: (project / "did").exists() and len((project / "did").read_text().split()) == 3)
    done = run(*RUN)
    assert done.code == 0, done.err
    assert json.loads(done.out)["states"] == {"ok": 3}
    assert sorted((project / "did").read_text().split()) == list("abc")


@pytest.mark.once
def test_a_worker_runs_only_what_it_has_and_trusts(
    server, save, items, workers, run, project, tmp_path
):
    save({"name": "A", "run": "touch HIT; echo {{ text }}"}, text="")
    items("a")
    worker = workers.start(HOME=str(tmp_path), COAIA_HOME=str(tmp_path / ".coaia"))
    done = run(*RUN)
    assert done.code == 1 and not (project / "HIT").exists()
    (found,) = outcomes(run).values()
    assert found["state"] == "not started" and "coaia pipeline trust t" in found["reason"]
    workers.stop(worker)


@pytest.mark.once
@pytest.mark.parametrize(
    "step, name, value",
    [
        ({"run": "echo {{ text | raw }}"}, "text", "; touch HIT"),
        ({"run": ["{{ text }}", "HIT"]}, "text", "touch"),
        ({"run": "true", "env": {"PATH": "{{ text }}"}}, "text", "/tmp"),
        ({"run": "true"}, "home", "/tmp"),  # COAIA_HOME
    ],
)
def test_an_item_is_data_and_decides_nothing(
    server, save, items, workers, run, project, step, name, value
):
    save(dict(step, name="A"), **{"text": "", name: ""})
    items("a", **{name: value})
    workers.start()
    done = run(*RUN)
    (found,) = outcomes(run).values()
    assert done.code == 1 and not (project / "HIT").exists()
    assert found["state"] == "not started" and "in Redis would decide" in found["reason"]


@pytest.mark.once
def test_a_secret_of_an_item_does_not_travel(server, save, items, run, client):
    save({"name": "A", "run": "true"}, text="", api_key="")
    items("a", api_key="hidden-value-1")
    done = run(*RUN)
    (found,) = outcomes(run).values()
    assert done.code == 1 and "'api_key' of the item does not travel" in found["reason"]
    assert not client.llen("rq:queue:coaia")


@pytest.mark.parametrize("what", [["--prompt", "p"], ["--", "true"]])
def test_a_command_is_not_for_workers(run, items, what):
    items("a")
    done = run("fuse", "experiments", "run", "items.jsonl", "--name", "n", "--on", "redis", *what)
    assert done.code == 2 and "--on redis is for --pipeline" in done.err
