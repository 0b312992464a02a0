"""An experiment by the official SDK, as its documents show one: ``python sdk_experiment.py DATASET``.

The server of the tests reads OTLP as JSON alone; there ids are in hexadecimal.
"""

import os
import sys
from base64 import b64decode


def main(dataset):
    """Put each item into capital letters, and score it."""
    import requests
    from google.protobuf.json_format import MessageToDict
    from langfuse import Evaluation, Langfuse
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class JsonExporter(SpanExporter):
        def export(self, spans):
            body = MessageToDict(encode_spans(spans))
            for of_resource in body["resourceSpans"]:
                for scope in of_resource["scopeSpans"]:
                    for span in scope["spans"]:
                        for key in {"traceId", "spanId", "parentSpanId"} & set(span):
                            span[key] = b64decode(span[key]).hex()
            keys = os.environ["LANGFUSE_PUBLIC_KEY"], os.environ["LANGFUSE_SECRET_KEY"]
            address = os.environ["LANGFUSE_BASE_URL"] + "/api/public/otel/v1/traces"
            headers = {"x-langfuse-ingestion-version": "4"}
            requests.post(address, json=body, auth=keys, headers=headers).raise_for_status()
            return SpanExportResult.SUCCESS

    client = Langfuse(span_exporter=JsonExporter())
    client.run_experiment(
        name="sdk",
        run_name="sdk",
        description="why",
        data=client.get_dataset(dataset).items,
        task=lambda *, item, **_: item.input.upper(),
        evaluators=[
            lambda *, output, expected_output, **_: Evaluation(
                name="exact", value=float(output == expected_output)
            )
        ],
    )
    client.flush()


if __name__ == "__main__":
    main(sys.argv[1])
