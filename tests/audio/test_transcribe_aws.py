"""coaia transcribe --engine aws with a real moto server; the transcript is put there as AWS would."""

import json
import subprocess

import pytest
from aws_server import BUCKET, Transcriber
from hearing import tone, write_wav

from coaiapy import patience
from coaiapy.audio import transcribe_aws
from coaiapy.errors import ConfigError, RefusedError


def word(text, start, end):
    return {
        "type": "pronunciation",
        "start_time": str(start),
        "end_time": str(end),
        "alternatives": [{"content": text, "confidence": "0.9"}],
    }


def mark(text):
    return {"type": "punctuation", "alternatives": [{"content": text, "confidence": "0.0"}]}


RESULTS = {
    "transcripts": [{"transcript": "Good morning, John. How are you?"}],
    "items": [
        word("Good", 0.5, 0.8),
        word("morning", 0.9, 1.2),
        mark(","),
        word("John", 1.3, 1.6),
        mark("."),
        word("How", 3.0, 3.2),
        word("are", 3.3, 3.4),
        word("you", 3.5, 3.8),
        mark("?"),
    ],
}


@pytest.fixture
def transcriber(aws):
    worker = Transcriber(aws, RESULTS)
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture
def memo(project, monkeypatch):
    monkeypatch.setattr(patience, "FIRST_JOB_PAUSE", 0.3)
    return write_wav(project / "memo.wav", tone(1, 4))


