"""Which trace is active: that of the environment, of TRACEPARENT, of a file."""

import pytest

from coaiapy.env import context as env_context
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.traces.active import PARENT, TRACE, active_ids, handed_on, parent_in

HEX_TRACE, HEX_PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = "00-{}-{}-01".format(HEX_TRACE, HEX_PARENT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        HEADER[:-1],
        HEADER.upper(),
        HEADER + "-more",
        "ff" + HEADER[2:],
        "00-{}-{}-01".format("0" * 32, HEX_PARENT),
        "00-{}-{}-01".format(HEX_TRACE, "0" * 16),
        HEADER.replace("-", "_"),
    ],
)
def test_what_is_no_traceparent_is_ignored(text, monkeypatch, project):
    assert parent_in(text) is None
    monkeypatch.setenv("TRACEPARENT", text)
    assert active_ids() == {}


def test_a_later_version_is_read_as_far_as_it_is_known():
    assert parent_in("01" + HEADER[2:] + "-more") == (HEX_TRACE, HEX_PARENT)
    assert parent_in(HEADER) == (HEX_TRACE, HEX_PARENT)


def test_traceparent_names_trace_and_parent(monkeypatch, project):
    monkeypatch.setenv("TRACEPARENT", HEADER)
    assert active_ids() == {TRACE: HEX_TRACE, PARENT: HEX_PARENT}


def test_traceparent_comes_before_a_file_but_the_user_stays(monkeypatch, project):
    env_context.remember({TRACE: "old", PARENT: "o", "COAIA_USER_ID": "john"})
    monkeypatch.setenv("TRACEPARENT", HEADER)
    found = active_ids()
    assert found == {TRACE: HEX_TRACE, PARENT: HEX_PARENT, "COAIA_USER_ID": "john"}


def test_another_trace_in_the_environment_comes_before_traceparent(monkeypatch, project):
    monkeypatch.setenv("TRACEPARENT", HEADER)
    monkeypatch.setenv(TRACE, "mine")
    monkeypatch.setenv(PARENT, "step")
    assert active_ids() == {TRACE: "mine", PARENT: "step"}


def test_in_the_same_trace_the_parent_of_traceparent_is_the_nearer_one(monkeypatch, project):
    monkeypatch.setenv(TRACE, "mine")
    monkeypatch.setenv(PARENT, "outer")
    header = "00-{}-{}-01".format(ids.span_trace_id("mine"), HEX_PARENT)
    monkeypatch.setenv("TRACEPARENT", header)
    assert active_ids() == {TRACE: "mine", PARENT: HEX_PARENT}


def test_an_id_keeps_its_own_form_where_both_name_the_same_span(monkeypatch, project):
    for name, value in handed_on({}, "mine", "step").items():
        monkeypatch.setenv(name, value)
    assert active_ids() == {TRACE: "mine", PARENT: "step"}


def test_what_is_handed_on_is_valid_and_drops_the_ids_of_another_trace():
    known = {TRACE: "other", "COAIA_SESSION_ID": "s", "COAIA_USER_ID": "john", "TRACESTATE": "a=b"}
    given = handed_on(known, "mine", "step")
    assert parent_in(given["TRACEPARENT"]) == (ids.span_trace_id("mine"), ids.span_id("step"))
    assert "COAIA_SESSION_ID" not in given
    assert (given["COAIA_USER_ID"], given["TRACESTATE"]) == ("john", "a=b")
