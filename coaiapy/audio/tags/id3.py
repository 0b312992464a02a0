"""ID3 tags, version 2.3 and 2.4, in MP3, WAV, AIFF and True Audio files."""

import re
from typing import Any, Dict, List, Optional

from coaiapy.audio.tags.base import OpenedTags
from coaiapy.errors import UsageError
from coaiapy.util.packages import require

FRAMES = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "track": "TRCK",
    "year": "TDRC",
    "genre": "TCON",
}
# Frames that exist only in version 2.3. Mutagen holds tags as version 2.4 in memory.
_ONLY_IN_23 = ("TYER", "TDAT", "TIME")
# A file may have several frames of these kinds; mutagen's key for each contains its URL.
_KEYED_BY_URL = ("WCOM", "WOAR")
_LANGUAGE = "eng"
_UTF8, _UTF16 = 3, 1


class Id3Tags(OpenedTags):
    """The ID3 tag of an opened file."""

    def __init__(self, opened: Any) -> None:
        self.had_tags = opened.tags is not None
        super().__init__(opened)
        self.found = getattr(opened.tags, "version", (2, 4, 0))

    @staticmethod
    def reads(opened: Any) -> bool:
        """Whether the file's tags are ID3."""
        id3 = require("mutagen.id3", "mutagen")
        tags = opened.tags
        kind = type(opened).__name__
        return isinstance(tags, id3.ID3) or tags is None and kind in ("MP3", "WAVE", "AIFF")

    def shown(self) -> Dict[str, Any]:
        """Return the tags by name; see ``tags.read``."""
        version = "ID3v2.{}".format(self.found[1]) if len(self.tags) else "no ID3 tag"
        shown: Dict[str, Any] = {"format": "{} ({})".format(type(self.opened).__name__, version)}
        named = {frame: name for name, frame in FRAMES.items()}
        others: Dict[str, List[str]] = {}
        for key, frame in sorted(self.tags.items()):
            if key in named:
                shown[named[key]] = "; ".join(self._texts(frame))
            elif frame.FrameID == "COMM" and not frame.desc:
                shown["comment"] = "; ".join(frame.text)
            elif frame.FrameID == "USLT":
                shown["lyrics"] = frame.text
            elif frame.FrameID == "APIC":
                shown["cover"] = {"type": frame.mime, "bytes": len(frame.data)}
            else:
                name = frame.FrameID if frame.FrameID in _KEYED_BY_URL else key
                others.setdefault(name, []).extend(self._texts(frame))
        shown["frames"] = others
        return shown

    def _texts(self, frame: Any) -> List[str]:
        if frame.FrameID == "TCON":
            return [str(genre) for genre in frame.genres]
        texts = getattr(frame, "text", None)
        if texts is None:
            texts = getattr(frame, "url", None) or frame.pprint()
        return [str(text) for text in (texts if isinstance(texts, list) else [texts])]

    def clear(self) -> None:
        """Remove every frame, and the short tag of version 1 at the end of the file."""
        self.tags.clear()
        self.opened.delete()

    def set_text(self, name: str, text: str) -> None:
        """Set a tag of ``base.NAMES``; an empty text removes it."""
        if name == "comment":
            return self._comment("", text)
        self._check(name, text)
        self._text_frame(FRAMES[name], text)

    def _check(self, name: str, text: str) -> None:
        if name == "track" and not re.match(r"(\d+(/\d+)?)?\Z", text):
            raise UsageError("--track {!r} is not a number, or two like 3/12".format(text))
        if name == "year" and not re.match(r"(\d{4}(-\d\d(-\d\d)?)?)?\Z", text):
            raise UsageError("--year {!r} is not a year like 2026, or a date".format(text))

    def _text_frame(self, frame_id: str, text: str) -> None:
        self.tags.delall(frame_id)
        if text:
            kind = getattr(require("mutagen.id3", "mutagen"), frame_id)
            self.tags.add(kind(encoding=_UTF8, text=[text]))

    def _comment(self, description: str, text: str) -> None:
        id3 = require("mutagen.id3", "mutagen")
        for key in [key for key in self.tags if key.startswith("COMM:" + description + ":")]:
            del self.tags[key]
        if text:
            self.tags.add(id3.COMM(encoding=_UTF8, lang=_LANGUAGE, desc=description, text=[text]))

    def set_lyrics(self, text: str) -> None:
        """Set the lyrics; an empty text removes them."""
        id3 = require("mutagen.id3", "mutagen")
        self.tags.delall("USLT")
        if text:
            self.tags.add(id3.USLT(encoding=_UTF8, lang=_LANGUAGE, desc="", text=text))

    def set_cover(self, media_type: str, content: bytes) -> None:
        """Set the front cover."""
        id3 = require("mutagen.id3", "mutagen")
        for key in [key for key, frame in self.tags.items() if is_cover(frame)]:
            del self.tags[key]
        self.tags.add(id3.APIC(encoding=_UTF8, mime=media_type, type=3, desc="Cover", data=content))

    def set_frame(self, name: str, value: str) -> None:
        """Set a frame by its ID3 name: ``TBPM``, ``WOAR``, ``TXXX:key``, ``COMM:description``.

        An empty value removes it. Raises ``UsageError`` for a frame that does not hold a text.
        """
        frame_id, _, description = name.partition(":")
        frame_id = frame_id.upper()
        id3 = require("mutagen.id3", "mutagen")
        kind = id3.Frames.get(frame_id)
        if frame_id in _ONLY_IN_23:
            raise UsageError("{} exists only in ID3v2.3: set TDRC instead".format(frame_id))
        if frame_id == "TXXX":
            self.tags.delall("TXXX:" + description)
            if value:
                self.tags.add(id3.TXXX(encoding=_UTF8, desc=description, text=[value]))
        elif frame_id == "COMM":
            self._comment(description, value)
        elif kind is not None and issubclass(kind, id3.TextFrame):
            self._text_frame(frame_id, value)
        elif kind is not None and issubclass(kind, id3.UrlFrame) and frame_id != "WXXX":
            self.tags.delall(frame_id)
            if value:
                self.tags.add(kind(url=value))
        else:
            raise UsageError(
                "{!r} is not an ID3 frame for text: use one such as TBPM, WOAR or TXXX:name".format(
                    name
                )
            )

    def save(self, version: Optional[str]) -> None:
        """Write the tag in ``version``, by default in the file's version (2.4 for a new tag)."""
        if not self.tags:
            if self.had_tags:
                self.opened.delete()
            return
        wanted = int(version[-1]) if version else 3 if tuple(self.found[:2]) == (2, 3) else 4
        if wanted == 3:
            self.tags.update_to_v23()
            for frame in self.tags.values():
                if getattr(frame, "encoding", None) == _UTF8:
                    frame.encoding = _UTF16  # version 2.3 has no UTF-8
        self.opened.save(v2_version=wanted)


def is_cover(frame: Any) -> bool:
    """Tell whether an ID3 frame is the front cover, or a picture of the unspecified type 0."""
    return frame.FrameID == "APIC" and frame.type in (0, 3)
