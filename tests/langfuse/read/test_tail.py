"""What is new is seen once, from every kind of server."""

import pytest
from reading import EVERY, forget_what_was_written, known

from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.read.tail import Tail
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import traces


def write(kind, *records):
    assert not traces.submit(known(), records).waiting
    if kind != "local":
        forget_what_was_written()


@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_only_what_is_new_is_seen_and_once(use, kind):
    use(kind)
    write(kind, trace_from({"id": "old"}), observation_from({"id": "o0", "name": "x"}, "old"))
    every, of_user = Tail(known()), Tail(known(), TraceFilter(user_id="u"))

    def seen(tail):
        return {(what, body["id"]) for what, body in tail.new()}

    assert seen(every) == set()
    write(
        kind,
        trace_from({"id": "new", "user_id": "u"}),
        observation_from({"id": "o1", "name": "y"}, "new"),
        trace_from({"id": "other"}),
        observation_from({"id": "o2", "name": "z"}, "other"),
    )
    both = {("trace", "new"), ("observation", "o1")}
    assert seen(every) == both | {("trace", "other"), ("observation", "o2")}
    assert seen(of_user) == both
    assert seen(every) == seen(of_user) == set()