def left_in(aws):
    keys = [one["Key"] for one in aws("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    jobs = aws("transcribe").list_transcription_jobs()["TranscriptionJobSummaries"]
    return keys + [job["TranscriptionJobName"] for job in jobs]


def test_upload_job_wait_fetch_clean_up(run, aws, transcriber, memo):
    result = run("transcribe", "memo.wav", "--engine", "aws", "--language", "en-US")
    assert (result.code, result.out) == (0, "Good morning, John. How are you?\n"), result.err
    assert transcriber.recordings == [memo.read_bytes()]
    assert left_in(aws) == []


def test_words_become_subtitles(run, aws, transcriber, memo):
    result = run("t", "memo.wav", "--engine", "aws", "--format", "srt")
    assert result.out == (
        "1\n00:00:00,500 --> 00:00:01,600\nGood morning, John.\n\n"
        "2\n00:00:03,000 --> 00:00:03,800\nHow are you?\n"
    )
    value = json.loads(run("t", "memo.wav", "--engine", "aws", "--format", "json").out)
    assert value["duration"] == 4
    assert [one["text"] for one in value["segments"]] == ["Good morning, John.", "How are you?"]


def test_segments_that_aws_gives_are_taken(run, aws, transcriber, memo):
    transcriber.results = dict(
        RESULTS,
        audio_segments=[{"start_time": "0.5", "end_time": "3.8", "transcript": "All of it."}],
        language_code="en-GB",
    )
    value = json.loads(run("t", "memo.wav", "--engine", "aws", "--format", "json").out)
    assert value["segments"] == [{"id": 0, "start": 0.5, "end": 3.8, "text": "All of it."}]
    assert value["language"] == "en-GB"


def test_a_long_sentence_and_a_silence_end_a_subtitle(run, aws, transcriber, memo):
    words = [word("word{}".format(n), n * 0.5, n * 0.5 + 0.4) for n in range(40)]
    transcriber.results = dict(RESULTS, items=words + [word("late", 60, 61)])
    value = json.loads(run("t", "memo.wav", "--engine", "aws", "--format", "json").out)
    segments = value["segments"]
    assert max(one["end"] - one["start"] for one in segments) <= 7
    assert max(len(one["text"]) for one in segments) <= 90
    assert segments[-1]["text"] == "late"
    said = " ".join(one["text"] for one in segments).split()
    assert said == ["word{}".format(n) for n in range(40)] + ["late"]


def test_a_transcript_that_never_comes_is_an_error_and_all_is_cleaned_up(run, aws, memo):
    result = run("t", "memo.wav", "--engine", "aws")
    assert result.code == 1
    assert "NoSuchKey" in result.err
    assert left_in(aws) == []


def test_nothing_said(run, aws, transcriber, memo):
    transcriber.results = {"transcripts": [{"transcript": ""}], "items": []}
    result = run("t", "memo.wav", "--engine", "aws")
    assert (result.code, result.out) == (2, "")
    assert "no words were recognized" in result.err


@pytest.mark.parametrize(
    "results",
    [
        {"transcripts": []},
        {"transcripts": [{"transcript": None}]},
        {"transcripts": [{"transcript": "a"}], "items": ["a"]},
        {"transcripts": [{"transcript": "a"}], "items": 5},
        {"transcripts": [{"transcript": "a"}], "audio_segments": [None]},
        {
            "transcripts": [{"transcript": "a"}],
            "audio_segments": [{"start_time": "NaN", "end_time": "1", "transcript": "a"}],
        },
        {
            "transcripts": [{"transcript": "a"}],
            "audio_segments": [{"start_time": "0", "end_time": "1", "transcript": 5}],
        },
    ],
)
def test_a_transcript_that_is_none(run, aws, transcriber, memo, results):
    transcriber.results = results
    result = run("t", "memo.wav", "--engine", "aws")
    assert (result.code, result.out) == (4, "")
    assert left_in(aws) == []


def test_another_kind_of_recording_is_converted(run, aws, transcriber, memo, ffmpeg, project):
    subprocess.check_call(["ffmpeg", "-v", "error", "-i", "memo.wav", "-ac", "2", "memo.aiff"])
    result = run("t", "memo.aiff", "--engine", "aws", "--language", "en-US")
    assert (result.code, result.out) == (0, "Good morning, John. How are you?\n"), result.err
    assert transcriber.recordings[0][:4] == b"RIFF"


def test_speakers_are_asked_for_and_told_apart(run, aws, transcriber, memo):
    said = [dict(one, speaker_label="spk_0") for one in RESULTS["items"][:5]]
    said += [dict(one, speaker_label="spk_1") for one in RESULTS["items"][5:]]
    transcriber.results = dict(RESULTS, items=said)
    result = run("t", "memo.wav", "--engine", "aws", "--speakers")
    assert result.out == "spk_0: Good morning, John.\nspk_1: How are you?\n", result.err
    assert transcriber.settings[0] == {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 10}
    value = json.loads(run("t", "memo.wav", "--engine", "aws", "--speakers", "--json").out)
    assert [one["speaker"] for one in value["segments"]] == ["spk_0", "spk_1"]


def test_a_job_that_failed_says_why(aws, memo, monkeypatch):
    failed = {"TranscriptionJobStatus": "FAILED", "FailureReason": "The media is broken."}
    monkeypatch.setattr(transcribe_aws.aws, "client", failing(aws, failed))
    with pytest.raises(RefusedError, match="memo.wav: The media is broken."):
        transcribe_aws.transcribe("memo.wav")
    assert left_in(aws) == []


def failing(aws, job):
    """Clients of moto, whose jobs never fail, with a job that did."""

    def client(values, service):
        made = aws(service)
        if service == "transcribe":
            made.get_transcription_job = lambda **words: {"TranscriptionJob": job}
        return made

    return client


@pytest.mark.parametrize(
    "words, code",
    [
        (("memo.wav", "--prompt", "x"), 2),
        (("memo.wav", "--model", "x"), 2),
        (("sound.aiff",), 2),
        (("sound.aiff", "--timeout", "0"), 4),
        (("missing.wav",), 6),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_uploaded(
    run, aws, memo, ffmpeg, project, words, code
):
    (project / "sound.aiff").write_bytes(b"FORM\0\0\0\0AIFF" + bytes(100))
    result = run("t", "--engine", "aws", *words)
    assert (result.code, result.out) == (code, "")
    assert left_in(aws) == []


def test_a_bucket_is_needed_and_must_be_there(aws, memo, monkeypatch, caplog):
    monkeypatch.setenv("COAIA_TRANSCRIBE_BUCKET", "another-bucket")
    with pytest.raises(ConfigError, match="NoSuchBucket.*transcribeconf.bucket"):
        transcribe_aws.transcribe("memo.wav")
    assert "was not removed from AWS: AWS s3 refused: NoSuchBucket" in caplog.text
    monkeypatch.delenv("COAIA_TRANSCRIBE_BUCKET")
    with pytest.raises(ConfigError, match="set transcribeconf.bucket"):
        transcribe_aws.transcribe("memo.wav")
