"""A text is found wherever it stands, and by every kind of server that can."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import EVERY, LEGACY, forget_what_was_written, known
from record_strategies import TEXT, VALUE

from coaiapy.errors import UsageError
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.read import search
from coaiapy.langfuse.read.filters import EVERY_TRACE, TraceFilter
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import reads, traces

KINDS = EVERY + ["local"]


def time(second):
    return "2026-01-31T12:00:0{}Z".format(second)


def write_some(kind):
    records = [
        trace_from({"id": "a", "name": "Nightly run", "timestamp": time(1), "user_id": "u"}),
        trace_from({"id": "b", "name": "other", "timestamp": time(2), "input": "a question"}),
        trace_from({"id": "c", "name": "third", "timestamp": time(3)}),
        observation_from(
            {
                "id": "oa",
                "name": "ask",
                "start_time": time(1),
                "type": "SPAN",
                "input": {"q": "One question 5 more"},
                "output": "refused \u4e2d\u6587",
            },
            "a",
        ),
        observation_from(
            {"id": "oc", "name": "tell", "start_time": time(3), "status_message": "a rate limit"},
            "c",
        ),
    ]
    asked = {"name": "ask", "input": "a question", "output": "a question"}
    records += [
        observation_from(dict(asked, id="o%d" % start, start_time=time(start)), "b")
        for start in (6, 4, 5)
    ]
    assert not traces.submit(known(), records).waiting
    if kind != "local":
        forget_what_was_written()


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_found_by_every_kind_of_server(use, kind):
    use(kind)
    write_some(kind)
    notes = []

    def found(text, **conditions):
        wanted = TraceFilter(**conditions)
        listed = reads.list_traces(known(), wanted, 50, note=notes.append, query=text)
        return [trace["id"] for trace in listed]

    assert found("QUESTION") == ["b", "a"]
    assert found("refused") == ["a"] and found("\u6587") == ["a"]
    assert found("question", user_id="u") == ["a"]
    assert found("question", order="timestamp.asc") == ["a", "b"]
    assert found("Nightly") == ["a"] and found("tell") == ["c"] and found("rate lim") == ["c"]
    (trace, _) = reads.list_traces(known(), query="question")
    places = [(one["observationId"], one["field"]) for one in trace["matches"]]
    assert places == [(None, "input"), ("o4", "input"), ("o4", "output")]
    assert found("nothing of that") == []
    assert bool(notes) == (kind != "local")
    if kind in LEGACY:
        assert "cannot search" in notes[0]
    (trace,) = reads.list_traces(known(), limit=1, query="refused", with_observations=True)
    assert trace["matches"] == [
        {
            "observationId": "oa",
            "name": "ask",
            "field": "output",
            "text": "refused \u4e2d\u6587",
            "start": 0,
            "end": 7,
        }
    ]
    assert [one["id"] for one in trace["observations"]] == ["oa"]


@settings(max_examples=60)
@given(st.lists(st.tuples(TEXT, VALUE, VALUE), max_size=4), st.text(min_size=1, max_size=3))
def test_the_journal_finds_what_contains_a_text_and_nothing_else(given_records, text):
    records = [
        trace_from(
            {"id": str(place), "name": name or None, "input": value, "metadata": {"k": other}}
        )
        for place, (name, value, other) in enumerate(given_records)
    ]
    expected = {record.id for record in records if list(search.places_in(record.body(), text))}
    with Journal(":memory:") as journal:
        journal.append(LOCAL, records)
        found = search.in_journal(journal, LOCAL, text, EVERY_TRACE, None)
    assert {trace["id"] for trace in found.traces} == expected


@pytest.mark.parametrize("text", ["%", "_", "!", '"', "\\", "\u0130", "\u00c9", "k: 5", "\n"])
def test_characters_with_a_meaning_are_looked_for_as_they_are(text):
    with Journal(":memory:") as journal:
        journal.append(LOCAL, [trace_from({"id": "plain", "input": "plain"})])
        journal.append(LOCAL, [trace_from({"id": "t", "input": {"x": "a" + text.lower() + "b"}})])
        found = search.in_journal(journal, LOCAL, text, EVERY_TRACE, None)
    assert [trace["id"] for trace in found.traces] == ["t"]


def test_the_place_is_cut_out_of_its_surroundings():
    text = "x" * 100 + "NEEDLE" + "y" * 100
    (place,) = search.places_in({"id": "t", "metadata": {"deep": [1, {"n": text}]}}, "needle")
    assert place.text[place.start : place.end] == "NEEDLE"
    assert len(place.text) == 6 + 2 * search.AROUND and place.field == "metadata"


def test_few_bodies_are_read_for_the_first_traces(monkeypatch):
    looked_at = []
    places_in = search.places_in
    monkeypatch.setattr(
        search,
        "places_in",
        lambda body, text: looked_at.append(body["id"]) or places_in(body, text),
    )
    with Journal(":memory:") as journal:
        made = [trace_from({"id": str(n), "input": "common"}) for n in range(50)]
        made += [trace_from({"id": "x%d" % n, "input": json.dumps(n)}) for n in range(50)]
        journal.append(LOCAL, made)
        found = search.in_journal(journal, LOCAL, "common", EVERY_TRACE, 3)
    assert len(found.traces) == 3 and len(looked_at) == 6


@pytest.mark.parametrize("text", ["", "  ", 5])
def test_a_search_for_nothing_is_refused(text):
    with pytest.raises(UsageError, match="search for"):
        reads.list_traces(known(), query=text)
