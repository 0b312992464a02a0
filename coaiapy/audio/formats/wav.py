"""Reads the header and the samples of WAV files, and makes headers for new ones."""

import array
import struct
import sys
from typing import IO, Any, NamedTuple

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
FULL_SCALE = 32768
_UNKNOWN = 0xFFFFFFFF


class Wav(NamedTuple):
    """A WAV file: its ``fmt`` chunk, the place of its samples (bytes), and their format.

    ``block`` is the number of bytes of one sample of all channels, ``rate`` samples per second.
    ``is_complete`` says that the header's sizes are those of the file.
    """

    format_chunk: bytes
    data_offset: int
    data_bytes: int
    kind: int
    channels: int
    rate: int
    block: int
    bits: int
    is_complete: bool = True

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return float(self.data_bytes // self.block) / self.rate

    @property
    def is_measurable(self) -> bool:
        """Whether ``levels`` can read its samples."""
        if self.block != self.channels * self.bits // 8:
            return False
        return self.bits in (8, 16, 24, 32) if self.kind == PCM else self.bits == 32

    def header(self, data_bytes: int) -> bytes:
        """Return the header of a WAV file with ``data_bytes`` of samples in the same format."""
        chunks = struct.pack("<4sI", b"fmt ", len(self.format_chunk)) + self.format_chunk
        chunks += struct.pack("<4sI", b"data", data_bytes)
        return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks) + data_bytes, b"WAVE") + chunks


def parse(stream: IO[bytes], size: int) -> Wav:
    """Return the description of a WAV file of ``size`` bytes; ``ValueError`` if it is not valid.

    If its data is longer than the file according to the header, or has no length (a recorder was
    interrupted, or wrote to a pipe), the data ends with the file.
    """
    riff = stream.read(12)
    if riff[:4] not in (b"RIFF", b"RF64") or riff[8:12] != b"WAVE":
        raise ValueError("it does not begin like a WAV file")
    format_chunk = b""
    while True:
        head = stream.read(8)
        if len(head) < 8:
            raise ValueError("it contains no sound")
        name, length = struct.unpack("<4sI", head)
        if name == b"data":
            break
        content = stream.read(length + length % 2) if length < size else b""
        if name == b"fmt ":
            format_chunk = content[:length]
    offset = stream.tell()
    said = struct.unpack("<I", riff[4:8])[0]
    if not length and said in (0, offset - 8, _UNKNOWN):
        length = _UNKNOWN
    wav = _described(format_chunk, offset, min(length, size - offset))
    return wav._replace(is_complete=offset + length <= said + 8 <= size)


def _described(chunk: bytes, offset: int, length: int) -> Wav:
    if len(chunk) < 16:
        raise ValueError("it does not describe the format of its samples")
    kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", chunk[:16])
    if kind == EXTENSIBLE and len(chunk) >= 26:
        kind = struct.unpack("<H", chunk[24:26])[0]
    if not channels or not rate or not block:
        raise ValueError("it describes an impossible format of its samples")
    return Wav(chunk, offset, length // block * block, kind, channels, rate, block, bits)


def levels(wav: Wav, data: bytes) -> Any:
    """Return the samples in ``data`` converted to 16-bit numbers; channels alternate."""
    width = wav.bits // 8
    if wav.kind == FLOAT:
        given = array.array("f", data[: len(data) // 4 * 4])
        if sys.byteorder == "big":
            given.byteswap()
        return array.array("h", (_clipped(value) for value in given))
    data = data[: len(data) // width * width]
    if width == 1:
        return array.array("h", ((value - 128) * 256 for value in data))
    if width > 2:  # only the two high bytes of each sample are needed
        high = bytearray(len(data) // width * 2)
        high[0::2], high[1::2] = data[width - 2 :: width], data[width - 1 :: width]
        data = bytes(high)
    samples = array.array("h", data)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _clipped(value: float) -> int:
    if value != value:
        return 0
    return int(max(-1.0, min(1.0, value)) * (FULL_SCALE - 1))


def pcm_header(rate: int, channels: int, data_bytes: int) -> bytes:
    """Return the header of a WAV file with ``data_bytes`` of 16-bit samples."""
    block = channels * 2
    chunk = struct.pack("<HHIIHH", PCM, channels, rate, rate * block, block, 16)
    return Wav(chunk, 0, data_bytes, PCM, channels, rate, block, 16).header(data_bytes)
