"""What model services answer, as their public references show it, and what it says."""

import json

from coaiapy.llm.answers import ModelAnswer


def sse(events):
    """The bytes of a stream of server-sent events, as text."""
    texts = []
    for event in events:
        name = event.get("type") if isinstance(event, dict) else None
        data = event if isinstance(event, str) else json.dumps(event)
        texts.append(("event: {}\n".format(name) if name else "") + "data: " + data + "\n\n")
    return "".join(texts)


def lines(events):
    return "".join(json.dumps(event) + "\n" for event in events)


# platform.openai.com/docs/api-reference/chat/object, with cached and reasoning tokens
CHAT = {
    "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    "object": "chat.completion",
    "created": 1741570283,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello! How can I help?",
                "refusal": None,
                "annotations": [],
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 1117,
        "completion_tokens": 46,
        "total_tokens": 1163,
        "prompt_tokens_details": {"cached_tokens": 117, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 6},
    },
    "service_tier": "default",
    "system_fingerprint": "fp_fc9f1d7035",
}
CHAT_USAGE = {
    "input": 1000,
    "input_cached_tokens": 117,
    "input_audio_tokens": 0,
    "output": 40,
    "output_reasoning_tokens": 6,
    "total": 1163,
}


def chunk(*choices, **rest):
    head = {"id": "chatcmpl-123", "object": "chat.completion.chunk", "created": 1694268190}
    return dict(head, model="gpt-4o-mini", choices=list(choices), **rest)


def delta(text=None, finish=None, index=0):
    content = {} if text is None else {"content": text}
    return {"index": index, "delta": content, "logprobs": None, "finish_reason": finish}


CHAT_STREAM = [
    chunk(delta(""), usage=None),
    chunk(delta("Hel"), usage=None),
    chunk(delta("lo"), usage=None),
    chunk(delta(finish="length"), usage=None),
    chunk(usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}),
    "[DONE]",
]
COMPLETION = {
    "id": "cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7",
    "object": "text_completion",
    "created": 1589478378,
    "model": "gpt-3.5-turbo-instruct",
    "choices": [
        {"text": "\n\nThis is a test", "index": 0, "logprobs": None, "finish_reason": "length"}
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
}
# platform.openai.com/docs/api-reference/responses/object
RESPONSE = {
    "id": "resp_67ccd3a9da748190baa7f1570fe91ac604becb25c45c1d41",
    "object": "response",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "o4-mini-2025-04-16",
    "output": [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Thinking of it"}],
            "content": [{"type": "reasoning_text", "text": "hidden"}],
        },
        {
            "type": "message",
            "id": "msg_67ccd3acc8d48190a77525dc6de64b4104becb25c45c1d41",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "A cat ", "annotations": []},
                {"type": "output_text", "text": "sleeps.", "annotations": []},
            ],
        },
    ],
    "usage": {
        "input_tokens": 36,
        "input_tokens_details": {"cached_tokens": 6},
        "output_tokens": 87,
        "output_tokens_details": {"reasoning_tokens": 7},
        "total_tokens": 123,
    },
}
RESPONSE_USAGE = {
    "input": 30,
    "input_cached_tokens": 6,
    "output": 80,
    "output_reasoning_tokens": 7,
    "total": 123,
}
BEGUN = dict(RESPONSE, status="in_progress", output=[], usage=None)
RESPONSE_STREAM = [
    {"type": "response.created", "response": BEGUN, "sequence_number": 0},
    {"type": "response.in_progress", "response": BEGUN},
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
    {"type": "response.output_text.delta", "item_id": "m", "delta": "A cat "},
    {"type": "response.output_text.delta", "item_id": "m", "delta": "sleeps."},
    {"type": "response.output_text.done", "item_id": "m", "text": "A cat sleeps."},
    {"type": "response.completed", "response": RESPONSE},
]
# docs.anthropic.com/en/api/messages
MESSAGE = {
    "id": "msg_013Zva2CMHLNnjNjJJKqJ2EF",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [
        {"type": "thinking", "thinking": "They greet me.", "signature": "EqQB"},
        {"type": "text", "text": "Hi! My name is Claude."},
    ],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 2095,
        "cache_creation_input_tokens": 2051,
        "cache_read_input_tokens": 51,
        "cache_creation": {"ephemeral_5m_input_tokens": 2051},
        "output_tokens": 503,
        "service_tier": "standard",
    },
}
MESSAGE_STREAM = [
    {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": "claude-opus-4-1",
            "stop_reason": None,
            "usage": {"input_tokens": 25, "cache_read_input_tokens": 4, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
    {"type": "ping"},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "thinking_delta", "thinking": "Let me"},
    },
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hello"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "!"}},
    {"type": "content_block_stop", "index": 1},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 15},
    },
    {"type": "message_stop"},
]


# ai.google.dev/api/generate-content
def gemini(parts, finish="STOP", **usage):
    return {
        "candidates": [
            {"content": {"parts": parts, "role": "model"}, "finishReason": finish, "index": 0}
        ],
        "usageMetadata": usage,
        "modelVersion": "gemini-2.5-flash",
        "responseId": "mAitaLmkHPPlz7IPvtfUqQ4",
    }


