"""``coaia fuse datasets add-from-traces``: items that know where they come from."""

import json

import pytest
from langfuse_server import KINDS

pytestmark = pytest.mark.usefixtures("short_waits")


def write(run):
    for name, level in (("good", "DEFAULT"), ("bad", "ERROR")):
        run("fuse", "traces", "create", name, "-i", "asked " + name, "-o", "said " + name)
        words = ["-n", "step", "--level", level, "-i", "in " + name, "-o", "out " + name]
        run("fuse", "traces", "add-observation", "step-" + name, name, *words)


def items(run, name):
    return json.loads(run("fuse", "datasets", "get", name, "--json").out)["items"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_failed_traces_become_items_once(use, run, kind):
    use(kind)
    write(run)
    words = ["fuse", "datasets", "add-from-traces", "failures", "--failed", "--create"]
    for said in ("1 new", "1 same"):
        done = run(*words)
        assert done.code == 0 and said in done.err, done.err
    (item,) = items(run, "failures")
    assert (item["input"], item["expectedOutput"]) == ("asked bad", "said bad")
    assert item["sourceTraceId"] == "bad"


def test_observations_of_a_name_without_their_outputs(use, run):
    use("v3")
    write(run)
    words = ["fuse", "datasets", "add-from-traces", "steps", "--observation", "step", "--create"]
    assert run(*(words + ["--no-output"])).code == 0
    found = {item["input"]: item for item in items(run, "steps")}
    assert sorted(found) == ["in bad", "in good"]
    assert found["in bad"]["sourceObservationId"] == "step-bad"
    assert found["in bad"]["expectedOutput"] is None


def test_nothing_to_take_is_said(use, run):
    use("v3")
    done = run("fuse", "datasets", "add-from-traces", "none", "--create")
    assert done.code == 1 and "no input was found in 0 traces" in done.err
