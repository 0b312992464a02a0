"""Reads and writes the tags of sound files: ID3 (MP3, WAV, AIFF), Vorbis comments, MP4.

The sound itself is never changed. Tags are written to a copy, which then replaces the file.
"""

import os
import shutil
from contextlib import contextmanager
from typing import IO, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.audio.formats import wav
from coaiapy.audio.tags import foreign
from coaiapy.audio.tags.base import NAMES
from coaiapy.audio.tags.id3 import Id3Tags
from coaiapy.audio.tags.mp4 import Mp4Tags
from coaiapy.audio.tags.vorbis import VorbisTags
from coaiapy.errors import CoaiaError, StateError, UsageError
from coaiapy.langfuse.traces.observe import Call, Recorder, Seen
from coaiapy.util.files import (
    make_private_file,
    read_bytes,
    read_input_text,
    reason,
    temporary_beside,
)
from coaiapy.util.packages import require
from coaiapy.util.paths import check_stays, open_regular

# A change of the length of the sound by more than this means that it was damaged.
_NOTICED_SECONDS = 0.05
_PICTURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


class Change(NamedTuple):
    """What is to be changed in a file's tags.

    ``texts`` has the names of ``base.NAMES``, ``cover`` is (media type, bytes),
    ``frames`` are (name, value) under the names of the file's own format. An empty text removes the
    tag; ``clear`` removes all tags first. ``id3`` is the ID3 version to write, ``2.3`` or ``2.4``;
    without it the file keeps its version.
    """

    texts: Dict[str, str] = {}
    lyrics: Optional[str] = None
    cover: Optional[Tuple[str, bytes]] = None
    frames: Sequence[Tuple[str, str]] = ()
    clear: bool = False
    id3: Optional[str] = None

    @property
    def is_nothing(self) -> bool:
        """Whether the file would stay as it is."""
        return self == Change()


def change_from(
    texts: Dict[str, Optional[str]],
    lyrics_file: Optional[str] = None,
    cover_file: Optional[str] = None,
    frames: Sequence[str] = (),
    clear: bool = False,
    id3: Optional[str] = None,
) -> Change:
    """Return the change that the options of a command ask for.

    ``frames`` are texts like ``FRAME=VALUE``. Raises ``UsageError`` for a text that is not, or a
    cover that is not JPEG or PNG, and ``StateError`` for a file that cannot be read.
    """
    divided = []
    for text in frames:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError("{!r} is not FRAME=VALUE".format(text))
        divided.append((name.strip(), value))
    return Change(
        texts={name: text for name, text in texts.items() if text is not None},
        lyrics=None if lyrics_file is None else read_input_text(lyrics_file),
        cover=None if cover_file is None else _picture(cover_file),
        frames=tuple(divided),
        clear=clear,
        id3=id3,
    )


def _picture(path: str) -> Tuple[str, bytes]:
    content = read_bytes(path)
    for begin, media_type in _PICTURES:
        if content.startswith(begin):
            return media_type, content
    raise UsageError("{} is neither a JPEG nor a PNG picture: convert it".format(path))


def read(path: str) -> Dict[str, Any]:
    """Return the tags of a file: ``format``, the names of ``NAMES`` and ``lyrics`` that are set,
    ``cover`` (``type``, ``bytes``), and ``frames``: every other frame with its texts, also those of
    tags of another kind (``APE:Title``, ``INFO:ICMT``).

    Raises ``StateError`` for a file that cannot be read, ``UsageError`` for one with no tags of a
    known kind and for a damaged one.
    """
    with _reporting(path):
        opened = _opened(path, path)
        tags = dict(_handler(path, opened).shown())
        tags["frames"] = dict(tags["frames"], **foreign.shown(path, opened))
        return tags


def write(path: str, change: Change) -> None:
    """Apply ``change`` to the file at ``path``; the file is replaced in one step.

    Raises what ``read`` raises, ``UsageError`` for a frame that the file's format cannot hold, and
    ``StateError`` if a link leads out of the current folder.
    """
    target = os.path.realpath(path)
    with _reporting(path):
        length = _length(path, path)  # a file of another kind is refused before it is copied
    check_stays(path)
    # The copy keeps the suffix, because mutagen uses it to tell formats apart.
    copy = temporary_beside(target, os.path.splitext(target)[1])
    try:
        _copy(path, target, copy)
        with _reporting(path):
            _change(path, copy, change)
            if abs(_length(path, copy) - length) > _NOTICED_SECONDS:
                raise UsageError("{} cannot be tagged without damage: convert it".format(path))
        os.replace(copy, target)
    except OSError as error:
        raise StateError("cannot write {}: {}".format(path, reason(error))) from error
    finally:
        if os.path.exists(copy):
            os.unlink(copy)


