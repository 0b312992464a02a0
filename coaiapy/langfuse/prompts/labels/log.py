"""Which version of a prompt each label was on, as far as this machine has moved it.

Servers tell where a label is, but not where it was before. So every move is logged here, in a file
for each server and public key, in the folder of coaia's state.
"""

import json
import os
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import StateError
from coaiapy.langfuse.prompts.cache import owner
from coaiapy.langfuse.records.body import Body
from coaiapy.util import files
from coaiapy.util.paths import make_private_folder, state_folder
from coaiapy.util.text.notes import tell
from coaiapy.util.times import now

FOLDER = "prompt-labels"
# Lines that are kept, the newest ones.
MOST = 5000


class Held(NamedTuple):
    """A version that a label is or was on; the id tells it from one of a prompt made anew."""

    version: int
    id: str


def held_by(prompt: Optional[Body]) -> Optional[Held]:
    """Return which version a server's prompt is."""
    return Held(prompt["version"], str(prompt.get("id") or "")) if prompt else None


def named(held: Optional[Held]) -> str:
    """Return words for a version: ``version 3``, or ``no version``."""
    return "version {}".format(held.version) if held else "no version"


class Intent(NamedTuple):
    """What a write of labels is for.

    ``seen`` has where labels were when somebody decided on it. ``back`` marks a rollback; ``copied``
    is the version that is written anew, where a server can label only new versions.
    """

    seen: Mapping[str, Optional[Held]] = {}
    back: bool = False
    copied: Optional[int] = None


PLAIN = Intent()


class Move(NamedTuple):
    """A label moved from one version to another; ``before`` is ``None`` if it was on none.

    ``back`` and ``copied`` are those of an ``Intent``.
    """

    name: str
    label: str
    before: Optional[Held]
    after: Held
    back: bool = False
    copied: Optional[int] = None


def add(
    settings: Settings, prompt: Body, before: Mapping[str, Optional[Held]], intent: Intent
) -> None:
    """Log that labels were moved to a prompt's version from those of ``before``.

    They were moved, so that a log that cannot be written is no error: it is told.
    """
    after = held_by(prompt)
    _append(
        settings,
        [
            Move(prompt["name"], label, held, after, intent.back, intent.copied)._asdict()
            for label, held in before.items()
            if after is not None and held != after
        ],
    )


def add_deleted(settings: Settings, name: str) -> None:
    """Log that a whole prompt was deleted: what its labels were on before counts no more."""
    _append(settings, [{"name": name, "deleted": True}])


def was_deleted(settings: Settings, name: str) -> bool:
    """Tell whether a prompt was once deleted from this machine."""
    return any(one.get("deleted") for one in _lines(settings, name))


def path_to(settings: Settings, name: str, label: str) -> List[Held]:
    """Return the versions that a label was on, the one that it is on last.

    What a rollback has left behind is not among them, so that the next one goes further back.
    """
    held: List[Held] = []
    for move in _moves(settings, name, label):
        if move is None:
            held = []
            continue
        there = [one.version for one in held]
        if move.back and (move.copied or move.after.version) in there:
            there.reverse()
            del held[-1 - there.index(move.copied or move.after.version) :]
        elif move.before is not None and move.before not in held[-1:]:
            held.append(move.before)
        if move.after not in held[-1:]:
            held.append(move.after)
    return held


def _moves(settings: Settings, name: str, label: str) -> Iterator[Optional[Move]]:
    """Yield the moves of a label; ``None`` stands for the prompt's end."""
    for one in _lines(settings, name):
        if one.get("deleted"):
            yield None
        elif one.get("label") == label:
            try:
                before = Held(*one["before"]) if one["before"] else None
                after, copied = Held(*one["after"]), one["copied"]
            except (KeyError, TypeError):
                continue
            yield Move(name, label, before, after, bool(one.get("back")), copied)


def _lines(settings: Settings, name: str) -> Iterator[Dict[str, Any]]:
    """Yield what is logged of a prompt, the oldest first; a line that is damaged is left out."""
    try:
        text = _read(_path(settings))
    except StateError:
        return
    for line in text.splitlines():
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict) and one.get("name") == name:
            yield one


def _append(settings: Settings, entries: List[Dict[str, Any]]) -> None:
    if not entries:
        return
    text = "".join(json.dumps(dict(at=now(), **one)) + "\n" for one in entries)
    try:
        path = _path(settings)
        make_private_folder(os.path.dirname(path))
        with files.locked(path):
            kept = _read(path).splitlines(True)[-MOST:]
            files.write_atomic(path, "".join(kept) + text)
    except StateError as error:
        tell("a rollback will not know what was done now: {}".format(error))


def _read(path: str) -> str:
    return files.read_text(path) if os.path.exists(path) else ""


def _path(settings: Settings) -> str:
    return os.path.join(state_folder(), FOLDER, owner(settings) + ".jsonl")
