"""Joins Ogg streams into one file (a chained stream, RFC 3533), which players play as one.

Each stream needs its own serial number: two with the same number would be one broken stream. The
numbers and checksums of all pages are therefore rewritten.
"""

import struct
from typing import Iterable, List

_CAPTURE = b"OggS"
_HEADER = 27


def chained(streams: Iterable[bytes]) -> bytes:
    """Return Ogg streams joined into one file; ``ValueError`` for data that is not Ogg."""
    return b"".join(_renumbered(data, number) for number, data in enumerate(streams, 1))


def _renumbered(data: bytes, serial: int) -> bytes:
    pages = []
    offset = 0
    while offset < len(data):
        header = data[offset : offset + _HEADER]
        if header[:4] != _CAPTURE or len(header) < _HEADER:
            raise ValueError("no Ogg page at byte {}".format(offset))
        sizes = data[offset + _HEADER : offset + _HEADER + header[26]]
        end = offset + _HEADER + len(sizes) + sum(sizes)
        page = bytearray(data[offset:end])
        struct.pack_into("<II", page, 14, serial, struct.unpack_from("<I", page, 18)[0])
        struct.pack_into("<I", page, 22, 0)
        struct.pack_into("<I", page, 22, checksum(bytes(page)))
        pages.append(bytes(page))
        offset = end
    return b"".join(pages)


def _table() -> List[int]:
    table = []
    for number in range(256):
        value = number << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


_TABLE = _table()


def checksum(page: bytes) -> int:
    """Return the CRC-32 of a page, whose checksum field must be 0."""
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value
