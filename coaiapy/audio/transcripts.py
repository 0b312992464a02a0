"""Transcripts: text with times; joins those of parts, and writes text, SRT, WebVTT or JSON."""

import json
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple
from xml.sax.saxutils import escape

# More than 300 years: a larger value cannot be the time in a recording.
LONGEST_SECONDS = 1e10


class Segment(NamedTuple):
    """What was said from ``start`` to ``end``, in seconds from the beginning of the recording.

    ``speaker`` is the service's name for who said it, such as ``A``.
    """

    start: float
    end: float
    text: str
    speaker: Optional[str] = None


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
        end_of_it = max(begin, min(segment.end + start, latest))
        moved.append(segment._replace(start=begin, end=end_of_it))
    return moved


def joined(transcripts: Sequence[Transcript]) -> Transcript:
    """Return the transcripts of consecutive parts, whose times are already shifted, as one.

    Services name the speakers of each part anew, so that the names get the number of their part.
    """
    if len(transcripts) > 1:
        transcripts = [_of_part(one, number) for number, one in enumerate(transcripts, 1)]
    said = [transcript.text.strip() for transcript in transcripts]
    segments = [segment for transcript in transcripts for segment in transcript.segments]
    known = [transcript.seconds for transcript in transcripts if transcript.seconds is not None]
    return Transcript(
        text=" ".join(text for text in said if text),
        segments=tuple(segments),
        language=next((one.language for one in transcripts if one.language), None),
        seconds=sum(known) if len(known) == len(transcripts) else None,
    )


def _of_part(transcript: Transcript, number: int) -> Transcript:
    segments = [
        one._replace(speaker="{} (part {})".format(one.speaker, number)) if one.speaker else one
        for one in transcript.segments
    ]
    return transcript._replace(segments=tuple(segments))


def as_text(transcript: Transcript) -> str:
    """Return only the text; with speakers, a line for each turn."""
    if not any(one.speaker for one in transcript.segments):
        return transcript.text.strip() + "\n"
    lines: List[str] = []
    before: Optional[Segment] = None
    for segment in _said(transcript):
        if before is not None and segment.speaker == before.speaker:
            lines[-1] += " " + segment.text
        else:
            lines.append(_with_speaker(segment))
        before = segment
    return "\n".join(lines) + "\n"


def _with_speaker(segment: Segment) -> str:
    return "{}: {}".format(segment.speaker, segment.text) if segment.speaker else segment.text


def as_srt(transcript: Transcript) -> str:
    """Return SubRip subtitles."""
    blocks = []
    for number, segment in enumerate(_cues(transcript), 1):
        times = "{} --> {}".format(_clock(segment.start, ","), _clock(segment.end, ","))
        blocks.append("{}\n{}\n{}\n".format(number, times, _with_speaker(segment)))
    return "\n".join(blocks)


def as_vtt(transcript: Transcript) -> str:
    """Return WebVTT subtitles."""
    blocks = ["WEBVTT\n"]
    for segment in _cues(transcript):
        times = "{} --> {}".format(_clock(segment.start, "."), _clock(segment.end, "."))
        text = escape(segment.text)
        if segment.speaker:
            text = "<v {}>{}".format(escape(segment.speaker), text)
        blocks.append("{}\n{}\n".format(times, text))
    return "\n".join(blocks)


def as_object(transcript: Transcript) -> Dict[str, Any]:
    """Return the transcript as an object: ``text``, ``language``, ``duration``, ``segments``.

    A segment has ``id``, ``start``, ``end`` and ``text``, and ``speaker`` if that is known.
    """
    return {
        "text": transcript.text.strip(),
        "language": transcript.language,
        "duration": None if transcript.seconds is None else round(transcript.seconds, 3),
        "segments": [
            _segment_object(number, one) for number, one in enumerate(transcript.segments)
        ],
    }


def _segment_object(number: int, segment: Segment) -> Dict[str, Any]:
    start, end = round(segment.start, 3), round(segment.end, 3)
    found: Dict[str, Any] = {"id": number, "start": start, "end": end, "text": segment.text}
    if segment.speaker:
        found["speaker"] = segment.speaker
    return found


def as_json(transcript: Transcript) -> str:
    """Return the transcript as JSON text."""
    return json.dumps(as_object(transcript), ensure_ascii=False, indent=2) + "\n"


FORMATS: Dict[str, Callable[[Transcript], str]] = {
    "text": as_text,
    "srt": as_srt,
    "vtt": as_vtt,
    "json": as_json,
}
ALSO = {"txt": "text"}  # other names of formats
SUFFIXES = {"text": ".txt", "srt": ".srt", "vtt": ".vtt", "json": ".json"}
# The formats that need times.
TIMED = ("srt", "vtt")
_BRIEF_SECONDS = 0.5


def _said(transcript: Transcript) -> List[Segment]:
    """Return the segments in the order of time, texts on one line, without empty ones."""
    in_order = sorted(transcript.segments, key=lambda one: one.start)
    said = [one._replace(text=" ".join(one.text.split())) for one in in_order]
    return [one for one in said if one.text]


def _cues(transcript: Transcript) -> List[Segment]:
    """Return the segments as cues, each of which is shown for some time.

    Services give some segments no length, or an end before their start: such a cue stays for
    ``_BRIEF_SECONDS``, or until the next one begins.
    """
    cues = _said(transcript)
    following = [one.start for one in cues[1:]] + [float("inf")]
    return [
        cue if _milliseconds(cue.end) > _milliseconds(cue.start) else _lasting(cue, next_start)
        for cue, next_start in zip(cues, following)
    ]


def _lasting(cue: Segment, next_start: float) -> Segment:
    end = cue.start + _BRIEF_SECONDS
    if _milliseconds(cue.start) < _milliseconds(next_start) < _milliseconds(end):
        end = next_start
    return cue._replace(end=end)


def _milliseconds(seconds: float) -> float:
    return seconds if seconds == float("inf") else round(seconds * 1000)


def _clock(seconds: float, point: str) -> str:
    milliseconds = int(round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60000)
    return "{:02d}:{:02d}:{:02d}{}{:03d}".format(
        minutes // 60, minutes % 60, rest // 1000, point, rest % 1000
    )
