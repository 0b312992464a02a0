"""Whole commands, from the shell's prompt to the next one."""

import json
import os
import sys
from contextlib import ExitStack

from clients import OURS, Sink, medians, run

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
LOCAL = "`coaia pipeline create`, without a server"
SERVER = "`coaia pipeline create`, to a server on loopback"
FAR_SERVER = "`coaia pipeline create`, to a server 50 ms away"
COMPLETING = "`coaia pipeline create b<Tab>` in bash"
# How many milliseconds the server of a row is away.
DISTANCES = {SERVER: 0, FAR_SERVER: 50}
# What a row of the table is -> (the words of the command, at most so many times an empty Python).
WORDS = {
    "`coaia --version`": (["--version"], 2.5),
    "`coaia --help`": (["--help"], 3.0),
    "`coaia env get KEY`": (["env", "get", "KEY"], 3.5),
    "`coaia run -- true`": (["run", "--", "true"], 4.0),
    "`coaia env set KEY value`": (["env", "set", "KEY", "value"], None),
    LOCAL: (["pipeline", "create", "bench"], 12.0),
    SERVER: (["pipeline", "create", "bench"], None),
    FAR_SERVER: (["pipeline", "create", "bench"], None),
    COMPLETING: (["__complete", "bash", "--", "coaia pipeline create b", " :="], None),
}
# What the published release cannot do: it has no --version and no completion, and needs a server.
OURS_ONLY = ("`coaia --version`", "`coaia run -- true`", LOCAL, COMPLETING)


def measure(bench):
    """Return (median seconds by (row, client), requests of one pipeline by client)."""
    with ExitStack() as stack:
        jobs = {(BASE, OURS): _job(bench, stack, [sys.executable, "-c", "pass"], bench.ours)}
        requests = {}
        for row, (words, _) in WORDS.items():
            sink = stack.enter_context(Sink(bench, DISTANCES[row])) if row in DISTANCES else None
            clients = [bench.ours] + ([] if row in OURS_ONLY else [bench.published])
            commands = [(client, [client.coaia] + words) for client in clients]
            if sink:
                commands.append((bench.sdk, bench.sdk.script("sdk_pipeline.py")))
            for client, command in commands:
                jobs[row, client.name] = _job(bench, stack, command, client, sink and sink.url)
            if row == SERVER:
                requests = {c.name: _requests(sink, jobs[row, c.name]) for c, _ in commands}
        return medians(jobs, RUNS), requests


def _requests(sink, job):
    """Return how many write requests a job makes, once its client knows the server."""
    job()
    before = sink.counts()["POST"]
    job()
    return sink.counts()["POST"] - before


def _job(bench, stack, command, client, server=None):
    folder, variables = stack.enter_context(bench.home(client, server))
    templates = os.path.join(folder, ".coaia", "templates")
    os.makedirs(templates)
    with open(os.path.join(templates, "bench.json"), "w") as stream:
        json.dump(TEMPLATE, stream)
    if client is not bench.sdk:
        run([client.coaia, "env", "set", "KEY", "value"], folder, variables)
    return lambda: run(command, folder, variables)[0]
