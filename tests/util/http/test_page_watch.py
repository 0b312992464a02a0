"""Listings without an end are given up; all others are let through."""

import pytest

from coaiapy.errors import NetworkError
from coaiapy.util import deadlines
from coaiapy.util.http import page_watch
from coaiapy.util.http.page_watch import MOST_KNOWN_PAGES, PageWatch


def test_rows_are_new_once():
    watch = PageWatch("the server")
    assert watch.is_new("abca") == [True, True, True, False]
    assert watch.is_new("cd") == [False, True]
    assert watch.is_new("") == []


def test_a_listing_that_repeats_is_given_up():
    watch = PageWatch("the server")
    watch.is_new("ab")
    for _ in range(MOST_KNOWN_PAGES - 1):
        watch.is_new("ab")
    with pytest.raises(NetworkError, match="the server repeats the same 2 rows on every page"):
        watch.is_new("ab")


def test_rows_that_were_pushed_to_the_next_page_are_no_repetition():
    watch = PageWatch("the server")
    for page in range(5 * MOST_KNOWN_PAGES):
        assert watch.is_new(["a", page if page % 3 == 0 else "a"])[0] == (page == 0)


def test_empty_pages_without_an_end_are_given_up():
    watch = PageWatch("the server")
    with pytest.raises(NetworkError):
        for _ in range(MOST_KNOWN_PAGES):
            watch.is_new([])


def test_a_listing_of_too_many_rows_is_given_up(monkeypatch):
    monkeypatch.setattr(page_watch, "MOST_ROWS", 5)
    watch = PageWatch("the server")
    watch.is_new("abcde")
    with pytest.raises(NetworkError, match="more than 5 rows: ask for fewer"):
        watch.is_new("f")


def test_a_listing_that_takes_too_long_is_given_up():
    with deadlines.limit(0):
        watch = PageWatch("the server")
    with pytest.raises(NetworkError, match=r"not listed everything within 0 s \(1 rows so far\)"):
        watch.is_new("a")


def test_a_page_has_no_more_time_than_the_listing():
    with deadlines.limit(60):
        watch = PageWatch("the server")
    assert watch.time_for_page(3600).seconds == 60
    assert watch.time_for_page(1).seconds == 1


def test_a_listing_of_too_many_bytes_is_given_up(monkeypatch):
    monkeypatch.setattr(page_watch, "MOST_BYTES", 5 << 20)
    watch = PageWatch("the server")
    watch.received(b"x" * (5 << 20))
    watch.is_new("ab")
    watch.received(b"x")
    with pytest.raises(NetworkError, match=r"more than 5 MB \(3 rows so far\): ask for fewer"):
        watch.is_new("c")
