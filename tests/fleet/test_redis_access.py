"""A Redis that is away, restarted, full or missing: a sentence each, and nothing waits for ever."""

import json
import re
import sys
import time

import pytest
from processes import environment, start
from redis_for_tests import HOST, free_port, running

from coaiapy import patience


def test_without_a_redis_it_says_what_to_set(save, run):
    save({"name": "A", "run": "true"})
    for words in (["pipeline", "run", "t", "--on", "redis"], ["worker", "--burst"]):
        done = run(*words)
        assert done.code == 3 and "REDIS_URL" in done.err


@pytest.mark.parametrize("name", ["", " ", "a\nb"])
def test_a_queue_without_a_name_is_refused(run, name):
    for words in (["pipeline", "run", "t", "--on", "redis"], ["worker"]):
        done = run(*words + ["--queue", name])
        assert (done.code, done.out) == (2, "") and "is not the name of a queue" in done.err


def test_a_redis_that_is_not_there_ends_both_sides_before_anything_is_recorded(
    save, run, monkeypatch
):
    monkeypatch.setenv("REDIS_URL", "redis://{}:{}".format(HOST, free_port()))
    save({"name": "A", "run": "true"})
    for words in (["pipeline", "run", "t", "--on", "redis"], ["worker", "--burst"]):
        done = run(*words)
        assert done.code == 4 and "refused the connection" in done.err
    assert json.loads(run("fuse", "traces", "--json").out) == []


@pytest.mark.once
def test_a_full_redis_is_said_and_recorded(tmp_path, save, run, monkeypatch):
    with running(tmp_path, "--maxmemory", "1") as full:
        monkeypatch.setenv("REDIS_URL", full.url)
        save({"name": "A", "run": "true"})
        done = run("pipeline", "run", "t", "--on", "redis", "--json")
    body = json.loads(done.out.split("\n}\n")[0] + "\n}")
    assert done.code == 4 and "is full and stored nothing" in done.err
    assert body["status"] == "failed" and body["steps"][0]["status"] == "skipped"


def test_nobody_listens(server, save, run, monkeypatch):
    monkeypatch.setattr(patience, "FLEET_NOBODY", 0.1)
    monkeypatch.setattr(patience, "FLEET_WHOLE_LOOK", 0.2)
    save({"name": "A", "run": "true"})
    done = run("pipeline", "run", "t", "--on", "redis")
    assert done.code == 4 and "no worker listens to the queue coaia" in done.err
    assert "start one with coaia worker" in done.err


@pytest.mark.once
def test_a_redis_that_goes_away_for_good_ends_the_run(tmp_path, save, run, monkeypatch, poll):
    with running(tmp_path) as server:
        monkeypatch.setenv("REDIS_URL", server.url)
        save({"name": "A", "run": "true"})
        monkeypatch.setattr(patience, "FLEET_AWAY", 0.5)
        monkeypatch.setattr(patience, "FLEET_PAUSE", 0.1)
        monkeypatch.setattr(
            "coaiapy.fleet.executor.WorkerExecutor._send", lambda _: server.process.kill()
        )
        done = run("pipeline", "run", "t", "--on", "redis")
    assert done.code == 4 and "trying for 0.5 s" in done.err
    assert re.search("to go on: .*--resume .* --on redis", done.err)
    (trace,) = json.loads(run("fuse", "traces", "--json").out)
    assert trace["output"]["status"] == "failed"


def test_a_redis_that_has_forgotten_everything_gets_the_rest_again(
    server, save, run, workers, monkeypatch, project
):
    """What a worker has begun is told when it ends."""
    monkeypatch.setattr(patience, "FLEET_WHOLE_LOOK", 0.3)
    forget = "import redis; redis.Redis(port={}).flushall()".format(server.port)
    save(
        {
            "name": "Item {{ item }}",
            "for_each": "range(5) | list",
            "run": "[ -e began ] || { touch began; $PYTHON -c '%s'; }; echo {{ item }}" % forget,
            "env": {"PYTHON": sys.executable},
        }
    )
    workers.start()
    done = run("pipeline", "run", "t", "--json", "--on", "redis")
    assert done.code == 0, done.err
    steps = json.loads(done.out)["steps"]
    assert [step["output"] for step in steps] == list("01234")
    assert [step["attempts"] for step in steps] == [1] * 5


def test_a_worker_ends_when_it_is_asked_to(server, workers, poll, client):
    worker = workers.start()
    poll(lambda: [b"idle"] == [client.hget(one, "state") for one in client.keys("rq:worker:*")])
    assert "listens to the queue coaia of redis://" in workers.stop(worker)


@pytest.mark.once
def test_a_worker_goes_on_after_redis_was_away_during_a_command(
    tmp_path, save, run, workers, monkeypatch, poll, project
):
    port = free_port()
    monkeypatch.setenv("REDIS_URL", "redis://{}:{}".format(HOST, port))
    save({"name": "A", "run": "touch began; until [ -e end ]; do sleep 0.05; done; echo done"})
    with running(tmp_path, port=port):
        worker = workers.start("--lost-after", "3")
        waiting = workers.stack.enter_context(
            start("pipeline", "run", "t", "--json", "--on", "redis", env=environment())
        )
        poll((project / "began").exists)
    time.sleep(2.5)  # of the signs of life, a second apart, nothing can be seen
    (project / "end").touch()
    with running(tmp_path, port=port):
        out, err = waiting.communicate(timeout=200)
        assert waiting.returncode == 0, err
        assert [step["output"] for step in json.loads(out.decode())["steps"]] == ["done"]
        assert run("pipeline", "run", "t", "--on", "redis").code == 0
        assert "unhandled" not in workers.stop(worker)
