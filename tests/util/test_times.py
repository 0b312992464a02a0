"""Points in time, in all the ways that people and files write them."""

import os
import time
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.errors import UsageError
from coaiapy.util import times
from coaiapy.util.times import duration

MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=st.just(timezone.utc)
)
OFFSETS = st.integers(-23 * 60, 23 * 60)


@pytest.fixture
def tokyo(monkeypatch):
    """A place that is nine hours ahead all year."""
    monkeypatch.setenv("TZ", "Asia/Tokyo" if os.path.isdir("/usr/share/zoneinfo") else "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@given(MOMENTS)
def test_what_is_stored_reads_back_to_the_millisecond(moment):
    text = times.to_text(moment)
    kept = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert times.from_text(text) == kept
    assert times.parse_time(text) == text
    assert len(text) == 24


@given(MOMENTS, OFFSETS)
def test_an_offset_says_the_same_moment(moment, minutes):
    there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert times.parse_time(there.isoformat()) == times.to_text(moment)


@given(MOMENTS, MOMENTS)
def test_stored_texts_sort_as_their_moments(one, other):
    assert (times.to_text(one) < times.to_text(other)) <= (one < other)


@given(st.integers(0, 2**32 - 1), st.integers(0, 999))
def test_milliseconds_since_1970_are_exact(seconds, milliseconds):
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(
        seconds=seconds, milliseconds=milliseconds
    )
    text = times.to_text(moment)
    assert times.epoch_milliseconds(text) == seconds * 1000 + milliseconds


@pytest.mark.parametrize(
    "written, stored",
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"),
        ("2026-01-31T12:00:00.1239Z", "2026-01-31T12:00:00.123Z"),
        ("2026-01-31t12:00:00,5z", "2026-01-31T12:00:00.500Z"),
        ("2026-01-31 12:00 +01:00", "2026-01-31T11:00:00.000Z"),
        ("2026-01-31T12:00:00-0530", "2026-01-31T17:30:00.000Z"),
        ("20260131T120000Z", "2026-01-31T12:00:00.000Z"),
        (" 2026-01-31T12:00:00+14 ", "2026-01-30T22:00:00.000Z"),
        ("260131120000", "2026-01-31T12:00:00.000Z"),
        ("2601311200", "2026-01-31T12:00:00.000Z"),
        ("1769860800", "2026-01-31T12:00:00.000Z"),
        ("1769860800.25", "2026-01-31T12:00:00.250Z"),
        (1769860800, "2026-01-31T12:00:00.000Z"),
        (1769860800.25, "2026-01-31T12:00:00.250Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (260131120000, "2026-01-31T12:00:00.000Z"),
        (2601311200, "2026-01-31T12:00:00.000Z"),
    ],
)
def test_a_moment_may_be_written_in_many_ways(written, stored):
    assert times.parse_time(written) == stored


def test_without_an_offset_it_is_local_time(tokyo):
    assert times.parse_time("2026-01-31T12:00:00") == "2026-01-31T03:00:00.000Z"
    assert times.parse_time("2026-01-31") == "2026-01-30T15:00:00.000Z"
    assert times.parse_time(date(2026, 1, 31)) == "2026-01-30T15:00:00.000Z"
    assert times.parse_time(datetime(2026, 1, 31, 12)) == "2026-01-31T03:00:00.000Z"
    assert times.parse_time("260131120000") == "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30T00:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:00:00+25:00",
        "2026-01-31T12:00:00+01:75",
        "261331120000",
        "12",
        "17698608000000",
        "2026-01-31T12:00:00Z\nmore",
        "٢٠٢٦-٠١-٣١",
        float("nan"),
        float("inf"),
        10**30,
        True,
        None,
        [],
        {},
    ],
)
def test_anything_else_is_refused_with_what_would_do(written):
    with pytest.raises(UsageError, match="is not a time: write it as ISO 8601"):
        times.parse_time(written)


def test_a_long_mistake_is_not_repeated_in_full():
    with pytest.raises(UsageError) as caught:
        times.parse_time("x" * 5000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ["26013112000", "2601311260", "26-1311200", "2601311200\n"])
def test_a_tlid_has_ten_or_twelve_digits_of_a_date(text):
    with pytest.raises(ValueError):
        times.parse_tlid(text)


def test_now_is_now():
    before = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    now = times.from_text(times.now())
    assert before <= now <= datetime.now(timezone.utc)


@pytest.mark.parametrize(
    "now, digits, meant",
    [
        ("2027-01-28T12:00:00Z", "1801151200", "2027-01-28T15:46:40.000Z"),
        ("2018-01-16T12:00:00Z", "1801151200", "2018-01-15T12:00:00.000Z"),
        ("2026-11-26T12:00:00Z", "2601311200", "2026-01-31T12:00:00.000Z"),
        ("2026-11-26T12:00:00Z", "1712010203", "2024-04-01T22:23:23.000Z"),
        ("2026-11-26T12:00:00Z", "2000000001", "2033-05-18T03:33:21.000Z"),
    ],
)
def test_ten_digits_mean_what_is_nearer_to_now(monkeypatch, now, digits, meant):
    monkeypatch.setattr("time.time", lambda: times.from_text(now).timestamp())
    assert times.parse_time(digits) == times.parse_time(int(digits)) == meant


def test_a_mistyped_date_in_digits_is_no_moment_in_a_distant_future(monkeypatch):
    monkeypatch.setattr("time.time", lambda: times.from_text("2026-11-26T12:00:00Z").timestamp())
    for digits in ("2601312460", "260131246000"):
        for value in (digits, int(digits)):
            with pytest.raises(UsageError, match="is not a time"):
                times.parse_time(value)


@pytest.mark.parametrize(
    "end, shown",
    [
        ("2026-01-31T12:00:00.000Z", "0 s"),
        ("2026-01-31T12:00:00.007Z", "0.007 s"),
        ("2026-01-31T12:00:59.000Z", "59 s"),
        ("2026-01-31T12:01:05.000Z", "1 min 05 s"),
        ("2026-02-01T11:59:00.000Z", "23 h 59 min"),
        ("2026-02-01T13:02:00.000Z", "1 d 1 h"),
        ("2026-03-12T12:00:00.000Z", "40 d 0 h"),
        (None, ""),
    ],
)
def test_durations_are_as_fine_as_they_are_short(end, shown):
    assert duration("2026-01-31T12:00:00.000Z", end) == shown
