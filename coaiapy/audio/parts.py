"""Transcribes the parts of a long recording side by side, and keeps those that are finished.

A transcription of hours may be interrupted. Each finished part is a file in the state folder, named by
a hash of what was sent; the next run takes it from there, and the last one removes them all.
"""

import itertools
import json
import os
import time
from hashlib import sha256
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from coaiapy.audio.split import Part
from coaiapy.audio.transcripts import Segment, Transcript
from coaiapy.errors import CoaiaError
from coaiapy.util import files
from coaiapy.util.paths import make_private_folder, state_folder
from coaiapy.util.threads import as_finished

# How many parts are with the service at once; so many are in memory as well.
WORKERS = 4
FOLDER = "transcripts"
_KEPT_SECONDS = 30 * 86400.0

Ask = Callable[[Part], Transcript]


def transcribed(
    parts: Iterator[Part], ask: Ask, asked: Any, done: Callable[[float], None]
) -> List[Transcript]:
    """Return ``ask(part)`` for all parts, in their order.

    ``asked`` is everything else that decides what the service answers. ``done`` is called with the
    seconds that are finished. Raises what ``ask`` raises first, after the parts that were begun
    before it; the finished ones are kept then, and the message says so.
    """
    first, second = next(parts), next(parts, None)
    if second is None:
        whole = ask(first)
        done(first.seconds or 0.0)
        return [whole]
    kept = KeptParts(asked)
    work = _Work(ask, kept, done)
    try:
        found = work.all(itertools.chain([first, second], parts))
    except (CoaiaError, KeyboardInterrupt) as error:
        if kept.count:
            said = "{} kept: run it again to go on from there".format(
                "1 finished part is"
                if kept.count == 1
                else "{} finished parts are".format(kept.count)
            )
            error.args = ("; ".join(filter(None, [str(error), said])),)
        raise
    kept.remove()
    return found


class _Work:
    """The parts of a recording, and those that are finished."""

    def __init__(self, ask: Ask, kept: "KeptParts", done: Callable[[float], None]) -> None:
        self.ask = ask
        self.kept = kept
        self.done = done
        self.seconds = 0.0
        self.found: Dict[int, Transcript] = {}
        self.error: Optional[Exception] = None

    def all(self, parts: Iterator[Part]) -> List[Transcript]:
        """Return the transcripts of all parts; no part is begun after one that has failed."""
        for outcome in as_finished(self._asked, self._unknown(parts), WORKERS):
            if outcome.error is None:
                number, part = outcome.item
                self._take(number, part, outcome.value)
            self.error = self.error or outcome.error
        if self.error is not None:
            raise self.error
        return [self.found[number] for number in sorted(self.found)]

    def _unknown(self, parts: Iterator[Part]) -> Iterator[Tuple[int, Part]]:
        """Yield the parts that no earlier run has finished, with their numbers."""
        for number, part in enumerate(parts):
            known = self.kept.get(part)
            if known is not None:
                self._take(number, part, known)
            elif self.error is not None:
                return
            else:
                yield number, part

    def _asked(self, item: Tuple[int, Part]) -> Transcript:
        transcript = self.ask(item[1])
        self.kept.put(item[1], transcript)
        return transcript

    def _take(self, number: int, part: Part, transcript: Transcript) -> None:
        self.found[number] = transcript
        self.seconds += part.seconds or 0.0
        self.done(self.seconds)


class KeptParts:
    """The finished parts of one recording; a folder that cannot be written keeps nothing."""

    def __init__(self, asked: Any) -> None:
        self.asked = json.dumps(asked, sort_keys=True).encode("utf-8")
        self._paths: List[str] = []

    @property
    def count(self) -> int:
        """How many parts are kept."""
        return len(self._paths)

    def get(self, part: Part) -> Optional[Transcript]:
        """Return the transcript of a part from an earlier run, or ``None``."""
        try:
            path = self._path(part)
            found = _read(files.read_text(path)) if os.path.isfile(path) else None
        except (CoaiaError, ValueError, KeyError, TypeError):
            return None
        if found is not None:
            self._paths.append(path)
        return found

    def put(self, part: Part, transcript: Transcript) -> None:
        """Keep the transcript of a part."""
        try:
            path = self._path(part)
            make_private_folder(os.path.dirname(path))
            files.write_atomic(path, json.dumps(transcript._asdict()))
        except CoaiaError:
            return
        self._paths.append(path)

    def remove(self) -> None:
        """Remove the parts of this recording, and those of others that nobody went on with."""
        for path in self._paths:
            files.remove_quietly(path)
        try:
            others = [os.path.join(state_folder(), FOLDER, name) for name in _names()]
        except CoaiaError:
            return
        for path in others:
            if _age(path) > _KEPT_SECONDS:
                files.remove_quietly(path)

    def _path(self, part: Part) -> str:
        digest = sha256(self.asked + repr((part.start, part.media_type)).encode("ascii"))
        digest.update(part.content)
        return os.path.join(state_folder(), FOLDER, digest.hexdigest() + ".json")


def _read(text: str) -> Transcript:
    kept: Dict[str, Any] = json.loads(text)
    segments: Tuple[Segment, ...] = tuple(Segment(*one) for one in kept["segments"])
    if not isinstance(kept["text"], str):
        raise ValueError("the text is missing")
    return Transcript(kept["text"], segments, kept["language"], kept["seconds"])


def _names() -> List[str]:
    try:
        return os.listdir(os.path.join(state_folder(), FOLDER))
    except OSError:
        return []


def _age(path: str) -> float:
    try:
        return time.time() - os.path.getmtime(path)
    except OSError:
        return 0.0
