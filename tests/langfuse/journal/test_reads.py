"""Reading the journal: what is found by which id, in which order, and what belongs to a trace."""

from local_records import start, write

from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records.records import observation_from, score_from, trace_from


def test_a_trace_is_found_by_every_form_of_its_id(journal):
    uuid = "0189f7ea-6f6a-7c3e-8a39-0a6d3c1f2b4d"
    write(journal, trace_from({"id": uuid}), observation_from({"id": "o"}, uuid.replace("-", "")))
    for form in (uuid, uuid.upper(), uuid.replace("-", "")):
        assert journal_reads.trace(journal, LOCAL, form)["id"] == uuid
        assert len(journal_reads.observations(journal, LOCAL, form)) == 1


def test_observation_ids_are_unique_within_their_trace_only(journal):
    write(journal, observation_from({"id": "o"}, "t1"), observation_from({"id": "o"}, "t2"))
    found = journal_reads.find_observations(journal, LOCAL, "o")
    assert sorted(body["traceId"] for body in found) == ["t1", "t2"]


def test_traces_come_newest_first_and_those_of_one_moment_last_written_first(journal):
    for name, second in [("a", 1), ("b", 2), ("c", 2), ("d", 0)]:
        write(journal, trace_from({"id": name, "timestamp": start(second)}))
    write(journal, observation_from({"id": "o", "start_time": start(3)}, "lone"))
    write(journal, observation_from({"id": "o"}, "a"))
    listed = list(journal_reads.traces(journal, LOCAL))
    assert [trace["id"] for trace in listed] == ["lone", "c", "b", "a", "d"]
    assert listed[0] == {"id": "lone", "timestamp": "2026-01-31T12:00:03.000Z"}


def test_forgetting_a_trace_takes_all_that_is_its_own(journal):
    write(journal, trace_from({"id": "t"}), trace_from({"id": "u"}))
    write(journal, observation_from({"id": "o"}, "t"))
    write(journal, score_from({"name": "s", "value": 1, "trace_id": "t"}))
    assert journal_reads.forget_trace(journal, LOCAL, "t") == 3
    assert not journal_reads.knows_trace(journal, LOCAL, "t")
    assert journal_reads.knows_trace(journal, LOCAL, "u")
