"""Sound files: finding out their format from their first bytes."""

import os
from typing import NamedTuple, Optional

from coaiapy.audio.formats import mp3
from coaiapy.errors import UsageError
from coaiapy.util.paths import open_regular

_HEAD_BYTES = 65536
MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp4": "audio/mp4",
    "webm": "audio/webm",
    "amr": "audio/amr",
    "aiff": "audio/aiff",
    "aac": "audio/aac",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "mka": "audio/x-matroska",
    "caf": "audio/x-caf",
    "wma": "audio/x-ms-wma",
}
# The suffixes under which services know the kinds that all of them read, the usual one first.
SUFFIXES = {
    "wav": ("wav",),
    "mp3": ("mp3", "mpga", "mpeg"),
    "ogg": ("ogg", "oga"),
    "flac": ("flac",),
    "mp4": ("m4a", "mp4"),
    "webm": ("webm",),
}
_BRANDS = {b"qt  ": "mov", b"3gp": "3gp", b"3g2": "3gp"}
_BEGINNINGS = {
    b"OggS": "ogg",
    b"fLaC": "flac",
    b"#!AM": "amr",
    b"caff": "caf",
    b"0&\xb2u": "wma",
}
_EBML = b"\x1aE\xdf\xa3"


class AudioFile(NamedTuple):
    """A sound file: its path, its format (a key of ``MEDIA_TYPES``) and its size in bytes."""

    path: str
    kind: str
    size: int

    @property
    def name(self) -> str:
        """Its name without folders."""
        return os.path.basename(self.path)

    @property
    def media_type(self) -> str:
        """Its media type, such as ``audio/wav``."""
        return MEDIA_TYPES[self.kind]

    @property
    def is_common(self) -> bool:
        """Whether every transcription service reads its format."""
        return self.kind in SUFFIXES

    @property
    def upload_name(self) -> str:
        """Its name with a suffix that fits its format: services judge a file by its suffix."""
        suffixes = SUFFIXES.get(self.kind, (self.kind,))
        given = os.path.splitext(self.name)[1][1:].lower()
        return self.name if given in suffixes else "{}.{}".format(self.name, suffixes[0])


def look_at(path: str) -> AudioFile:
    """Return the format and size of the file at ``path``.

    Raises ``StateError`` if it cannot be read, ``UsageError`` if it is empty or holds no sound.
    """
    with open_regular(path) as stream:
        head = stream.read(_HEAD_BYTES)
        start = mp3.tag_length(head)
        if start:
            stream.seek(start)
            head = stream.read(_HEAD_BYTES)
        size = stream.seek(0, os.SEEK_END)
    if not size:
        raise UsageError("{} is empty: give a recording".format(path))
    kind = _kind(head)
    if kind is None:
        raise UsageError(
            "{} is not a known kind of audio file: give one of {}".format(
                path, ", ".join(sorted(MEDIA_TYPES))
            )
        )
    return AudioFile(path, kind, size)


def _kind(head: bytes) -> Optional[str]:
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] in (b"ftyp", b"moov", b"wide"):  # the last two begin old QuickTime files
        brand = head[8:12] if head[4:8] == b"ftyp" else b"qt  "
        return _BRANDS.get(brand) or _BRANDS.get(brand[:3]) or "mp4"
    if head[:4] == _EBML:
        return "mka" if b"matroska" in head[:64] else "webm"
    if head[:4] in _BEGINNINGS:
        return _BEGINNINGS[head[:4]]
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xF6 == 0xF0:
        return "aac"
    first = next(mp3.frames(head), None)
    return "mp3" if first is not None and first.offset < len(head) // 2 + 1 else None
