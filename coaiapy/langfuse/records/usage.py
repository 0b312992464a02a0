"""Reads the usage objects of model services as numbers of tokens by Langfuse's names.

OpenAI's two forms are flattened as Langfuse's own API does: ``input`` and ``output`` are what remains
beside the parts that have a name of their own (``input_cached_tokens``), so that nothing is counted
twice. Other services count some parts inside of the input or output and some beside it; one table has
all of their names.
"""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple


class _Meaning(NamedTuple):
    """Our name for a count; ``inside`` is the count that it is a part of."""

    name: str
    inside: str = ""


_INPUT, _OUTPUT, _TOTAL = _Meaning("input"), _Meaning("output"), _Meaning("total")
_CACHED = _Meaning("input_cached_tokens", "input")
_REASONING = _Meaning("output_reasoning_tokens", "output")
_MEANINGS: Dict[str, _Meaning] = {
    # OpenAI's chat completions, and the services that answer like it
    "prompt_tokens": _INPUT,
    "completion_tokens": _OUTPUT,
    "total_tokens": _TOTAL,
    # OpenAI's responses; Anthropic's messages, where the cache counts beside the input
    "input_tokens": _INPUT,
    "output_tokens": _OUTPUT,
    "cache_read_input_tokens": _Meaning("cache_read_input_tokens"),
    "cache_creation_input_tokens": _Meaning("cache_creation_input_tokens"),
    # Gemini's usageMetadata, where thoughts and results of tools count beside the rest
    "promptTokenCount": _INPUT,
    "candidatesTokenCount": _OUTPUT,
    "totalTokenCount": _TOTAL,
    "cachedContentTokenCount": _CACHED,
    "thoughtsTokenCount": _Meaning("output_reasoning_tokens"),
    "toolUsePromptTokenCount": _Meaning("input_tool_use_tokens"),
    "prompt_token_count": _INPUT,
    "candidates_token_count": _OUTPUT,
    "total_token_count": _TOTAL,
    "cached_content_token_count": _CACHED,
    "thoughts_token_count": _Meaning("output_reasoning_tokens"),
    "tool_use_prompt_token_count": _Meaning("input_tool_use_tokens"),
    # Ollama's own API
    "prompt_eval_count": _INPUT,
    "eval_count": _OUTPUT,
    # DeepSeek, beside OpenAI's names
    "prompt_cache_hit_tokens": _CACHED,
    # Amazon Bedrock, the Vercel AI SDK, older Langfuse SDKs
    "inputTokens": _INPUT,
    "outputTokens": _OUTPUT,
    "promptTokens": _INPUT,
    "completionTokens": _OUTPUT,
    "totalTokens": _TOTAL,
    "cacheReadInputTokens": _Meaning("cache_read_input_tokens"),
    "cacheWriteInputTokens": _Meaning("cache_creation_input_tokens"),
    "cacheReadInputTokenCount": _Meaning("cache_read_input_tokens"),
    "cacheWriteInputTokenCount": _Meaning("cache_creation_input_tokens"),
    "cachedInputTokens": _CACHED,
    "reasoningTokens": _REASONING,
    # Models of Amazon (Titan, Llama) and IBM, llama.cpp, Mistral and Together, Pydantic AI
    "inputTextTokenCount": _INPUT,
    "generation_token_count": _OUTPUT,
    "input_token_count": _INPUT,
    "output_token_count": _OUTPUT,
    "generated_token_count": _OUTPUT,
    "prompt_n": _INPUT,
    "predicted_n": _OUTPUT,
    "num_cached_tokens": _CACHED,
    "cached_tokens": _CACHED,
    "request_tokens": _INPUT,
    "response_tokens": _OUTPUT,
    # OpenAI's transcriptions that are billed by time
    "seconds": _Meaning("seconds"),
}
# Objects whose counts are parts of the input or output.
_DETAILS = {
    "prompt_tokens_details": "input",
    "input_tokens_details": "input",
    "input_token_details": "input",
    "completion_tokens_details": "output",
    "output_tokens_details": "output",
    "output_token_details": "output",
}
_OPENAI = ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")
# Where an answer has its usage object; Cohere counts tokens, and beside them what it bills.
_WRAPPERS = ("usage", "usageMetadata", "usage_metadata", "meta", "tokens", "billed_units")
# The caches that count beside the input, unless the total says that they are in it (LiteLLM).
_CACHES = ("cache_read_input_tokens", "cache_creation_input_tokens")
_PRICES = ("inputCost", "outputCost", "totalCost")  # in usage objects of Langfuse's older SDKs
# Whole numbers beside these names that are no tokens, or tokens that another name has counted.
_OTHER_NUMBERS = (
    "prompt_cache_miss_tokens",
    "tokens_cached",
    "num_sources_used",
    "requests",
    "cost",
    "created",
    "index",
)
_OTHER_ENDINGS = ("_duration", "_time", "_ms", "_at", "_cost")


