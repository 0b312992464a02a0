"""Transcribes the parts of a long recording side by side, and keeps those that are finished.

A transcription of hours may be interrupted. Each finished part is a file in the state folder, named by
a hash of what was sent; the next run takes it from there, and the last one removes them all.
"""

import itertools
import json
import os
import queue
import time
from hashlib import sha256
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from coaiapy import files, threads
from coaiapy.audio_split import Part
from coaiapy.errors import CoaiaError
from coaiapy.folders import make_private_folder, state_folder
from coaiapy.transcript_formats import Segment, Transcript

# How many parts are with the service at once; so many are in memory as well.
WORKERS = 4
FOLDER = "transcripts"
_KEPT_SECONDS = 30 * 86400.0

Ask = Callable[[Part], Transcript]


class _Done(NamedTuple):
    """What became of a part, by its number: a transcript, or the exception that was raised."""

    number: int
    part: Part
    result: Union[Transcript, BaseException]


def transcribed(
    parts: Iterator[Part], ask: Ask, asked: Any, done: Callable[[float], None]
) -> List[Transcript]:
    """Return ``ask(part)`` for all parts, in their order.

    ``asked`` is everything else that decides what the service answers. ``done`` is called with the
    seconds that are finished. Raises what ``ask`` raises first; the parts that are finished by then
    are kept, and the message says so.
    """
    first, second = next(parts), next(parts, None)
    if second is None:
        whole = ask(first)
        done(first.seconds or 0.0)
        return [whole]
    work = _Work(ask, KeptParts(asked), done)
    try:
        return work.all(itertools.chain([first, second], parts))
    except (CoaiaError, KeyboardInterrupt) as error:
        work.keep_finished()
        if work.kept.count:
            said = "{} kept: run it again to go on from there".format(
                "1 finished part is"
                if work.kept.count == 1
                else "{} finished parts are".format(work.kept.count)
            )
            error.args = ("; ".join(filter(None, [str(error), said])),)
        raise


class _Work:
    """The parts that are with the service, and those that are finished."""

    def __init__(self, ask: Ask, kept: "KeptParts", done: Callable[[float], None]) -> None:
        self.ask = ask
        self.kept = kept
        self.done = done
        self.seconds = 0.0
        self.running = 0
        self.found: Dict[int, Transcript] = {}
        self.error: Optional[BaseException] = None
        self.finished: "queue.Queue[_Done]" = queue.Queue()

    def all(self, parts: Iterator[Part]) -> List[Transcript]:
        """Return the transcripts of all parts; no part is begun after one that has failed."""
        for number, part in enumerate(parts):
            known = self.kept.get(part)
            if known is not None:
                self._take(_Done(number, part, known))
                continue
            while self.running >= WORKERS:
                self._wait()
            if self.error is not None:
                break
            self._start(number, part)
        while self.running:
            self._wait()
        if self.error is not None:
            raise self.error
        self.kept.remove()
        return [self.found[number] for number in sorted(self.found)]

    def keep_finished(self) -> None:
        """Keep what has been finished since the last look, without waiting for more."""
        while not self.finished.empty():
            self._wait()

    def _start(self, number: int, part: Part) -> None:
        def run() -> None:
            try:
                self.finished.put(_Done(number, part, self.ask(part)))
            except BaseException as error:  # the thread that started this one raises it
                self.finished.put(_Done(number, part, error))

        self.running += 1
        if threads.start(run, "coaia-part") is None:
            run()

    def _wait(self) -> None:
        one = self.finished.get()
        self.running -= 1
        if isinstance(one.result, BaseException):
            self.error = self.error or one.result
        else:
            self.kept.put(one.part, one.result)
            self._take(one)

    def _take(self, one: _Done) -> None:
        assert isinstance(one.result, Transcript)
        self.found[one.number] = one.result
        self.seconds += one.part.seconds or 0.0
        self.done(self.seconds)


class KeptParts:
    """The finished parts of one recording; a folder that cannot be written keeps nothing.

    ``count`` is how many of them are kept.
    """

    def __init__(self, asked: Any) -> None:
        self.asked = json.dumps(asked, sort_keys=True).encode("utf-8")
        self.count = 0
        self._paths: List[str] = []

    def get(self, part: Part) -> Optional[Transcript]:
        """Return the transcript of a part from an earlier run, or ``None``."""
        try:
            path = self._path(part)
            found = _read(files.read_text(path)) if os.path.isfile(path) else None
        except (CoaiaError, ValueError, KeyError, TypeError):
            return None
        if found is not None:
            self._remember(path)
        return found

    def put(self, part: Part, transcript: Transcript) -> None:
        """Keep the transcript of a part."""
        try:
            path = self._path(part)
            make_private_folder(os.path.dirname(path))
            files.write_atomic(path, json.dumps(transcript._asdict()))
        except CoaiaError:
            return
        self._remember(path)

    def remove(self) -> None:
        """Remove the parts of this recording, and those of others that nobody went on with."""
        for path in self._paths:
            _remove(path)
        try:
            others = [os.path.join(state_folder(), FOLDER, name) for name in _names()]
        except CoaiaError:
            return
        for path in others:
            if _age(path) > _KEPT_SECONDS:
                _remove(path)

    def _remember(self, path: str) -> None:
        self._paths.append(path)
        self.count += 1

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


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
