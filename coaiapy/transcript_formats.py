"""Transcripts: text with times, joined from parts, written as text, SRT, WebVTT or JSON."""

import json
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

# More than a hundred years: no recording has so many.
LONGEST_SECONDS = 1e10


class Segment(NamedTuple):
    """What was said from ``start`` to ``end``, in seconds from the beginning of the recording."""

    start: float
    end: float
    text: str


class Transcript(NamedTuple):
    """What was said in a recording; there are no segments where the service gave no times."""

    text: str
    segments: Tuple[Segment, ...] = ()
    language: Optional[str] = None
    seconds: Optional[float] = None


def seconds_in(value: Any) -> Optional[float]:
    """Return the seconds that a service says, as a number or as text; ``None`` for anything else."""
    try:
        seconds = None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds is not None and abs(seconds) <= LONGEST_SECONDS else None


def shifted(segments: Sequence[Segment], start: float, end: Optional[float]) -> List[Segment]:
    """Return the segments of a part that begins at ``start``, none of them beyond its ``end``.

    Models like to let the last segment of a part end later than the part itself.
    """
    moved = []
    for segment in segments:
        latest = float("inf") if end is None else end
        begin = min(max(segment.start, 0.0) + start, latest)
        moved.append(Segment(begin, max(begin, min(segment.end + start, latest)), segment.text))
    return moved


def joined(transcripts: Sequence[Transcript]) -> Transcript:
    """Return the transcripts of consecutive parts as one; times are those of the recording."""
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
    """Return the text alone."""
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
    """Return the transcript as a JSON object: text, language, seconds, segments."""
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
# These are nothing without times.
TIMED = ("srt", "vtt")


def _cues(transcript: Transcript) -> List[Segment]:
    """Return the segments as subtitles: one line each of words, no blank line in between."""
    cues = [one._replace(text=" ".join(one.text.split())) for one in transcript.segments]
    return [one for one in cues if one.text]


def _clock(seconds: float, point: str) -> str:
    milliseconds = int(round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60000)
    return "{:02d}:{:02d}:{:02d}{}{:03d}".format(
        minutes // 60, minutes % 60, rest // 1000, point, rest % 1000
    )
