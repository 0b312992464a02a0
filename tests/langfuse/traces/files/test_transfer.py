"""What is exported is imported as it was, in either format, from every kind of server."""

import io
import json

import pytest
from figure_data import write_them
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import EVERY, known
from record_strategies import (
    ANY_TEXT,
    MOMENT,
    OBSERVATIONS,
    SCORES,
    TEXT,
    TRACES,
    VALUE,
    only_some,
)

from coaiapy.config.settings import Settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.read.filters import EVERY_TRACE, TraceFilter
from coaiapy.langfuse.read.local import LocalReader
from coaiapy.langfuse.records.records import Kept, trace_from
from coaiapy.langfuse.traces.files import transfer
from coaiapy.langfuse.traces.files.transfer import export, read_records
from coaiapy.util.times import parse_time

# Values that OTLP cannot tell from nothing.
NOTHING = ("", {}, [])
INHERITED = ("environment", "version")


def exported(journal, format):
    """The lines that ``export`` writes of a journal."""
    lines = []
    encode = transfer._as_events if format == "langfuse" else transfer._as_spans
    for records in transfer._records(LocalReader(journal), EVERY_TRACE):
        lines += encode(records, [])
    return "\n".join(lines).encode("utf-8")


def bodies(journal, *kinds):
    rows = journal.rows(
        "SELECT kind, trace_key, key, body FROM records ORDER BY kind, trace_key, key"
    )
    return {
        (row["kind"], row["trace_key"], row["key"]): json.loads(row["body"])
        for row in rows
        if row["kind"] in kinds and row["trace_key"]
    }


LATE = "2099-12-31T23:59:59.999Z"
# What a server or another journal may have, and nobody can write here.
ODD = {
    "type": st.sampled_from(["SPAN", "RIDDLE"]),
    "level": st.sampled_from(["DEFAULT", "FATAL"]),
    "environment": st.sampled_from(["dev", "langfuse-evaluation"]),
    "endTime": MOMENT.map(parse_time),
    "parentObservationId": st.sampled_from(["o", "p"]),
    "promptName": st.just("p"),
    "promptVersion": st.integers(0, 9),
    "usageDetails": st.dictionaries(st.sampled_from(["input", "x"]), st.sampled_from([0.5, 2**60])),
    "costDetails": st.dictionaries(st.sampled_from(["input", "total"]), st.sampled_from([-0.5, 1])),
}
EXPERIMENT = st.fixed_dictionaries(
    {"id": ANY_TEXT.filter(bool), "name": ANY_TEXT.filter(bool), "metadata": VALUE, "item.id": TEXT}
).map(lambda told: Kept("trace", {"id": "t", "timestamp": LATE, "experiment": told}))


KEPT = only_some(
    {"id": st.just("o"), "traceId": st.just("t"), "startTime": st.just(LATE)}, ODD
).map(lambda body: Kept("observation", body))


@settings(max_examples=60)
@given(st.lists(st.one_of(TRACES, OBSERVATIONS, SCORES, EXPERIMENT, KEPT), min_size=1, max_size=6))
def test_events_keep_every_field_of_every_record(records):
    kinds = ("trace", "observation", "score")
    with Journal(":memory:") as first, Journal(":memory:") as second:
        first.append(LOCAL, records)
        written = bodies(first, *kinds)
        of_traces = {key[1] for key in written if key[0] != "score"}
        text = exported(first, "langfuse")
        for _ in range(2 if text else 0):  # what is there already is no obstacle
            second.append(LOCAL, read_records(io.BytesIO(text)))
        expected = {key: body for key, body in written.items() if key[1] in of_traces}
        assert bodies(second, *kinds) == expected


@settings(max_examples=60)
@given(st.lists(st.one_of(TRACES, OBSERVATIONS, EXPERIMENT, KEPT), min_size=1, max_size=5))
def test_spans_keep_every_field_of_traces_and_observations(records):
    kinds = ("trace", "observation")
    with Journal(":memory:") as first, Journal(":memory:") as second:
        first.append(LOCAL, records)
        text = exported(first, "otlp")
        if text:
            second.append(LOCAL, read_records(io.BytesIO(text)))
        written = {key: filled(body, first, key) for key, body in bodies(first, *kinds).items()}
        assert {
            key: filled(body, second, key) for key, body in bodies(second, *kinds).items()
        } == written


