"""Answers of model services as their references show them, whole and streamed, and what is none."""

import json

import pytest
from model_answers import (
    CAT,
    CHAT,
    CHAT_STREAM,
    CHAT_USAGE,
    GEMINI,
    HELLO,
    KNOWN,
    MESSAGE,
    MESSAGE_STREAM,
    OLLAMA,
    OLLAMA_CHAT,
    RESPONSE,
    RESPONSE_STREAM,
    chunk,
    delta,
    lines,
    sse,
)

from coaiapy.llm import answers
from coaiapy.llm.answers import ModelAnswer, understood


@pytest.mark.parametrize("case", sorted(KNOWN))
def test_an_answer_is_understood(case):
    printed, meant = KNOWN[case]
    assert understood(printed) == meant
    assert understood("\n" + printed.replace("\n", "\r\n") + "\r\n") == meant


def test_an_answer_that_calls_tools_has_no_text():
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    answer = understood(json.dumps(dict(CHAT, choices=[choice])))
    assert (answer.output, answer.finish_reason) == (None, "tool_calls")
    assert answer.usage == CHAT_USAGE


def test_a_refusal_is_what_the_model_said():
    message = {"role": "assistant", "content": None, "refusal": "I cannot."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    assert understood(json.dumps(dict(CHAT, choices=[choice]))).output == "I cannot."


def test_of_several_choices_the_first_counts():
    stream = [
        chunk(delta("b", index=1)),
        chunk(delta("a")),
        chunk(delta("b", finish="stop", index=1)),
        chunk(delta("a", finish="length")),
    ]
    answer = understood(sse(stream))
    assert (answer.output, answer.finish_reason) == ("aa", "length")


def test_reasoning_before_the_answer_is_left_out():
    stream = [chunk(delta("<thi")), chunk(delta("nk>hm</think>\nYes")), chunk(delta(finish="stop"))]
    assert understood(sse(stream)).output == "Yes"


def test_a_stream_that_broke_off_says_what_came():
    printed = sse(CHAT_STREAM)
    broken = printed[: printed.index('"lo"') + 2]
    assert understood(broken) == ModelAnswer("gpt-4o-mini", {}, "Hel", None)
    assert understood(lines(OLLAMA_CHAT)[:-5]) == ModelAnswer("llama3.2", {}, "The sky", None)


def test_of_a_stream_without_its_beginning_the_rest_is_understood():
    printed = sse(CHAT_STREAM)
    cut = printed[printed.index("Hel") :]
    assert understood(cut) is None
    assert understood(cut, is_cut=True) == HELLO._replace(output="lo")
    cut = sse(RESPONSE_STREAM)[400:]
    assert understood(cut, is_cut=True) == CAT  # the last event has all of it


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "\n",
        "hello",
        "{}",
        "[]",
        "null",
        "{broken",
        "12",
        '{"done": true, "model": "T"}',
        '{"choices": ["yes", "no"]}',
        '{"type": "message", "text": "hi", "user": "U1"}',
        '{"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}}',
        "data: 1\n",
        "data: of March\n",
        "id: 5\nname: John\n",
        "event: error\ndata: " + json.dumps({"type": "error", "error": {"type": "overloaded"}}),
        "Answer:\n" + json.dumps(CHAT),
        json.dumps(CHAT) + "\nDone.",
        lines([CHAT, {"level": "info"}]),
        sse(CHAT_STREAM) + "Done.\n",
    ],
)
def test_anything_else_stays_text(printed):
    assert understood(printed) is None


@pytest.mark.parametrize(
    "answer", [sse(CHAT_STREAM), lines([CHAT]), lines(OLLAMA_CHAT), sse(MESSAGE_STREAM)]
)
def test_two_answers_are_not_one(answer):
    assert understood(answer) is not None
    assert understood(answer + answer) is None


def hostile():
    yield "[" * 100000
    yield '{"choices":' * 300 + "1" + "}" * 300
    yield json.dumps(dict(CHAT, choices=[{"message": {"content": {"a": 1}}}], model=5))[:-1] + "}"
    yield json.dumps(dict(MESSAGE, content=7, usage=[1], model=["x"], stop_reason={}))
    yield json.dumps(dict(RESPONSE, output={"a": 1}, usage={"input_tokens": -1}, model=None))
    yield json.dumps(dict(GEMINI, candidates=[None, 1, {"content": "x", "index": 0}]))
    yield json.dumps(dict(OLLAMA, message=3, done=True, eval_count="many"))
    yield 'data: {"choices": [{"delta": {"content": "\\ud83d"}}], "model": "\ud83d"}'
    yield "data: 1" + "0" * 5000


@pytest.mark.parametrize("printed", list(hostile()), ids=lambda text: ascii(text[:20]))
def test_a_hostile_text_harms_nothing(printed):
    answer = understood(printed)
    if answer is not None:
        json.dumps(answer).encode("utf-8")
        assert all(value is None or isinstance(value, str) for value in (answer[0], answer[2]))


def test_the_work_is_bounded(monkeypatch):
    printed = json.dumps(CHAT)
    monkeypatch.setattr(answers, "LONGEST", len(printed))
    assert understood(printed) is not None
    assert understood(printed + " ") is None
