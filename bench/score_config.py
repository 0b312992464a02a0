"""Score configs from the cache: requests and median time per look-up, in a running process.

Run by ``make bench``. The server is a sink on loopback that counts what it is asked.
"""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

CONFIGS = 200
HITS = 1000
AT_MOST_MS = 1.0


class Sink(BaseHTTPRequestHandler):
    """Answers what a look-up asks: the project, and one or two pages of configs."""

    protocol_version = "HTTP/1.1"
    requests = 0

    def do_GET(self):  # noqa: N802 (the name that http.server calls)
        Sink.requests += 1
        if "projects" in self.path:
            return self.answer({"data": [{"id": "bench", "name": "Bench"}]})
        page = int(self.path.partition("page=")[2].partition("&")[0])
        rows = [config(number) for number in range(page * 100 - 100, min(page * 100, CONFIGS))]
        self.answer({"data": rows, "meta": {"page": page, "totalPages": -(-CONFIGS // 100)}})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def config(number):
    categories = [{"label": "Label {}".format(one), "value": one} for one in range(1, 6)]
    return {
        "id": "config-{}".format(number),
        "name": "Config {}".format(number),
        "dataType": "CATEGORICAL",
        "categories": categories,
        "isArchived": False,
        "description": "One of many",
    }


def main():
    server = HTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        os.environ.update(
            HOME=scratch,
            COAIA_HOME=os.path.join(scratch, ".coaia"),
            LANGFUSE_BASE_URL="http://127.0.0.1:{}".format(server.server_port),
            LANGFUSE_PUBLIC_KEY="pk-bench",
            LANGFUSE_SECRET_KEY="sk-bench",
        )
        measure()
        os.chdir(os.path.dirname(scratch))
    server.shutdown()


def measure():
    from coaiapy.published_scores import get_config_with_auto_refresh

    miss, asked = timed(lambda: get_config_with_auto_refresh("config 7"))
    print("{} configs, Python {}.{}.{}".format(CONFIGS, *sys.version_info[:3]))
    print("first look-up: {:.1f} ms, {} requests".format(miss, asked))
    times, before = [], Sink.requests
    for number in range(HITS):
        name = "CONFIG {}".format(number % CONFIGS)
        times.append(timed(lambda name=name: get_config_with_auto_refresh(name))[0])
    row = "a fresh hit: median {:.3f} ms (at most {:g}), 99th percentile {:.3f} ms, {} requests"
    per_hit = (Sink.requests - before) / float(HITS)
    ordered = sorted(times)
    print(row.format(statistics.median(times), AT_MOST_MS, ordered[HITS * 99 // 100], per_hit))


def timed(ask):
    """Return the milliseconds and requests of one look-up that finds something."""
    before, start = Sink.requests, time.perf_counter()
    assert ask() is not None
    return (time.perf_counter() - start) * 1000, Sink.requests - before


if __name__ == "__main__":
    main()
