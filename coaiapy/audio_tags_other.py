"""Tags of Ogg, FLAC and Opus files (Vorbis comments) and of MP4 files."""

import base64
import re
from typing import Any, Dict, List, Optional

from coaiapy.errors import UsageError
from coaiapy.packages import require

_VORBIS = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "track": "tracknumber",
    "year": "date",
    "genre": "genre",
    "comment": "comment",
}
_PICTURE = "metadata_block_picture"
_MP4 = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "track": "trkn",
    "year": "\xa9day",
    "genre": "\xa9gen",
    "comment": "\xa9cmt",
}
_MP4_LYRICS = "\xa9lyr"
_FREEFORM = "----:com.apple.iTunes:"


class VorbisTags:
    """The Vorbis comments of an opened file."""

    def __init__(self, opened: Any) -> None:
        self.opened = opened
        if opened.tags is None:
            opened.add_tags()
        self.tags = opened.tags

    @staticmethod
    def reads(opened: Any) -> bool:
        """Whether the file's tags are Vorbis comments."""
        names = [kind.__name__ for kind in type(opened).__mro__]
        return "FLAC" in names or "OggFileType" in names

    def shown(self) -> Dict[str, Any]:
        """Return the tags by name; see ``audio_tags.read``."""
        shown: Dict[str, Any] = {
            "format": "{} (Vorbis comments)".format(type(self.opened).__name__)
        }
        named = {key: name for name, key in _VORBIS.items()}
        others: Dict[str, List[str]] = {}
        for key in sorted({key.lower() for key in self.tags.keys()}):
            if key in named:
                shown[named[key]] = "; ".join(self.tags[key])
            elif key == "lyrics":
                shown["lyrics"] = "; ".join(self.tags[key])
            elif key != _PICTURE:
                others[key] = list(self.tags[key])
        for picture in self._pictures()[:1]:
            shown["cover"] = {"type": picture.mime, "bytes": len(picture.data)}
        shown["frames"] = others
        return shown

    def _pictures(self) -> List[Any]:
        if hasattr(self.opened, "pictures"):
            return list(self.opened.pictures)
        flac = require("mutagen.flac", "mutagen")
        return [flac.Picture(base64.b64decode(one)) for one in self.tags.get(_PICTURE, [])]

    def clear(self) -> None:
        """Remove every tag and picture."""
        for key in {key.lower() for key in self.tags.keys()}:
            del self.tags[key]
        if hasattr(self.opened, "clear_pictures"):
            self.opened.clear_pictures()

    def set_text(self, name: str, text: str) -> None:
        """Set a tag of ``audio_tags.NAMES``; an empty text removes it."""
        self.set_frame(_VORBIS[name], text)

    def set_lyrics(self, text: str) -> None:
        """Set the words of the song; an empty text removes them."""
        self.set_frame("lyrics", text)

    def set_cover(self, media_type: str, content: bytes) -> None:
        """Set the front cover."""
        picture = require("mutagen.flac", "mutagen").Picture()
        picture.type, picture.mime, picture.data = 3, media_type, content
        if hasattr(self.opened, "clear_pictures"):
            self.opened.clear_pictures()
            self.opened.add_picture(picture)
        else:
            self.tags[_PICTURE] = [base64.b64encode(picture.write()).decode("ascii")]

    def set_frame(self, name: str, value: str) -> None:
        """Set a comment by its own name; an empty value removes it."""
        if not re.match(r"[\x20-\x3c\x3e-\x7d]+\Z", name):
            raise UsageError("{!r} is no name for a Vorbis comment".format(name))
        if value:
            self.tags[name] = [value]
        elif name in self.tags:
            del self.tags[name]

    def save(self, version: Optional[str]) -> None:
        """Write the tags."""
        _no_version(version, self.opened)
        self.opened.save()


class Mp4Tags:
    """The tags of an opened MP4 file."""

    def __init__(self, opened: Any) -> None:
        self.opened = opened
        if opened.tags is None:
            opened.add_tags()
        self.tags = opened.tags

    @staticmethod
    def reads(opened: Any) -> bool:
        """Whether the file is MP4."""
        return type(opened).__name__ == "MP4"

    def shown(self) -> Dict[str, Any]:
        """Return the tags by name; see ``audio_tags.read``."""
        shown: Dict[str, Any] = {"format": "MP4"}
        named = {key: name for name, key in _MP4.items()}
        others: Dict[str, List[str]] = {}
        for key, values in sorted(self.tags.items()):
            texts = [_mp4_text(key, value) for value in _as_list(values)]
            if key in named:
                shown[named[key]] = "; ".join(texts)
            elif key == _MP4_LYRICS:
                shown["lyrics"] = "; ".join(texts)
            elif key == "covr":
                kind = "png" if values[0].imageformat == values[0].FORMAT_PNG else "jpeg"
                shown["cover"] = {"type": "image/" + kind, "bytes": len(values[0])}
            else:
                others[key] = texts
        shown["frames"] = others
        return shown

    def clear(self) -> None:
        """Remove every tag."""
        self.tags.clear()

    def set_text(self, name: str, text: str) -> None:
        """Set a tag of ``audio_tags.NAMES``; an empty text removes it."""
        if name == "track" and text:
            numbers = re.match(r"(\d+)(?:/(\d+))?\Z", text)
            if not numbers:
                raise UsageError("--track {!r} is not a number, or two like 3/12".format(text))
            self.tags["trkn"] = [(int(numbers.group(1)), int(numbers.group(2) or 0))]
        else:
            self._set(_MP4[name], [text] if text else [])

    def set_lyrics(self, text: str) -> None:
        """Set the words of the song; an empty text removes them."""
        self._set(_MP4_LYRICS, [text] if text else [])

    def set_cover(self, media_type: str, content: bytes) -> None:
        """Set the cover."""
        cover = require("mutagen.mp4", "mutagen").MP4Cover
        kind = cover.FORMAT_PNG if media_type == "image/png" else cover.FORMAT_JPEG
        self.tags["covr"] = [cover(content, imageformat=kind)]

    def set_frame(self, name: str, value: str) -> None:
        """Set a text atom (four characters, ``(c)`` for the sign) or a free one by its own name."""
        key = name.replace("(c)", "\xa9")
        if len(key) == 4 and key[0] == "\xa9":
            self._set(key, [value] if value else [])
        else:
            key = key if key.startswith("----:") else _FREEFORM + name
            self._set(key, [value.encode("utf-8")] if value else [])

    def _set(self, key: str, values: List[Any]) -> None:
        if values:
            self.tags[key] = values
        elif key in self.tags:
            del self.tags[key]

    def save(self, version: Optional[str]) -> None:
        """Write the tags."""
        _no_version(version, self.opened)
        self.opened.save()


def _as_list(values: Any) -> List[Any]:
    return values if isinstance(values, list) else [values]


def _mp4_text(key: str, value: Any) -> str:
    if isinstance(value, bytes):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, tuple):
        return "/".join(str(number) for number in value if number)
    return str(value)


def _no_version(version: Optional[str], opened: Any) -> None:
    if version:
        raise UsageError("--id3 goes with ID3 tags; {} has none".format(type(opened).__name__))
