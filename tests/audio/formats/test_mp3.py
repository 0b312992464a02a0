"""MPEG frames: found, measured, told from what is no audio. MP3s are made by LAME."""

import struct

import pytest
from hearing import melody, mp3_of, seconds_of, silence, tone

from coaiapy.audio.formats import mp3


def id3(size):
    """An ID3v2 tag with ``size`` bytes in it, some of which look like a frame."""
    content = (b"\xff\xfb\x90\x64" * size)[:size]
    lengths = bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
    return b"ID3\x04\x00\x00" + lengths + content


@pytest.mark.parametrize("rate, bit_rate", [(44100, 128), (48000, 320), (22050, 64), (8000, 16)])
def test_frames_cover_the_stream_and_play_as_long(rate, bit_rate):
    data = mp3_of(tone(3, 2, rate), rate, bit_rate)
    frames = list(mp3.frames(data))
    assert sum(frame.length for frame in frames) == len(data)
    assert {frame.rate for frame in frames} == {rate}
    # An encoder fills up the last frame, and begins with a delay of one or two.
    assert 2.0 <= seconds_of(data) < 2.0 + 5 * frames[0].seconds


def test_tags_and_garbage_are_no_audio():
    data = mp3_of(tone(1, 1))
    tagged = id3(5000) + data + b"TAG" + b"title".ljust(125, b"\0")
    assert mp3.audio_only(tagged) == data
    assert mp3.audio_only(b"\xff\xfb garbage \xff" + data) == data


def test_an_encoders_note_plays_not_at_all():
    data = mp3_of(tone(1, 1))
    first = next(mp3.frames(data))
    at = 4 + mp3.side_info_length(first)
    note = bytearray(data[: first.length])
    note[at : at + 4] = b"Info"
    assert mp3.audio_only(bytes(note) + data) == data
    assert seconds_of(bytes(note) + data) == seconds_of(data)


def test_a_frame_that_is_cut_off_is_none():
    data = mp3_of(tone(1, 1))
    whole = list(mp3.frames(data))
    assert list(mp3.frames(data[:-1])) == whole[:-1]


@pytest.mark.parametrize("data", [b"", b"\xff", b"no sound at all" * 100, b"\xff\xff" * 1000])
def test_what_is_no_mp3_has_no_frames(data):
    assert list(mp3.frames(data)) == []
    assert seconds_of(data) == 0


@pytest.mark.parametrize("rate", [44100, 16000])
def test_silence_takes_next_to_no_bits(rate):
    data = mp3_of(melody(2, 2, 2, rate), rate)
    frames = list(mp3.frames(data))
    bits = [mp3.coded_bits(data, frame) for frame in frames]
    quarter = len(frames) // 8
    assert min(bits[quarter - 5 : quarter + 5]) > 200
    assert max(bits[3 * quarter - 5 : 3 * quarter + 5]) < 50


def test_a_frame_of_layer_two_is_measured():
    header = struct.pack(">I", 0xFFFD8400)  # MPEG 1, layer II, 128 kbit/s, 48000 Hz
    frame = mp3.frame_at(header, 0)
    assert (frame.layer, frame.samples, frame.length) == (2, 1152, 384)
    assert mp3.coded_bits(header, frame) == 0


def test_silence_alone_is_audio_too():
    assert seconds_of(mp3_of(silence(1))) >= 1
