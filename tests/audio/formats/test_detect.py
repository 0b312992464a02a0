"""Recordings of every kind, as people name them: what is sent, under which name, what is converted."""

import json
import os
import subprocess

import pytest
from hearing import ffmpeg_path, melody, write_wav


@pytest.fixture
def memo(project):
    return write_wav(project / "memo.wav", melody(3, 1, 0.5))


@pytest.fixture
def converted(project, monkeypatch):
    """Make a recording of another kind from memo.wav, with a real ffmpeg."""
    folder = project / "bin"
    folder.mkdir()
    os.symlink(ffmpeg_path(), str(folder / "ffmpeg"))
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    write_wav(project / "memo.wav", melody(3, 1, 0.5))

    def make(name, *words):
        command = ["ffmpeg", "-v", "error", "-i", "memo.wav"] + list(words) + ["made"]
        subprocess.check_call(command)
        (project / "made").rename(project / name)

    return make


OPUS = ("-c:a", "libopus", "-f", "ogg")
AAC = ("-c:a", "aac", "-f", "mp4")


@pytest.mark.parametrize(
    "name, words, sent",
    [
        ("PTT-20260105-WA0001.opus", OPUS, "PTT-20260105-WA0001.opus.ogg"),
        ("voice.oga", OPUS, "voice.oga"),
        ("Recording 12.03", AAC, "Recording_12.03.m4a"),
        ("book.m4b", AAC, "book.m4b.m4a"),
        ("memo.m4a.part", AAC, "memo.m4a.part.m4a"),
        ("mislabelled.ogg", AAC, "mislabelled.ogg.m4a"),
        ("film.MP4", AAC, "film.MP4"),
        ("a.webm", ("-c:a", "libopus", "-f", "webm"), "a.webm"),
    ],
)
def test_the_name_follows_the_bytes(run, openai, converted, name, words, sent):
    converted(name, *words)
    assert run("t", name).code == 0
    (asked,) = openai.requests
    assert asked.file["name"] == sent
    assert asked.file["content"] == open(name, "rb").read()


@pytest.mark.parametrize(
    "name, words",
    [
        ("a.aac", ("-c:a", "aac", "-f", "adts")),
        ("a.aiff", ("-f", "aiff")),
        ("a.mov", ("-c:a", "aac", "-f", "mov")),
        ("a.mka", ("-c:a", "flac", "-f", "matroska")),
        ("a.caf", ("-f", "caf")),
        ("a.wma", ("-c:a", "wmav2", "-f", "asf")),
        ("a.3gp", ("-c:a", "aac", "-f", "3gp")),
    ],
)
def test_what_few_services_read_is_converted_or_one_sentence(
    run, openai, converted, monkeypatch, name, words
):
    converted(name, *words)
    assert run("t", name).out == "tone 0 tone 1 tone 2\n"
    assert openai.requests[0].file["name"] == "a.wav"
    monkeypatch.setenv("PATH", "")
    result = run("t", name)
    assert result.code == 3 and "ffmpeg, which would convert it" in result.err
    assert result.err.count("\n") == 1 and len(openai.requests) == 1


def sizes(riff, data):
    def change(content):
        return content[:4] + riff + content[8:40] + data + content[44:]

    return change


@pytest.mark.parametrize(
    "change",
    [
        sizes(b"\xff" * 4, b"\xff" * 4),
        sizes(b"\0" * 4, b"\0" * 4),
        sizes(b"\x24\0\0\0", b"\0" * 4),
        lambda content: content[:-9000],
    ],
)
def test_a_wav_file_of_a_stream_is_sent_with_its_true_sizes(run, openai, memo, change):
    memo.write_bytes(change(memo.read_bytes()))
    value = json.loads(run("t", "memo.wav", "--format", "json").out)
    assert value["text"] == "tone 0 tone 1 tone 2"
    assert value["duration"] == pytest.approx(4.5, abs=0.3)
