"""Ogg chains, read back by mutagen."""

import io

import pytest
from mutagen.ogg import OggPage

from coaiapy.audio.formats import ogg


def stream(serial, packets):
    """A stream of one packet a page, checksums by mutagen."""
    pages = []
    for number, packet in enumerate(packets):
        page = OggPage()
        page.serial, page.sequence, page.packets = serial, number, [packet]
        page.first, page.last = number == 0, number + 1 == len(packets)
        page.position = number * 100
        pages.append(page.write())
    return b"".join(pages)


def test_each_stream_keeps_its_pages_and_has_a_number_of_its_own():
    one = stream(7, [b"head", b"x" * 3000])
    two = stream(7, [b"head", b"y" * 600, b""])
    chain = io.BytesIO(ogg.chained([one, two]))
    pages = [OggPage(chain) for _ in range(5)]
    assert chain.read() == b""
    assert [page.serial for page in pages] == [1, 1, 2, 2, 2]
    assert [page.sequence for page in pages] == [0, 1, 0, 1, 2]
    assert [page.packets[0][:1] for page in pages] == [b"h", b"x", b"h", b"y", b""]
    chain.seek(0)
    for page in pages:  # mutagen reads over a wrong checksum, but writes the right one
        assert page.write() == chain.read(page.size)


@pytest.mark.parametrize("data", [b"\0" * 8, b"OggS", stream(1, [b"x"]) + b"rest"])
def test_what_is_no_ogg_is_refused(data):
    with pytest.raises(ValueError, match="no Ogg page at byte"):
        ogg.chained([data])
