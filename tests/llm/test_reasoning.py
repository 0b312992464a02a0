"""Answers of models: what is the answer, what is reasoning, and what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.llm.reasoning import Divider, content_of, divided

THOUGHTS = [
    ("<think>hmm</think>\n\nyes", "yes", "hmm"),
    ("\n<think>\nhmm\n</think>yes\n", "yes\n", "hmm"),
    ("<Thinking>a < b</THINKING> yes </think>", "yes </think>", "a < b"),
    ("<reasoning>hmm</reasoning>yes", "yes", "hmm"),
    ("<think></think>\nyes", "yes", ""),
    ("<think>never ends", "", "never ends"),
    ("the tag <think> is not at the beginning</think>", None, ""),
    ("<thin", "<thin", ""),
    ("<thinker> is a word", None, ""),
    ("  indented", None, ""),
    ("", "", ""),
    ("<think>a</think> </think>b", "</think>b", "a"),
    ('<think time="3">hmm</think>yes', "yes", "hmm"),
    ("<think and more text", None, ""),
    ("<think>\u0130\u0130\u0130</think>yes", "yes", "\u0130\u0130\u0130"),  # longer in lower case
    ("<seed:think>hmm</seed:think>yes", "yes", "hmm"),
    ("[THINK]hmm[/THINK]yes", "yes", "hmm"),
    ("\u25c1think\u25b7hmm\u25c1/think\u25b7yes", "yes", "hmm"),
    ("<|channel|>analysis<|message|>hmm<|end|><|channel|>final<|message|>y", "y", "hmm<|end|>"),
]
# The whole says what its pieces cannot.
WHOLE = [
    ("hmm\n</think>\n\nyes", "yes", "hmm"),
    ("close it with `</think>`", None, ""),
    ("<|START_THINKING|>hmm<|END_THINKING|><|START_RESPONSE|>yes<|END_RESPONSE|>", "yes", "hmm"),
]


@pytest.mark.parametrize("text, answer, thought", THOUGHTS + WHOLE)
def test_reasoning_at_the_beginning_is_not_the_answer(text, answer, thought):
    said = divided(text)
    assert said == (text if answer is None else answer, thought)


@given(st.sampled_from(THOUGHTS), st.lists(st.integers(0, 60)))
def test_the_pieces_of_a_stream_say_the_same_as_the_whole(case, cuts):
    text, whole = case[0], divided(case[0])
    places = [0] + sorted(min(cut, len(text)) for cut in cuts) + [len(text)]
    divider = Divider()
    answer = "".join(divider.add(text[a:b]) for a, b in zip(places, places[1:])) + divider.rest()
    assert (answer, divider.reasoning.strip()) == whole


@pytest.mark.parametrize(
    "content, text, thought",
    [
        (None, "", ""),
        ("yes", "yes", ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab", ""),
        ([{"type": "output_text", "text": "a", "annotations": []}], "a", ""),
        ([{"type": "thinking", "thinking": "t"}, {"type": "text", "text": "a"}], "a", "t"),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "t"}]}, "a"], "a", "t"),
        ([{"type": "reasoning", "text": "t"}, {"type": "image_url", "image_url": {}}], "", "t"),
        ([{"type": "text", "text": 5}, 7, None], "", ""),
    ],
)
def test_the_text_parts_of_the_content_are_joined(content, text, thought):
    assert content_of(content) == (text, thought)


@pytest.mark.parametrize("content", [5, {"text": "a"}, True])
def test_content_of_another_type_is_refused(content):
    with pytest.raises(ValueError):
        content_of(content)


def answer(content, reason="stop", **message):
    return {"choices": [{"finish_reason": reason, "message": dict(message, content=content)}]}


def test_only_the_answer_is_printed_and_the_reasoning_when_it_is_asked_for(run, openai):
    said = answer("<think>let me see</think>\n\nyes")
    openai.faults = [said, said, answer([{"type": "text", "text": "yes"}], reasoning_content="why")]
    assert run("summarize", "a text", "--no-trace")[1:] == ("yes\n", "")
    assert run("summarize", "a text", "--reasoning")[1:] == ("yes\n", "let me see\n")
    assert run("summarize", "a text", "--reasoning")[1:] == ("yes\n", "why\n")


def test_a_stream_shows_only_the_answer(run, openai):
    pieces = ["<th", "ink>let me", " see</thi", "nk>\n", "\ny", "es"]
    events = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
    events.append({"choices": [{"delta": {"reasoning": "more"}, "finish_reason": "stop"}]})
    openai.faults = [events]
    result = run("summarize", "a text", "--stream", "--reasoning")
    assert result == (0, "yes\n", "morelet me see\n")


@pytest.mark.parametrize(
    "said, reason",
    [
        (answer("", "content_filter"), "content_filter"),
        (answer(None, "length"), "length"),
        (answer("<think>endless", "length"), "length"),
        (answer([], "stop"), "stop"),
    ],
)
def test_an_empty_answer_is_a_note_and_writes_nothing(run, openai, project, said, reason):
    openai.faults = [said, said]
    result = run("summarize", "a text")
    assert (result.code, result.out) == (0, "")
    assert "the model answered with no text" in result.err and reason in result.err
    assert run("summarize", "a text", "-O", "out.txt").code == 0
    assert not (project / "out.txt").exists()


@pytest.mark.parametrize(
    "said, code, text",
    [
        ({"error": {"message": "model is overloaded"}}, 5, "model is overloaded"),
        ({"error": "no such model"}, 5, "no such model"),
        (dict(answer("x"), error={"code": 400, "message": "bad"}), 5, "bad"),
        (answer(None, refusal="I cannot help with that"), 5, "refused: I cannot help with that"),
        (answer([{"type": "refusal", "refusal": "I cannot"}]), 5, "refused: I cannot"),
        (answer({"text": "a"}), 4, "a message whose content is an object"),
        ({"choices": []}, 4, "contains no text"),
        ({"choices": [{"message": {"role": "assistant", "content": None}}]}, 4, "contains no text"),
    ],
)
def test_what_is_no_answer_is_one_sentence_with_the_reason(run, openai, said, code, text):
    for option in ([], ["--stream"]):
        openai.faults = [said]
        result = run("summarize", "a text", *option)
        if option and "choices" in said and not said["choices"]:
            continue  # an event without choices is a part of a stream
        assert (result.code, result.out) == (code, "") and text in result.err


def test_the_details_of_usage_are_recorded(run, openai, monkeypatch):
    usage = {"prompt_tokens": 9, "completion_tokens": 6, "total_tokens": 15}
    usage["completion_tokens_details"] = {"reasoning_tokens": 4}
    run("fuse", "traces", "create", "t")
    openai.faults = [dict(answer("yes"), usage=usage)]
    assert run("summarize", "a text", "--trace-id", "t").code == 0
    shown = run("fuse", "traces", "tv", "t").out
    assert "output_reasoning_tokens=4" in shown and "output=2" in shown and "total=15" in shown
