"""Transcripts: text with times; joins those of parts, and writes text, SRT, WebVTT or JSON."""

import json
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

# More than 300 years: a larger value cannot be the time in a recording.
LONGEST_SECONDS = 1e10


class Segment(NamedTuple):
    """What was said from ``start`` to ``end``, in seconds from the beginning of the recording."""

    start: float
    end: float
    text: str


class Transcript(NamedTuple):
    """The transcript of a recording; ``segments`` is empty if the service gave no times."""

    text: str
    segments: Tuple[Segment, ...] = ()
    language: Optional[str] = None
    seconds: Optional[float] = None


def seconds_in(value: Any) -> Optional[float]:
    """Return a number of seconds from a service, given as number or text; else ``None``."""
    try:
        seconds = None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds is not None and abs(seconds) <= LONGEST_SECONDS else None


def shifted(segments: Sequence[Segment], start: float, end: Optional[float]) -> List[Segment]:
    """Return the segments of a part with times from the beginning of the whole recording.

    The part lasts from ``start`` to ``end`` (seconds). Times after ``end`` become ``end``: models
    often let the last segment end after the part itself.
    """
    moved = []
    for segment in segments:
        latest = float("inf") if end is None else end
        begin = min(max(segment.start, 0.0) + start, latest)
        moved.append(Segment(begin, max(begin, min(segment.end + start, latest)), segment.text))
    return moved


def joined(transcripts: Sequence[Transcript]) -> Transcript:
    """Return the transcripts of consecutive parts, whose times are already shifted, as one."""
    said = [transcript.text.strip() for transcript in transcripts]
    segments = [segment for transcript in transcripts for segment in transcript.segments]
    known = [transcript.seconds for transcript in transcripts if transcript.seconds is not None]
    return Transcript(
        text=" ".join(text for text in said if text),
        segments=tuple(segments),
        language=next((one.language for one in transcripts if one.language), None),
        seconds=sum(known) if len(known) == len(transcripts) else None,
    )


def as_text(transcript: Transcript) -> str:
    """Return only the text."""
    return transcript.text.strip() + "\n"


def as_srt(transcript: Transcript) -> str:
    """Return SubRip subtitles."""
    blocks = []
    for number, segment in enumerate(_cues(transcript), 1):
        times = "{} --> {}".format(_clock(segment.start, ","), _clock(segment.end, ","))
        blocks.append("{}\n{}\n{}\n".format(number, times, segment.text))
    return "\n".join(blocks)


def as_vtt(transcript: Transcript) -> str:
    """Return WebVTT subtitles."""
    blocks = ["WEBVTT\n"]
    for segment in _cues(transcript):
        times = "{} --> {}".format(_clock(segment.start, "."), _clock(segment.end, "."))
        text = segment.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append("{}\n{}\n".format(times, text))
    return "\n".join(blocks)


def as_object(transcript: Transcript) -> Dict[str, Any]:
    """Return the transcript as an object: ``text``, ``language``, ``duration``, ``segments``."""
    return {
        "text": transcript.text.strip(),
        "language": transcript.language,
        "duration": None if transcript.seconds is None else round(transcript.seconds, 3),
        "segments": [
            {"id": number, "start": round(one.start, 3), "end": round(one.end, 3), "text": one.text}
            for number, one in enumerate(transcript.segments)
        ],
    }


def as_json(transcript: Transcript) -> str:
    """Return the transcript as JSON text."""
    return json.dumps(as_object(transcript), ensure_ascii=False, indent=2) + "\n"


FORMATS: Dict[str, Callable[[Transcript], str]] = {
    "text": as_text,
    "srt": as_srt,
    "vtt": as_vtt,
    "json": as_json,
}
SUFFIXES = {"text": ".txt", "srt": ".srt", "vtt": ".vtt", "json": ".json"}
# The formats that need times.
TIMED = ("srt", "vtt")


def _cues(transcript: Transcript) -> List[Segment]:
    """Return the segments with their texts on one line, without empty ones."""
    cues = [one._replace(text=" ".join(one.text.split())) for one in transcript.segments]
    return [one for one in cues if one.text]


def _clock(seconds: float, point: str) -> str:
    milliseconds = int(round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60000)
    return "{:02d}:{:02d}:{:02d}{}{:03d}".format(
        minutes // 60, minutes % 60, rest // 1000, point, rest % 1000
    )
