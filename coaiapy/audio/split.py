"""Splits recordings into parts that a service accepts, with cuts in quiet moments.

WAV is cut between samples and MP3 between frames, without other programs. Other formats that are
too large, or that few services read, are first converted to WAV by ffmpeg. Parts are yielded one at
a time, so that only one is in memory.
"""

import os
from typing import IO, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.audio.convert import converted
from coaiapy.audio.formats import mp3
from coaiapy.audio.formats import wav as format_wav
from coaiapy.audio.formats.detect import AudioFile
from coaiapy.errors import ConfigError, UsageError
from coaiapy.util.packages import require
from coaiapy.util.paths import open_regular

# The quietest moment is looked for in the last LOOK_BACK_SECONDS of a part, in steps of
# STEP_SECONDS, each judged together with NEIGHBOURS steps on either side.
LOOK_BACK_SECONDS = 20.0
STEP_SECONDS = 0.1
NEIGHBOURS = 2
# A recording with no sample louder than this (of 32768) is silent.
SILENCE = 8
_BLOCK = 1 << 20
_SMALLEST_PART = 20000


class Part(NamedTuple):
    """A part of a recording: a file of its own, and where in the recording it begins (seconds)."""

    name: str
    media_type: str
    content: bytes
    start: float
    seconds: Optional[float]


class Limits(NamedTuple):
    """The largest size and length of one part."""

    bytes: int
    seconds: float = float("inf")


def parts(audio: AudioFile, limits: Limits, seconds: Optional[float] = None) -> Iterator[Part]:
    """Yield the recording in parts within ``limits``, in order; a small recording is one part.

    ``seconds`` is its ``duration``, if the caller knows it.

    Raises ``UsageError`` when the recording is silent, empty or broken, ``ConfigError`` when ffmpeg
    is needed but missing.
    """
    if limits.bytes < _SMALLEST_PART:
        raise ConfigError(
            "openai_transcription_max_bytes {} is too small to split recordings: set it to {} "
            "or more".format(limits.bytes, _SMALLEST_PART)
        )
    if audio.kind == "wav":
        return _wav_parts(audio, limits)
    if audio.kind == "mp3":
        return _mp3_parts(audio, limits, seconds)
    if not audio.is_common:
        return _converted_parts(audio, limits, "is {}, which is to be converted".format(audio.kind))
    if audio.size <= limits.bytes and (seconds or 0.0) <= limits.seconds:
        return iter([_whole(audio, seconds)])
    return _converted_parts(audio, limits, "is too long to be sent at once")


def duration(audio: AudioFile) -> Optional[float]:
    """Return how many seconds a recording plays, ``None`` if that is not known.

    WAV and MP3 files are read whole; the headers of others are read by mutagen, if it is there.
    """
    if audio.kind == "wav":
        with open_regular(audio.path) as stream:
            return _parsed(audio, stream).seconds
    if audio.kind == "mp3":
        with open_regular(audio.path) as stream:
            return sum(frame.seconds for frame, _ in _mp3_frames(stream))
    try:
        found = require("mutagen").File(audio.path)
        return float(found.info.length) or None
    except Exception:  # of a damaged file mutagen raises anything; the service says what is wrong
        return None


def _whole(audio: AudioFile, seconds: Optional[float] = None) -> Part:
    with open_regular(audio.path) as stream:
        return Part(audio.upload_name, audio.media_type, stream.read(), 0.0, seconds)


def _name(audio: AudioFile, number: int, suffix: str) -> str:
    return "{}-{:03d}.{}".format(os.path.splitext(audio.name)[0], number, suffix)


def _parsed(audio: AudioFile, stream: IO[bytes]) -> format_wav.Wav:
    try:
        wav = format_wav.parse(stream, audio.size)
    except ValueError as error:
        raise UsageError("{} is a broken WAV file: {}".format(audio.path, error)) from error
    if not wav.data_bytes:
        raise UsageError("{} contains no sound: it lasts 0 seconds".format(audio.path))
    return wav


