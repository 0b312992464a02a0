"""Experiments over a server that often fails, killed in the middle: nothing is lost or doubled."""

import json
import signal
from collections import Counter

import pytest
from langfuse_server import KINDS
from langfuse_server.client import Client
from pipeline_runs import wait_until
from processes import start

pytestmark = pytest.mark.usefixtures("short_waits")
SINCE = "2020-01-01T00:00:00.000Z"
# Ids that look like numbers are still texts for every server.
IDS = [str(100 + number) for number in range(30)]
RUN = ["fuse", "experiments", "run", "questions.jsonl", "--name", "first", "--jobs", "4"]
# Writes down that it has run, and puts out what it gets; after twenty it waits for a file.
CODE = (
    "echo $COAIA_ITEM_ID >> ran; while [ $(wc -l <ran) -gt 20 ] && [ ! -e go ]; do sleep 0.05; done"
)
ECHO = ["--eval", "exact", "--", "sh", "-c", CODE + "; cat"]


def ask(server, path, **query):
    answer = Client(server)("GET", "/api/public/" + path, query=query or None)
    assert answer.status == 200, answer.body
    return answer.body


def items_there(server):
    """The items of the run on a server, each as often as it is there."""
    found = []
    if server.kind.legacy:
        rows = ask(server, "datasets/questions/runs/first")["datasetRunItems"]
        found.append(sorted(one["datasetItemId"] for one in rows))
    if server.kind.rows:
        rows = ask(server, "experiment-items", fromStartTime=SINCE, limit=100)["data"]
        found.append(sorted(one["experimentItemId"] for one in rows))
    return found


def results(run):
    """How many of the items have a result: several are written together, a moment later."""
    (found,) = json.loads(run("fuse", "experiments", "list", "--json").out)
    return int(found["results"].split()[0])


@pytest.mark.parametrize("kind", sorted(KINDS) + ["local"])
def test_a_run_that_is_killed_over_a_failing_server_is_whole_in_the_end(
    use, run, questions, project, kind
):
    questions(*[{"id": one, "input": one, "expectedOutput": one} for one in IDS])
    server = use(kind) if kind != "local" else None
    if server:
        run("fuse", "datasets", "import", "questions", "questions.jsonl", "--create")
        server.fail("503", times=None, share=0.4)
    ran = project / "ran"
    process = start(*(RUN + ECHO))
    try:
        wait_until(lambda: ran.exists() and len(ran.read_text().split()) > 20 and results(run))
    finally:
        process.send_signal(signal.SIGKILL)
        (project / "go").touch()
        process.communicate()
    done = run(*(RUN + ["--json"] + ECHO))
    assert done.code == 0, done.err
    body = json.loads(done.out)
    assert body["states"] == {"ok": 30} and body["missing"] == 0
    assert body["scores"]["exact"]["items"] == 30 and body["scores"]["exact"]["mean"] == 1
    times = Counter(ran.read_text().split())
    assert sorted(times) == IDS and max(times.values()) <= 2
    assert 0 < body["worked_on"] < 30, "what was written before the kill is not done again"
    shown = json.loads(run("fuse", "experiments", "show", "first", "--json").out)
    assert sorted(one["item"] for one in shown) == IDS
    if server is None:
        return
    server.heal()
    again = run(*(RUN + ["--require-delivery"] + ECHO))
    assert again.code == 0 and "not all items" not in again.err, again.err
    assert run("fuse", "outbox", "flush").code == 0
    assert all(found == IDS for found in items_there(server))
    scores = json.loads(run("fuse", "scores", "list", "--name", "exact", "--all", "--json").out)
    traces = {one["trace_id"] for one in shown}
    assert sorted(one["traceId"] for one in scores) == sorted(traces)
