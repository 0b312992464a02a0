"""Calls of models and services in the trace: what is recorded, what is kept out, what never fails."""

import json
import time

import pytest
from hearing import mp3_of, tone, write_wav

from coaiapy import patience
from coaiapy.audio import speech
from coaiapy.errors import RefusedError
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.traces import observe
from coaiapy.langfuse.traces.observe import Call, Seen
from coaiapy.legacy import texts as legacy_texts

TRACE = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def trace(monkeypatch):
    monkeypatch.setenv("COAIA_TRACE_ID", TRACE)
    return TRACE


def observations(run, trace=TRACE):
    shown = run("fuse", "traces", "trace-view", trace, "--json")
    assert shown.code == 0, shown.err
    return json.loads(shown.out)["observations"]


def test_a_model_call_is_a_generation(run, openai, trace):
    assert run("p", "summarizer", "hello", "--temperature", "0.5", "--model", "m").code == 0
    (one,) = observations(run)
    assert (one["type"], one["name"], one["model"]) == ("GENERATION", "summarizer", "m-2024")
    assert one["input"][1] == {"role": "user", "content": "hello"}
    assert one["output"].endswith("user: hello | temperature 0.5")
    assert one["usageDetails"] == {"input": 11, "output": 7, "total": 18}
    assert one["modelParameters"] == {"temperature": 0.5}
    assert one["startTime"] <= one["endTime"]


def test_times_are_those_of_the_call(run, trace):
    records = observe.recorder()
    records.observe(Call("wait"), lambda: time.sleep(0.25), lambda nothing: Seen())
    (one,) = observations(run)
    from coaiapy.util import times

    length = times.epoch_milliseconds(one["endTime"]) - times.epoch_milliseconds(one["startTime"])
    assert 240 <= length < 20000


def test_it_hangs_below_the_active_parent(run, openai, trace, monkeypatch):
    monkeypatch.setenv("COAIA_PARENT_OBSERVATION_ID", "1234567890abcdef")
    run("s", "hello")
    run("s", "hello", "--trace", "another")
    assert observations(run)[0]["parentObservationId"] == "1234567890abcdef"
    assert "parentObservationId" not in observations(run, "another")[0]


def test_the_trace_of_the_projects_environment_counts(run, openai, project):
    assert run("env", "set", "COAIA_TRACE_ID", TRACE).code == 0
    run("s", "hello")
    assert len(observations(run)) == 1


def test_without_a_trace_or_with_no_trace_nothing_is_recorded(run, openai, home, monkeypatch):
    assert run("s", "hello").err == ""
    monkeypatch.setenv("COAIA_TRACE_ID", TRACE)
    assert run("s", "hello", "--no-trace").code == 0
    assert run("fuse", "traces", "trace-view", TRACE).code == 1


def test_a_stream_tells_when_its_text_began(run, openai, trace):
    run("s", "hello", "--stream")
    (one,) = observations(run)
    assert one["startTime"] <= one["completionStartTime"] <= one["endTime"]
    assert one["usageDetails"]["total"] == 18


def test_a_call_that_fails_is_recorded_as_an_error(run, openai, trace):
    openai.faults = ["400"]
    assert run("s", "hello").code == 5
    (one,) = observations(run)
    assert one["level"] == "ERROR"
    assert "Unsupported value" in one["statusMessage"]
    assert one["input"][1]["content"] == "hello"
    assert "output" not in one


def test_a_stream_that_breaks_off_is_recorded_as_an_error(run, openai, trace):
    openai.faults = ["stream_ends"]
    run("s", "hello", "--stream")
    assert observations(run)[0]["level"] == "ERROR"


@pytest.mark.parametrize("fault", [None, "400"])
def test_texts_stay_out_where_the_settings_say_so(run, openai, trace, project, home, fault):
    (project / "coaia.json").write_text('{"trace_content": false}')
    openai.faults = [fault]
    run("s", "a secret word")
    (one,) = observations(run)
    whole = json.dumps(one)
    assert "secret" not in whole and "Unsupported" not in whole
    assert one["input"]["characters"] > len("a secret word")
    if fault is None:
        assert one["output"] == {"characters": len(run("s", "a secret word").out) - 1}
    assert b"secret word" not in (home / ".coaia" / "coaia.db").read_bytes()


