"""The chunks of WAV and AIFF files that describe the recording: shows them, and removes them."""

import os
import struct
from typing import IO, Dict, Iterator, List, NamedTuple, Tuple

# Chunks with texts, and chunks with other descriptions of the recording.
_TEXTS = (b"NAME", b"AUTH", b"(c) ", b"ANNO")
_OTHERS = (b"bext", b"ixml", b"_pmx", b"axml", b"comt", b"cart", b"disp", b"appl")
_LISTS = (b"INFO", b"adtl")  # descriptions of the recording, and of places in it
# The texts of a bext chunk: description, originator and its reference, each of this length.
_BEXT = (256, 32, 32)
_BLOCK = 1 << 20


class _Chunk(NamedTuple):
    """A chunk: its name, the place of its content and its length (bytes)."""

    name: bytes
    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length + self.length % 2


def texts(path: str) -> Dict[str, List[str]]:
    """Return the descriptions in a file by name: ``INFO:ICMT``, ``NAME``, ``bext`` ..."""
    found: Dict[str, List[str]] = {}
    with open(path, "rb") as stream:
        for chunk in _chunks(stream):
            if not _is_description(stream, chunk):
                continue
            stream.seek(chunk.start)
            content = stream.read(min(chunk.length, _BLOCK))
            for name, text in _described(chunk.name, content):
                found.setdefault(name, []).append(text)
    return found


def remove(path: str) -> None:
    """Remove the descriptions from a file, which is changed in place."""
    with open(path, "r+b") as stream:
        kept = [one for one in _chunks(stream) if not _is_description(stream, one)]
        at = 12
        for chunk in kept:
            at = _moved(stream, chunk.start - 8, at, chunk.end - chunk.start + 8)
        stream.truncate(at)
        stream.seek(4)
        stream.write(struct.pack(_order(stream) + "I", at - 8))


def _order(stream: IO[bytes]) -> str:
    place = stream.tell()
    stream.seek(0)
    order = ">" if stream.read(4) == b"FORM" else "<"
    stream.seek(place)
    return order


def _moved(stream: IO[bytes], start: int, target: int, length: int) -> int:
    """Move bytes towards the beginning of the file, and return where they end."""
    while length > 0:
        stream.seek(start)
        data = stream.read(min(length, _BLOCK))
        if not data:
            break
        stream.seek(target)
        stream.write(data)
        start, target, length = start + len(data), target + len(data), length - len(data)
    return target


def _chunks(stream: IO[bytes]) -> Iterator[_Chunk]:
    size = stream.seek(0, os.SEEK_END)
    order = _order(stream)
    at = 12
    while at + 8 <= size:
        stream.seek(at)
        name, length = struct.unpack(order + "4sI", stream.read(8))
        chunk = _Chunk(name, at + 8, min(length, size - at - 8))
        yield chunk
        at = chunk.end


def _is_description(stream: IO[bytes], chunk: _Chunk) -> bool:
    if chunk.name == b"LIST":
        stream.seek(chunk.start)
        return stream.read(4) in _LISTS
    return chunk.name in _TEXTS or chunk.name.lower() in _OTHERS


def _described(name: bytes, content: bytes) -> Iterator[Tuple[str, str]]:
    if name == b"LIST" and content[:4] == b"INFO":
        at = 4
        while at + 8 <= len(content):
            inner, length = struct.unpack("<4sI", content[at : at + 8])
            yield "INFO:" + _text(inner), _text(content[at + 8 : at + 8 + length])
            at += 8 + length + length % 2
    elif name == b"bext":
        at = 0
        for length in _BEXT:
            if _text(content[at : at + length]):
                yield "bext", _text(content[at : at + length])
            at += length
    elif name in _TEXTS:
        yield _text(name).strip(), _text(content)
    else:
        yield _text(name), "{} bytes".format(len(content))


def _text(data: bytes) -> str:
    data = data.rstrip(b"\0 ")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
