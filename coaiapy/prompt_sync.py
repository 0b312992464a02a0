"""Making a folder of prompt files and the prompts of a server the same: pull and push."""

from typing import Any, Callable, Iterable, List, NamedTuple, Optional, Sequence

from coaiapy import prompt_files
from coaiapy.errors import CoaiaError, ConfigError, NetworkError
from coaiapy.prompt_content import LATEST
from coaiapy.prompt_drift import CHANGED, LABELS, MISSING, SAME, Compared, chosen, fetch_all
from coaiapy.prompts import create_prompt, update_prompt_version_labels
from coaiapy.record_fields import Body
from coaiapy.settings import Settings


class Failed(NamedTuple):
    """A prompt that could not be written, and why."""

    name: str
    error: CoaiaError


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
    known = prompt_files.read_folder(folder).checked().prompts
    rows = []
    for name in sorted(chosen(set(prompts), names)):
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
        if one.state in (SAME, MISSING):
            continue
        try:
            written(one.name, _push(settings, one, label, commit_message))
        except (NetworkError, ConfigError):
            raise
        except CoaiaError as error:
            failed.append(Failed(one.name, error))
    return failed


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
