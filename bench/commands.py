"""Whole commands, from the shell's prompt to the next one."""

import json
import os
import sys
from contextlib import ExitStack

from clients import OURS, PUBLISHED, SDK, Sink, medians, run

RUNS = 25
# One span and three events below it; every release that makes traces from templates reads this.
TEMPLATE = {
    "name": "bench",
    "version": "1.0",
    "description": "what is measured",
    "variables": [],
    "steps": [
        {"name": "one", "observation_type": "SPAN", "variables": {"input": {"a": 1}}},
        {"name": "two", "observation_type": "EVENT", "parent": "one"},
        {"name": "three", "observation_type": "EVENT", "parent": "one"},
        {"name": "four", "observation_type": "EVENT", "parent": "one"},
    ],
}
BASE = "python -c pass"
LOCAL = "coaia pipeline create, without a server"
SERVER = "coaia pipeline create, to a server on loopback"
# What a row of the table is -> (the words of the command, at most so many times an empty Python).
WORDS = {
    "coaia --version": (["--version"], 2.5),
    "coaia --help": (["--help"], 3.0),
    "coaia env get KEY": (["env", "get", "KEY"], 3.5),
    "coaia env set KEY value": (["env", "set", "KEY", "value"], None),
    LOCAL: (["pipeline", "create", "bench"], 12.0),
    SERVER: (["pipeline", "create", "bench"], None),
}
# What the published release cannot do: it has no --version, and no life without a server.
OURS_ALONE = ("coaia --version", LOCAL)


def measure(bench):
    """Return (median seconds by (row, client), requests of one pipeline by client)."""
    with ExitStack() as stack:
        sink = stack.enter_context(Sink(bench))
        jobs = {(BASE, OURS): _job(bench, stack, [sys.executable, "-c", "pass"], bench.ours)}
        for row, (words, _) in WORDS.items():
            url = sink.url if row == SERVER else None
            for client in [bench.ours] + ([] if row in OURS_ALONE else [bench.published]):
                jobs[row, client.name] = _job(bench, stack, [client.coaia] + words, client, url)
        script = bench.sdk.script("sdk_pipeline.py")
        jobs[SERVER, SDK] = _job(bench, stack, script, bench.sdk, sink.url)
        requests = {}
        for name in (OURS, PUBLISHED, SDK):
            jobs[SERVER, name]()
            before = sink.counts()["POST"]
            jobs[SERVER, name]()
            requests[name] = sink.counts()["POST"] - before
        return medians(jobs, RUNS), requests


def _job(bench, stack, command, client, server=None):
    folder, variables = stack.enter_context(bench.home(client, server))
    templates = os.path.join(folder, ".coaia", "templates")
    os.makedirs(templates)
    with open(os.path.join(templates, "bench.json"), "w") as stream:
        json.dump(TEMPLATE, stream)
    if client is not bench.sdk:
        run([client.coaia, "env", "set", "KEY", "value"], folder, variables)
    return lambda: run(command, folder, variables)[0]
