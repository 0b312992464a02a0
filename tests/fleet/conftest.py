"""A Redis, a template of the user that runs on workers, and workers that are real processes."""

import signal
import time
from contextlib import ExitStack

import pytest
import redis
from pipeline_runs import save_template
from processes import environment, start
from redis_for_tests import HOST, running


@pytest.fixture(scope="session")
def redis_of_fleet(tmp_path_factory):
    with running(tmp_path_factory.mktemp("fleet")) as server:
        yield server


@pytest.fixture
def server(redis_of_fleet, monkeypatch):
    """An empty Redis that the settings name."""
    redis.Redis(HOST, redis_of_fleet.port).flushall()
    monkeypatch.setenv("REDIS_URL", redis_of_fleet.url)
    return redis_of_fleet


@pytest.fixture
def client(server):
    return redis.Redis(HOST, server.port)


@pytest.fixture
def save(home):
    def _save(*steps, **variables):
        save_template(home, steps, variables)

    return _save


class Workers:
    """Workers in processes of their own; what they said is in ``said``."""

    def __init__(self, stack):
        self.stack = stack
        self.processes = []

    def start(self, *options, **variables):
        process = self.stack.enter_context(
            start("worker", *options, env=environment(**variables), stdout=None)
        )
        self.stack.callback(process.kill)
        self.processes.append(process)
        return process

    def burst(self, *options, **variables):
        """Let a worker do what there is; return what it has said."""
        _, err = self.start("--burst", *options, **variables).communicate(timeout=300)
        return err.decode("utf-8")

    @staticmethod
    def stop(process):
        """Ask a worker to end; return what it has said."""
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        return err.decode("utf-8")


@pytest.fixture
def workers():
    with ExitStack() as stack:
        yield Workers(stack)


def poll(is_so):
    """Wait until something is so, and return it."""
    end = time.monotonic() + 200
    while time.monotonic() < end:
        found = is_so()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


def lose(client):
    """Let the signs of life of all jobs that are being done be as old as they may be."""
    for key in client.keys("rq:wip:*"):
        client.zadd(key, {job: 1 for job in client.zrange(key, 0, -1)})


@pytest.fixture(name="lose")
def lose_fixture():
    return lose


@pytest.fixture(name="poll")
def poll_fixture():
    return poll
