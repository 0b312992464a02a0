"""Recordings in parts: nothing lost, nothing twice, cut where it is quiet."""

import array
import io
import os
import struct
import subprocess
import time
import wave

import pytest
from hearing import RATE, heard, melody, mp3_of, seconds_of, silence, tone, write_wav
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coaiapy.audio import split as audio_split
from coaiapy.audio.formats import detect as audio_formats
from coaiapy.audio.split import Limits
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, StateError, UsageError
from coaiapy.util import deadlines


def parts_of(path, *limits):
    return list(audio_split.parts(audio_formats.look_at(str(path)), Limits(*limits)))


def samples_of(part):
    with wave.open(io.BytesIO(part.content)) as sound:
        return sound.readframes(sound.getnframes())


def test_a_small_recording_is_one_part_as_it_is(project):
    path = write_wav(project / "a.wav", tone(1, 2))
    (part,) = parts_of(path, 10**6)
    assert part.content == path.read_bytes()
    assert (part.name, part.media_type, part.start, part.seconds) == ("a.wav", "audio/wav", 0, 2)


def test_a_wav_is_cut_in_its_pauses_and_nothing_is_lost(project):
    samples = melody(12, 3, 0.5)
    path = write_wav(project / "a.wav", samples)
    parts = parts_of(path, 400000)
    assert len(parts) >= 4
    assert b"".join(samples_of(part) for part in parts) == samples.tobytes()
    at = 0.0
    for part in parts:
        assert len(part.content) <= 400000
        assert part.start == pytest.approx(at)
        at += part.seconds
        for one in heard({"content": part.content}):  # no tone is cut in two
            assert one["end"] - one["start"] == pytest.approx(3, abs=0.21)
    assert at == pytest.approx(42)


def test_parts_have_names_in_order(project):
    path = write_wav(project / "talk.wav", melody(12, 3, 0.5))
    names = [part.name for part in parts_of(path, 400000)]
    assert names[:2] == ["talk-001.wav", "talk-002.wav"]


def test_seconds_are_a_limit_too(project):
    path = write_wav(project / "a.wav", melody(4, 2, 0.5))
    parts = parts_of(path, 10**7, 4.0)
    assert max(part.seconds for part in parts) <= 4
    assert sum(part.seconds for part in parts) == pytest.approx(10)


@pytest.mark.parametrize("width, channels", [(1, 1), (2, 2), (3, 1), (3, 2), (4, 1)])
def test_every_width_of_samples(project, width, channels):
    values = tone(1, 2).tolist() + [0] * RATE + tone(2, 2).tolist()
    data = b"".join(as_sample(value, width) * channels for value in values)
    with wave.open(str(project / "a.wav"), "wb") as out:
        out.setparams((channels, width, RATE, 0, "NONE", ""))
        out.writeframes(data)
    whole = audio_formats.look_at("a.wav")
    parts = parts_of("a.wav", int(whole.size * 0.6))
    assert b"".join(samples_of(part) for part in parts) == data
    assert 2.0 <= parts[1].start <= 3.0  # in the pause


def as_sample(value, width):
    if width == 1:
        return bytes([(value >> 8) + 128])
    return struct.pack("<i", value << 16)[4 - width :]


def test_samples_that_are_no_whole_numbers(project):
    values = [value / 32768.0 for value in tone(1, 2).tolist() + [0] * RATE + tone(2, 2).tolist()]
    data = array.array("f", values).tobytes()
    fmt = struct.pack("<HHIIHH", 3, 1, RATE, RATE * 4, 4, 32)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data))
    riff = b"RIFF" + struct.pack("<I", len(chunks) + len(data))
    (project / "a.wav").write_bytes(riff + chunks + data)
    parts = parts_of("a.wav", 200000)
    assert b"".join(part.content[-int(part.seconds * RATE) * 4 :] for part in parts) == data
    assert 2.0 <= parts[1].start <= 3.0


def test_a_length_that_was_never_written_means_to_the_end(project):
    path = write_wav(project / "a.wav", melody(4, 3, 0.5))
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(content))
    assert sum(part.seconds for part in parts_of(path, 200000)) == pytest.approx(14)


def test_an_mp3_is_cut_between_frames_in_its_pauses(project):
    data = mp3_of(melody(6, 4, 1))
    (project / "a.mp3").write_bytes(data)
    parts = parts_of("a.mp3", 100000)
    assert len(parts) >= 3
    assert b"".join(part.content for part in parts) == data
    at = 0.0
    for part in parts:
        assert len(part.content) <= 100000
        assert part.start == pytest.approx(at)
        assert part.seconds == pytest.approx(seconds_of(part.content))
        at += part.seconds
        if part.start:
            assert part.start % 5 >= 3.9 or part.start % 5 < 0.2  # tones last 4 s, pauses 1 s


def test_tags_of_an_mp3_are_in_no_part(project):
    data = mp3_of(melody(3, 3, 1))
    head = b"ID3\x04\x00\x00\x00\x00\x4e\x10" + bytes(10000)
    (project / "a.mp3").write_bytes(head + data + b"TAG" + bytes(125))
    parts = parts_of("a.mp3", 50000)
    assert b"".join(part.content for part in parts) == data
    assert audio_split.duration(audio_formats.look_at("a.mp3")) == seconds_of(data)


def test_an_mp3_larger_than_a_block_is_read_in_blocks(project):
    data = mp3_of(melody(3, 3, 1)) * 30
    assert len(data) > 2 * (1 << 20)
    (project / "a.mp3").write_bytes(data)
    parts = parts_of("a.mp3", 700000)
    assert b"".join(part.content for part in parts) == data