def write_recorded(recorder: Recorder, path: str, change: Change) -> None:
    """Do what ``write`` does, and record it as an observation of the active trace."""
    described = Call("tag", "SPAN", {"file": path, "tags": dict(change.texts)})
    recorder.observe(described, lambda: write(path, change), lambda nothing: Seen({"file": path}))


def _change(path: str, copy: str, change: Change) -> None:
    if change.clear:
        foreign.remove(copy, _opened(path, copy))
    handler = _handler(path, _opened(path, copy))
    if change.clear:
        handler.clear()
    _apply(handler, change)
    handler.save(change.id3)


def _length(path: str, place: str) -> float:
    """Return how many seconds the sound in a file lasts that can be tagged."""
    opened = _opened(path, place)
    _handler(path, opened)
    return float(getattr(opened.info, "length", 0.0) or 0.0)


@contextmanager
def _reporting(path: str) -> Iterator[None]:
    """Turn what mutagen raises in the block into a ``CoaiaError``.

    For a damaged file that may be any exception.
    """
    try:
        yield
    except (CoaiaError, OSError):
        raise
    except Exception as error:
        said = str(error)
        if not said or isinstance(error, (AttributeError, TypeError)):  # a slip of mutagen's
            said = "its parts do not fit together"
        if isinstance(error, RecursionError):
            said = "it is nested too deeply"
        raise UsageError("{} is a damaged audio file: {}".format(path, said)) from error


def _copy(path: str, target: str, copy: str) -> None:
    """Copy ``target``, the file that ``path`` names, to ``copy`` with the same mode."""
    try:
        make_private_file(copy)
        shutil.copyfile(target, copy)
        shutil.copymode(target, copy)
    except OSError as error:
        raise StateError("cannot copy {}: {}".format(path, reason(error))) from error


def _opened(path: str, place: str) -> Any:
    """Return the file at ``place`` opened by mutagen, ``None`` for an unknown format.

    Errors name ``path``, since ``place`` may be our copy of it.
    """
    mutagen = require("mutagen")
    try:
        with open_regular(place) as stream:
            _check_sizes(path, stream)
        return mutagen.File(place)
    except OSError as error:
        raise StateError("cannot read {}: {}".format(path, reason(error))) from error


def _check_sizes(path: str, stream: IO[bytes]) -> None:
    """Raise ``UsageError`` for a WAV file whose header does not fit its size.

    Chunks for tags could not be told from its sound.
    """
    if stream.read(4) != b"RIFF":
        return
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    try:
        is_complete = wav.parse(stream, size).is_complete
    except ValueError as error:
        raise UsageError("{} is a broken WAV file: {}".format(path, error)) from error
    if not is_complete:
        raise UsageError(
            "{} is a WAV file whose header does not fit its size: it was cut off, or written to a "
            "pipe; convert it first".format(path)
        )


def _handler(path: str, opened: Any) -> Any:
    if opened is None:
        raise UsageError("{} is not an audio file with a known kind of tags".format(path))
    for kind in (Id3Tags, Mp4Tags, VorbisTags):
        if kind.reads(opened):
            return kind(opened)
    raise UsageError(
        "{} is {}, and coaia cannot write its tags: convert it to MP3".format(
            path, type(opened).__name__
        )
    )


def _apply(handler: Any, change: Change) -> None:
    for name, text in change.texts.items():
        handler.set_text(name, text)
    if change.lyrics is not None:
        handler.set_lyrics(change.lyrics)
    if change.cover is not None:
        handler.set_cover(*change.cover)
    for name, value in change.frames:
        handler.set_frame(name, value)


def rows(tags: Dict[str, Any]) -> List[Tuple[str, str]]:
    """Return the tags that ``read`` returned as (name, text) pairs to show."""
    shown = [(name, str(tags[name])) for name in ("format",) + NAMES if name in tags]
    if "cover" in tags:
        shown.append(("cover", "{type}, {bytes} bytes".format(**tags["cover"])))
    shown.extend((name, "; ".join(values)) for name, values in tags["frames"].items())
    if "lyrics" in tags:
        shown.append(("lyrics", tags["lyrics"]))
    return shown
