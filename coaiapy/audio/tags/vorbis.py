"""Vorbis comments: the tags of Ogg, FLAC and Opus files."""

import base64
import re
from typing import Any, Dict, List

from coaiapy.audio.tags.base import OpenedTags
from coaiapy.errors import UsageError
from coaiapy.util.packages import require

_COMMENTS = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "track": "tracknumber",
    "year": "date",
    "genre": "genre",
    "comment": "comment",
}
_PICTURE = "metadata_block_picture"


class VorbisTags(OpenedTags):
    """The Vorbis comments of an opened file."""

    @staticmethod
    def reads(opened: Any) -> bool:
        """Whether the file's tags are Vorbis comments."""
        names = [kind.__name__ for kind in type(opened).__mro__]
        return "FLAC" in names or "OggFileType" in names

    def shown(self) -> Dict[str, Any]:
        """Return the tags by name; see ``tags.read``."""
        shown: Dict[str, Any] = {
            "format": "{} (Vorbis comments)".format(type(self.opened).__name__)
        }
        named = {key: name for name, key in _COMMENTS.items()}
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
        """Set a tag of ``base.NAMES``; an empty text removes it."""
        self.set_frame(_COMMENTS[name], text)

    def set_lyrics(self, text: str) -> None:
        """Set the lyrics; an empty text removes them."""
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
            raise UsageError(
                "{!r} cannot be the name of a Vorbis comment: use ASCII without = and ~".format(
                    name
                )
            )
        if value:
            self.tags[name] = [value]
        elif name in self.tags:
            del self.tags[name]
