"""Reads a folder of prompt files, and writes files into it, never outside it."""

import os
from typing import Dict, Iterator, List, NamedTuple

from coaiapy.errors import CoaiaError, StateError, UsageError
from coaiapy.prompt_files import ENDING, PromptFile, has_heading, parse, with_version
from coaiapy.util import files
from coaiapy.util.paths import check_stays, make_folders

PROJECT_FILE = 0o644


class Folder(NamedTuple):
    """The content of a folder of prompts.

    ``prompts`` are by name; ``broken`` are the errors of invalid prompt files by path; ``others``
    are the paths of texts without front matter, such as a README.
    """

    prompts: Dict[str, PromptFile]
    broken: Dict[str, CoaiaError]
    others: List[str]

    def checked(self) -> "Folder":
        """Return the folder; raise the error of the first broken file, if there is one."""
        for path in sorted(self.broken):
            raise self.broken[path]
        return self


def read_folder(folder: str) -> Folder:
    """Return the content of ``folder``; it is empty if the folder does not exist."""
    found = Folder({}, {}, [])
    for path in _paths(folder):
        try:
            text = files.read_found_input_text(os.path.join(folder, path), newline="")
            if not has_heading(text):
                found.others.append(path)
                continue
            _add(found.prompts, parse(text, path))
        except CoaiaError as error:
            found.broken[path] = error
    return found


def read_checked(folder: str) -> Folder:
    """Return the content of ``folder``; ``UsageError`` if a file is broken.

    ``StateError`` if there is no such folder.
    """
    if not os.path.isdir(folder):
        raise StateError(
            "there is no folder {}: create it with coaia fuse prompts pull".format(folder)
        )
    return read_folder(folder).checked()


def _add(prompts: Dict[str, PromptFile], prompt: PromptFile) -> None:
    first = prompts.setdefault(prompt.name, prompt)
    if first is not prompt:
        raise UsageError(
            "{} and {} both contain the prompt {!r}: remove one".format(
                first.path, prompt.path, prompt.name
            )
        )


def _paths(folder: str) -> Iterator[str]:
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(ENDING) and not name.startswith("."):
                yield os.path.relpath(os.path.join(base, name), folder)


def note_version(folder: str, file: PromptFile, version: int) -> None:
    """Write the server's version number into a prompt's file, if it is another."""
    if version != file.version:
        text = files.read_found_input_text(os.path.join(folder, file.path), newline="")
        write(folder, file.path, with_version(text, file, version))


def write(folder: str, path: str, text: str) -> None:
    """Write a prompt's file; ``StateError`` if a symbolic link leads out of ``folder``."""
    target = os.path.join(folder, path)
    check_stays(target, folder)
    make_folders(os.path.dirname(target))
    files.write_atomic(target, text, PROJECT_FILE)
