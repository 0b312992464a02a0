"""What is recorded of an output: what a screen would show, without secrets."""

import os

import pytest

from coaiapy import patience
from coaiapy.running import expressions
from coaiapy.running.recorded_text import MARGIN, Redaction, shown
from coaiapy.running.tail import Tail


def seen(data, most=1000, more=(), on_terminal=False):
    tail = Tail(most + MARGIN)
    reading, writing = os.pipe()
    for place in range(0, len(data), 700):
        os.write(writing, data[place : place + 700])
        tail.read(reading)
    os.close(reading)
    os.close(writing)
    return shown(tail, most, Redaction(more), on_terminal)


SHAPES = [
    "sk-proj-abcdefghijklmnop1234",
    "sk-lf-12345678-1234-1234-1234-123456789abc",
    "sk-ant-api03-abcdefghijklmnopqrst",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_11ABCDEFG0abcdefghijklmno",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdef",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
]


@pytest.mark.parametrize("key", SHAPES)
def test_the_usual_shapes_of_keys_are_masked(key, home):
    assert seen("a {} b\n".format(key).encode()) == "a **** b\n"


@pytest.mark.parametrize(
    "text, masked",
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ****"),
        ("authorization: basic dXNlcjpwYXNz", "authorization: basic ****"),
        ("postgres://john:pass%40word@host/db", "postgres://****@host/db"),
        ("task-runner-for-everyday-use-is-here", "task-runner-for-everyday-use-is-here"),
        ("http://host:8080/path@2", "http://host:8080/path@2"),
    ],
)
def test_secrets_are_masked_where_they_stand_and_words_are_not(text, masked, home):
    assert seen(text.encode()) == masked


def test_a_private_key_is_masked_as_a_whole_also_without_its_beginning(home):
    lines = "".join("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKc\n" for _ in range(30))
    key = "-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----".format(lines)
    assert seen("a {} b".format(key).encode()) == "a **** b"
    assert "MIIE" not in seen(("x" * MARGIN + key + " b").encode(), most=300)


def test_a_variable_that_looks_secret_is_masked_in_every_spelling(monkeypatch, home):
    monkeypatch.setenv("MY_PASSWORD", 'geh"eim/wort')
    assert seen(b'geh"eim/wort {"a": "geh\\"eim/wort"} geh%22eim%2Fwort') == (
        '**** {"a": "****"} ****'
    )


@pytest.mark.parametrize("before", range(0, 24, 3))
def test_a_secret_that_the_cut_goes_through_leaves_nothing_behind(before, monkeypatch, home):
    monkeypatch.setenv("MY_PASSWORD", "abcdefghijklmnopqrstuvwxyz")
    data = b"-" * (MARGIN * 2) + b"abcdefghijklmnopqrstuvwxyz" + b"." * (100 - before)
    found = seen(data, most=100)
    assert not set(found) - set("-*.") and len(found) <= 100


def test_a_color_within_a_secret_does_not_hide_it(monkeypatch, home):
    monkeypatch.setenv("MY_PASSWORD", "geheimwort")
    assert seen(b"\x1b[1mgeh\x1b[31meim\x1b[0mwort\x1b]0;title\x07!") == "****!"


def test_further_expressions_are_masked(home):
    assert seen(b"order 4711 of 4712", more=[r"47\d\d", "of"]) == "order **** **** ****"


def test_a_text_that_cannot_be_masked_in_time_is_withheld_whole(home, monkeypatch):
    monkeypatch.setattr(patience, "EXPRESSIONS", 0.2)
    data = b"a" * (MARGIN * 2) + b"b"
    assert seen(data, more=["(a+)+$"]) == expressions.WITHHELD


def test_a_terminal_shows_what_is_left_of_a_line(home):
    progress = b"10%\r50%\r100%\r\nlonger\rshort\r\n"
    assert seen(progress, on_terminal=True) == "100%\nshortr\n"
    assert seen(progress) == "10%\r50%\r100%\r\nlonger\rshort\r\n"


def test_the_end_is_kept_in_whole_characters(home):
    assert seen("äöü€".encode() * 400, most=100) == ("äöü€".encode() * 400)[-99:].decode()
    assert seen(b"\xff\x00ab") == "\ufffd\x00ab"
