"""The atoms that MP4 and QuickTime files consist of: finds them, reads them, makes them empty."""

import struct
from typing import IO, Iterator, NamedTuple, Optional

SKIP = b"free"  # the name of an atom that nobody reads
_MOST_ATOMS = 10000
# Bytes of one atom that are read.
LONGEST = 1 << 16
_BLOCK = 1 << 20


class Atom(NamedTuple):
    """An atom: its name, where it, its content and what follows begin (bytes)."""

    name: bytes
    place: int
    start: int
    end: int


def atoms(stream: IO[bytes], at: int, end: int) -> Iterator[Atom]:
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
        yield Atom(name, at, start, after)
        at = after


def inside(stream: IO[bytes], atom: Atom, *names: bytes) -> Optional[Atom]:
    """Return the first atom below ``atom`` on this way of names, ``None`` if there is none."""
    found: Optional[Atom] = atom
    for name in names:
        if found is None:
            return None
        ones = atoms(stream, found.start, found.end)
        found = next((one for one in ones if one.name == name), None)
    return found


def content(stream: IO[bytes], atom: Atom, most: int = LONGEST) -> bytes:
    """Return the content of an atom, at most so many bytes."""
    stream.seek(atom.start)
    return stream.read(min(atom.end - atom.start, most))


def make_empty(stream: IO[bytes], atom: Atom) -> None:
    """Make an atom an empty space of its size, so that everything else keeps its place."""
    stream.seek(atom.place + 4)
    stream.write(SKIP)
    fill_with_zeros(stream, atom.start, atom.end)


def fill_with_zeros(stream: IO[bytes], start: int, end: int) -> None:
    """Overwrite the bytes from a place to another."""
    stream.seek(start)
    for at in range(start, end, _BLOCK):
        stream.write(bytes(min(_BLOCK, end - at)))
