"""How a reader is chosen: by what the server is, not by what was remembered of it."""

import pytest
from reading import (
    EVERY,
    known,
    write_many,
)

from coaiapy.langfuse.client import server as servers
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.traces import reads as trace_reads


@pytest.mark.parametrize("kind", EVERY)
def test_a_rate_limit_is_waited_for(use, kind):
    server = use(kind)
    write_many(3)
    server.fail("429", times=1, retry_after=1)
    assert len(trace_reads.list_traces(known())) == 3
    server.fail("429", times=1, retry_after=0, shape="text", after=2)
    assert len(trace_reads.list_traces(known())) == 3


@pytest.mark.parametrize(
    "kind, remembered",
    [
        ("v2", Server("4.16.0", "v4-events_only")),
        ("v3", Server("4.16.0", "v4-dual")),
        ("v4-legacy", Server("4.16.0", "v4-dual")),
        ("v4-events_only", Server("3.225.4", "v3")),
    ],
)
def test_a_wrong_memory_of_the_server_is_put_right(use, kind, remembered):
    server = use(kind)
    write_many(1)
    with Journal() as journal:
        servers.remember(journal, server.url, remembered)
    assert len(trace_reads.list_traces(known())) == 1
    with Journal() as journal:
        assert servers.recall(journal, server.url).mode == kind