def test_silence_is_an_error(project):
    write_wav(project / "a.wav", silence(3))
    with pytest.raises(UsageError, match="a.wav is silent"):
        parts_of("a.wav", 10**6)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "is empty"),
        (b"just a text " * 1000, "is not a known kind of audio file"),
        (b"%PDF-1.4 " * 1000, "is not a known kind of audio file"),
        (b"RIFF\x04\x00\x00\x00WAVE", "broken WAV file"),
        (
            b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + bytes(16) + b"data" + bytes(4),
            "broken",
        ),
    ],
)
def test_what_is_no_recording_is_an_error(project, content, words):
    (project / "a.wav").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        parts_of("a.wav", 10**6)


def test_what_cannot_be_read_is_an_error(project):
    for path in ("missing.wav", "."):
        with pytest.raises(StateError, match="cannot read"):
            audio_formats.look_at(path)


def test_a_wav_that_lasts_no_time(project):
    write_wav(project / "a.wav", array.array("h"))
    with pytest.raises(UsageError, match="0 seconds"):
        parts_of("a.wav", 10**6)


@pytest.mark.parametrize(
    "head, kind",
    [
        (b"OggS", "ogg"),
        (b"fLaC", "flac"),
        (b"\0\0\0\x20ftypM4A ", "mp4"),
        (b"\x1aE\xdf\xa3", "webm"),
        (b"#!AMR\n", "amr"),
        (b"FORM\0\0\0\0AIFF", "aiff"),
        (b"\xff\xf1\x50\x80", "aac"),
    ],
)
def test_other_kinds_are_known_by_their_first_bytes(project, head, kind):
    (project / "a").write_bytes(head + bytes(100))
    assert audio_formats.look_at("a").kind == kind


def test_a_large_file_of_another_kind_needs_ffmpeg(project, monkeypatch):
    (project / "a.ogg").write_bytes(b"OggS" + bytes(30000))
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(ConfigError, match="ffmpeg.*install it"):
        parts_of("a.ogg", 20000)


def test_ffmpeg_turns_another_kind_into_parts(project, ffmpeg):
    import subprocess

    write_wav(project / "a.wav", melody(8, 3, 1, 16000))
    subprocess.check_call(["ffmpeg", "-v", "error", "-i", "a.wav", "-c:a", "flac", "a.flac"])
    audio = audio_formats.look_at("a.flac")
    assert audio.kind == "flac"
    parts = parts_of("a.flac", audio.size - 1)
    assert len(parts) > 2
    found = [(one["text"], part.start + one["start"]) for part in parts for one in all_heard(part)]
    assert [text for text, _ in found] == ["tone {}".format(number) for number in range(8)]
    for number, (_, start) in enumerate(found):
        assert start == pytest.approx(4 * number, abs=0.2)


def all_heard(part):
    return heard({"content": part.content})


def test_another_kind_that_lasts_too_long_is_converted_though_it_is_small(project, ffmpeg):
    write_wav(project / "a.wav", melody(3, 1, 0.5))
    subprocess.check_call(["ffmpeg", "-v", "error", "-i", "a.wav", "-c:a", "flac", "a.flac"])
    audio = audio_formats.look_at("a.flac")
    seconds = audio_split.duration(audio)
    assert seconds == pytest.approx(4.5, abs=0.01)
    (whole,) = audio_split.parts(audio, Limits(10**6, 5.0), seconds)
    assert (whole.name, whole.seconds) == ("a.flac", seconds)
    assert len(list(audio_split.parts(audio, Limits(10**6, 2.0), seconds))) == 3
    (project / "a.flac").write_bytes((project / "a.flac").read_bytes()[:30])
    assert audio_split.duration(audio) is None


@pytest.mark.parametrize("limit", [0, 0.5])
def test_a_conversion_ends_with_the_time_of_the_command(project, monkeypatch, limit):
    (project / "a.ogg").write_bytes(b"OggS" + bytes(100000))
    slow = project / "ffmpeg"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(project) + os.pathsep + os.environ["PATH"])
    begun = time.monotonic()
    with deadlines.limit(limit), pytest.raises(NetworkError, match="a.ogg .*--timeout"):
        parts_of("a.ogg", 50000)
    assert time.monotonic() - begun < 20


def test_ffmpeg_says_why_it_makes_nothing(project, ffmpeg):
    (project / "a.ogg").write_bytes(b"OggS" + bytes(30000))
    with pytest.raises(UsageError, match="ffmpeg cannot convert a.ogg: .+"):
        parts_of("a.ogg", 20000)


WAV_HEAD = 60
FUZZ = settings(suppress_health_check=list(HealthCheck))


@FUZZ
@given(st.lists(st.tuples(st.integers(0, WAV_HEAD), st.integers(0, 255)), max_size=6))
def test_a_damaged_wav_is_split_or_refused(project, damage):
    content = bytearray(write_wav(project / "a.wav", tone(1, 2)).read_bytes())
    for at, byte in damage:
        content[at] = byte
    (project / "a.wav").write_bytes(bytes(content))
    try:
        parts = parts_of("a.wav", 30000)
    except CoaiaError as error:
        assert "a.wav" in str(error)
    else:
        assert all(len(part.content) <= 30000 for part in parts)


@FUZZ
@given(st.binary(max_size=300), st.integers(0, 3000), st.binary(max_size=50))
def test_a_damaged_mp3_is_split_or_refused(project, begin, at, middle):
    data = mp3_of(tone(1, 1))
    (project / "a.mp3").write_bytes(begin + data[:at] + middle + data[at:])
    try:
        parts = parts_of("a.mp3", 20000)
    except CoaiaError as error:
        assert "a.mp3" in str(error)
    else:
        assert 0 < sum(part.seconds or 0.1 for part in parts) < 10
