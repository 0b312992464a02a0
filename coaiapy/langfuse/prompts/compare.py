"""Compares a folder of prompt files with the prompts of a server.

The server's side is the version with one label (``latest`` unless another is named). Labels cannot
be removed on a server, so that those which a file does not name are no change to push: they have
drifted.

A file says which version it was pulled from. Comparing with that version tells on which side a
prompt has changed since: in the folder, on the server (the file is behind), or on both.
"""

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError
from coaiapy.langfuse.prompts import files
from coaiapy.langfuse.prompts.content import LATEST, is_same
from coaiapy.langfuse.prompts.display import unified_diff
from coaiapy.langfuse.prompts.files import PromptFile, is_unmerged
from coaiapy.langfuse.prompts.labels import log
from coaiapy.langfuse.prompts.prompts import get_prompt, list_names
from coaiapy.langfuse.records.body import Body
from coaiapy.util.threads import run_all, values_of

SAME = "same"
CHANGED = "changed"
LABELS = "labels"
BEHIND = "behind"
DIVERGED = "changed on both sides"
UNMERGED = "unmerged"
NEW = "only in the folder"
MISSING = "only on the server"
UNREADABLE = "not readable on the server"
DELETED = "deleted on the server"
DRIFTED = "labels moved on the server"
# Errors that every other prompt would meet as well.
_FOR_ALL = (NetworkError, ConfigError)


class Compared(NamedTuple):
    """A prompt in the folder and on the server; ``differences`` are the names of its fields.

    In the state ``LABELS`` only labels are missing, and ``holder`` is the server's version that has
    the file's content and lacks them. In the state ``UNREADABLE`` there is an ``error``.
    """

    name: str
    state: str
    file: Optional[PromptFile]
    prompt: Optional[Body]
    differences: Sequence[str] = ()
    holder: Optional[Body] = None
    error: Optional[CoaiaError] = None

    def row(self) -> Body:
        """Return the row for a listing."""
        file, prompt = self.file, self.prompt
        return {
            "name": self.name,
            "state": self.state,
            "differences": list(self.differences),
            "version": prompt["version"] if prompt else None,
            "fileVersion": file.version if file else None,
            "path": file.path if file else None,
        }


def compare(
    settings: Settings,
    known: Mapping[str, PromptFile],
    names: Sequence[str] = (),
    label: str = LATEST,
) -> List[Compared]:
    """Return every prompt in the folder or on the server, or those of ``names``, sorted by name.

    ``known`` are the folder's prompts by name, from ``files``.
    """
    there, errors = _fetch_all(settings, names, label)
    both = sorted(_chosen(set(known) | set(there) | set(errors), names))
    compared = [
        Compared(name, UNREADABLE, known.get(name), None, error=errors[name])
        if name in errors
        else _compared(name, known.get(name), there.get(name), label)
        for name in both
    ]
    return values_of(run_all(lambda one: _with_side(settings, one, label), compared, (CoaiaError,)))


def _fetch_all(
    settings: Settings, names: Sequence[str], label: str
) -> Tuple[Dict[str, Body], Dict[str, CoaiaError]]:
    """Return the server's prompts with the label by name, with references left unresolved.

    Also the errors of those that cannot be asked for, such as one with a name that no address can
    contain. The others do not have to wait for that.
    """
    wanted = [name for name in list_names(settings, label) if not names or name in names]

    def fetch(name: str) -> Union[Body, CoaiaError, None]:
        try:
            return _version(settings, name, label=label)
        except _FOR_ALL:
            raise
        except CoaiaError as error:
            return error

    found = values_of(run_all(fetch, wanted, _FOR_ALL))
    errors = {name: one for name, one in zip(wanted, found) if isinstance(one, CoaiaError)}
    # A prompt may have been deleted, or its label moved, after it was listed: it is left out.
    return {one["name"]: one for one in found if isinstance(one, dict)}, errors


def differing(
    compared: Iterable[Compared], names: Sequence[str] = (), complete: bool = False
) -> List[Compared]:
    """Return the prompts that differ between folder and server.

    A prompt that is only on the server counts if it is one of ``names``, or with ``complete``,
    which says that the folder should have all prompts.
    """
    return [
        one
        for one in compared
        if one.state != SAME and (one.file is not None or complete or one.name in names)
    ]


def diff(one: Compared) -> str:
    """Return a unified diff from the server to the folder; an empty text if they are the same."""
    if one.state == SAME:
        return ""
    path = one.file.path if one.file else files.path_of(one.name)
    before = _shown(one.prompt, one.file if one.state != DRIFTED else None)
    after = files.render(_filled(one.file, one.prompt)) if one.file else ""
    return unified_diff(before, after, "server/" + path, "folder/" + path)


