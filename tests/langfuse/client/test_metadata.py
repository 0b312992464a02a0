"""Metadata and values survive the way to a v4 server and back."""

import json

import pytest
from hypothesis import given
from record_strategies import METADATA, VALUE

from coaiapy.langfuse.client.metadata import as_text, from_text, received, repeated, sent


def shown_by_a_server(texts):
    """What GET /v2/observations makes of metadata: each text read as JSON where it is JSON, and
    the server's own entries beside them (recorded exchange "v2 observations of a trace")."""
    added = {"scope.name": "coaia", "resourceAttributes.service.name": "coaia"}
    added["attributes.langfuse.trace.tags"] = ["a"]
    shown = {}
    for key, text in texts.items():
        try:
            shown[key] = json.loads(
                text, parse_constant=lambda name: (_ for _ in ()).throw(ValueError)
            )
        except ValueError:
            shown[key] = text
    return dict(shown, **added)


@given(METADATA)
def test_metadata_comes_back_from_a_v4_server_as_it_was_written(metadata):
    assert received(shown_by_a_server(sent(metadata, {}))) == (metadata, {})


@given(METADATA)
def test_own_fields_never_mix_with_the_users_keys(metadata):
    texts = sent(metadata, {"id": "7", "trace_id": "my trace"})
    assert received(shown_by_a_server(texts)) == (metadata, {"id": "7", "trace_id": "my trace"})


@given(VALUE)
def test_input_and_output_come_back_as_they_were_written(value):
    assert from_text(as_text(value)) == value


@pytest.mark.parametrize("text", ["plain words", "12:30", "{not json", "truth", "-"])
def test_text_that_is_not_json_travels_as_it_is(text):
    assert as_text(text) == text


@pytest.mark.parametrize("text", ["1", "true", '{"a": 1}', "null", '"x"'])
def test_text_that_looks_like_json_is_quoted(text):
    assert as_text(text) == json.dumps(text)


def test_what_json_cannot_say_is_said_as_text():
    assert as_text({"loss": float("nan")}) == '{"loss":"NaN"}'


def test_a_legacy_servers_metadata_keeps_keys_that_spans_reserve():
    assert received({"scope": "all", "attributes": 3}) == ({"scope": "all", "attributes": 3}, {})


def test_the_entries_that_a_dual_server_nests_are_left_out():
    shown = {"k": "v", "attributes": {"user.id": "j"}, "resourceAttributes": {}, "scope": {}}
    assert received(shown) == ({"k": "v"}, {})


def test_what_an_observation_repeats_of_its_trace_is_not_its_own():
    trace, own = {"of": "trace", "both": 1}, {"both": 2}
    texts = dict(sent(dict(trace, **own), {}), **repeated(trace, own))
    assert received(shown_by_a_server(texts)) == (own, {})
