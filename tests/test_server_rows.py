"""Rows as servers of every generation fill them, as our own bodies."""

import pytest
from hypothesis import given
from record_strategies import METADATA

from coaiapy import server_rows
from coaiapy.span_metadata import aside


def row(**fields):
    """A row of ``/v2/observations`` as servers fill it."""
    base = dict.fromkeys(["endTime", "parentObservationId", "completionStartTime"])
    base.update(id="o", traceId="t", startTime="2026-01-01T00:00:00.000Z", type="SPAN", name="")
    base.update(level="DEFAULT", statusMessage="", version="", environment="default", metadata={})
    return dict(base, usageDetails={}, costDetails={}, modelParameters={}, **fields)


def test_what_nobody_gave_is_left_out():
    assert server_rows.span(row()) == {
        "id": "o",
        "traceId": "t",
        "startTime": "2026-01-01T00:00:00.000Z",
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


def test_totals_are_added_up_as_servers_do():
    given = {"usageDetails": {"input": 1, "cached": 2}, "costDetails": {"total": 1.0, "input": 0.2}}
    found = server_rows.completed(given)
    assert found["usageDetails"] == {"input": 1, "cached": 2, "total": 3}
    assert found["costDetails"] == {"total": 1.0, "input": 0.2}
    assert (found["type"], found["level"]) == ("EVENT", "DEFAULT")


def test_counts_and_costs_of_old_servers_are_read():
    old = {"id": "o", "startTime": "2026-01-01T00:00:00.000Z", "type": "GENERATION"}
    old["usage"] = {"input": 3, "output": 4, "total": 7, "unit": "TOKENS"}
    old.update(calculatedInputCost=None, calculatedOutputCost=0.5, calculatedTotalCost=0.5)
    found = server_rows.observation(old)
    assert found["usageDetails"] == {"input": 3, "output": 4, "total": 7}
    assert found["costDetails"] == {"output": 0.5, "total": 0.5}


@given(METADATA)
def test_metadata_of_a_legacy_row_is_what_was_written(metadata):
    sent = {aside(key): value for key, value in metadata.items()}
    found = server_rows.trace({"id": "t", "timestamp": "x", "metadata": sent})
    assert found.get("metadata", {}) == metadata


@pytest.mark.parametrize(
    "shown, value",
    [
        ({"dataType": "BOOLEAN", "value": 1, "stringValue": "True"}, True),
        ({"dataType": "BOOLEAN", "value": False}, False),
        ({"dataType": "CATEGORICAL", "value": 2, "stringValue": "Good"}, "Good"),
        ({"dataType": "CATEGORICAL", "value": "Good"}, "Good"),
        ({"dataType": "NUMERIC", "value": 0.5, "stringValue": None}, 0.5),
    ],
)
def test_a_score_has_the_value_that_was_given(shown, value):
    assert server_rows.score(dict(shown, id="s", name="n"))["value"] == value


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
