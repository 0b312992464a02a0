"""A long recording: its parts are sent side by side, and the finished ones never again."""

import re
import signal
import time

import pytest
from hearing import melody, write_wav
from processes import start

from coaiapy.audio import transcribe


@pytest.fixture
def long(project):
    """A recording of 42 seconds that is sent in parts."""
    (project / "coaia.json").write_text('{"openai_transcription_max_bytes": 400000}')
    write_wav(project / "a.wav", melody(12, 3, 0.5))
    return " ".join("tone {}".format(number) for number in range(12))


def test_parts_are_sent_side_by_side_and_joined_in_order(openai, long):
    told = []
    openai.wait_for = 3  # each answer waits until so many requests are there
    options = transcribe.TranscriptionOptions(prompt="Tones.")
    whole = transcribe.transcribe(
        "a.wav", options, progress=lambda done, whole: told.append((round(done, 1), whole))
    )
    assert whole.text == long
    assert {asked.fields["prompt"] for asked in openai.requests} == {"Tones."}
    assert told[-1] == (42.0, 42.0) and len(told) == len(openai.requests) == 5
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_finished_parts_are_kept_and_not_sent_again(run, openai, long, home):
    openai.faults = [None, "400"]
    failed = run("t", "a.wav")
    assert failed.code == 5 and "kept: run it again to go on from there" in failed.err
    kept = list((home / ".coaia" / "transcripts").iterdir())
    assert kept and all(one.stat().st_mode & 0o77 == 0 for one in kept)
    sent = len(openai.requests)
    assert run("t", "a.wav", "--language", "de").out == long + "\n"
    assert len(openai.requests) == sent + 5  # another question
    sent = len(openai.requests)
    assert run("t", "a.wav").out == long + "\n"
    assert len(openai.requests) == sent + 5 - len(kept)
    assert not list((home / ".coaia" / "transcripts").iterdir())


def test_an_interrupted_transcription_goes_on_from_where_it_was(run, openai, long, home):
    openai.faults = [None, None] + ["hang"] * 3
    process = start("transcribe", "a.wav")
    kept = home / ".coaia" / "transcripts"
    until = time.monotonic() + 200
    while len(list(kept.glob("*.json")) if kept.exists() else []) < 2:
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=200)
    count = re.search(rb"(\d) finished parts are kept: run it again", said)
    assert process.returncode == 130 and count is not None, said
    openai.released.set()
    openai.faults, sent = [], len(openai.requests)
    assert run("t", "a.wav").out == long + "\n"
    assert len(openai.requests) == sent + 5 - int(count.group(1))


def test_a_kept_part_that_is_damaged_is_sent_again(run, openai, long, home):
    openai.faults = [None, "400"]
    assert run("t", "a.wav").code == 5
    for one in (home / ".coaia" / "transcripts").iterdir():
        one.write_text('{"text": 5')
    sent = len(openai.requests)
    assert run("t", "a.wav").out == long + "\n"
    assert len(openai.requests) == sent + 5


def test_nothing_is_kept_where_no_file_can_be(run, openai, long, home):
    (home / ".coaia").mkdir(exist_ok=True)
    (home / ".coaia" / "transcripts").write_text("in the way")
    assert run("t", "a.wav").out == long + "\n"
