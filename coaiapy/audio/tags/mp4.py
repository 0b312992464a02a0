"""The tags of MP4 files: atoms with names of four characters, and free-form ones."""

import re
from typing import Any, Dict, List

from coaiapy.audio.tags.base import OpenedTags
from coaiapy.errors import UsageError
from coaiapy.util.packages import require

_ATOMS = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "track": "trkn",
    "year": "\xa9day",
    "genre": "\xa9gen",
    "comment": "\xa9cmt",
}
_LYRICS = "\xa9lyr"
_FREEFORM = "----:com.apple.iTunes:"


class Mp4Tags(OpenedTags):
    """The tags of an opened MP4 file."""

    @staticmethod
    def reads(opened: Any) -> bool:
        """Whether the file is MP4."""
        return type(opened).__name__ == "MP4"

    def shown(self) -> Dict[str, Any]:
        """Return the tags by name; see ``tags.read``."""
        shown: Dict[str, Any] = {"format": "MP4"}
        named = {key: name for name, key in _ATOMS.items()}
        others: Dict[str, List[str]] = {}
        for key, values in sorted(self.tags.items()):
            texts = [_text(value) for value in _as_list(values)]
            if key in named:
                shown[named[key]] = "; ".join(texts)
            elif key == _LYRICS:
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
        """Set a tag of ``base.NAMES``; an empty text removes it."""
        if name == "track" and text:
            numbers = re.match(r"(\d+)(?:/(\d+))?\Z", text)
            if not numbers:
                raise UsageError("--track {!r} is not a number, or two like 3/12".format(text))
            self.tags["trkn"] = [(int(numbers.group(1)), int(numbers.group(2) or 0))]
        else:
            self._set(_ATOMS[name], [text] if text else [])

    def set_lyrics(self, text: str) -> None:
        """Set the lyrics; an empty text removes them."""
        self._set(_LYRICS, [text] if text else [])

    def set_cover(self, media_type: str, content: bytes) -> None:
        """Set the cover."""
        cover = require("mutagen.mp4", "mutagen").MP4Cover
        kind = cover.FORMAT_PNG if media_type == "image/png" else cover.FORMAT_JPEG
        self.tags["covr"] = [cover(content, imageformat=kind)]

    def set_frame(self, name: str, value: str) -> None:
        """Set an atom by its own name; an empty value removes it.

        A name like ``(c)wrt`` is a text atom (``(c)`` stands for the copyright sign); any other
        name is a free-form atom.
        """
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


def _as_list(values: Any) -> List[Any]:
    return values if isinstance(values, list) else [values]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, tuple):
        return "/".join(str(number) for number in value if number)
    return str(value)
