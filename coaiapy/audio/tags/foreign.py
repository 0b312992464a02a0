"""Tags of another kind than a file's own: APEv2 and Lyrics3 in MP3, ID3 in FLAC, chunks of WAV and
AIFF, user data and chapters of MP4.

Other programs leave them behind. They are shown, and removed with all others; they are not written.
"""

from typing import Any, Dict, List

from coaiapy.audio.formats import iff, lyrics3, mp4
from coaiapy.util.packages import require

# The kinds of files whose foreign tags we read ourselves.
_OWN: Dict[str, Any] = {"WAVE": iff, "AIFF": iff, "MP4": mp4}


def shown(path: str, opened: Any) -> Dict[str, List[str]]:
    """Return the foreign tags of a file that mutagen has opened: texts by name (``APE:Title``)."""
    kind = type(opened).__name__
    if kind in _OWN:
        return _OWN[kind].texts(path)  # type: ignore[no-any-return]
    tags = _tags(kind, path)
    prefix = "ID3:" if kind == "FLAC" else "APE:"
    found = {prefix + str(key): [str(tags[key])] for key in sorted(tags.keys())}
    return dict(found, **lyrics3.texts(path)) if kind == "MP3" else found


def remove(path: str, opened: Any) -> None:
    """Remove the foreign tags from a file."""
    kind = type(opened).__name__
    if kind in _OWN:
        _OWN[kind].remove(path)
        return
    if kind == "MP3":
        lyrics3.remove(path)
    tags = _tags(kind, path)
    if tags:
        tags.delete(path)


def _tags(kind: str, path: str) -> Any:
    if kind == "FLAC":
        id3 = require("mutagen.id3", "mutagen")
        reading, missing = id3.ID3, id3.ID3NoHeaderError
    elif kind == "MP3":
        ape = require("mutagen.apev2", "mutagen")
        reading, missing = ape.APEv2, ape.APENoHeaderError
    else:
        return {}
    try:
        return reading(path)
    except missing:
        return {}
