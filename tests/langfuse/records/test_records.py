"""Traces, observations and scores: what they take, and what they keep."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_strategies import OBSERVATIONS, SCORES, TRACES

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.records import from_body, observation_from, score_from, trace_from

EMPTY_BUT_THERE = [0, 0.0, False, "", [], {}]


@given(st.one_of(TRACES, OBSERVATIONS, SCORES))
def test_a_body_gives_the_record_back_also_by_way_of_json(record):
    assert from_body(record.kind, record.body()) == record
    assert from_body(record.kind, json.loads(json.dumps(record.body()))) == record


@pytest.mark.parametrize("value", EMPTY_BUT_THERE)
def test_what_is_empty_is_there_all_the_same(value):
    trace = trace_from({"input": value, "output": value})
    observation = observation_from({"input": value, "output": value}, "t")
    for record in (trace, observation):
        assert record.body()["input"] == value and type(record.body()["input"]) is type(value)
        assert record.body()["output"] == value


def test_null_is_absence():
    body = observation_from({"input": None, "name": None, "level": None}, "t").body()
    assert set(body) == {"id", "traceId", "startTime"}
    assert "metadata" not in trace_from({"metadata": None}).body()


@pytest.mark.parametrize("value", ["a note", 0, False, ["a"]])
def test_metadata_that_is_no_object_is_kept_under_a_key(value):
    assert trace_from({"metadata": value}).metadata == {"metadata": value}


@pytest.mark.parametrize(
    "values, field",
    [
        ({"type": "STEP"}, "type"),
        ({"level": "FATAL"}, "level"),
        ({"name": 5}, "name"),
        ({"start_time": "soon"}, "start_time"),
        ({"metadata": {"a": float("nan")}}, "metadata"),
        ({"input": float("inf")}, "input"),
        ({"output": "\ud83d"}, "output"),
        ({"usage": {"input": -1}}, "usage"),
        ({"usage": {"input": 1.5}}, "usage"),
        ({"usage": 3}, "usage"),
        ({"cost": "much"}, "cost"),
        ({"cost": float("inf")}, "cost"),
        ({"model_parameters": []}, "model_parameters"),
        ({"id": ""}, "id"),
        ({"id": "x" * 801}, "id"),
        ({"id": "a\rb"}, "id"),
        ({"id": True}, "id"),
        ({"environment": "Production"}, "environment"),
        ({"environment": "langfuse-x"}, "environment"),
        ({"prompt_version": "3", "prompt_name": "p"}, "prompt_version"),
        ({"id": "a", "parent": "a"}, "parent_id"),
        ({"start_time": 10, "end_time": 9}, "end_time"),
        ({"trace_id": "other"}, "trace_id"),
        ({"naem": "x"}, "naem: no field of an observation .did you mean 'name'"),
        ({"zzz": "x"}, "zzz: no field of an observation: the fields are id, .*name, .*level"),
        ({"parent": "a", "parent_id": "b"}, "parent_id: given twice"),
        ({"prompt_name": "p"}, "prompt_name and prompt_version"),
    ],
)
def test_a_mistake_names_its_field(values, field):
    with pytest.raises(UsageError, match="^" + field):
        observation_from(values, "t")


@pytest.mark.parametrize("trace_id", ["", "   ", "x" * 801])
def test_an_observation_needs_a_trace_that_can_be(trace_id):
    with pytest.raises(UsageError, match="^trace_id"):
        observation_from({}, trace_id)
    with pytest.raises(UsageError, match="^trace_id"):
        observation_from({})


def test_the_same_trace_may_be_named_in_another_form():
    uuid = "0189f7ea-6f6a-7c3e-8a39-0a6d3c1f2b4d"
    observation = observation_from({"traceId": uuid.replace("-", "")}, uuid)
    assert observation.trace_id == uuid


def test_an_end_in_the_past_without_a_start_is_a_start_as_well():
    observation = observation_from({"end_time": "2026-01-31T12:00:00Z"}, "t")
    assert observation.start_time == observation.end_time == "2026-01-31T12:00:00.000Z"


def test_usage_is_counted_under_langfuses_names():
    given_usage = {
        "promptTokens": 1,
        "completion_tokens": 2,
        "total": 3,
        "unit": "TOKENS",
        "x": None,
    }
    assert observation_from({"usage": given_usage}, "t").usage == {
        "input": 1,
        "output": 2,
        "total": 3,
    }
    assert observation_from({"cost": 0.5}, "t").cost == {"total": 0.5}


@pytest.mark.parametrize(
    "values, reason",
    [
        ({"name": "x", "trace_id": "t"}, "value: missing"),
        ({"value": 1, "trace_id": "t"}, "name: missing"),
        ({"name": "x", "value": 1}, "exactly one target"),
        ({"name": "x", "value": 1, "trace_id": "t", "session_id": "s"}, "exactly one target"),
        ({"name": "x", "value": 1, "session_id": "s", "observation_id": "o"}, "observation_id"),
    ],
)
def test_a_score_needs_a_name_a_value_and_one_target(values, reason):
    with pytest.raises(UsageError, match=reason):
        score_from(values)
    assert score_from({"name": "x", "value": 0, "trace_id": "t"}).value == 0
