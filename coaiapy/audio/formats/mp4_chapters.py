"""The chapters of audio books: Nero's list (``chpl``), and tracks of titles as QuickTime has them.

A track says in ``tref`` with ``chap`` which other tracks, of texts or pictures, are its chapters.
"""

import itertools
import struct
from typing import IO, Dict, Iterator, List, Set, Tuple

from coaiapy.audio.formats.mp4_atoms import (
    Atom,
    atoms,
    content,
    fill_with_zeros,
    inside,
    make_empty,
)

# Bytes of a table of samples that are read, and how many samples are looked at.
_LONGEST_TABLE = 1 << 20
_MOST_SAMPLES = 10000
_SOUND = b"soun"


def titles(stream: IO[bytes], movie: Atom) -> List[str]:
    """Return the titles of the chapters; a track that says the same as the list counts once."""
    found = [tuple(_listed(content(stream, one))) for one in _lists(stream, movie)]
    for track in _tracks(stream, movie):
        found.append(tuple(_title(stream, *place) for place in list(_samples(stream, track))))
    return list(itertools.chain(*dict.fromkeys(found)))


def remove(stream: IO[bytes], movie: Atom) -> None:
    """Make the lists and tracks of chapters empty, and what their tracks say."""
    tracks = _tracks(stream, movie)
    for track in tracks:
        for start, end in list(_samples(stream, track)):
            fill_with_zeros(stream, start, end)
    for one in list(_lists(stream, movie)) + list(_references(stream, movie)) + tracks:
        make_empty(stream, one)


def _lists(stream: IO[bytes], movie: Atom) -> Iterator[Atom]:
    for data in atoms(stream, movie.start, movie.end):
        if data.name == b"udta":
            for one in atoms(stream, data.start, data.end):
                if one.name == b"chpl":
                    yield one


def _listed(data: bytes) -> Iterator[str]:
    """Yield the titles of a list: each has a time of eight bytes and the length of its text before it."""
    at = 9
    for _ in range(data[8] if len(data) > 8 else 0):
        length = data[at + 8] if len(data) > at + 8 else 0
        yield data[at + 9 : at + 9 + length].decode("utf-8", "replace")
        at += 9 + length


def _references(stream: IO[bytes], movie: Atom) -> Iterator[Atom]:
    for track in atoms(stream, movie.start, movie.end):
        found = inside(stream, track, b"tref", b"chap") if track.name == b"trak" else None
        if found:
            yield found


def _tracks(stream: IO[bytes], movie: Atom) -> List[Atom]:
    """Return the tracks that are chapters of another one; one of sound never is."""
    wanted: Set[int] = set()
    for one in _references(stream, movie):
        wanted.update(_numbers(content(stream, one), ">I"))
    tracks = [one for one in atoms(stream, movie.start, movie.end) if one.name == b"trak"]
    return [one for one in tracks if _id(stream, one) in wanted and not _is_sound(stream, one)]


def _id(stream: IO[bytes], track: Atom) -> int:
    found = inside(stream, track, b"tkhd")
    data = content(stream, found) if found else b""
    at = 20 if data[:1] == b"\1" else 12
    return _numbers(data[at : at + 4], ">I")[0] if len(data) >= at + 4 else -1


def _is_sound(stream: IO[bytes], track: Atom) -> bool:
    found = inside(stream, track, b"mdia", b"hdlr")
    return found is None or content(stream, found)[8:12] == _SOUND


def _numbers(data: bytes, form: str) -> Tuple[int, ...]:
    size = struct.calcsize(form)
    whole = data[: len(data) - len(data) % size]
    return tuple(number for row in struct.iter_unpack(form, whole) for number in row)


def _samples(stream: IO[bytes], track: Atom) -> Iterator[Tuple[int, int]]:
    """Yield where each sample of a track begins and ends in the file."""
    tables = _tables(stream, track)
    size = stream.seek(0, 2)
    sizes = _sizes(tables.get(b"stsz", b""))
    for place, count in _chunks(tables):
        for length in itertools.islice(sizes, count):
            if place + length > size:
                return
            yield place, place + length
            place += length


def _tables(stream: IO[bytes], track: Atom) -> Dict[bytes, bytes]:
    found = inside(stream, track, b"mdia", b"minf", b"stbl")
    ones = list(atoms(stream, found.start, found.end)) if found else []
    return {one.name: content(stream, one, _LONGEST_TABLE) for one in ones}


def _sizes(table: bytes) -> Iterator[int]:
    """Yield the sizes of the samples: they have one in common, or one each."""
    numbers = _numbers(table[4:], ">I")
    if len(numbers) < 2:
        return iter(())
    each = itertools.repeat(numbers[0], numbers[1]) if numbers[0] else iter(numbers[2:])
    return itertools.islice(each, _MOST_SAMPLES)


def _chunks(tables: Dict[bytes, bytes]) -> Iterator[Tuple[int, int]]:
    """Yield where each chunk of samples begins, and how many it has."""
    form, table = (">Q", tables[b"co64"]) if b"co64" in tables else (">I", tables.get(b"stco", b""))
    counts = dict(struct.iter_unpack(">II4x", _whole(tables.get(b"stsc", b"")[8:], 12)))
    count = 0
    for number, place in enumerate(_numbers(table[8:], form)[:_MOST_SAMPLES], 1):
        count = counts.get(number, count)
        yield place, count


def _whole(data: bytes, size: int) -> bytes:
    return data[: len(data) - len(data) % size]


def _title(stream: IO[bytes], start: int, end: int) -> str:
    """Return the text of a sample, which has its length before it; a picture is its size."""
    stream.seek(start)
    data = stream.read(min(end - start, _LONGEST_TABLE))
    length = _numbers(data[:2], ">H")
    text = data[2 : 2 + length[0]] if length else b""
    if not length or length[0] > len(data) - 2:
        return "{} bytes".format(end - start)
    is_wide = text[:2] in (b"\xfe\xff", b"\xff\xfe")
    return text.decode("utf-16" if is_wide else "utf-8", "replace")
