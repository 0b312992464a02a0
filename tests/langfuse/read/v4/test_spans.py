"""Spans are asked for in parts that a server can give."""

import json

import pytest
from reading import (
    SPANS,
    asked,
    known,
    write_many,
)

from coaiapy.langfuse.read.v4 import spans
from coaiapy.langfuse.traces import reads as trace_reads


def test_ids_too_many_for_one_address_are_asked_for_in_parts():
    values = ["x" * 100] * 100 + ["y" * 5000]
    parts = list(spans.in_addresses(values))
    assert [value for part in parts for value in part] == values
    assert len(parts) == 4
    assert all(len(json.dumps(part)) < 5100 for part in parts)


@pytest.mark.parametrize("kind", SPANS)
def test_a_page_that_is_too_heavy_is_asked_for_in_halves(use, kind):
    server = use(kind)
    names = write_many(3)
    trace_reads.list_traces(known())
    server.forget_requests()
    server.fail("422", times=2, path="v2/observations")
    assert [trace["id"] for trace in trace_reads.list_traces(known())] == names[::-1]
    limits = [request.first("limit") for request in asked(server, spans.ROWS)]
    assert limits == ["1000", "500", "250"]
