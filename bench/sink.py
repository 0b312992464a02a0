"""A server that takes what it is sent as fast as it can, and counts the observations in it.

It answers like a Langfuse v4 that accepts everything. It is the same for every client that is
measured; run it with a Python that has ``opentelemetry-proto`` to count protobuf bodies too.
"""

import gzip
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OTLP = "/api/public/otel/v1/traces"
ROUTES = {
    "/api/public/health": {"status": "OK", "version": "4.16.0"},
    "/api/public/projects": {"data": [{"id": "bench", "name": "bench"}]},
    "/api/public/v2/observations": {"data": [], "meta": {}},
}
OLD_READ = {"message": "This endpoint is not available in Langfuse v4 events_only mode."}

seen = {"spans": set(), "requests": 0}
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/count":
            self.answer(200, {"spans": len(seen["spans"]), "requests": seen["requests"]})
        elif path in ROUTES:
            self.answer(200, ROUTES[path])
        else:
            self.answer(404, OLD_READ)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, {})
        if self.path.split("?")[0] == OTLP:
            with lock:
                seen["requests"] += 1
                seen["spans"].update(span_ids(body, self.headers))

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


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
