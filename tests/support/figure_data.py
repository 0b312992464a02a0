"""Traces whose figures are known, written to whatever server the settings name."""

from reading import forget_what_was_written, known

from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import traces

DAY = "2026-01-3{}T{:02d}:00:{:02d}.{:03d}Z"


def at(second, milliseconds=0, hour=12, day=0):
    return DAY.format(day, hour, second, milliseconds)


def generation(id, model, start, milliseconds, usage, cost, **more):
    fields = {"id": id, "type": "GENERATION", "name": "ask", "model": model}
    fields.update(start_time=start, end_time=start[:-4] + "{:03d}Z".format(milliseconds))
    fields.update(usage_details=usage, cost_details={"total": cost} if cost else None)
    return dict(fields, **more)


TRACES = [
    {"id": "t1", "name": "n1", "user_id": "u1", "session_id": "s1", "tags": ["a", "b"]},
    {"id": "t2", "name": "n2", "user_id": "u2", "session_id": "s1", "tags": ["a"]},
    {"id": "t3", "name": "n1"},
]
# Two generations of a model with durations of 100 and 300 ms, one of another, a span without an end,
# and an event.
OBSERVATIONS = {
    "t1": [
        generation("g1", "m1", at(1), 100, {"input": 10, "output": 5}, 0.25, metadata={"k": "x"}),
        generation("g2", "m1", at(2), 300, {"input": 20, "output": 7}, 0.5, level="ERROR"),
        {"id": "w1", "type": "SPAN", "name": "wait", "start_time": at(3)},
    ],
    "t2": [
        generation("g3", "m2", at(4, hour=13), 40, {"input": 1, "output": 2}, 0.0),
        {"id": "e1", "type": "EVENT", "name": "note", "start_time": at(5, day=1)},
    ],
    "t3": [
        {"id": "p1", "type": "SPAN", "name": "wait", "start_time": at(6), "end_time": at(8)},
    ],
}


def write_them():
    """Write the traces, and forget on this machine what was sent to a server."""
    records = [trace_from(dict(fields, timestamp=at(0))) for fields in TRACES]
    for trace_id, observations in OBSERVATIONS.items():
        records += [observation_from(fields, trace_id) for fields in observations]
    assert not traces.submit(known(), records).waiting
    if not known().is_local:
        forget_what_was_written()
