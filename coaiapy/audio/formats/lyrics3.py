"""Lyrics3 tags, which stand behind the sound of an MP3 file: shows them, and removes them.

Version 2 consists of fields and ends with its size, version 1 is one text. Other tags may follow: APE,
and ID3 of version 1.
"""

import os
import struct
from typing import IO, Dict, List, Optional, Tuple

_BEGIN, _END_1, _END_2 = b"LYRICSBEGIN", b"LYRICSEND", b"LYRICS200"
_DIGITS = 6  # of the size before the end of version 2
_LONGEST_1 = 5100
_ID3 = 128  # bytes of a tag of version 1
_APE = 32  # bytes of the end of an APE tag


def texts(path: str) -> Dict[str, List[str]]:
    """Return the fields of the tag by name (``LYRICS3:LYR``), none if the file has no such tag."""
    with open(path, "rb") as stream:
        found = _place(stream)
        if found is None:
            return {}
        stream.seek(found[0] + len(_BEGIN))
        data = stream.read(found[1] - found[0] - len(_BEGIN))
    if data.endswith(_END_1):
        return {"LYRICS3:LYR": [_text(data[: -len(_END_1)])]}
    return _fields(data[: -len(_END_2) - _DIGITS])


def remove(path: str) -> None:
    """Remove the tag from a file in place; what follows it moves up."""
    with open(path, "r+b") as stream:
        found = _place(stream)
        if found:
            stream.seek(found[1])
            after = stream.read()
            stream.seek(found[0])
            stream.write(after)
            stream.truncate()


def _place(stream: IO[bytes]) -> Optional[Tuple[int, int]]:
    """Return where the tag begins and ends."""
    end = _end_of_others(stream, stream.seek(0, os.SEEK_END))
    last = _before(stream, end, _DIGITS + len(_END_2))
    if last.endswith(_END_2) and last[:_DIGITS].isdigit():
        start = end - len(last) - int(last[:_DIGITS])
        return (start, end) if _begins(stream, start) else None
    if last.endswith(_END_1):
        block = _before(stream, end, min(end, _LONGEST_1 + len(_BEGIN) + len(_END_1)))
        at = block.rfind(_BEGIN)
        return (end - len(block) + at, end) if at >= 0 else None
    return None


def _end_of_others(stream: IO[bytes], end: int) -> int:
    """Return where the other tags behind the sound begin, which stand there in any order."""
    before = -1
    while before != end:
        before = end
        if _before(stream, end, _ID3).startswith(b"TAG"):
            end -= _ID3
        ape = _before(stream, end, _APE)
        if ape.startswith(b"APETAGEX"):
            size, flags = struct.unpack("<12xI4xI", ape[:24])
            end -= size + (_APE if flags >> 31 else 0)
    return end


def _before(stream: IO[bytes], end: int, size: int) -> bytes:
    """Return the bytes before a place; none if there are not so many."""
    if not 0 <= size <= end:
        return b""
    stream.seek(end - size)
    return stream.read(size)


def _begins(stream: IO[bytes], start: int) -> bool:
    return start >= 0 and _before(stream, start + len(_BEGIN), len(_BEGIN)) == _BEGIN


def _fields(data: bytes) -> Dict[str, List[str]]:
    """Return the fields: each has a name of three letters and a size of five digits before it."""
    found: Dict[str, List[str]] = {}
    at = 0
    while data[at + 3 : at + 8].isdigit():
        size = int(data[at + 3 : at + 8])
        name = "LYRICS3:" + _text(data[at : at + 3])
        found.setdefault(name, []).append(_text(data[at + 8 : at + 8 + size]))
        at += 8 + size
    return found or {"LYRICS3": ["{} bytes".format(len(data))]}


def _text(data: bytes) -> str:
    return data.decode("latin-1").replace("\r\n", "\n")
