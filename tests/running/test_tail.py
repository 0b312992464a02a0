"""The end of a stream: it is kept whole, and only it, however the stream is cut into parts."""

import os

import pytest

from coaiapy.running.tail import BLOCK, Tail


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def numbered(size):
    return b"".join(b"%08d" % number for number in range(size // 8))


@pytest.mark.parametrize("most", [0, 1, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("part", [4001, 65536])
def test_the_end_is_kept_whatever_the_parts(pipe, most, part):
    reading, writing = pipe
    data, tail, seen = numbered(5 * BLOCK // 2), Tail(most), 0
    for place in range(0, len(data), part):
        given = data[place : place + part]
        os.write(writing, given)
        while given:
            read = bytes(tail.read(reading))
            assert read == given[: len(read)]
            given, seen = given[len(read) :], seen + len(read)
    assert (tail.total, tail.is_cut) == (seen, seen > most) and seen == len(data)
    assert tail.value() == (data[-most:] if most else b"")


def test_what_is_short_is_kept_whole_and_its_end_is_nothing(pipe):
    reading, writing = pipe
    tail = Tail(100)
    os.write(writing, b"abc")
    assert bytes(tail.read(reading)) == b"abc"
    with open(os.devnull) as empty:
        assert not tail.read(empty.fileno())
    assert (tail.value(), tail.total, tail.is_cut) == (b"abc", 3, False)
