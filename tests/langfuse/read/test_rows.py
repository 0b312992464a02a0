"""Rows as servers of every generation fill them, as our own bodies."""

import pytest
from hypothesis import given
from record_strategies import METADATA

from coaiapy.errors import NetworkError
from coaiapy.langfuse.client.metadata import aside
from coaiapy.langfuse.read import rows as server_rows
from coaiapy.views.tree import trace_tree

MOMENT = "2026-01-01T00:00:00.000Z"


def row(**fields):
    """A row of ``/v2/observations`` as servers fill it."""
    base = dict.fromkeys(["endTime", "parentObservationId", "completionStartTime"])
    base.update(id="o", traceId="t", startTime=MOMENT, type="SPAN", name="")
    base.update(level="DEFAULT", statusMessage="", version="", environment="default", metadata={})
    base.update(usageDetails={}, costDetails={}, modelParameters={})
    return dict(base, **fields)


def test_what_nobody_gave_is_left_out():
    assert server_rows.span(row()) == {
        "id": "o",
        "traceId": "t",
        "startTime": MOMENT,
        "type": "SPAN",
        "level": "DEFAULT",
    }


def test_empty_contents_are_values():
    assert server_rows.observation(row(input="", output=[]))["input"] == ""
    assert server_rows.observation(row(input=0, output=[]))["output"] == []


@pytest.mark.parametrize(
    "kind, metadata, is_left_out",
    [
        ("EVENT", {}, True),
        ("SPAN", {"scope.name": "coaia"}, True),
        ("SPAN", {"scope.name": "coaia", "coaia_end_time": "2026-01-01T00:00:00.000Z"}, False),
        ("SPAN", {"scope.name": "another"}, False),
    ],
)
def test_an_end_that_the_server_made_up_is_left_out(kind, metadata, is_left_out):
    metadata = dict(metadata, **{"resourceAttributes.service.name": "x"})
    ended = dict(row(), type=kind, endTime=row()["startTime"], metadata=metadata)
    found = server_rows.span(ended)
    assert ("endTime" not in found) == is_left_out


def test_counts_and_costs_of_old_servers_are_read():
    old = {"id": "o", "traceId": "t", "startTime": MOMENT, "type": "GENERATION"}
    old["usage"] = {"input": 3, "output": 4, "total": 7, "unit": "TOKENS"}
    old.update(calculatedInputCost=None, calculatedOutputCost=0.5, calculatedTotalCost=0.5)
    found = server_rows.observation(old)
    assert found["usageDetails"] == {"input": 3, "output": 4, "total": 7}
    assert found["costDetails"] == {"output": 0.5, "total": 0.5}


@given(METADATA)
def test_metadata_of_a_legacy_row_is_what_was_written(metadata):
    sent = {aside(key): value for key, value in metadata.items()}
    found = server_rows.trace({"id": "t", "timestamp": MOMENT, "metadata": sent})
    assert found.get("metadata", {}) == metadata


@pytest.mark.parametrize(
    "shown, value",
    [
        ({"dataType": "BOOLEAN", "value": 1, "stringValue": "True"}, True),
        ({"dataType": "BOOLEAN", "value": False}, False),
        ({"dataType": "CATEGORICAL", "value": 2, "stringValue": "Good"}, "Good"),
        ({"dataType": "CATEGORICAL", "value": "Good"}, "Good"),
        ({"dataType": "NUMERIC", "value": 0.5, "stringValue": None}, 0.5),
        ({"dataType": "TEXT", "value": 0, "stringValue": ""}, ""),
    ],
)
def test_a_score_has_the_value_that_was_given(shown, value):
    assert server_rows.score(dict(shown, id="s", name="n"))["value"] == value
    assert server_rows.score(dict(shown, id="s", name=""))["name"] == ""


@pytest.mark.parametrize(
    "subject, target",
    [
        ({"kind": "trace", "id": "t"}, {"traceId": "t"}),
        ({"kind": "session", "id": "s"}, {"sessionId": "s"}),
        (
            {"kind": "observation", "id": "o", "traceId": "t"},
            {"traceId": "t", "observationId": "o"},
        ),
        ({"kind": "experiment", "id": "e"}, {"datasetRunId": "e"}),
    ],
)
def test_a_scores_subject_is_its_target(subject, target):
    found = server_rows.score({"id": "s", "name": "n", "value": 1, "subject": subject})
    assert found == dict(target, id="s", name="n", value=1)


@pytest.mark.parametrize(
    "reads, wrong",
    [
        (server_rows.trace, {"timestamp": "soon"}),
        (server_rows.trace, {"timestamp": "0001-01-01T00:00:00+10:00"}),
        (server_rows.trace, {"timestamp": 12}),
        (server_rows.trace, {"id": None}),
        (server_rows.observation, {"startTime": "soon"}),
        (server_rows.observation, {"startTime": None}),
        (server_rows.observation, {"traceId": 5}),
        (server_rows.score, {"value": None}),
        (server_rows.score, {"value": None, "dataType": "BOOLEAN"}),
        (server_rows.score, {"name": ["a"]}),
        (server_rows.session, {"createdAt": "soon"}),
        (server_rows.session, {"createdAt": None}),
    ],
)
def test_a_row_without_what_every_one_has_is_a_sentence(reads, wrong):
    whole = row(timestamp=MOMENT, value=1, createdAt=MOMENT)
    assert reads(dict(whole, name="n"))
    (name,) = set(wrong) - {"dataType"}
    with pytest.raises(NetworkError, match=name):
        reads(dict(whole, name="n", **wrong) if name != "name" else dict(whole, **wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ["a"]},
        {"endTime": "soon"},
        {"usageDetails": {"input": "12", "output": 3}},
        {"costDetails": [1]},
        {"modelParameters": "none"},
        {"metadata": {"coaia_id": 5, "coaia_end_time": "soon", "coaia_type": {}}},
        {"metadata": {"coaia_trace_keys": [5, "a"]}},
        {"model": {}, "providedModelName": "m"},
        {"level": 5},
        {"promptVersion": "1"},
    ],
)
def test_another_field_that_is_not_of_its_kind_is_left_out(wrong):
    found = server_rows.span(dict(row(), **wrong))
    assert (found["type"], found["level"], found["startTime"]) == ("SPAN", "DEFAULT", MOMENT)
    assert not {"name", "endTime", "costDetails", "modelParameters", "promptVersion"} & set(found)
    assert found.get("usageDetails", {}) in ({}, {"output": 3, "total": 3})
    assert trace_tree({"id": "t", "timestamp": MOMENT, "observations": [found]})


def test_times_are_shown_in_one_form():
    found = server_rows.observation(row(endTime="2026-01-01T02:00:00.5+02:00"))
    assert found["endTime"] == "2026-01-01T00:00:00.500Z"


@pytest.mark.parametrize("value", ["a text", 5, ["a"]])
def test_metadata_that_is_no_object_is_kept(value):
    """A v2 server takes any value."""
    found = server_rows.trace({"id": "t", "timestamp": MOMENT, "metadata": value})
    assert found["metadata"] == {"metadata": value}
