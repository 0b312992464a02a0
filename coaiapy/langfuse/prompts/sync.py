"""Pull and push: copies prompts between a folder of files and a server."""

import os
from typing import Any, Callable, Iterable, List, NamedTuple, Optional, Sequence

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError, UsageError
from coaiapy.langfuse.prompts import files
from coaiapy.langfuse.prompts.compare import (
    BEHIND,
    CHANGED,
    DELETED,
    DIVERGED,
    LABELS,
    NEW,
    SAME,
    UNMERGED,
    Compared,
    compare,
)
from coaiapy.langfuse.prompts.content import LATEST, PROTECTED
from coaiapy.langfuse.prompts.display import version_diff
from coaiapy.langfuse.prompts.files import Folder
from coaiapy.langfuse.prompts.labels import moves
from coaiapy.langfuse.prompts.labels.log import Intent, held_by
from coaiapy.langfuse.prompts.prompts import create_prompt
from coaiapy.langfuse.records.body import Body

KEPT = "not written"


class Failed(NamedTuple):
    """A prompt that could not be written, and why."""

    name: str
    error: CoaiaError


class Pulled(NamedTuple):
    """The result of ``pull``.

    Each row has ``name``, ``path``, ``version`` and ``state`` ("new", "changed", "same" or
    ``KEPT``); ``failed`` says why some were not written.
    """

    rows: List[Body]
    failed: List[Failed]


def pull(
    settings: Settings,
    folder: str,
    names: Sequence[str] = (),
    label: str = LATEST,
    dry_run: bool = False,
    force: bool = False,
) -> Pulled:
    """Write a file for every prompt on the server, or those of ``names``, if it has changed.

    A file that was changed here, or is not a prompt, is replaced only with ``force``.
    """
    found = files.read_folder(folder)
    pulled = Pulled([], [])
    for one in compare(settings, found.prompts, names, label):
        if one.error is not None:
            pulled.failed.append(Failed(one.name, one.error))
            continue
        if one.prompt is None:
            if one.name in names:
                raise NotFoundError("no prompt {!r} on the server".format(one.name))
            continue
        path = one.file.path if one.file else files.path_of(one.name)
        row = {"name": one.name, "version": one.prompt["version"], "path": path}
        row["state"] = _pulled_state(one)
        try:
            if not force:
                _check_replaceable(one, folder, path, found)
            if row["state"] != SAME and not dry_run:
                _write(folder, path, one)
        except CoaiaError as error:
            row["state"] = KEPT
            pulled.failed.append(Failed(one.name, error))
        pulled.rows.append(row)
    return pulled


def _pulled_state(one: Compared) -> str:
    prompt: Any = one.prompt
    if one.file is None:
        return "new"
    is_newest = one.file.version == prompt["version"]
    return SAME if one.state == SAME and is_newest else CHANGED


def _check_replaceable(one: Compared, folder: str, path: str, found: Folder) -> None:
    """Raise ``CoaiaError`` if the file at ``path`` has content that is not on the server."""
    problem = ""
    if path in found.broken:
        problem = str(found.broken[path])
    elif one.file is None:
        if os.path.lexists(os.path.join(folder, path)):
            problem = "{} exists already and is not this prompt: move it".format(path)
    elif one.state in (CHANGED, DIVERGED, UNMERGED):
        advice = "push it" if one.state == CHANGED else "look at coaia fuse prompts diff"
        problem = "{} was changed since version {} was pulled: " + advice
        if one.file.version is None:
            problem = "{} differs and does not name the version that it comes from: push it"
        problem = problem.format(path, one.file.version)
    elif one.holder is not None and one.holder is one.prompt:
        problem = "{} has labels that the server does not have: push it".format(path)
    if problem:
        raise CoaiaError(problem + ", or replace it with --force")


def _write(folder: str, path: str, one: Compared) -> None:
    prompt: Any = one.prompt
    if one.state == SAME and one.file is not None:
        files.note_version(folder, one.file, prompt["version"])
    else:
        text = files.render(prompt)
        if files.parse(text, path).name != one.name:
            raise UsageError("{} could not be read again: its name would be another".format(path))
        files.write_file(folder, path, text)


