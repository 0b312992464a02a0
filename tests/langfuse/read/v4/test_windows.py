"""A trace of many pages: read in windows of time, whole, in few requests, several at once."""

import random
import threading

import pytest
from reading import SPANS, asked, forget_what_was_written, known, moment, send_spans, span

from coaiapy.langfuse.read.v4 import spans, windows
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(spans, "PAGE_SIZE", 10)


def write(starts, trace_start=0):
    """Write a trace with an observation at each of the seconds; return the ids by their start."""
    steps = [
        observation_from({"id": "o%03d" % number, "start_time": moment(start)}, "t")
        for number, start in enumerate(starts)
    ]
    trace = trace_from({"id": "t", "timestamp": moment(trace_start)})
    assert not traces.submit(known(), [trace] + steps).waiting
    forget_what_was_written()
    return [step.id for step in steps]


@pytest.mark.parametrize("kind", SPANS)
def test_a_trace_of_few_pages_costs_one_request_a_page_and_one_more(use, kind):
    server = use(kind)
    made = write(range(1, 15))
    server.forget_requests()
    assert [one["id"] for one in trace_reads.get_trace(known(), "t")["observations"]] == made
    assert len(asked_for_rows(server)) == 2 + 1


@pytest.mark.parametrize("kind", SPANS)
def test_a_large_trace_is_read_in_windows(use, kind):
    server = use(kind)
    made = write(range(1, 160))
    server.forget_requests()
    assert [one["id"] for one in trace_reads.get_trace(known(), "t")["observations"]] == made
    requests = asked_for_rows(server)
    in_windows = {one.first("toStartTime") for one in requests if one.first("toStartTime")}
    assert len(in_windows) == windows.WINDOWS
    # Each page once, the last span of each of the first ones, the root, and each window's last
    # spans and last page.
    assert len(requests) <= 16 + windows.FEW_PAGES + 1 + 3 * windows.WINDOWS


def asked_for_rows(server):
    return [one for one in asked(server, spans.ROWS) if one.first("fields") not in (None, "core")]


SHAPES = {
    "all at once": lambda rng: [30] * 60,
    "a crowd at the end": lambda rng: [1, 2] + [3000 + rng.randrange(3) for _ in range(70)],
    "a crowd at the beginning": lambda rng: [rng.randrange(3) for _ in range(70)] + [3000, 3001],
    "before the trace": lambda rng: [rng.randrange(40) for _ in range(60)],
    "anywhere": lambda rng: [rng.randrange(3000) for _ in range(90)],
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_nothing_is_missing_or_there_twice(use, shape):
    use("v4-events_only")
    starts = SHAPES[shape](random.Random(shape))
    made = write(starts, trace_start=1500 if shape == "before the trace" else 0)
    found = trace_reads.get_trace(known(), "t")["observations"]
    assert sorted(one["id"] for one in found) == sorted(made)
    assert [one["startTime"] for one in found] == sorted(map(moment, starts))


def test_a_span_that_was_sent_twice_is_the_newer_wherever_its_window_ends(use):
    server = use("v4-events_only")
    first = 1769860800
    for end, name in ((9000, "old"), (9001, "new")):
        made = [
            span(
                "ab" * 16, "%016x" % (number + 1), start=first + number, end=first + end, name=name
            )
            for number in range(60)
        ]
        send_spans(server, *made)
    found = trace_reads.get_trace(known(), "ab" * 16)["observations"]
    assert [one["name"] for one in found] == ["new"] * 60


def test_windows_are_asked_for_at_the_same_time(use, monkeypatch):
    use("v4-events_only")
    write(range(1, 160))
    together = threading.Barrier(3)
    rest = spans.SpanPages.rest

    def rest_together(pages):
        together.wait(200)  # an error, unless three are there at once
        return rest(pages)

    monkeypatch.setattr(windows, "WINDOWS", 3)
    monkeypatch.setattr(spans.SpanPages, "rest", rest_together)
    assert len(trace_reads.get_trace(known(), "t")["observations"]) == 159
