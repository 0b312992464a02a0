"""Finds the frames of an MPEG audio stream (MP3) and their length, without decoding them.

ISO/IEC 11172-3 and 13818-3: every frame begins with a header of four bytes that says how long it
is. Tags around the frames (ID3, APE, Lyrics3) are not audio. The first frame may be an information
frame of the encoder (Xing, Info, VBRI), which has no sound; it is called a note here.
"""

from functools import lru_cache
from typing import Iterator, NamedTuple, Optional, Tuple

_BITRATES = {  # kbit/s by (is MPEG 1, layer)
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_TAGS = (b"TAG", b"APE", b"ID3", b"LYR")
HEADER_BYTES = 4
# Bytes: the longest frame that any version allows.
LONGEST_FRAME = 2881


class Frame(NamedTuple):
    """One frame: ``offset`` and ``length`` in bytes, ``samples`` at ``rate`` per second.

    ``version`` is the two version bits of the header: 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5.
    """

    offset: int
    length: int
    samples: int
    rate: int
    version: int
    layer: int
    channels: int
    is_note: bool = False

    @property
    def seconds(self) -> float:
        """How long it plays, 0 for an encoder's note."""
        return 0.0 if self.is_note else float(self.samples) / self.rate


def frame_at(data: bytes, offset: int) -> Optional[Frame]:
    """Return the frame whose header is at ``offset``, ``None`` if there is no valid header."""
    header = data[offset : offset + HEADER_BYTES]
    if header[:1] != b"\xff" or len(header) < HEADER_BYTES:
        return None
    shape = _shape(header)
    return None if shape is None else Frame(offset, *shape)


@lru_cache(maxsize=4096)  # a recording has only a few different headers, each many thousand times
def _shape(header: bytes) -> Optional[Tuple[int, int, int, int, int, int]]:
    """Return the length, samples, rate, version, layer and channels from a header."""
    second, third, fourth = header[1:4]
    version, layer = second >> 3 & 3, 4 - (second >> 1 & 3)
    bitrate_index, rate_index = third >> 4, third >> 2 & 3
    if second < 0xE0 or version == 1 or layer == 4 or rate_index == 3:
        return None
    if bitrate_index in (0, 15):
        return None
    rate = _RATES[version][rate_index]
    bits = _BITRATES[version == 3, layer][bitrate_index - 1] * 1000
    padding = third >> 1 & 1
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    if layer == 1:
        length = (12 * bits // rate + padding) * 4
    else:
        length = samples // 8 * bits // rate + padding
    return length, samples, rate, version, layer, 1 if fourth >> 6 == 3 else 2


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the complete frames in ``data`` in order; other bytes between them are skipped.

    Bytes that look like a header count as one only if another frame, a tag or the end of the data
    follows the frame.
    """
    offset, is_first = tag_length(data, 0), True
    frame = frame_at(data, offset)
    while offset + HEADER_BYTES <= len(data):
        if frame is None:
            offset = _next_sync(data, offset + 1)
            frame = frame_at(data, offset)
            continue
        end = offset + frame.length
        after = frame_at(data, end)
        if not _belong_together(frame, after) and not _ends_at(data, end):
            frame = None
            continue
        if end > len(data):
            return
        yield frame._replace(is_note=_is_note(data, frame)) if is_first else frame
        offset, frame, is_first = end, after, False


def _next_sync(data: bytes, offset: int) -> int:
    found = data.find(b"\xff", offset)
    return len(data) if found < 0 else found


def _belong_together(frame: Frame, after: Optional[Frame]) -> bool:
    return after is not None and (after.rate, after.layer) == (frame.rate, frame.layer)


def _ends_at(data: bytes, end: int) -> bool:
    """Tell whether the data ends at ``end``, or a tag begins there."""
    return end + HEADER_BYTES > len(data) or data[end : end + 3] in _TAGS


def tag_length(data: bytes, start: int = 0) -> int:
    """Return the length in bytes of the ID3v2 tag at ``start``, 0 if there is none."""
    header = data[start : start + 10]
    if header[:3] != b"ID3" or len(header) < 10 or max(header[6:10]) > 127:
        return 0
    size = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
    return 10 + size + (10 if header[5] & 0x10 else 0)


def _is_note(data: bytes, frame: Frame) -> bool:
    head = data[frame.offset : frame.offset + min(frame.length, 64)]
    at = HEADER_BYTES + side_info_length(frame)
    return head[at : at + 4] in (b"Xing", b"Info") or head[36:40] == b"VBRI"


def side_info_length(frame: Frame) -> int:
    """Return the length in bytes of the side information of a layer III frame."""
    if frame.version == 3:
        return 17 if frame.channels == 1 else 32
    return 9 if frame.channels == 1 else 17


def coded_bits(data: bytes, frame: Frame) -> int:
    """Return the number of bits that code the sound of a layer III frame: few for a quiet one.

    Layers I and II do not have that number; 0 is returned for each of their frames.
    """
    if frame.layer != 3:
        return 0
    protection = 0 if data[frame.offset + 1] & 1 else 2
    at = frame.offset + HEADER_BYTES + protection
    size = side_info_length(frame)
    bits = int.from_bytes(data[at : at + size], "big")
    if frame.version == 3:
        skipped, granules, step = 9 + (5 if frame.channels == 1 else 3), 2, 59
        skipped += 4 * frame.channels
    else:
        skipped, granules, step = 8 + (1 if frame.channels == 1 else 2), 1, 63
    total = 0
    for part in range(granules * frame.channels):
        total += bits >> (size * 8 - skipped - part * step - 12) & 0xFFF
    return total


def audio_only(data: bytes) -> bytes:
    """Return only the frames in ``data``, without tags and the encoder's note."""
    parts = []
    for frame in frames(data):
        if not frame.is_note:
            parts.append(data[frame.offset : frame.offset + frame.length])
    return b"".join(parts)
