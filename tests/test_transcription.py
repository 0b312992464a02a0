"""coaia transcribe with a service on loopback that listens to what it is sent."""

import json
import os
import signal
import subprocess
import time

import pytest
from hearing import RATE, ffmpeg_path, melody, mp3_of, seconds_of, silence, tone, write_wav
from openai_server import KEY
from processes import start

from coaiapy import transcription

MEGABYTE = 1000000


@pytest.fixture
def memo(project):
    return write_wav(project / "memo.wav", melody(3, 1, 0.5))


def test_a_transcript_on_stdout(run, openai, memo):
    result = run("transcribe", "memo.wav")
    assert (result.code, result.out, result.err) == (0, "tone 0 tone 1 tone 2\n", "")
    (asked,) = openai.requests
    assert asked.fields == {"model": "whisper-1", "response_format": "json"}
    assert asked.file["name"] == "memo.wav"
    assert asked.file["content"] == memo.read_bytes()


def test_options_reach_the_service(run, openai, memo):
    words = ("--language", "en", "--prompt", "Tones.", "--model", "large", "--format", "json")
    assert run("t", "memo.wav", *words).code == 0
    assert openai.requests[0].fields == {
        "model": "large",
        "language": "en",
        "prompt": "Tones.",
        "response_format": "verbose_json",
    }


@pytest.mark.parametrize(
    "name, sent",
    [("é à.wav", "___.wav"), ("memo", "memo.wav"), ("a.b.WAV", "a.b.WAV"), ("a.ogg", "a.ogg.wav")],
)
def test_every_service_can_read_the_name(run, openai, project, name, sent):
    write_wav(project / name, tone(1, 1))
    assert run("t", name).code == 0
    assert openai.requests[0].file["name"] == sent


def test_every_format(run, openai, memo, project):
    assert run("t", "memo.wav", "--format", "srt", "-O", "memo.srt").out == ""
    assert (project / "memo.srt").read_text().startswith("1\n00:00:00,000 --> 00:00:01,000\ntone 0")
    assert run("t", "memo.wav", "--format", "vtt").out.startswith("WEBVTT\n\n00:00:00.000 -->")
    value = json.loads(run("t", "memo.wav", "--format", "json").out)
    assert value["duration"] == 4.5
    assert [one["text"] for one in value["segments"]] == ["tone 0", "tone 1", "tone 2"]


