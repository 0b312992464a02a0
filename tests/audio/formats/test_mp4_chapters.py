"""The chapters of audio books are shown, and cleared with all other tags."""

import json
import struct
import subprocess

import pytest
from hearing import tone, write_wav

from coaiapy.audio.formats import mp4

BOOK = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=500
title=A private title
[CHAPTER]
TIMEBASE=1/1000
START=500
END=1000
title=Käpitel
"""


@pytest.mark.parametrize("more", [[], ["-movflags", "faststart"]], ids=["last", "first"])
def test_chapters_are_shown_and_cleared_and_the_sound_stays(run, project, ffmpeg, more):
    write_wav(project / "a.wav", tone(1, 1))
    (project / "book").write_text(BOOK, "utf-8")
    words = ["-i", "a.wav", "-i", "book", "-map_metadata", "1", "-c:a", "aac"] + more + ["a.m4b"]
    subprocess.check_call(["ffmpeg", "-v", "error"] + words)
    path = project / "a.m4b"
    titles = ["A private title", "Käpitel"]
    assert json.loads(run("tag", "a.m4b", "--json").out)["frames"]["CHAPTERS"] == titles
    before = sound_of(path)
    assert run("tag", "a.m4b", "--clear").code == 0
    assert json.loads(run("tag", "a.m4b", "--json").out)["frames"] == {}
    assert b"private" not in path.read_bytes() and "pitel".encode() not in path.read_bytes()
    assert sound_of(path) == before


def sound_of(path):
    return subprocess.check_output(["ffmpeg", "-v", "error", "-i", str(path), "-f", "s16le", "-"])


def atom(name, content):
    return struct.pack(">I4s", 8 + len(content), name) + content


def movie(*tables, **changed):
    """A film whose track 2 holds the chapters of track 1."""
    header = atom(b"tkhd", struct.pack(">12xI", changed.get("number", 2)))
    handler = atom(b"hdlr", b"\0" * 8 + changed.get("kind", b"text"))
    media = atom(b"mdia", handler + atom(b"minf", atom(b"stbl", b"".join(tables))))
    sound = atom(b"trak", atom(b"tref", atom(b"chap", struct.pack(">I", 2))))
    return atom(b"moov", sound + atom(b"trak", header + media))


SIZES = atom(b"stsz", struct.pack(">III", 0, 6, 1))
CHUNKS = atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1))
OFFSETS = atom(b"stco", struct.pack(">III", 0, 1, 8))


def test_only_tracks_of_chapters_are_removed_and_damaged_tables_harm_nothing(project):
    text = atom(b"mdat", struct.pack(">H4s", 4, b"Text"))
    path = project / "a.mp4"
    good = [SIZES, CHUNKS, OFFSETS]
    path.write_bytes(text + movie(*good))
    assert mp4.texts(str(path)) == {"CHAPTERS": ["Text"]}
    mp4.remove(str(path))
    assert b"Text" not in path.read_bytes() and mp4.texts(str(path)) == {}
    endless = atom(b"stsz", struct.pack(">III", 0, 2**31, 2**32 - 1))
    others = [
        movie(*good, kind=b"soun"),
        movie(*good, number=3),
        movie(endless, CHUNKS, OFFSETS),
        movie(SIZES, OFFSETS),
        movie(SIZES, CHUNKS, atom(b"stco", struct.pack(">III", 0, 1, 2**32 - 1))),
        movie(atom(b"stsz", b"\0"), atom(b"stsc", b"\1"), atom(b"co64", b"\2")),
    ]
    for film in others:
        path.write_bytes(text + film)
        assert mp4.texts(str(path)) == {}
        mp4.remove(str(path))
        assert path.read_bytes().startswith(text)
