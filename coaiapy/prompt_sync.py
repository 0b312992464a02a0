"""A folder of prompt files and the prompts of a server: what differs, and making it the same.

The server's side is the version with one label (``latest`` unless another is named). A label that
the server has beyond those in the file is no difference: none can be taken off.
"""

import difflib
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence

from coaiapy import prompt_files
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError
from coaiapy.parallel import run_all, values_of
from coaiapy.prompt_content import LATEST
from coaiapy.prompt_files import PromptFile
from coaiapy.prompts import (
    create_prompt,
    get_prompt,
    list_names,
    update_prompt_version_labels,
)
from coaiapy.record_fields import Body
from coaiapy.settings import Settings

SAME = "same"
CHANGED = "changed"
LABELS = "labels"
NEW = "only in the folder"
MISSING = "only on the server"


class Compared(NamedTuple):
    """A prompt on both sides; ``differences`` are the fields that are not the same."""

    name: str
    state: str
    file: Optional[PromptFile]
    prompt: Optional[Body]
    differences: Sequence[str] = ()

    def row(self) -> Body:
        """The row of a listing."""
        known = {"name": self.name, "state": self.state, "differences": list(self.differences)}
        version = self.prompt["version"] if self.prompt else None
        return dict(known, version=version, path=self.file.path if self.file else None)


class Failed(NamedTuple):
    """A prompt that could not be written, and why."""

    name: str
    error: CoaiaError


def compare(
    settings: Settings, folder: str, names: Sequence[str] = (), label: str = LATEST
) -> List[Compared]:
    """Return every prompt of the folder and of the server, or those of ``names``, by name."""
    known = {file.name: file for file in prompt_files.read_folder(folder)}
    there = fetch_all(settings, names, label)
    chosen = _chosen(set(known) | set(there), names)
    return [_compared(name, known.get(name), there.get(name)) for name in sorted(chosen)]


def fetch_all(settings: Settings, names: Sequence[str], label: str) -> Dict[str, Body]:
    """Return the server's prompts that have the label, unresolved, by name."""
    chosen = [name for name in list_names(settings, label) if not names or name in names]

    def get(name: str) -> Optional[Body]:
        try:
            return get_prompt(settings, name, label, resolve=False)
        except NotFoundError:
            return None  # deleted, or its label moved, since it was listed

    prompts = values_of(run_all(get, chosen, (CoaiaError,)))
    return {prompt["name"]: prompt for prompt in prompts if prompt is not None}


def pull(
    settings: Settings,
    folder: str,
    names: Sequence[str] = (),
    label: str = LATEST,
    dry_run: bool = False,
) -> List[Body]:
    """Write a file for every prompt, or those of ``names``; those without a change stay untouched.

    Returns rows of ``name``, ``path``, ``state`` (new, changed, same) and ``version``.
    """
    prompts = fetch_all(settings, names, label)
    known = {file.name: file for file in prompt_files.read_folder_if_any(folder)}
    rows = []
    for name in sorted(_chosen(set(prompts), names)):
        prompt, file = prompts[name], known.get(name)
        text = prompt_files.render(prompt)
        path = file.path if file else prompt_files.path_of(name)
        state = "new"
        if file is not None:
            state = SAME if prompt_files.render(file.body()) == text else CHANGED
        if state != SAME and not dry_run:
            prompt_files.write(folder, path, text)
        rows.append({"name": name, "state": state, "version": prompt["version"], "path": path})
    return rows


def push(
    settings: Settings,
    compared: Iterable[Compared],
    label: str = LATEST,
    commit_message: Optional[str] = None,
    written: Callable[[str, Body], None] = lambda name, prompt: None,
) -> List[Failed]:
    """Write what is new or changed in the folder to the server, one after the other.

    ``written`` is called with each name and its version. Returns those that were refused; an
    unreachable server or wrong keys end it.
    """
    failed = []
    for one in compared:
        if one.file is None or one.state == SAME:
            continue
        try:
            written(one.name, _push(settings, one, label, commit_message))
        except (NetworkError, ConfigError):
            raise
        except CoaiaError as error:
            failed.append(Failed(one.name, error))
    return failed


def diff(one: Compared) -> str:
    """Return what differs as a unified diff from the server to the folder; else nothing."""
    if one.state == SAME:
        return ""
    path = one.file.path if one.file else prompt_files.path_of(one.name)
    before = _shown(one.prompt, one.file)
    after = prompt_files.render(_filled(one.file, one.prompt)) if one.file else ""
    lines = difflib.unified_diff(
        before.splitlines(True), after.splitlines(True), "server/" + path, "folder/" + path
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _push(settings: Settings, one: Compared, label: str, commit_message: Optional[str]) -> Body:
    file: Any = one.file
    if one.state == LABELS and one.prompt is not None:
        missing = [name for name in file.labels if name not in one.prompt["labels"]]
        return update_prompt_version_labels(settings, one.name, one.prompt["version"], missing)
    return create_prompt(
        settings,
        one.name,
        file.content,
        commit_message,
        list(file.labels or []) + [label],
        file.tags,
        file.type,
        file.config or None,
    )


def _chosen(known: Iterable[str], names: Sequence[str]) -> List[str]:
    for name in names:
        if name not in known:
            raise NotFoundError("no prompt {!r}, neither here nor on the server".format(name))
    return list(names or known)


def _compared(name: str, file: Optional[PromptFile], prompt: Optional[Body]) -> Compared:
    if file is None:
        return Compared(name, MISSING, None, prompt)
    if prompt is None:
        return Compared(name, NEW, file, None)
    differences = []
    if file.type != (prompt.get("type") or "text"):
        differences.append("type")
    if file.content != prompt["prompt"]:
        differences.append("content")
    if (file.config or {}) != (prompt.get("config") or {}):
        differences.append("config")
    if file.tags is not None and set(file.tags) != set(prompt.get("tags") or []):
        differences.append("tags")
    state = CHANGED if differences else SAME
    if set(file.labels or []) - set(prompt.get("labels") or []):
        differences.append("labels")
        state = CHANGED if state == CHANGED else LABELS
    return Compared(name, state, file, prompt, differences)


def _shown(prompt: Optional[Body], file: Optional[PromptFile]) -> str:
    """Return the server's side without the labels that are no difference."""
    if prompt is None:
        return ""
    if file is None:
        return prompt_files.render(prompt)
    wanted = file.labels or []
    kept = [label for label in prompt.get("labels") or [] if label in wanted]
    return prompt_files.render(dict(prompt, labels=kept))


def _filled(file: PromptFile, prompt: Optional[Body]) -> Body:
    """Return the file's prompt; tags that it does not speak of are the server's."""
    body = file.body()
    if file.tags is None and prompt is not None:
        body["tags"] = prompt.get("tags")
    return body
