"""Usage objects as the services' documentation shows them, and as numbers of units by name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.langfuse.records import usage
from coaiapy.langfuse.records.records import observation_from

# service: (what it answers, what Langfuse shows, the total that it shows)
SERVICES = {
    "OpenAI chat completions": (
        {
            "prompt_tokens": 1117,
            "completion_tokens": 46,
            "total_tokens": 1163,
            "prompt_tokens_details": {"cached_tokens": 117, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 6,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        {
            "input": 1000,
            "input_cached_tokens": 117,
            "input_audio_tokens": 0,
            "output": 40,
            "output_reasoning_tokens": 6,
            "output_audio_tokens": 0,
            "output_accepted_prediction_tokens": 0,
            "output_rejected_prediction_tokens": 0,
            "total": 1163,
        },
        1163,
    ),
    "OpenAI responses": (
        {
            "input_tokens": 36,
            "input_tokens_details": {"cached_tokens": 6},
            "output_tokens": 87,
            "output_tokens_details": {"reasoning_tokens": 7},
            "total_tokens": 123,
        },
        {
            "input": 30,
            "input_cached_tokens": 6,
            "output": 80,
            "output_reasoning_tokens": 7,
            "total": 123,
        },
        123,
    ),
    "OpenAI embeddings": (
        {"prompt_tokens": 8, "total_tokens": 8},
        {"input": 8, "total": 8},
        8,
    ),
    "OpenAI transcription by tokens": (
        {
            "type": "tokens",
            "input_tokens": 14,
            "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
            "output_tokens": 45,
            "total_tokens": 59,
        },
        {"input": 0, "input_text_tokens": 4, "input_audio_tokens": 10, "output": 45, "total": 59},
        59,
    ),
    "OpenAI transcription by time": ({"type": "duration", "seconds": 9}, {"seconds": 9}, 9),
    "Anthropic": (
        {
            "input_tokens": 2095,
            "cache_creation_input_tokens": 2051,
            "cache_read_input_tokens": 2051,
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 2051},
            "output_tokens": 503,
            "server_tool_use": {"web_search_requests": 1},
            "service_tier": "standard",
        },
        {
            "input": 2095,
            "cache_creation_input_tokens": 2051,
            "cache_read_input_tokens": 2051,
            "output": 503,
        },
        6700,
    ),
    "Gemini": (
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 40,
            "candidatesTokenCount": 20,
            "thoughtsTokenCount": 5,
            "toolUsePromptTokenCount": 3,
            "totalTokenCount": 128,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}],
            "trafficType": "ON_DEMAND",
        },
        {
            "input": 60,
            "input_cached_tokens": 40,
            "output": 20,
            "output_reasoning_tokens": 5,
            "input_tool_use_tokens": 3,
            "total": 128,
        },
        128,
    ),
    "Gemini in Python": (
        {
            "prompt_token_count": 7,
            "candidates_token_count": 3,
            "thoughts_token_count": 2,
            "total_token_count": 12,
            "cached_content_token_count": None,
            "prompt_tokens_details": [{"modality": "TEXT", "token_count": 7}],
        },
        {"input": 7, "output": 3, "output_reasoning_tokens": 2, "total": 12},
        12,
    ),
    "Ollama": (
        {
            "model": "llama3.2",
            "created_at": "2023-08-04T19:22:45.499127Z",
            "done": True,
            "done_reason": "stop",
            "total_duration": 4883583458,
            "load_duration": 1334875,
            "prompt_eval_count": 26,
            "prompt_eval_duration": 342546000,
            "eval_count": 282,
            "eval_duration": 4535599000,
        },
        {"input": 26, "output": 282},
        308,
    ),
    "DeepSeek": (
        {
            "prompt_tokens": 50,
            "completion_tokens": 10,
            "total_tokens": 60,
            "prompt_cache_hit_tokens": 20,
            "prompt_cache_miss_tokens": 30,
        },
        {"input": 30, "input_cached_tokens": 20, "output": 10, "total": 60},
        60,
    ),
    "Amazon Bedrock": (
        {"inputTokens": 11, "outputTokens": 5, "totalTokens": 16},
        {"input": 11, "output": 5, "total": 16},
        16,
    ),
    "Groq": (
        {
            "queue_time": 0.037,
            "prompt_tokens": 18,
            "prompt_time": 0.0006,
            "completion_tokens": 556,
            "completion_time": 0.46,
            "total_tokens": 574,
            "total_time": 1.0,
        },
        {"input": 18, "output": 556, "total": 574},
        574,
    ),
    "OpenRouter": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "total_tokens": 12,
            "cost": 1.0,
            "cost_details": {"upstream_inference_cost": 2},
            "is_byok": False,
        },
        {"input": 10, "output": 2, "total": 12},
        12,
    ),
    "Cohere": (
        {
            "billed_units": {"input_tokens": 5.0, "output_tokens": 418.0},
            "tokens": {"input_tokens": 71.0, "output_tokens": 418.0},
        },
        {"input": 71, "output": 418},
        489,
    ),
    "LiteLLM": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 30, "text_tokens": None},
            "cache_read_input_tokens": 30,
            "cache_creation_input_tokens": 10,
        },
        {
            "input": 60,
            "input_cached_tokens": 30,
            "cache_creation_input_tokens": 10,
            "output": 20,
            "total": 120,
        },
        120,
    ),
    "xAI": (
        {
            "prompt_tokens": 37,
            "completion_tokens": 9,
            "total_tokens": 140,
            "completion_tokens_details": {"reasoning_tokens": 94},
        },
        {"input": 37, "output": 9, "output_reasoning_tokens": 94, "total": 140},
        140,
    ),
    "a whole answer": (
        {"id": "x", "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3}},
        {"input": 7, "output": 3},
        10,
    ),
    "llama.cpp": (
        {"prompt_n": 10, "prompt_ms": 100.5, "predicted_n": 5, "tokens_cached": 14},
        {"input": 10, "output": 5},
        15,
    ),
    "an older SDK": (
        {"promptTokens": 1, "completionTokens": 2, "totalTokens": 3, "unit": "TOKENS"},
        {"input": 1, "output": 2, "total": 3},
        3,
    ),
}


def total(counts):
    """What Langfuse shows: the total that was given, else the sum."""
    return counts.get("total", sum(counts.values()))


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_the_usage_of_a_service_becomes_counts_that_are_there_once(service):
    answered, shown, whole = SERVICES[service]
    assert usage.counts(answered) == shown
    assert total(shown) == whole
    parts = sum(shown.values()) - shown.get("total", 0)
    assert "total" not in shown or parts == whole
    assert usage.counts(shown) == shown
    observation = observation_from({"usage": answered}, "t")
    assert observation.usage == shown


@pytest.mark.parametrize(
    "given, shown",
    [
        ({"input": 12.0, "output": 3.0}, {"input": 12, "output": 3}),
        ({"my_units": 2, "input": None}, {"my_units": 2}),
        ({"unit": "TOKENS", "total": 5}, {"total": 5}),
        ({"prompt_tokens": 3, "input": 3}, {"input": 3}),
        ({}, {}),
    ],
)
def test_own_names_stay_and_whole_numbers_may_have_a_fraction_of_zero(given, shown):
    assert usage.counts(given) == shown


@pytest.mark.parametrize(
    "given, said",
    [
        ({"input": -1}, "input must be a whole number, not -1"),
        ({"input": 1.5}, "input must be a whole number, not 1.5"),
        ({"input": "12"}, "input must be a whole number, not '12'"),
        ({"input": True}, "input must be a whole number, not True"),
        ({"input": {"text": 3}}, "input must be a whole number"),
        ({"prompt_tokens": "x"}, "prompt_tokens must be a whole number"),
        ({"prompt_tokens": 3, "input": 4}, "input says 4, but"),
        ({"input": 3, "input_tokens": 4}, "input_tokens says 4, but"),
        ({"input": 3, "inputCost": 0.1}, "inputCost is a price .*: give it as cost"),
    ],
)
def test_what_is_no_count_is_refused_and_of_an_answer_left_out(given, said):
    with pytest.raises(ValueError, match=said):
        usage.counts(given)
    assert usage.counts_or_none(given) == {}


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())
)
NAMES = st.sampled_from(sorted({name for answered, _, _ in SERVICES.values() for name in answered}))


@given(st.dictionaries(NAMES | st.text(), VALUES | st.dictionaries(st.text(), VALUES)))
def test_any_answer_becomes_counts_or_is_refused(answered):
    found = usage.counts_or_none(answered)
    assert all(type(count) is int and count >= 0 for count in found.values())
    assert usage.counts_or_none(found) == found
    json.dumps(found)
