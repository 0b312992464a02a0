"""What is asked for in a listing is all that comes, whoever answers."""

import pytest
from reading import (
    EVERY,
    forget_what_was_written,
    known,
    moment,
)

from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records.records import trace_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces


@pytest.mark.parametrize("kind", EVERY)
def test_every_condition_counts(use, kind):
    use(kind)
    common = {"user_id": "u", "session_id": "s", "name": "n", "tags": ["a", "b"]}
    common["environment"] = "dev"
    made = [trace_from(dict(common, id="right", timestamp=moment(10)))]
    others = {"user_id": "x", "session_id": "x", "name": "x", "tags": ["a"], "environment": "x"}
    for name, other in others.items():
        made.append(trace_from(dict(common, id=name, timestamp=moment(10), **{name: other})))
    made.append(trace_from(dict(common, id="early", timestamp=moment(9))))
    made.append(trace_from(dict(common, id="late", timestamp=moment(11))))
    traces.submit(known(), made)
    forget_what_was_written()
    wanted = TraceFilter("u", "s", "n", ("a", "b"), "dev", from_time=moment(10), to_time=moment(11))
    assert [trace["id"] for trace in trace_reads.list_traces(known(), wanted)] == ["right"]
    for field in ("user_id", "session_id", "name", "environment"):
        every = [
            trace["id"]
            for trace in trace_reads.list_traces(known(), wanted._replace(**{field: None}))
        ]
        assert sorted(every) == sorted(["right", field])
    without_tags = trace_reads.list_traces(known(), wanted._replace(tags=()))
    assert sorted(trace["id"] for trace in without_tags) == ["right", "tags"]