class Deployed(NamedTuple):
    """A protected label that a push moves to a prompt of the folder from ``holder``, if it is on one."""

    one: Compared
    label: str
    holder: Optional[Body]

    def diff(self) -> str:
        """Return the unified diff from the version that has the label to the file."""
        file: Any = self.one.file
        return version_diff(self.holder, self.with_tags(file.body()))

    def with_tags(self, body: Body) -> Body:
        """Return the file's prompt without its number; tags that it does not have are the server's."""
        tags = body["tags"] if body["tags"] is not None else (self.holder or {}).get("tags")
        return dict(body, version=None, tags=tags)


def deployed(settings: Settings, chosen: Iterable[Compared], label: str = LATEST) -> List[Deployed]:
    """Return the protected labels that pushing these prompts would move."""
    return [
        Deployed(one, name, moves.find(settings, one.name, name))
        for one in chosen
        for name in _labels_to_set(one, label)
        if name in PROTECTED
    ]


def _labels_to_set(one: Compared, label: str) -> List[str]:
    file: Any = one.file
    there = one.holder["labels"] if one.holder is not None else []
    return [name for name in dict.fromkeys((file.labels or []) + [label]) if name not in there]


def push(
    settings: Settings,
    folder: str,
    compared: Iterable[Compared],
    label: str = LATEST,
    commit_message: Optional[str] = None,
    written: Callable[[str, Body], None] = lambda name, prompt: None,
    seen: Sequence[Deployed] = (),
) -> List[Failed]:
    """Write prompts of the folder to the server, one after the other.

    A prompt fails if it is among ``seen``, and its label or newest version is another by then.

    After each one ``written`` is called with its name and the new version, and the version's number
    is put into its file. Returns those that failed. ``NetworkError`` and ``ConfigError`` are
    raised, because the rest would fail in the same way.
    """
    failed = []
    for one in compared:
        file: Any = one.file
        try:
            prompt = _push(settings, one, label, commit_message, _intent(one, label, seen))
            written(one.name, prompt)
            files.note_version(folder, file, prompt["version"])
        except (NetworkError, ConfigError):
            raise
        except CoaiaError as error:
            failed.append(Failed(one.name, error))
    return failed


def _intent(one: Compared, label: str, seen: Sequence[Deployed]) -> Intent:
    there = {each.label: held_by(each.holder) for each in seen if each.one.name == one.name}
    if there and label == LATEST:
        there[LATEST] = held_by(one.prompt)
    return Intent(there)


def pushable(
    compared: Iterable[Compared], force: bool = False, recreate: bool = False
) -> List[Compared]:
    """Return the prompts that ``push`` should write: those new or changed only in the folder.

    With ``force`` also those that replace a newer version on the server, with ``recreate`` those
    that were deleted there.
    """
    states = (NEW, CHANGED, LABELS) + ((BEHIND, DIVERGED) if force else ())
    states += (DELETED,) if recreate else ()
    return [one for one in compared if one.state in states]


def unpushable(
    compared: Iterable[Compared], label: str = LATEST, force: bool = False, recreate: bool = False
) -> List[Failed]:
    """Return the prompts that were changed in the folder but must not be pushed, and why."""
    states = (UNMERGED,) + (() if force else (DIVERGED,)) + (() if recreate else (DELETED,))
    return [Failed(one.name, _conflict(one, label)) for one in compared if one.state in states]


def _conflict(one: Compared, label: str) -> CoaiaError:
    file: Any = one.file
    if one.state == UNMERGED:
        return UsageError(
            "{} contains conflict markers of git: resolve the conflict".format(file.path)
        )
    if one.state == DELETED:
        return CoaiaError(
            "the prompt of {} was deleted on the server: remove the file, or push it with "
            "--recreate".format(file.path)
        )
    prompt: Any = one.prompt
    return CoaiaError(
        "{} is from version {}, and the server's {} is version {}: look at coaia fuse prompts "
        "diff, then pull or push with --force".format(
            file.path, file.version, label, prompt["version"]
        )
    )


def _push(
    settings: Settings, one: Compared, label: str, commit_message: Optional[str], intent: Intent
) -> Body:
    file: Any = one.file
    labels = _labels_to_set(one, label)
    if one.holder is not None:
        return moves.label_version(settings, one.holder, labels, intent)
    return create_prompt(
        settings,
        one.name,
        file.content,
        commit_message,
        labels,
        file.tags,
        file.type,
        file.config or None,
        intent,
    )
