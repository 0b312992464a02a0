"""The descriptions in MP4 and QuickTime files beside their list of tags: shows and removes them.

Cameras and phones write them: places, names of devices, comments. They are user data, XMP, and lists
of keys as QuickTime has them (``com.apple.quicktime.location.ISO6709``).
"""

import os
import struct
from typing import IO, Dict, Iterator, List, NamedTuple, Tuple

_SKIP = b"free"  # the name of an atom that nobody reads
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
# What user data has that describes no recording: the list of tags, chapters, hints for streaming.
_KEPT = (b"meta", b"chpl", b"hnti", b"hinf", _SKIP)
# The handlers of lists that are not the list of tags: QuickTime's keys, and ID3 in MP4.
_LISTS = (b"mdta", b"ID32")
_IS_UTF8 = 1  # the type of a value
_TEXTS_OF_3GP = (b"titl", b"auth", b"dscp", b"perf", b"gnre", b"cprt", b"albm")
_MOST_ATOMS = 10000
_LONGEST = 1 << 16
_BLOCK = 1 << 20


class _Atom(NamedTuple):
    """An atom: its name, where it, its content and what follows begin (bytes)."""

    name: bytes
    place: int
    start: int
    end: int


def texts(path: str) -> Dict[str, List[str]]:
    """Return the descriptions in a file by name, such as ``UDTA:©xyz`` and ``XMP``."""
    found: Dict[str, List[str]] = {}
    with open(path, "rb") as stream:
        for atom in _descriptions(stream):
            if atom.name == b"meta":
                for name, text in _listed(stream, atom):
                    found.setdefault(name, []).append(text)
                continue
            stream.seek(atom.start)
            content = stream.read(min(atom.end - atom.start, _LONGEST))
            name = "XMP" if atom.name == b"uuid" else "UDTA:" + atom.name.decode("latin-1")
            found.setdefault(name, []).append(_described(atom, content))
    return found


def remove(path: str) -> None:
    """Remove the descriptions from a file in place: each becomes an empty space of its size."""
    with open(path, "r+b") as stream:
        for atom in list(_descriptions(stream)):
            stream.seek(atom.place + 4)
            stream.write(_SKIP)
            stream.seek(atom.start)
            for at in range(atom.start, atom.end, _BLOCK):
                stream.write(bytes(min(_BLOCK, atom.end - at)))


def _descriptions(stream: IO[bytes]) -> Iterator[_Atom]:
    size = stream.seek(0, os.SEEK_END)
    for atom in _atoms(stream, 0, size):
        if atom.name == b"uuid":
            stream.seek(atom.start)
            if stream.read(len(_XMP)) == _XMP:
                yield atom
        elif atom.name == b"moov":
            for inner in _atoms(stream, atom.start, atom.end):
                parts = _atoms(stream, inner.start, inner.end) if inner.name == b"trak" else [inner]
                for part in parts:
                    yield from _of_part(stream, part)
        else:
            yield from _of_part(stream, atom)


def _of_part(stream: IO[bytes], atom: _Atom) -> Iterator[_Atom]:
    """Yield the descriptions that an atom of a file, movie or track is or has."""
    if atom.name == b"meta" and _handler(stream, atom) in _LISTS:
        yield atom
    elif atom.name == b"udta":
        for one in _atoms(stream, atom.start, atom.end):
            if one.name not in _KEPT:
                yield one
            elif one.name == b"meta":
                yield from _of_part(stream, one)


def _inside(stream: IO[bytes], meta: _Atom) -> Dict[bytes, _Atom]:
    """Return the atoms of a list by name; in MP4, unlike in QuickTime, four bytes are before them."""
    stream.seek(meta.start + 4)
    start = meta.start if stream.read(4) == b"hdlr" else meta.start + 4
    return {atom.name: atom for atom in _atoms(stream, start, meta.end)}


def _handler(stream: IO[bytes], meta: _Atom) -> bytes:
    found = _inside(stream, meta).get(b"hdlr")
    stream.seek(found.start + 8 if found else meta.end)
    return stream.read(4)


def _listed(stream: IO[bytes], meta: _Atom) -> Iterator[Tuple[str, str]]:
    """Yield the keys and values of a list; what is not a list of keys is one with its size."""
    inside = _inside(stream, meta)
    if b"keys" not in inside or b"ilst" not in inside:
        yield "META", "{} bytes".format(meta.end - meta.start)
        return
    keys = inside[b"keys"]
    names = [_read(stream, key.start, key.end) for key in _atoms(stream, keys.start + 8, keys.end)]
    for item in _atoms(stream, inside[b"ilst"].start, inside[b"ilst"].end):
        place = struct.unpack(">I", item.name)[0]
        name = names[place - 1] if 0 < place <= len(names) else item.name
        for data in _atoms(stream, item.start, item.end):
            value = _read(stream, data.start, data.end)
            is_text = value[:4] == struct.pack(">I", _IS_UTF8)
            text = value[8:].decode("utf-8", "replace") if is_text else ""
            yield name.decode("utf-8", "replace"), text or "{} bytes".format(len(value[8:]))


def _read(stream: IO[bytes], start: int, end: int) -> bytes:
    stream.seek(start)
    return stream.read(min(end - start, _LONGEST))


def _atoms(stream: IO[bytes], at: int, end: int) -> Iterator[_Atom]:
    """Yield the atoms from a place to another; of what is damaged, none."""
    for _ in range(_MOST_ATOMS):
        stream.seek(at)
        head = stream.read(16)
        if at + 8 > end or len(head) < 8:
            return
        length, name = struct.unpack(">I4s", head[:8])
        start = at + 8
        if length == 1 and len(head) == 16:
            length, start = struct.unpack(">Q", head[8:])[0], at + 16
        after = end if length == 0 else at + length
        if not start <= after <= end:
            return
        yield _Atom(name, at, start, after)
        at = after


def _described(atom: _Atom, content: bytes) -> str:
    if atom.name[:1] == b"\xa9" and len(content) > 4:
        length = struct.unpack(">H", content[:2])[0]
        return content[4 : 4 + length].decode("utf-8", "replace")
    if atom.name in _TEXTS_OF_3GP and len(content) > 6:
        text = content[6:]
        is_wide = text[:2] in (b"\xfe\xff", b"\xff\xfe")
        return text.decode("utf-16" if is_wide else "utf-8", "replace").rstrip("\0")
    return "{} bytes".format(atom.end - atom.start)
