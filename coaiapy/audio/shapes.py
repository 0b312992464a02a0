"""What the answers of services for speech look like: the table that each of them is checked with.

A needed field that does not fit makes the whole answer an error; a known one is left out then.
"""

from typing import Any

from coaiapy.audio.transcripts import seconds_in
from coaiapy.util.formats.shapes import each, either, maybe, name, record, some, text, whole
from coaiapy.util.text.wording import described


def seconds(value: Any) -> float:
    """Accept a number of seconds, given as number or text."""
    found = seconds_in(value)
    if found is None:
        raise ValueError(described(value))
    return found


def mark(value: Any) -> str:
    """Accept the type of what is not spoken."""
    if value != "punctuation":
        raise ValueError(described(value))
    return str(value)


# OpenAI and services like it: platform.openai.com/docs/api-reference/audio
_SEGMENT = record(
    "a segment", {}, {"start": seconds, "end": seconds, "text": text, "speaker": maybe(text)}
)
TRANSCRIPTION = record(
    "a transcription",
    {"text": text, "segments": maybe(each(_SEGMENT))},
    {"language": maybe(text), "duration": maybe(seconds)},
)

# Amazon Polly: docs.aws.amazon.com/polly/latest/dg
_VOICE = record(
    "a voice",
    {"Id": name, "Name": name, "LanguageCode": name},
    {
        "LanguageName": text,
        "Gender": text,
        "AdditionalLanguageCodes": maybe(each(text)),
        "SupportedEngines": maybe(each(text)),
    },
)
VOICES = record("a list of voices", {"Voices": each(_VOICE)}, {"NextToken": maybe(text)})
SPEECH = record("speech", {}, {"ContentType": text, "RequestCharacters": whole})

# Amazon Transcribe: docs.aws.amazon.com/transcribe/latest
JOB = record(
    "a job",
    {
        "TranscriptionJob": record(
            "a transcription job",
            {"TranscriptionJobStatus": name},
            {"LanguageCode": text, "FailureReason": text},
        )
    },
)
_SPOKEN = some(record("an alternative", {"content": text}))
_MARK = record("a mark", {"type": mark, "alternatives": _SPOKEN})
_WORD = record(
    "a word",
    {"start_time": seconds, "end_time": seconds, "alternatives": _SPOKEN},
    {"speaker_label": maybe(text)},
)
_AUDIO_SEGMENT = record(
    "a segment",
    {"start_time": seconds, "end_time": seconds, "transcript": text},
    {"speaker_label": maybe(text)},
)
_RESULTS = record(
    "results",
    {
        "transcripts": some(record("a transcript", {"transcript": text})),
        "items": maybe(each(either(_MARK, _WORD))),
        "audio_segments": maybe(each(_AUDIO_SEGMENT)),
    },
    {"language_code": maybe(text)},
)
TRANSCRIPT = record("a transcript", {"results": _RESULTS})

# A refusal of any of them, as boto3 returns it.
REFUSAL = record(
    "a refusal", {}, {"Error": record("an error", {}, {"Code": text, "Message": text})}
)
