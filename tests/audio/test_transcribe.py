"""coaia transcribe with a service on loopback that listens to what it is sent."""

import itertools
import json

import pytest
from hearing import RATE, melody, mp3_of, seconds_of, silence, tone, write_wav
from openai_server import KEY

from coaiapy.audio import transcribe

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
    assert run("t", "memo.wav", "--format", "txt").out == run("t", "memo.wav").out
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


@pytest.mark.once
def test_an_mp3_of_60_megabytes_is_sent_in_parts_that_are_the_whole(run, openai, project):
    data = mp3_of(melody(10, 5, 1), bit_rate=64)
    data *= 60 * MEGABYTE // len(data) + 1
    (project / "long.mp3").write_bytes(data)
    assert len(data) > 60 * MEGABYTE

    value = json.loads(run("t", "long.mp3", "--format", "json").out)

    # They are sent side by side, so they arrive in any order.
    sent = [asked.file["content"] for asked in openai.requests]
    orders = [one for one in itertools.permutations(sent) if b"".join(one) == data]
    assert len(sent) == 3 and orders
    contents = orders[0]
    assert value["duration"] == pytest.approx(seconds_of(data), abs=0.01)
    starts = [one["start"] for one in value["segments"]]
    lengths = [seconds_of(content) for content in contents]
    assert starts == pytest.approx([0, lengths[0], lengths[0] + lengths[1]], abs=0.01)


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
    assert transcribe.transcribe_audio("memo.wav") == "tone 0 tone 1 tone 2"
    openai.faults = ["401"]
    with pytest.raises(Exception, match="OPENAI_API_KEY"):
        transcribe.transcribe_audio("memo.wav")


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


@pytest.mark.parametrize("option", ["--model=gpt-4o-transcribe-diarize", "--speakers"])
@pytest.mark.parametrize(
    "format, said",
    [
        ("text", "A: one two\nB: three\n"),
        ("srt", "00:00:00,000 --> 00:00:01,000\nA: one\n"),
        ("vtt", "<v B>three\n"),
        ("json", '"speaker": "B"'),
    ],
)
def test_speakers_are_in_every_format(run, openai, memo, option, format, said):
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
    result = run("t", "memo.wav", option, "--format", format)
    assert result.code == 0 and said in result.out
    assert openai.requests[0].fields == {
        "model": "gpt-4o-transcribe-diarize",
        "response_format": "diarized_json",
        "chunking_strategy": "auto",
    }


def test_a_model_that_tells_speakers_apart_takes_no_prompt(run, openai, memo):
    result = run("t", "memo.wav", "--model", "gpt-4o-transcribe-diarize", "--prompt", "Ann")
    assert result.code == 2 and "--prompt" in result.err and not openai.requests


def test_speakers_need_a_model_that_tells_them_apart(run, openai, memo, project):
    result = run("t", "memo.wav", "--speakers", "--model", "whisper-1")
    assert result.code == 2 and "leave --model out" in result.err and not openai.requests
    (project / "coaia.json").write_text('{"openai_transcription_model": "local-diarize"}')
    openai.faults = [{"text": "one"}]
    assert run("t", "memo.wav", "--speakers").code == 0
    assert openai.requests[0].fields["model"] == "local-diarize"
