"""The descriptions in MP4 and QuickTime files beside their list of tags: shows and removes them.

Cameras and phones write them: places, names of devices, comments. They are user data, XMP, and lists
of keys as QuickTime has them (``com.apple.quicktime.location.ISO6709``). Audio books have chapters.
"""

import os
import struct
from typing import IO, Dict, Iterator, List, Tuple

from coaiapy.audio.formats import mp4_chapters
from coaiapy.audio.formats.mp4_atoms import SKIP, Atom, atoms, content, make_empty

_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
# What user data has that is none of these: the list of tags, chapters, hints for streaming.
_KEPT = (b"meta", b"chpl", b"hnti", b"hinf", SKIP)
# The handlers of lists that are not the list of tags: QuickTime's keys, and ID3 in MP4.
_LISTS = (b"mdta", b"ID32")
_IS_UTF8 = 1  # the type of a value
_TEXTS_OF_3GP = (b"titl", b"auth", b"dscp", b"perf", b"gnre", b"cprt", b"albm")


def texts(path: str) -> Dict[str, List[str]]:
    """Return the descriptions in a file by name, such as ``UDTA:©xyz`` and ``XMP``."""
    found: Dict[str, List[str]] = {}
    with open(path, "rb") as stream:
        for atom in _descriptions(stream):
            if atom.name == b"meta":
                for name, text in _listed(stream, atom):
                    found.setdefault(name, []).append(text)
                continue
            name = "XMP" if atom.name == b"uuid" else "UDTA:" + atom.name.decode("latin-1")
            found.setdefault(name, []).append(_described(atom, content(stream, atom)))
        for movie in _movies(stream):
            chapters = mp4_chapters.titles(stream, movie)
            if chapters:
                found.setdefault("CHAPTERS", []).extend(chapters)
    return found


def remove(path: str) -> None:
    """Remove the descriptions from a file in place: each becomes an empty space of its size."""
    with open(path, "r+b") as stream:
        for atom in list(_descriptions(stream)):
            make_empty(stream, atom)
        for movie in list(_movies(stream)):
            mp4_chapters.remove(stream, movie)


def _movies(stream: IO[bytes]) -> Iterator[Atom]:
    size = stream.seek(0, os.SEEK_END)
    return (atom for atom in atoms(stream, 0, size) if atom.name == b"moov")


def _descriptions(stream: IO[bytes]) -> Iterator[Atom]:
    size = stream.seek(0, os.SEEK_END)
    for atom in atoms(stream, 0, size):
        if atom.name == b"uuid":
            stream.seek(atom.start)
            if stream.read(len(_XMP)) == _XMP:
                yield atom
        elif atom.name == b"moov":
            for inner in atoms(stream, atom.start, atom.end):
                parts = atoms(stream, inner.start, inner.end) if inner.name == b"trak" else [inner]
                for part in parts:
                    yield from _of_part(stream, part)
        else:
            yield from _of_part(stream, atom)


def _of_part(stream: IO[bytes], atom: Atom) -> Iterator[Atom]:
    """Yield the descriptions that an atom of a file, movie or track is or has."""
    if atom.name == b"meta" and _handler(stream, atom) in _LISTS:
        yield atom
    elif atom.name == b"udta":
        for one in atoms(stream, atom.start, atom.end):
            if one.name not in _KEPT:
                yield one
            elif one.name == b"meta":
                yield from _of_part(stream, one)


def _inside(stream: IO[bytes], meta: Atom) -> Dict[bytes, Atom]:
    """Return the atoms of a list by name; in MP4, unlike in QuickTime, four bytes are before them."""
    stream.seek(meta.start + 4)
    start = meta.start if stream.read(4) == b"hdlr" else meta.start + 4
    return {atom.name: atom for atom in atoms(stream, start, meta.end)}


def _handler(stream: IO[bytes], meta: Atom) -> bytes:
    found = _inside(stream, meta).get(b"hdlr")
    stream.seek(found.start + 8 if found else meta.end)
    return stream.read(4)


def _listed(stream: IO[bytes], meta: Atom) -> Iterator[Tuple[str, str]]:
    """Yield the keys and values of a list; what is not a list of keys is one with its size."""
    inside = _inside(stream, meta)
    if b"keys" not in inside or b"ilst" not in inside:
        yield "META", "{} bytes".format(meta.end - meta.start)
        return
    keys = inside[b"keys"]
    names = [content(stream, key) for key in atoms(stream, keys.start + 8, keys.end)]
    for item in atoms(stream, inside[b"ilst"].start, inside[b"ilst"].end):
        place = struct.unpack(">I", item.name)[0]
        name = names[place - 1] if 0 < place <= len(names) else item.name
        for data in atoms(stream, item.start, item.end):
            value = content(stream, data)
            is_text = value[:4] == struct.pack(">I", _IS_UTF8)
            text = value[8:].decode("utf-8", "replace") if is_text else ""
            yield name.decode("utf-8", "replace"), text or "{} bytes".format(len(value[8:]))


def _described(atom: Atom, data: bytes) -> str:
    if atom.name[:1] == b"\xa9" and len(data) > 4:
        length = struct.unpack(">H", data[:2])[0]
        return data[4 : 4 + length].decode("utf-8", "replace")
    if atom.name in _TEXTS_OF_3GP and len(data) > 6:
        text = data[6:]
        is_wide = text[:2] in (b"\xfe\xff", b"\xff\xfe")
        return text.decode("utf-16" if is_wide else "utf-8", "replace").rstrip("\0")
    return "{} bytes".format(atom.end - atom.start)