def test_a_service_at_an_address_of_its_own(run, openai, memo, project, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY")
    openai.key = None
    url = openai.url + "/audio/transcriptions"
    (project / "coaia.json").write_text(json.dumps({"openai_transcription_api_url": url}))
    assert run("t", "memo.wav").out == "tone 0 tone 1 tone 2\n"


def test_a_recording_of_60_megabytes_is_heard_whole_in_order_and_at_its_times(run, openai, project):
    length, pause = 19, 1
    samples = melody(30, length, pause)
    while len(samples) * 2 < 60 * MEGABYTE:
        samples.extend(samples[: 10 * (length + pause) * RATE])
    path = write_wav(project / "long.wav", samples)
    assert path.stat().st_size > 60 * MEGABYTE
    expected = tones_in(samples, length + pause)

    value = json.loads(run("t", "long.wav", "--format", "json").out)

    sizes = [len(asked.file["content"]) for asked in openai.requests]
    assert len(sizes) == 3 and max(sizes) <= 25 * MEGABYTE
    assert value["duration"] == pytest.approx(len(samples) / RATE)
    assert [one["text"] for one in value["segments"]] == expected
    for number, one in enumerate(value["segments"]):
        assert one["start"] == pytest.approx(number * (length + pause), abs=0.15)
        assert one["end"] == pytest.approx(number * (length + pause) + length, abs=0.15)
    assert value["text"] == " ".join(expected)


def tones_in(samples, step):
    """Which tone begins every ``step`` seconds, by listening to the recording itself."""
    from hearing import LISTENED, tone_in

    length = int(RATE * LISTENED)
    starts = range(0, len(samples), step * RATE)
    return ["tone {}".format(tone_in(samples[at : at + length])) for at in starts]


def test_an_mp3_of_60_megabytes_is_sent_in_parts_that_are_the_whole(run, openai, project):
    data = mp3_of(melody(10, 5, 1), bit_rate=64)
    data *= 60 * MEGABYTE // len(data) + 1
    (project / "long.mp3").write_bytes(data)
    assert len(data) > 60 * MEGABYTE

    value = json.loads(run("t", "long.mp3", "--format", "json").out)

    contents = [asked.file["content"] for asked in openai.requests]
    assert len(contents) == 3
    assert b"".join(contents) == data
    assert value["duration"] == pytest.approx(seconds_of(data), abs=0.01)
    starts = [one["start"] for one in value["segments"]]
    lengths = [seconds_of(content) for content in contents]
    assert starts == pytest.approx([0, lengths[0], lengths[0] + lengths[1]], abs=0.01)


@pytest.fixture
def long(project):
    """A recording of 42 seconds that is sent in parts."""
    (project / "coaia.json").write_text('{"openai_transcription_max_bytes": 400000}')
    write_wav(project / "a.wav", melody(12, 3, 0.5))
    return " ".join("tone {}".format(number) for number in range(12))


def test_parts_are_sent_side_by_side_and_joined_in_order(openai, long):
    told = []
    openai.wait_for = 3  # each answer waits until so many requests are there
    wishes = transcription.Wishes(prompt="Tones.")
    whole = transcription.transcribe(
        "a.wav", wishes, progress=lambda done, whole: told.append((round(done, 1), whole))
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
    until = time.monotonic() + 60
    while len(list(kept.glob("*.json")) if kept.exists() else []) < 2:
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and b"2 finished parts are kept: run it again" in said
    openai.released.set()
    openai.faults, sent = [], len(openai.requests)
    assert run("t", "a.wav").out == long + "\n"
    assert len(openai.requests) == sent + 3


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


def test_a_part_that_fails_fails_the_whole_and_writes_nothing(run, openai, project):
    write_wav(project / "a.wav", melody(12, 3, 0.5))
    (project / "coaia.json").write_text('{"openai_transcription_max_bytes": 400000}')
    openai.faults = [None, "400"]
    result = run("t", "a.wav", "-O", "a.txt")
    assert (result.code, result.out) == (5, "")
    assert not (project / "a.txt").exists()


def test_several_recordings(run, openai, project):
    write_wav(project / "one.wav", tone(1, 1))
    write_wav(project / "two.wav", tone(2, 1))
    assert run("t", "one.wav", "two.wav").out == "tone 1\n\ntone 2\n"
    (project / "out").mkdir()
    result = run("t", "one.wav", "two.wav", "-O", "out", "--format", "vtt")
    assert (result.code, result.out) == (0, "")
    assert "tone 2" in (project / "out" / "two.vtt").read_text()
    values = json.loads(run("t", "one.wav", "two.wav", "--format", "json").out)
    assert [value["text"] for value in values] == ["tone 1", "tone 2"]


def test_one_that_fails_does_not_keep_the_others_from_their_turn(run, openai, project):
    write_wav(project / "two.wav", tone(2, 1))
    result = run("t", "missing.wav", "two.wav")
    assert (result.code, result.out) == (6, "tone 2\n")
    assert "missing.wav" in result.err


@pytest.mark.parametrize(
    "words, code",
    [
        (("one.wav", "one.wav", "--format", "srt"), 2),
        (("one.wav", "one.wav", "-O", "nowhere"), 6),
        (("one.wav", "one.wav", "-O", "."), 2),
        (("one.wav", "-O", "no/folder.txt"), 6),
        (("one.wav", "--format", "srt", "--model", "gpt-4o-transcribe"), 2),
        (("silent.wav",), 2),
        (("empty.mp3",), 2),
        (("text.mp3",), 2),
        (("missing.mp3",), 6),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(run, openai, project, words, code):
    write_wav(project / "one.wav", tone(1, 1))
    write_wav(project / "silent.wav", silence(1))
    (project / "empty.mp3").write_bytes(b"")
    (project / "text.mp3").write_text("this is a text" * 100)
    result = run("t", *words)
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1
    assert openai.requests == []


def test_a_recording_in_which_nothing_is_said(run, openai, project):
    (project / "coaia.json").write_text("{}")
    noise = tone(1, 1)
    for at in range(len(noise)):
        noise[at] //= 10  # audible, but no tone for the service
    write_wav(project / "noise.wav", noise)
    result = run("t", "noise.wav")
    assert result.code == 2
    assert "no words were recognized in noise.wav" in result.err


def test_models_without_times_give_text_and_take_25_minutes(run, openai, project):
    write_wav(project / "one.wav", tone(1, 1))
    value = json.loads(run("t", "one.wav", "--model", "gpt-4o-transcribe", "--format", "json").out)
    assert (value["text"], value["segments"]) == ("tone 1", [])
    assert openai.requests[0].fields["response_format"] == "json"


@pytest.mark.parametrize(
    "fault, code", [("401", 3), ("400", 5), ("html", 4), ("list", 4), ("no_text", 4)]
)
def test_faults(run, openai, memo, fault, code):
    openai.faults = [fault]
    result = run("t", "memo.wav", "--format", "srt")
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1
    assert KEY not in result.err


def test_transcribe_audio_returns_the_text_and_raises(openai, memo):
    assert transcription.transcribe_audio("memo.wav") == "tone 0 tone 1 tone 2"
    openai.faults = ["401"]
    with pytest.raises(Exception, match="OPENAI_API_KEY"):
        transcription.transcribe_audio("memo.wav")


@pytest.mark.parametrize("segments", [["text"], [None], {"start": 0}, "text", 5])
@pytest.mark.parametrize("form", ["srt", "json"])
def test_segments_that_are_none_are_one_sentence(run, openai, memo, segments, form):
    openai.faults = [{"text": "hello", "segments": segments}]
    result = run("t", "memo.wav", "--format", form)
    assert (result.code, result.out) == (4, "")
    assert "memo.wav" in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize("start", ["NaN", "inf", 1e300, None, [], True])
def test_times_that_are_none_do_not_reach_a_subtitle(run, openai, project, start):
    (project / "memo.ogg").write_bytes(b"OggS" + bytes(100))  # its length is not known
    segments = [{"start": start, "end": start, "text": "hello"}]
    openai.faults = [{"text": "hello", "segments": segments, "duration": start}] * 2
    result = run("t", "memo.ogg", "--format", "srt")
    assert (result.code, result.out) == (5, "")
    assert "returned no times for memo.ogg" in result.err
    value = json.loads(run("t", "memo.ogg", "--format", "json").out)
    assert (value["segments"], value["duration"], value["text"]) == ([], None, "hello")


@pytest.mark.parametrize("model", ["gpt-4o-transcribe-diarize"])
@pytest.mark.parametrize(
    "format, said",
    [
        ("text", "A: one two\nB: three\n"),
        ("srt", "00:00:00,000 --> 00:00:01,000\nA: one\n"),
        ("vtt", "<v B>three\n"),
        ("json", '"speaker": "B"'),
    ],
)
def test_speakers_are_in_every_format(run, openai, memo, model, format, said):
    spoken = [("A", 0, 1, " one"), ("A", 1, 2, "two"), ("B", 2, 2, "three")]
    openai.faults = [
        {
            "text": "one two three",
            "segments": [
                {"id": str(start), "start": start, "end": end, "text": text, "speaker": speaker}
                for speaker, start, end, text in spoken
            ],
        }
    ]
    result = run("t", "memo.wav", "--model", model, "--format", format)
    assert result.code == 0 and said in result.out
    assert openai.requests[0].fields == {
        "model": model,
        "response_format": "diarized_json",
        "chunking_strategy": "auto",
    }


def test_a_model_that_tells_speakers_apart_takes_no_prompt(run, openai, memo):
    result = run("t", "memo.wav", "--model", "gpt-4o-transcribe-diarize", "--prompt", "Ann")
    assert result.code == 2 and "--prompt" in result.err and not openai.requests


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
