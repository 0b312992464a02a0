"""Programs with the official SDK of OpenTelemetry: below ``coaia run``, and around it."""

import json
import subprocess
import sys

import pytest
from processes import COAIA, environment, finish

pytest.importorskip(
    "opentelemetry.exporter.otlp.proto.common", reason="OpenTelemetry's SDK is not for this Python"
)

SETUP = """
import os, subprocess, sys
from base64 import b64decode
import requests
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

class JsonExporter(SpanExporter):
    # The server of the tests reads OTLP as JSON alone; there ids are in hexadecimal.
    def export(self, spans):
        body = MessageToDict(encode_spans(spans))
        for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            for key in {"traceId", "spanId", "parentSpanId"} & set(span):
                span[key] = b64decode(span[key]).hex()
        keys = os.environ["LANGFUSE_PUBLIC_KEY"], os.environ["LANGFUSE_SECRET_KEY"]
        address = os.environ["LANGFUSE_BASE_URL"] + "/api/public/otel/v1/traces"
        requests.post(address, json=body, auth=keys).raise_for_status()
        return SpanExportResult.SUCCESS

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(JsonExporter()))
tracer = provider.get_tracer("test")
contexts = TraceContextTextMapPropagator()
"""
CHILD = (
    SETUP
    + """
around = contexts.extract({"traceparent": os.environ["TRACEPARENT"]})
with tracer.start_as_current_span("in the middle", context=around):
    carrier = {}
    contexts.inject(carrier)
    os.environ["TRACEPARENT"] = carrier["traceparent"]
    for name in ("COAIA_TRACE_ID", "COAIA_PARENT_OBSERVATION_ID"):
        if "keep" not in sys.argv:
            del os.environ[name]
    subprocess.check_call([sys.executable, "-m", "coaiapy", "run", "--name", "inside", "--", "true"])
provider.shutdown()
"""
)


@pytest.mark.parametrize("kept", ["keep", "lose"])
def test_it_joins_the_tree_and_what_it_starts_does(run, use, monkeypatch, kept):
    monkeypatch.setenv("COAIA_DELIVERY", "wait")
    use("v4-events_only")
    code, _, err = finish("run", "--name", "around", "--", sys.executable, "-c", CHILD, kept)
    assert code == 0, err
    (trace,) = json.loads(run("fuse", "traces", "list", "--json").out)
    found = json.loads(run("fuse", "traces", "tv", trace["id"], "--json").out)["observations"]
    steps = {one["name"]: one for one in found}
    assert set(steps) == {"around", "in the middle", "inside"}
    assert steps["in the middle"]["parentObservationId"] == steps["around"]["id"]
    assert steps["inside"]["parentObservationId"] == steps["in the middle"]["id"]


AROUND = (
    SETUP
    + """
with tracer.start_as_current_span("job"):
    carrier = {}
    contexts.inject(carrier)
    given = dict(os.environ, TRACEPARENT=carrier["traceparent"])
    subprocess.check_call(sys.argv[1:], env=given)
provider.shutdown()
"""
)


def test_a_command_in_it_becomes_its_child(run, use, monkeypatch):
    monkeypatch.setenv("COAIA_DELIVERY", "wait")
    server = use("v4-events_only")
    words = COAIA + ["run", "--name", "step", "--", "true"]
    subprocess.check_call([sys.executable, "-c", AROUND] + words, env=environment())
    (trace_id,) = {one["traceId"] for one in server.observations().values()}
    found = json.loads(run("fuse", "traces", "tv", trace_id, "--json").out)["observations"]
    steps = {one["name"]: one for one in found}
    assert set(steps) == {"job", "step"}
    assert steps["step"]["parentObservationId"] == steps["job"]["id"]
