"""What a worker does not do for whoever can write to its Redis."""

import json
import pickle
import zlib

import pytest
from processes import start

from coaiapy.fleet import rq_adapter

HIT = "touch HIT"


@pytest.fixture
def save_in_project(project):
    def _save(*steps):
        folder = project / ".coaia" / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "p.json").write_text(json.dumps({"steps": list(steps)}), "utf-8")

    return _save


@pytest.fixture
def sent(workers, run, tmp_path):
    """Run a template with a worker that has a home of its own; return the steps."""

    def _sent(name, *options, home=tmp_path):
        worker = workers.start(*options, HOME=str(home), COAIA_HOME=str(home / ".coaia"))
        done = run("pipeline", "run", name, "--json", "--on", "redis", "--yes")
        worker.kill()
        worker.wait()
        return json.loads(done.out)["steps"]

    return _sent


@pytest.mark.once
def test_a_template_that_the_worker_does_not_have_is_refused_unless_it_trusts_its_redis(
    server, save, sent, project
):
    save({"name": "A", "run": HIT, "retries": 5})
    (step,) = sent("t")
    assert step["attempts"] == 1 and not (project / "HIT").exists()
    for part in ("'t' (sha256 ", "coaia pipeline trust t", "--trust-queue"):
        assert part in step["reason"]
    (step,) = sent("t", "--trust-queue")
    assert step["status"] == "succeeded" and (project / "HIT").exists()


@pytest.mark.once
def test_a_template_of_the_project_has_to_be_trusted_by_the_worker_too(
    server, save_in_project, sent, project
):
    save_in_project({"name": "A", "run": HIT})
    (step,) = sent("p")
    assert "its own is not trusted" in step["reason"] and not (project / "HIT").exists()


@pytest.mark.once
def test_a_value_in_redis_is_data_and_no_part_of_a_command(server, save, sent, home, project):
    save(
        {"name": "item", "needs": [], "run": "echo {{ item | raw }}", "for_each": [HIT]},
        {"name": "who", "needs": [], "run": ["{{ who }}", "HIT"]},
        {"name": "what", "needs": [], "run": "echo {{ what | raw }}"},
        {"name": "path", "needs": [], "run": "ls", "env": {"PATH": "{{ path }}"}},
        {"name": "data", "needs": [], "run": "echo {{ what }}"},
        who="touch",
        what="; " + HIT,
        path="/tmp",
    )
    *refused, data = sent("t", home=home)
    for step in refused:
        assert "{!r} in Redis would decide".format(step["name"]) in step["reason"]
    assert data["output"] == "; " + HIT and not (project / "HIT").exists()


@pytest.mark.once
def test_secrets_stay_where_they_are(server, save, sent, home, client, poll, project):
    """A worker has a secret of its own; one in an output does not come back."""
    save(
        {"name": "A", "run": 'echo "$COAIA_API_TOKEN" > token; echo {{ api_token }}'},
        api_token="of-the-template",
    )
    process = start(
        "pipeline", "run", "t", "--json", "--on", "redis", "--var", "api_token=canary-1234567"
    )
    poll(lambda: client.llen("rq:queue:coaia"))
    stored = b"".join(_whole(client, key) for key in client.keys("*"))
    assert b"canary" not in stored and b"of-the-template" in stored
    process.terminate()
    process.communicate()


def _whole(client, key):
    texts = [key]
    if client.type(key) == b"hash":
        texts += list(client.hgetall(key).values())
    texts += [zlib.decompress(text) for text in texts if text[:1] == b"\x78"]
    return b"".join(texts)


class Evil:
    def __reduce__(self):
        import os

        return os.system, (HIT,)


FORGED = {
    "pickle": pickle.dumps(("os.system", None, (HIT,), {})),
    "pickled-object": pickle.dumps(Evil()),
    "any-function": json.dumps(["os.system", None, [HIT], {}]).encode(),
    "no-version": json.dumps(["coaiapy.fleet", None, ["{}"], {}]).encode(),
    "other-version": json.dumps(["coaiapy.fleet", None, ['{"protocol": 99}'], {}]).encode(),
    "wrong-fields": json.dumps(["coaiapy.fleet", None, ['{"protocol": 1}'], {}]).encode(),
}


def test_whatever_stands_in_the_queue_no_code_is_taken_from_it(server, workers, client, project):
    queue = rq_adapter.queue_of(client, "coaia", rq_adapter.job_class())
    for name, data in FORGED.items():
        job = queue.enqueue_many([rq_adapter.job_data(queue, name, "")])[0]
        client.hset(job.key, "data", zlib.compress(data))
        for kind in ("success", "failure", "stopped"):
            client.hset(job.key, kind + "_callback_name", "os.abort")
    said = workers.burst()
    assert not (project / "HIT").exists() and "Traceback" not in said
    states = {name: client.hget("rq:job:" + name, "status") for name in FORGED}
    assert states == {name: b"failed" for name in FORGED}, said
