"""The end of a stream that is too long to keep."""

import os
from collections import deque
from typing import Deque

# The most that is read at a time, and the size of a block; that of the first, since most streams
# are short.
BLOCK = 1 << 18
_FIRST = 1 << 13


class Tail:
    """Keeps the last ``most`` bytes that it has read, and counts all of them in ``total``.

    It reads into blocks of memory that it uses again and again: getting memory for each part of a
    stream takes longer than passing that on.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        self._blocks: Deque[bytearray] = deque([bytearray(_FIRST)])
        self._filled = 0  # bytes of the last block; the others are full

    def read(self, descriptor: int) -> memoryview:
        """Read what there is, wait if there is nothing; return it, empty at the end of the stream.

        The bytes stay there until the next ``read``.
        """
        if self._filled == len(self._blocks[-1]):
            self._begin_block()
        start = self._filled
        block = memoryview(self._blocks[-1])
        self._filled += os.readv(descriptor, [block[start:]])
        self.total += self._filled - start
        return block[start : self._filled]

    def _begin_block(self) -> None:
        if sum(map(len, self._blocks)) - len(self._blocks[0]) >= self.most:
            oldest = self._blocks.popleft()  # nobody needs it any more
            self._blocks.append(oldest if len(oldest) == BLOCK else bytearray(BLOCK))
        else:
            self._blocks.append(bytearray(BLOCK))
        self._filled = 0

    @property
    def is_cut(self) -> bool:
        """Whether the stream had more bytes than are kept."""
        return self.total > self.most

    def value(self) -> bytes:
        """Return the bytes that are kept."""
        last = self._blocks.pop()
        whole = b"".join(self._blocks) + last[: self._filled]
        self._blocks.append(last)
        return whole[-self.most :] if self.most else b""
