"""Times as people say them, and times as people see them: each of them can be typed again."""

import os
import re
import time
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.errors import UsageError
from coaiapy.util import times

NOW = datetime(2026, 2, 4, 9, 30, tzinfo=timezone.utc)  # a Wednesday


@pytest.fixture(params=["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("now", "2026-02-04T09:30:00.000Z"),
        ("2h", "2026-02-04T07:30:00.000Z"),
        ("2 h", "2026-02-04T07:30:00.000Z"),
        ("90s ago", "2026-02-04T09:28:30.000Z"),
        ("15min", "2026-02-04T09:15:00.000Z"),
        ("3D", "2026-02-01T09:30:00.000Z"),
        ("1w", "2026-01-28T09:30:00.000Z"),
    ],
)
def test_so_long_ago(text, expected):
    assert times.parse(text, NOW) == expected


@pytest.mark.parametrize(
    "text, day",
    [
        ("today", "2026-02-04 00:00"),
        ("yesterday", "2026-02-03 00:00"),
        ("Yesterday 18:05", "2026-02-03 18:05"),
        ("monday", "2026-02-02 00:00"),
        ("mon 9:30", "2026-02-02 09:30"),
        ("wednesday", "2026-02-04 00:00"),
        ("wed 23:59", "2026-01-28 23:59"),
        ("thursday", "2026-01-29 00:00"),
    ],
)
def test_days_are_those_of_the_calendar_on_the_wall(zone, text, day):
    assert times.parse(text, NOW) == times.parse_time(day)


@pytest.mark.parametrize(
    "text",
    ["", "2", "h", "2y", "-2h", "someday", "monday 25:00", "999999999w", "2026-01-31", "ago"],
)
def test_what_is_no_relative_time_is_left_to_the_other_forms(text):
    assert times.parse(text, NOW) is None


def test_an_option_takes_them_and_a_file_does_not(run):
    run("fuse", "traces", "create", "t1")
    for text, count in (("2h", 1), ("yesterday", 1), ("now", 0), ("today", 1)):
        shown = run("fuse", "traces", "list", "--jsonl", "--from", text).out
        assert len(shown.splitlines()) == count, text
    refused = run("fuse", "traces", "list", "--from", "2y")
    assert refused.code == 2 and "yesterday" in refused.err
    with pytest.raises(UsageError):
        times.parse_time("2h")


MOMENTS = st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2037, 12, 31))


@given(moment=MOMENTS, local=st.booleans())
def test_what_is_shown_can_be_typed_again(moment, local):
    stored = times.to_text(moment.replace(microsecond=0, tzinfo=timezone.utc))
    assert times.parse_time(times.moment(stored, local)) == stored


def test_the_hour_that_occurs_twice_is_shown_with_its_offset(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        first, second = "2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"
        shown = [times.moment(one, True) for one in (first, second)]
        assert [times.parse_time(one) for one in shown] == [first, second]
        assert any(re.search(r"\+0[12]:00$", one) for one in shown)
        assert times.moment("2026-07-01T10:00:00.000Z", True) == "2026-07-01 12:00:00"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert os.environ.get("TZ") != "Europe/Berlin"