GEMINI = gemini(
    [{"text": "Is it?", "thought": True}, {"text": "AI learns "}, {"text": "from data."}],
    promptTokenCount=8,
    candidatesTokenCount=20,
    thoughtsTokenCount=5,
    totalTokenCount=33,
    promptTokensDetails=[{"modality": "TEXT", "tokenCount": 8}],
)
GEMINI_STREAM = [
    gemini([{"text": "AI learns "}], promptTokenCount=8, totalTokenCount=8),
    gemini(
        [{"text": "from data."}],
        promptTokenCount=8,
        candidatesTokenCount=20,
        thoughtsTokenCount=5,
        totalTokenCount=33,
    ),
]
GEMINI_USAGE = {"input": 8, "output": 20, "output_reasoning_tokens": 5, "total": 33}
# docs.ollama.com/api
OLLAMA_END = {
    "done": True,
    "done_reason": "stop",
    "total_duration": 4883583458,
    "load_duration": 1334875,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 342546000,
    "eval_count": 282,
    "eval_duration": 4535599000,
}
OLLAMA = {"model": "llama3.2", "created_at": "2023-08-04T19:22:45.499127Z"}
OLLAMA_CHAT = [
    dict(OLLAMA, message={"role": "assistant", "content": "The "}, done=False),
    dict(OLLAMA, message={"role": "assistant", "content": "sky"}, done=False),
    dict(OLLAMA, message={"role": "assistant", "content": ""}, **OLLAMA_END),
]
OLLAMA_GENERATE = [
    dict(OLLAMA, response="The ", done=False),
    dict(OLLAMA, response="sky", done=False),
    dict(OLLAMA, response="", context=[1, 2, 3], **OLLAMA_END),
]
SKY = ModelAnswer("llama3.2", {"input": 26, "output": 282}, "The sky", "stop")
HELLO = ModelAnswer("gpt-4o-mini", {"input": 9, "output": 2, "total": 11}, "Hello", "length")
CAT = ModelAnswer("o4-mini-2025-04-16", RESPONSE_USAGE, "A cat sleeps.", "completed")
LEARNS = ModelAnswer("gemini-2.5-flash", GEMINI_USAGE, "AI learns from data.", "STOP")

# what is printed, and what it says
KNOWN = {
    "OpenAI chat": (
        json.dumps(CHAT),
        ModelAnswer("gpt-4o-2024-08-06", CHAT_USAGE, "Hello! How can I help?", "stop"),
    ),
    "OpenAI chat, streamed": (sse(CHAT_STREAM), HELLO),
    "OpenAI chat, the events only": (lines(CHAT_STREAM[:-1]), HELLO),
    "OpenRouter's comments": (": OPENROUTER PROCESSING\n\n" + sse(CHAT_STREAM), HELLO),
    "OpenAI completions": (
        json.dumps(COMPLETION, indent=2),
        ModelAnswer(
            "gpt-3.5-turbo-instruct",
            {"input": 5, "output": 7, "total": 12},
            "\n\nThis is a test",
            "length",
        ),
    ),
    "OpenAI responses": (json.dumps(RESPONSE, indent=2), CAT),
    "OpenAI responses, streamed": (sse(RESPONSE_STREAM), CAT),
    "OpenAI responses, a limit": (
        json.dumps(
            dict(RESPONSE, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
        ),
        CAT._replace(finish_reason="max_output_tokens"),
    ),
    "Anthropic": (
        json.dumps(MESSAGE),
        ModelAnswer(
            "claude-sonnet-4-5",
            {
                "input": 2095,
                "cache_creation_input_tokens": 2051,
                "cache_read_input_tokens": 51,
                "output": 503,
            },
            "Hi! My name is Claude.",
            "end_turn",
        ),
    ),
    "Anthropic, streamed": (
        sse(MESSAGE_STREAM),
        ModelAnswer(
            "claude-opus-4-1",
            {"input": 25, "cache_read_input_tokens": 4, "output": 15},
            "Hello!",
            "end_turn",
        ),
    ),
    "Gemini": (json.dumps(GEMINI, indent=2), LEARNS),
    "Gemini, events": (sse(GEMINI_STREAM), LEARNS),
    "Gemini, a list": (json.dumps(GEMINI_STREAM, indent=2), LEARNS),
    "Gemini, a prompt that is refused": (
        json.dumps(
            {
                "promptFeedback": {"blockReason": "SAFETY"},
                "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8},
                "modelVersion": "gemini-2.5-flash",
            }
        ),
        ModelAnswer("gemini-2.5-flash", {"input": 8, "total": 8}, None, "SAFETY"),
    ),
    "Ollama chat": (
        json.dumps(dict(OLLAMA, message={"role": "assistant", "content": "The sky"}, **OLLAMA_END)),
        SKY,
    ),
    "Ollama chat, streamed": (lines(OLLAMA_CHAT), SKY),
    "Ollama generate, streamed": (lines(OLLAMA_GENERATE), SKY),
}
