"""The descriptions in MP4 and QuickTime files beside their list of tags: shows and removes them.

Cameras and phones write them: places, names of devices, comments.
"""

import os
import struct
from typing import IO, Dict, Iterator, List, NamedTuple

_SKIP = b"free"  # the name of an atom that nobody reads
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
# What user data has that describes no recording: the list of tags, chapters, hints for streaming.
_KEPT = (b"meta", b"chpl", b"hnti", b"hinf", _SKIP)
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
                for user_data in _user_data(stream, inner):
                    yield from _of_user_data(stream, user_data)


def _user_data(stream: IO[bytes], atom: _Atom) -> List[_Atom]:
    """Return the user data that an atom of the movie is or has."""
    if atom.name != b"trak":
        return [atom] if atom.name == b"udta" else []
    return [one for one in _atoms(stream, atom.start, atom.end) if one.name == b"udta"]


def _of_user_data(stream: IO[bytes], atom: _Atom) -> Iterator[_Atom]:
    return (one for one in _atoms(stream, atom.start, atom.end) if one.name not in _KEPT)


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
