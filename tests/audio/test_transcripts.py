"""Transcripts: joined from parts, written in every format."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.audio.transcripts import FORMATS, Segment, Transcript, as_text, as_vtt, joined, shifted

LINES = (Segment(0, 1.5, "Good <morning> & more"), Segment(3661.0624, 3662, "Two\n\nlines"))
WHOLE = Transcript("Good <morning> & more Two\n\nlines", LINES, "english", 3662.0)


def test_srt():
    assert FORMATS["srt"](WHOLE) == (
        "1\n00:00:00,000 --> 00:00:01,500\nGood <morning> & more\n\n"
        "2\n01:01:01,062 --> 01:01:02,000\nTwo lines\n"
    )


def test_vtt():
    assert FORMATS["vtt"](WHOLE) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nGood &lt;morning&gt; &amp; more\n\n"
        "01:01:01.062 --> 01:01:02.000\nTwo lines\n"
    )


def test_json_and_text():
    value = json.loads(FORMATS["json"](WHOLE))
    assert value["text"] == WHOLE.text
    assert (value["language"], value["duration"]) == ("english", 3662.0)
    assert value["segments"][1] == {"id": 1, "start": 3661.062, "end": 3662, "text": "Two\n\nlines"}
    assert FORMATS["text"](WHOLE) == WHOLE.text + "\n"


def test_nothing_ends_after_its_part():
    late = [Segment(0, 2, "a"), Segment(2, 30, "b"), Segment(31, 40, "c")]
    assert shifted(late, 100, 105) == [
        Segment(100, 102, "a"),
        Segment(102, 105, "b"),
        Segment(105, 105, "c"),
    ]


def test_parts_are_joined_in_order():
    parts = [
        Transcript(" one ", (Segment(0, 1, "one"),), None, 2.0),
        Transcript("", (), "english", 1.0),
        Transcript("two", (Segment(3, 4, "two"),), "english", 2.5),
    ]
    whole = joined(parts)
    assert whole.text == "one two"
    assert [one.text for one in whole.segments] == ["one", "two"]
    assert (whole.language, whole.seconds) == ("english", 5.5)
    assert joined(parts + [Transcript("three")]).seconds is None


@given(st.floats(min_value=0, max_value=359999))
def test_a_clock_can_be_read_back(seconds):
    shown = FORMATS["srt"](Transcript("x", (Segment(seconds, seconds, "x"),)))
    hours, minutes, rest, thousandths = map(int, re.findall(r"\d+", shown.splitlines()[1])[:4])
    assert minutes < 60 and rest < 60
    read = hours * 3600 + minutes * 60 + rest + thousandths / 1000.0
    assert abs(read - seconds) <= 0.0005001


@pytest.mark.parametrize(
    "times, shown",
    [
        ([(0, 1), (1, 0.4), (2, 3)], [(0, 1), (1, 1.5), (2, 3)]),
        ([(0, 0), (0.2, 1)], [(0, 0.2), (0.2, 1)]),
        ([(5, 5), (5, 5)], [(5, 5.5), (5, 5.5)]),
        ([(2, 3), (0, 1)], [(0, 1), (2, 3)]),
        ([(1.0001, 1.0004)], [(1.0001, 1.5001)]),
    ],
)
def test_every_cue_is_shown_for_some_time(times, shown):
    segments = tuple(Segment(start, end, "x") for start, end in times)
    stamps = re.findall(r"(\S+) --> (\S+)", as_vtt(Transcript("x", segments)))
    seconds = [tuple(float(stamp[6:]) for stamp in pair) for pair in stamps]
    assert seconds == [tuple(round(one, 3) for one in pair) for pair in shown]


def test_the_speakers_of_parts_are_told_apart():
    part = Transcript("hello", (Segment(0, 1, "hello", "A"),))
    assert as_text(joined([part])) == "A: hello\n"
    assert as_text(joined([part, part])) == "A (part 1): hello\nA (part 2): hello\n"