def test_a_transcription(run, openai, trace, project):
    write_wav(project / "memo.wav", tone(3, 2))
    assert run("t", "memo.wav", "--language", "en").code == 0
    (one,) = observations(run)
    assert (one["type"], one["name"], one["model"]) == (
        "GENERATION",
        "transcribe",
        "whisper-1",
    )
    assert (one["output"], one["usageDetails"]["seconds"]) == ("tone 3", 2)
    assert one["input"]["file"] == "memo.wav"
    assert one["metadata"]["bytes"] == (project / "memo.wav").stat().st_size
    assert one["modelParameters"]["language"] == "en"


def test_speech_and_tags(run, polly, trace, project):
    assert run("synthesize", "Hello", "-O", "a.mp3", "--title", "One").code == 0
    by_name = {one["name"]: one for one in observations(run)}
    spoken, tagged = by_name["synthesize"], by_name["tag"]
    assert (spoken["type"], spoken["model"]) == ("GENERATION", "polly-standard")
    assert (spoken["input"], spoken["usageDetails"]["characters"]) == ("Hello", 5)
    assert spoken["modelParameters"] == {"voice": "Joanna", "format": "mp3"}
    assert tagged["type"] == "SPAN"
    assert tagged["input"]["tags"] == {"title": "One"}


def test_a_tag_command(run, trace, project):
    (project / "a.mp3").write_bytes(mp3_of(tone(1, 1)))
    run("tag", "a.mp3", "--title", "One")
    run("tag", "a.mp3")  # looking is no step of a workflow
    assert [one["name"] for one in observations(run)] == ["tag"]


def test_a_stashed_value_is_a_step_without_its_value(run, trace):
    assert run("tash", "key", "a secret word").code == 0
    (one,) = observations(run)
    assert (one["type"], one["name"]) == ("SPAN", "tash")
    assert one["metadata"] == {"key": "key", "bytes": 13}
    assert "secret" not in json.dumps(one)


def test_functions_for_scripts_record_too(run, openai, polly, trace):
    legacy_texts.summarizer("hello")
    speech.synthesize("Hello", "Joanna", "a.mp3")
    assert {one["name"] for one in observations(run)} == {"summarizer", "synthesize"}


def test_an_outcome_that_cannot_be_recorded_fails_nothing(run, openai, trace, monkeypatch):
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-without-its-secret")
    result = run("s", "hello")
    assert result.code == 0 and "user: hello" in result.out
    assert "summarizer is not in the trace: LANGFUSE_PUBLIC_KEY is set but" in result.err
    assert result.err.count("\n") == 1


def test_a_state_folder_that_cannot_be_written_fails_nothing(run, openai, trace, home):
    (home / ".coaia").write_text("a file in the way")
    result = run("s", "hello")
    assert result.code == 0 and "user: hello" in result.out
    assert "is not in the trace" in result.err


def test_a_langfuse_that_is_down_delays_and_loses_nothing(run, openai, trace, monkeypatch):
    for name, value in (
        ("LANGFUSE_PUBLIC_KEY", "pk"),
        ("LANGFUSE_SECRET_KEY", "sk"),
        ("LANGFUSE_BASE_URL", "http://127.0.0.1:9"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(patience, "RECORDING", 0.5)
    monkeypatch.setattr(patience, "DELIVERY", 200.0)
    started = time.monotonic()
    result = run("s", "hello")
    assert time.monotonic() - started < 100
    assert result.code == 0
    assert "waits in the outbox" in result.err
    assert json.loads(run("fuse", "outbox", "list", "--json").out)


def test_what_describes_a_call_may_fail_without_failing_it(trace):
    notes = []
    records = observe.recorder(note=notes.append)
    assert records.observe(Call("x"), lambda: 1, lambda value: value.missing) == 1
    assert "x is not in the trace: AttributeError" in notes[0]


def test_an_error_passes_through_as_it_is(trace):
    error = RefusedError("no")

    def fail():
        raise error

    with pytest.raises(RefusedError) as caught:
        observe.recorder().observe(Call("x"), fail, lambda value: Seen())
    assert caught.value is error


def test_ids_of_one_trace_in_two_forms_are_one(monkeypatch, trace):
    monkeypatch.setenv("COAIA_PARENT_OBSERVATION_ID", "1234567890abcdef")
    dashed = "01234567-89ab-cdef-0123-456789abcdef"
    assert ids.span_trace_id(dashed) == trace
    assert observe.recorder(dashed).place.parent_id == "1234567890abcdef"