def _wav_parts(audio: AudioFile, limits: Limits) -> Iterator[Part]:
    with open_regular(audio.path) as stream:
        wav = _parsed(audio, stream)
        if wav.is_measurable and _is_silent(wav, stream):
            raise UsageError("{} is silent: check the recording".format(audio.path))
        if audio.size <= limits.bytes and wav.seconds <= limits.seconds and wav.is_complete:
            yield _whole(audio, wav.seconds)
            return
        most = limits.bytes - len(wav.header(0))
        if limits.seconds < wav.seconds:
            most = min(most, int(limits.seconds * wav.rate) * wav.block)
        at, number = 0, 1
        while at < wav.data_bytes:
            stream.seek(wav.data_offset + at)
            data = stream.read(min(most // wav.block * wav.block, wav.data_bytes - at))
            data = data[: len(data) // wav.block * wav.block]
            if not data:
                return
            if at + len(data) < wav.data_bytes:
                data = data[: _quiet_place(wav, data)]
            frames = float(wav.block * wav.rate)
            yield Part(
                _name(audio, number, "wav"),
                audio.media_type,
                wav.header(len(data)) + data,
                at / frames,
                len(data) / frames,
            )
            at, number = at + len(data), number + 1


def _is_silent(wav: format_wav.Wav, stream: IO[bytes]) -> bool:
    stream.seek(wav.data_offset)
    left = wav.data_bytes
    while left > 0:
        data = stream.read(min(_BLOCK // wav.block * wav.block or wav.block, left))
        if not data:
            break
        samples = format_wav.levels(wav, data)
        if samples and (max(samples) > SILENCE or min(samples) < -SILENCE):
            return False
        left -= len(data)
    return True


def _quiet_place(wav: format_wav.Wav, data: bytes) -> int:
    """Return where to cut ``data``: in the middle of the quietest moment near its end."""
    if not wav.is_measurable:
        return len(data)
    step = max(1, int(wav.rate * STEP_SECONDS)) * wav.block
    back = min(int(wav.rate * LOOK_BACK_SECONDS) * wav.block, len(data) // 2)
    first = (len(data) - back) // wav.block * wav.block

    places = range(first, len(data) - step + 1, step)
    loudness = [sum(map(abs, format_wav.levels(wav, data[at : at + step]))) for at in places]
    if not loudness:
        return len(data)
    return places[_quietest(loudness)] + step // 2 // wav.block * wav.block


def _quietest(loudness: Sequence[int]) -> int:
    """Return the index of the quietest moment.

    Its neighbours count as well, so that a pause is found and not a short dropout.
    """
    around = [
        sum(loudness[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1])
        for place in range(len(loudness))
    ]
    inner = range(min(NEIGHBOURS, len(around) - 1), max(len(around) - NEIGHBOURS, 1))
    return min(inner, key=around.__getitem__) if inner else len(around) // 2


def _mp3_frames(stream: IO[bytes]) -> Iterator[Tuple[mp3.Frame, bytes]]:
    """Yield each frame of a file with its bytes; only one block is in memory at a time."""
    stream.seek(mp3.tag_length(stream.read(10)))
    rest, is_first, ended = b"", True, False
    while not ended:
        block = stream.read(_BLOCK)
        ended = not block
        data, used = rest + block, 0
        # The last frame of a block is read again with the next block: whether it is a frame at all
        # can only be told from the bytes after it.
        for frame in mp3.frames(data):
            end = frame.offset + frame.length
            if not ended and end + mp3.LONGEST_FRAME > len(data):
                break
            if frame.is_note and not is_first:
                frame = frame._replace(is_note=False)
            yield frame, data[frame.offset : end]
            is_first, used = False, end
        rest = data[max(used, len(data) - 2 * mp3.LONGEST_FRAME) :]


def _mp3_parts(audio: AudioFile, limits: Limits, seconds: Optional[float] = None) -> Iterator[Part]:
    seconds = duration(audio) if seconds is None else seconds
    if not seconds:
        raise UsageError("{} contains no sound: it has no complete frame".format(audio.path))
    if audio.size <= limits.bytes and seconds <= limits.seconds:
        yield _whole(audio, seconds)
        return
    with open_regular(audio.path) as stream:
        part, number, start = _Mp3Part(), 1, 0.0
        for frame, content in _mp3_frames(stream):
            if frame.is_note:
                continue
            too_long = part.seconds + frame.seconds > limits.seconds
            if part.size + frame.length > limits.bytes or too_long:
                full, part = part.divided()
                yield full.as_part(audio, number, start)
                number, start = number + 1, start + full.seconds
            part.add(frame, content)
        yield part.as_part(audio, number, start)


class _Mp3Part:
    """The frames of a part that is being filled."""

    def __init__(self) -> None:
        self.frames: List[Tuple[mp3.Frame, bytes]] = []
        self.size = 0
        self.seconds = 0.0

    def add(self, frame: mp3.Frame, content: bytes) -> None:
        """Append one frame."""
        self.frames.append((frame, content))
        self.size += len(content)
        self.seconds += frame.seconds

    def divided(self) -> Tuple["_Mp3Part", "_Mp3Part"]:
        """Return the part up to the quietest moment near its end, and the rest."""
        back, seconds = len(self.frames), 0.0
        while back > len(self.frames) // 2 + 1 and seconds < LOOK_BACK_SECONDS:
            back -= 1
            seconds += self.frames[back][0].seconds
        last = len(self.frames) - 1
        bits = [self._coded_bits(place) for place in range(back, last + 1)]
        quietest = _quietest(bits)
        first, second = _Mp3Part(), _Mp3Part()
        for place, (frame, content) in enumerate(self.frames):
            (first if place <= back + quietest else second).add(frame, content)
        return first, second

    def _coded_bits(self, place: int) -> int:
        frame, content = self.frames[place]
        return mp3.coded_bits(content, frame._replace(offset=0))

    def as_part(self, audio: AudioFile, number: int, start: float) -> Part:
        """Return it as a file of its own."""
        content = b"".join(content for _, content in self.frames)
        name = _name(audio, number, "mp3")
        return Part(name, audio.media_type, content, start, self.seconds)


def _converted_parts(audio: AudioFile, limits: Limits, why: str) -> Iterator[Part]:
    with converted(audio, why) as wav:
        for part in _wav_parts(wav, limits):
            yield part
