"""Listings: what a cell shows of a value, in columns that are as wide as what is in them."""

import pytest

from coaiapy.langfuse.records.display import fields, listing


@pytest.mark.parametrize(
    "value, shown",
    [
        (0, "0"),
        (False, "no"),
        (["a", 1], "a, 1"),
        ([{"a": None}], '[{"a": null}]'),
        ({}, "{}"),
        ("two\nlines", "two lines"),
        ("\x1b[31m", "\\x1b[31m"),
    ],
)
def test_a_cell_is_one_line_of_text(value, shown):
    assert listing([{"value": value}], {"value": "V"}).splitlines()[2] == shown


@pytest.mark.parametrize("name", ["createdAt", "timestamp", "startTime"])
def test_times_are_shown_to_the_second_and_other_texts_as_they_are(name):
    rows = [{name: "2026-01-31T13:00:00.123+01:00"}, {name: "yesterday"}]
    assert listing(rows, {name: "T"}).splitlines()[2:] == ["2026-01-31 12:00:00Z", "yesterday"]


def test_one_record_tells_that_a_server_does_not_show_it_yet():
    body = {"id": "o", "unconfirmed": "sent"}
    assert fields(body) == "id    o\nnote  (not shown by the server yet)"
