"""What services other than Langfuse answer, as their public references show it."""

import json

from model_answers import CHAT, sse

JSON = {"content-type": "application/json"}
AUDIO = {"content-type": "audio/mpeg", "x-amzn-requestcharacters": "5"}
EVENTS = {"content-type": "text/event-stream"}
# docs.github.com/en/rest/issues/issues
ISSUE = {
    "id": 1,
    "number": 12,
    "title": "Found a bug",
    "state": "open",
    "body": "It does not work",
    "user": {"login": "ann", "id": 2},
    "assignee": {"login": "bob", "id": 3},
    "labels": [{"id": 4, "name": "bug", "color": "f29513"}, "ui"],
    "html_url": "https://github.com/o/r/issues/12",
    "created_at": "2011-04-22T13:33:48Z",
}
CHAT_EVENTS = [
    {
        "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": "<think>so</think>Hello"}}
        ]
    },
    {"choices": [{"index": 0, "delta": {"content": " there"}}], "model": "m"},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": CHAT["usage"]},
]
# platform.openai.com/docs/api-reference/audio
TRANSCRIPTION = {
    "text": "Hello there",
    "language": "english",
    "duration": 1.5,
    "segments": [
        {"id": 0, "start": 0.0, "end": 0.7, "text": " Hello", "speaker": "A"},
        {"id": 1, "start": 0.7, "end": 1.5, "text": " there", "speaker": "B"},
    ],
    "usage": {"type": "duration", "seconds": 2},
}
# docs.aws.amazon.com/polly/latest/dg/API_DescribeVoices.html
VOICES = {
    "Voices": [
        {
            "Gender": "Female",
            "Id": "Joanna",
            "LanguageCode": "en-US",
            "LanguageName": "US English",
            "Name": "Joanna",
            "AdditionalLanguageCodes": ["en-GB"],
            "SupportedEngines": ["neural", "standard"],
        }
    ]
}
# docs.aws.amazon.com/transcribe/latest/APIReference
JOB = {
    "TranscriptionJob": {
        "TranscriptionJobName": "job",
        "TranscriptionJobStatus": "COMPLETED",
        "LanguageCode": "en-US",
        "Transcript": {"TranscriptFileUri": "https://s3.amazonaws.com/b/transcript.json"},
        "CreationTime": 1600000000.0,
    }
}
_WORDS = (("0.0", "0.5", "Hello"), ("0.6", "1.0", "there"))
TRANSCRIPT = {
    "jobName": "job",
    "status": "COMPLETED",
    "results": {
        "language_code": "en-US",
        "transcripts": [{"transcript": "Hello there."}],
        "items": [
            {
                "type": "pronunciation",
                "start_time": start,
                "end_time": end,
                "alternatives": [{"confidence": "0.99", "content": word}],
            }
            for start, end, word in _WORDS
        ]
        + [{"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "."}]}],
        "audio_segments": [
            {
                "id": 0,
                "transcript": "Hello there.",
                "start_time": "0.0",
                "end_time": "1.0",
                "items": [0, 1, 2],
            }
        ],
    },
}


def answer(method, url, headers, body):
    """Return what GitHub, OpenAI, Amazon Polly, S3 or Transcribe answers to a request."""
    path = url.split("?")[0]
    if path.endswith("/issues"):
        return _value([ISSUE, dict(ISSUE, id=2, number=13)])
    if "/issues/" in path:
        return _value(ISSUE)
    if path.endswith("/chat/completions"):
        if b'"stream": true' in body:
            return 200, sse(CHAT_EVENTS + ["[DONE]"]).encode("utf-8"), EVENTS
        return _value(CHAT)
    if path.endswith("/audio/transcriptions"):
        return _value(TRANSCRIPTION)
    return _of_aws(method, path, headers)


def _of_aws(method, path, headers):
    if path.endswith("/speech"):
        return 200, b"ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00" + bytes(413), AUDIO
    if path.endswith("/voices"):
        return _value(VOICES)
    if headers.get("x-amz-target", "").startswith("Transcribe."):
        return _value({} if headers["x-amz-target"].endswith(".Delete") else JOB)
    if method == "GET" and path.endswith("/transcript.json"):
        return _value(TRANSCRIPT)
    return (204 if method == "DELETE" else 200), b"", {"etag": '"x"'}


def _value(value):
    return 200, json.dumps(value).encode("utf-8"), JSON
