"""Ids: what a span store makes of the user's own."""

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.errors import UsageError
from coaiapy.langfuse.records import ids

ANY_ID = st.one_of(
    st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=40),
    st.uuids().map(str),
    st.text("0123456789abcdefABCDEF", min_size=16, max_size=16),
    st.text("0123456789abcdefABCDEF", min_size=32, max_size=32),
)


@given(ANY_ID)
def test_a_span_store_id_is_hex_never_zero_and_final(text):
    trace, span = ids.span_trace_id(text), ids.span_id(text)
    assert re.match(r"[0-9a-f]{32}\Z", trace) and trace.strip("0")
    assert re.match(r"[0-9a-f]{16}\Z", span) and span.strip("0")
    assert ids.span_trace_id(trace) == trace
    assert ids.span_id(span) == span
    assert ids.root_span_id(trace) == ids.root_span_id(text)


@given(st.uuids())
def test_a_uuid_meets_itself_without_dashes_and_in_capitals(uuid):
    forms = [str(uuid), uuid.hex, str(uuid).upper(), uuid.hex.upper()]
    assert len({ids.span_trace_id(form) for form in forms}) <= (1 if uuid.int else 4)


@given(ANY_ID)
def test_lookups_try_the_users_own_form_first(text):
    assert ids.known_forms(text)[0] == text
    assert ids.span_trace_id(text) in ids.known_forms(text)
    assert len(set(ids.known_forms(text))) == len(ids.known_forms(text))


def test_other_ids_are_seeds_as_in_langfuses_own_sdk():
    digest = sha256("my-run".encode("utf-8")).hexdigest()
    assert ids.span_trace_id("my-run") == digest[:32]
    assert ids.span_id("my-run") == digest[:16]


@pytest.mark.parametrize(
    "text", ["0" * 32, "00000000-0000-0000-0000-000000000000", "a" * 32 + "\n"]
)
def test_what_only_looks_like_an_id_is_a_seed_too(text):
    assert ids.span_trace_id(text) == sha256(text.encode("utf-8")).hexdigest()[:32]


def test_new_ids_suit_every_server_and_differ():
    assert re.match(r"[0-9a-f]{32}\Z", ids.new_trace_id())
    assert re.match(r"[0-9a-f]{16}\Z", ids.new_observation_id())
    assert len({ids.new_trace_id() for _ in range(100)}) == 100


def test_derived_ids_keep_their_parts_apart():
    assert ids.derived_observation_id("a", "b") == ids.derived_observation_id("a", "b")
    assert ids.derived_observation_id("a", "bc") != ids.derived_observation_id("ab", "c")


@pytest.mark.parametrize("given_id", ["", "\ud800", "a\0b", "a\rb", None, True, 1.5])
def test_what_no_server_can_keep_is_no_id(given_id):
    with pytest.raises(UsageError, match="the id of the trace"):
        ids.check_given(given_id, "trace")


def test_a_record_is_looked_for_under_every_form_of_its_id():
    dashed = "0189f7ea-6f6a-7c3e-8a39-0a6d3c1f2b4d"
    plain = dashed.replace("-", "")
    assert ids.known_forms(plain) == [plain, dashed]
    assert ids.known_forms(dashed.upper()) == [dashed.upper(), plain, dashed]
    assert ids.known_forms("mine") == ["mine", ids.span_trace_id("mine")]
    assert len(ids.known_forms("\ud800")) == 2  # it may be asked for, and is nowhere
