"""A server that takes what it is sent as fast as it can, and counts the observations in it.

It answers like a Langfuse v4 that still takes the events of older clients, and refuses bodies as
large as those refuse. It is the same for every client that is measured; run it with a Python that
has ``opentelemetry-proto`` to count protobuf bodies too. The argument is how many milliseconds an
answer takes, as if the server were that far away.
"""

import gzip
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OTLP = "/api/public/otel/v1/traces"
INGESTION = "/api/public/ingestion"
MAX_INGESTION_BYTES = 4500000
CONFIGS = 200
PAGE = 100
ROUTES = {
    "/api/public/health": {"status": "OK", "version": "4.16.0"},
    "/api/public/projects": {"data": [{"id": "bench", "name": "bench"}]},
    "/api/public/v2/observations": {"data": [], "meta": {}},
}
OLD_READ = {"message": "This endpoint is not available in Langfuse v4 events_only mode."}

# What came through OTLP is looked at when it is counted: nobody is measured against that work.
spans = []
others = set()
counts = {"GET": 0, "POST": 0}
lock = threading.Lock()
distance = float(sys.argv[1]) / 1000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):  # noqa: N802 (the name that http.server calls)
        path, _, query = self.path.partition("?")
        if path == "/counts":
            return self.answer(200, dict(counts, observations=len(observations())))
        with lock:
            counts["GET"] += 1
        if path == "/api/public/score-configs":
            self.answer(200, configs(int(query.partition("page=")[2].partition("&")[0] or 1)))
        elif path in ROUTES:
            self.answer(200, ROUTES[path])
        else:
            self.answer(404, OLD_READ)

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            counts["POST"] += 1
        if self.path.split("?")[0] == INGESTION:
            return self.take_events(body)
        self.answer(200, {})
        with lock:
            spans.append((body, self.headers))

    def take_events(self, body):
        if len(body) > MAX_INGESTION_BYTES:
            return self.answer(413, {"message": "Body exceeded 4.5mb limit"})
        events = json.loads(body.decode())["batch"]
        taken = [{"id": event["id"], "status": 201} for event in events]
        self.answer(207, {"successes": taken, "errors": []})
        with lock:
            others.update(e["body"]["id"] for e in events if e["type"] != "trace-create")

    def answer(self, status, value):
        time.sleep(distance)
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def configs(page):
    """Return one page of score configs."""
    rows = [config(number) for number in range(page * PAGE - PAGE, min(page * PAGE, CONFIGS))]
    return {"data": rows, "meta": {"page": page, "limit": PAGE, "totalPages": CONFIGS // PAGE}}


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


def observations():
    """Return the ids of all observations that have come."""
    return others.union(*(span_ids(body, headers) for body, headers in spans))


def span_ids(body, headers):
    if headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    if "json" in headers.get("Content-Type", ""):
        for resource in json.loads(body)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    yield span["traceId"], span["spanId"]
        return
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

    message = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield span.trace_id.hex(), span.span_id.hex()


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print("http://127.0.0.1:{}".format(server.server_port), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