def drift(settings: Settings, one: Compared, label: str = LATEST) -> List[str]:
    """Return a sentence for each label that is not on the server where the file says."""
    prompt = one.holder or one.prompt
    if one.file is None or prompt is None or one.file.labels is None:
        return []
    there, version = prompt.get("labels") or [], prompt["version"]
    said = []
    for name in dict.fromkeys(one.file.labels + [label]):
        if name not in there:
            held = _version(settings, one.name, label=name)
            where = "on version {}".format(held["version"]) if held else "on no version"
            said.append("the label {} is {}, not on version {}".format(name, where, version))
    if one.state == DRIFTED:
        said += [
            "version {} has the label {}, which the file does not name".format(version, name)
            for name in there
            if name not in [LATEST, label] + one.file.labels
        ]
    return said


def _chosen(known: Iterable[str], names: Sequence[str]) -> List[str]:
    """Return ``names``, or ``known`` if it is empty; ``NotFoundError`` for an unknown name."""
    for name in names:
        if name not in known:
            raise NotFoundError(
                "no prompt {!r}, neither in the folder nor on the server".format(name)
            )
    return list(names or known)


def _compared(
    name: str, file: Optional[PromptFile], prompt: Optional[Body], label: str
) -> Compared:
    if file is None:
        return Compared(name, MISSING, None, prompt)
    if prompt is None:
        return Compared(name, NEW, file, None)
    differences = _differences(file, prompt)
    state = CHANGED if differences else SAME
    there = set(prompt.get("labels") or [])
    if set(file.labels or []) - there:
        differences.append("labels")
        state = CHANGED if state == CHANGED else LABELS
    elif state == SAME and file.labels is not None and there - set(file.labels) - {LATEST, label}:
        return Compared(name, DRIFTED, file, prompt, ["labels"])
    return Compared(name, state, file, prompt, differences, prompt if state == LABELS else None)


def _with_side(settings: Settings, one: Compared, label: str) -> Compared:
    """Return a prompt that differs with the state that says on which side it has changed."""
    file, prompt = one.file, one.prompt
    if file is None or one.state not in (CHANGED, NEW):
        return one
    if is_unmerged(file.content) and not (prompt and is_unmerged(prompt["prompt"])):
        return one._replace(state=UNMERGED)
    newest = prompt if label == LATEST else _version(settings, one.name, label=LATEST)
    if newest is None and (file.version or log.was_deleted(settings, one.name)):
        return one._replace(state=DELETED)
    base = _base(settings, file, [prompt, newest])
    if label != LATEST:
        holder = _holder(file, prompt, [newest, base])
        if holder is not None:
            return one._replace(state=LABELS, differences=[label], holder=holder)
    if file.version is None or prompt is None:
        return one
    if base is not None and (base in (prompt, newest) or is_same(base, prompt)):
        return one  # nothing has changed on the server
    is_clean = base is not None and is_same(base, file.body())
    return one._replace(state=BEHIND if is_clean else DIVERGED)


def _base(settings: Settings, file: PromptFile, known: List[Optional[Body]]) -> Optional[Body]:
    """Return the server's version that the file was pulled from, if it is still there."""
    for prompt in known:
        if prompt is not None and prompt["version"] == file.version:
            return prompt
    return _version(settings, file.name, file.version) if file.version else None


def _holder(
    file: PromptFile, prompt: Optional[Body], others: List[Optional[Body]]
) -> Optional[Body]:
    """Return one of ``others`` that has the file's content and is newer than ``prompt``."""
    for other in others:
        if other is not None and not _differences(file, other):
            if prompt is None or prompt["version"] < other["version"]:
                return other
    return None


def _version(
    settings: Settings, name: str, version: Optional[int] = None, label: Optional[str] = None
) -> Optional[Body]:
    try:
        return get_prompt(settings, name, label, version, resolve=False)
    except NotFoundError:
        return None


def _differences(file: PromptFile, prompt: Body) -> List[str]:
    """Return the names of the fields that differ between file and server, except labels."""
    differences = []
    if file.type != (prompt.get("type") or "text"):
        differences.append("type")
    if file.content != prompt["prompt"]:
        differences.append("content")
    if (file.config or {}) != (prompt.get("config") or {}):
        differences.append("config")
    if file.tags is not None and set(file.tags) != set(prompt.get("tags") or []):
        differences.append("tags")
    return differences


def _shown(prompt: Optional[Body], file: Optional[PromptFile]) -> str:
    """Return the server's prompt as the text of a file, without its additional labels."""
    if prompt is None:
        return ""
    if file is None:
        return files.render(prompt)
    wanted = file.labels or []
    kept = [label for label in prompt.get("labels") or [] if label in wanted]
    return files.render(dict(prompt, labels=kept))


def _filled(file: PromptFile, prompt: Optional[Body]) -> Body:
    """Return the file's prompt; tags and version that the file does not have are the server's."""
    body = file.body()
    for key in ("tags", "version"):
        if body[key] is None and prompt is not None:
            body[key] = prompt.get(key)
    return body
