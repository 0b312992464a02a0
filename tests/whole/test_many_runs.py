"""``main()`` again and again in one process, as apps and servers call it: each is like the first."""

import json
import re
import subprocess
import sys

import many_runs
import pytest
from documents import CHANGING
from langfuse_server import LangfuseServer
from processes import environment, finish

SCRIPT = many_runs.__file__
ROUNDS = 3
INTERRUPTED = ["Ctrl-C", "fuse", "traces", "add-observations", "run-1"]
KEYS = "LANGFUSE_BASE_URL={}\nLANGFUSE_PUBLIC_KEY=pk-test\nLANGFUSE_SECRET_KEY=sk-test\n"

# Each changes nothing that another one shows.
CALLS = """
--version
--help
pipeline create --help
help exit-codes

nonsense
env get
--env missing.env fuse traces
--debug --env missing.env fuse traces
env set KEY value
env get KEY
env get OTHER
pipeline list
pipeline show simple-trace
pipeline create data-pipeline --trace-id dry --dry-run
pipeline create data-pipeline --var worker_count
config show --json
--env other.env config show --json
fuse traces create run-1 --user john
--env other.env fuse traces create run-2 --timeout 60
fuse traces --json
--env other.env fuse traces --json
fuse traces trace-view run-1
fuse traces trace-view run-2
--env other.env fuse doctor
tash key value
fetch key
fetch nothing
summarize text --dry-run
"""


@pytest.fixture
def servers(project):
    """A server of each generation: one is named in .env, the other in other.env."""
    with LangfuseServer("v3") as old, LangfuseServer("v4-events_only") as new:
        (project / ".env").write_text(KEYS.format(old.url))
        (project / "other.env").write_text(KEYS.format(new.url))
        yield


def plain(text):
    """A text without what is different each time: ids, times, and the lines of a traceback."""
    text = re.sub(r"(?s)^Traceback .*?\n(?=coaia: )", "Traceback\n", text)
    text = re.sub(r"\b\d+ ms\b", "some ms", text)
    return re.sub(CHANGING, "<changing>", text)


def test_every_call_is_like_the_first_and_leaves_nothing_behind(servers):
    calls = [line.split() for line in CALLS.split("\n")[1:-1]]
    for words in calls:
        if {"set", "create", "tash"} & set(words):
            finish(*words)  # what the others find
    alone = [finish(*words) for words in calls] + [(130, "", "coaia: interrupted\n")]
    calls.append(INTERRUPTED)
    process = subprocess.run(
        [sys.executable, str(SCRIPT), "5", str(ROUNDS)],
        input=json.dumps(calls).encode("utf-8"),
        stdout=subprocess.PIPE,
        env=environment(),
        check=True,
        timeout=200,
    )
    said = json.loads(process.stdout.decode("utf-8"))
    assert said["changes"] == {}
    assert len(said["results"]) == ROUNDS * len(calls) > 80
    for number, code, out, err in said["results"]:
        expected = alone[number]
        assert code == expected[0], calls[number]
        assert plain(out) == plain(expected[1]), calls[number]
        assert plain(err) == plain(expected[2]), calls[number]