def is_of_openai(usage: Mapping[str, Any]) -> bool:
    """Tell whether these are counts by OpenAI's names, which servers rename when they get them."""
    return any(name in usage for name in _OPENAI)


def counts(usage: Mapping[str, Any]) -> Dict[str, int]:
    """Return numbers of units by name, such as ``{"input": 12, "output": 3}``.

    ``usage`` is such a mapping, or the usage object of a model service as it comes, or an answer
    that has one. What a service adds to it that is no count (prices, times, a service tier) is left
    out. Raises ``ValueError`` for a count that is not a whole number from 0 up, and for two names
    that contradict each other.
    """
    usage = _unwrapped(usage)
    is_of_service = any(name in _MEANINGS or name in _DETAILS for name in usage)
    found: Dict[str, int] = {}
    inside: Dict[str, str] = {}
    for name, meaning, value in _entries(usage):
        is_foreign = meaning is None and is_of_service and _is_other(name, value)
        if name == "unit" or value is None or is_foreign:
            continue
        count = _whole(name, value)
        our, part_of = meaning or _Meaning(name)
        if found.get(our, count) != count:
            raise ValueError(
                "{} says {}, but {} was {} already".format(name, count, our, found[our])
            )
        if our not in found and part_of:
            inside[our] = part_of
        found[our] = count
    _heed_total(found, inside)
    for our, whole in inside.items():
        if whole in found:
            found[whole] = max(0, found[whole] - found[our])
    return found


def _unwrapped(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in _WRAPPERS:  # an answer has a few around each other, a hostile one as many as it likes
        inside = [usage[name] for name in _WRAPPERS if isinstance(usage.get(name), dict)]
        if not inside:
            break
        usage = inside[0]
    return usage


def _heed_total(found: Dict[str, int], inside: Dict[str, str]) -> None:
    """Correct what is inside of what by the total; a cache that has two names counts once."""
    both = found.get("input", 0) + found.get("output", 0)
    reasoning = found.get(_REASONING.name, 0)
    if reasoning and found.get("total") == both + reasoning:  # xAI's reasoning is beside the output
        inside.pop(_REASONING.name, None)
    if found.get("total") != both:
        return
    if found.get(_CACHED.name) == found.get(_CACHES[0]):
        found.pop(_CACHES[0], None)
    inside.update((name, "input") for name in _CACHES if name in found)


def counts_or_none(usage: Any) -> Dict[str, int]:
    """Return what ``counts`` returns, and an empty dict for what it would refuse."""
    try:
        return counts(usage) if isinstance(usage, dict) else {}
    except ValueError:
        return {}


def _entries(usage: Mapping[str, Any]) -> List[Tuple[str, Optional[_Meaning], Any]]:
    """Return the name, the meaning and the value of each count, details after all others."""
    entries = [
        (name, _MEANINGS.get(name), value) for name, value in usage.items() if name not in _DETAILS
    ]
    for name, whole in _DETAILS.items():
        details = usage.get(name)
        for part, value in details.items() if isinstance(details, dict) else ():
            if not isinstance(value, (dict, list)):
                entries.append((part, _Meaning("{}_{}".format(whole, part), whole), value))
    return entries


def _is_other(name: str, value: Any) -> bool:
    named = name in _OTHER_NUMBERS or name.endswith(_OTHER_ENDINGS)
    return named or isinstance(value, bool) or not _is_whole(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) or isinstance(value, float) and value.is_integer()


def _whole(name: str, value: Any) -> int:
    if name in _PRICES:
        raise ValueError("{0} is a price and no number of tokens: give it as cost".format(name))
    if isinstance(value, bool) or not _is_whole(value) or value < 0:
        raise ValueError("{} must be a whole number, not {!r}".format(name, value))
    return int(value)