def filled(body, journal, key):
    """A body without what OTLP cannot tell from nothing, with what it inherits from its trace."""
    kept = {
        name: value
        for name, value in body.items()
        if name in ("input", "output") or value not in NOTHING
    }
    kept = {name: value for name, value in kept.items() if not (name == "public" and not value)}
    if "promptName" not in kept:
        kept.pop("promptVersion", None)
    for name in ("usageDetails", "costDetails"):
        if name in kept:
            kept[name] = dict({"total": sum(kept[name].values())}, **kept[name])
    trace = bodies(journal, "trace").get(("trace", key[1], key[1]), {})
    for name in INHERITED if key[0] == "observation" else ():
        if not kept.get(name) and trace.get(name):
            kept[name] = trace[name]
    return kept


@pytest.mark.parametrize("format", transfer.FORMATS)
@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_every_kind_of_server_exports_the_same(use, kind, format):
    use(kind)
    write_them()
    lines = []
    done = export(known(), lines.append, TraceFilter(user_id="u1"), format)
    assert (done.traces, done.records) == (1, 4)
    records = list(read_records(io.BytesIO("\n".join(lines).encode("utf-8"))))
    assert sorted(record.id for record in records) == ["g1", "g2", "t1", "w1"]
    (generation,) = [record for record in records if record.id == "g2"]
    assert (generation.model, generation.level, generation.type) == ("m1", "ERROR", "GENERATION")
    (trace,) = [record for record in records if record.kind == "trace"]
    assert (trace.user_id, set(trace.tags)) == ("u1", {"a", "b"})


def test_a_trace_as_it_is_shown_is_read_with_its_parts():
    shown = {
        "id": "t",
        "timestamp": "2026-01-31T12:00:00.000Z",
        "projectId": "p",
        "latency": 5,
        "observations": [{"id": "o", "traceId": "t", "startTime": "2026-01-31T12:00:00.000Z"}],
        "scores": [{"id": "s", "name": "q", "value": 1, "traceId": "t"}],
    }
    records = list(read_records(io.BytesIO(json.dumps(shown).encode())))
    assert [(record.kind, record.id) for record in records] == [
        ("trace", "t"),
        ("observation", "o"),
        ("score", "s"),
    ]


def test_spans_of_other_programs_become_observations_with_their_attributes():
    span = {
        "traceId": "1" * 32,
        "spanId": "2" * 16,
        "name": "GET /",
        "startTimeUnixNano": "1769860800000000000",
        "endTimeUnixNano": "1769860801500000000",
        "status": {"code": 2, "message": "broken"},
        "attributes": [
            {"key": "http.status", "value": {"intValue": "500"}},
            {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4"}},
            {"key": "user.id", "value": {"stringValue": "u"}},
        ],
    }
    document = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "web"}, "spans": [span]}]}]}
    trace, step = read_records(io.BytesIO(json.dumps(document).encode()))
    assert (trace.id, trace.user_id, trace.name) == ("1" * 32, "u", "GET /")
    assert (step.id, step.level, step.status_message) == ("2" * 16, "ERROR", "broken")
    assert (step.model, step.metadata["http.status"]) == ("gpt-4", 500)
    assert step.end_time == "2026-01-31T12:00:01.500Z"


@pytest.mark.parametrize(
    "line, said",
    [
        ("{", "not JSON"),
        ("[1]", "a line is an object"),
        ('{"a": 1}', "no event of Langfuse, no trace and no OTLP document"),
        ('{"type": "riddle-create", "body": {"id": "x"}}', "there is no event"),
        ('{"type": "score-create", "body": {"name": "q"}}', "value: missing"),
        ('{"type": "span-create", "body": {"id": "o"}}', "trace_id: missing"),
        ('{"resourceSpans": 5}', "resourceSpans: must be a list"),
        ('{"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}', "spanId: must be a text"),
        (
            '{"id": "t", "timestamp": "2026-01-31T12:00:00Z", "scores": [5]}',
            "scores: must be objects",
        ),
        (
            '{"id": "t", "timestamp": "2026-01-31T12:00:00Z", "observations": [{"id": "o"}]}',
            "observation text .'o'. needs valid values of: id, traceId, startTime",
        ),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_written(line, said):
    good = '{"type": "trace-create", "body": {"id": "t"}}'
    text = "{}\n{}\n".format(good, line).encode()
    with Journal(":memory:") as journal:
        with pytest.raises(UsageError, match="line 2: .*" + said):
            journal.append(LOCAL, read_records(io.BytesIO(text), "x.jsonl"))
        assert not list(journal.rows("SELECT 1 FROM records"))


def test_many_traces_need_little_memory(tmp_path):
    import tracemalloc

    with Journal() as journal:
        journal.append(
            LOCAL, (trace_from({"id": str(n), "input": "x" * 1000}) for n in range(3000))
        )
    written = []
    tracemalloc.start()
    export(Settings(), lambda line: written.append(len(line)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(written) == 3000 and peak < 2000000
