"""Score configs from the cache, in a running process."""

import subprocess

from clients import Sink

HITS = 300


def measure(bench):
    """Return {client: (median milliseconds of a fresh hit, requests of a hit)}."""
    found = {}
    for client in (bench.ours, bench.published):
        milliseconds, requests = _look_up(bench, client, HITS)
        _, at_first = _look_up(bench, client, 1)
        found[client.name] = milliseconds, (requests - at_first) / (HITS - 1.0)
    return found


def _look_up(bench, client, hits):
    with Sink(bench) as sink, bench.home(client, sink.url) as (folder, variables):
        command = client.script("score_config_hits.py") + [str(hits)]
        out = subprocess.check_output(command, cwd=folder, env=variables)
        return float(out), sink.counts()["GET"]
