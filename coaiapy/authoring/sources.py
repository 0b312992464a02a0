"""Which template files the words of a command mean: names, paths and folders."""

import os
from typing import List, Sequence

from coaiapy.errors import NotFoundError
from coaiapy.templating import files, inheritance
from coaiapy.templating.files import SUFFIXES, TESTS, Found
from coaiapy.templating.model import PipelineTemplate
from coaiapy.util.paths import current_folder, entries, is_below, read_regular, real


def named(words: Sequence[str]) -> List[str]:
    """Return the paths of the template files that are meant; without words those of the project.

    Raises ``NotFoundError`` for what means none, ``StateError`` for a file that does not exist.
    """
    if not words:
        folder = files.places()[0].folder
        found = in_folder(folder)
        if not found:
            raise NotFoundError(
                "there are no templates in {}: name a template, a file or a folder".format(
                    shown(folder)
                )
            )
        return found
    paths = [path for word in words for path in _of_word(word)]
    return sorted(set(paths), key=paths.index)


def _of_word(word: str) -> List[str]:
    if os.path.isdir(word):
        found = in_folder(word)
        if not found:
            raise NotFoundError("there are no templates in the folder {}".format(word))
        return found
    if is_path(word):
        if not os.path.exists(word):
            read_regular(word)
        return [] if is_tests(word) else [word]
    return [shown(files.need(word).path)]


def load(word: str) -> PipelineTemplate:
    """Return the template of a name or a path, merged with those it extends."""
    if not is_path(word):
        return inheritance.load(word)
    return inheritance.load_found(found_at(word))


def is_path(word: str) -> bool:
    """Tell whether a word is the path of a file rather than the name of a template."""
    return os.sep in word or word.endswith(SUFFIXES) or os.path.lexists(word)


def is_tests(path: str) -> bool:
    """Tell whether a file has the tests of a template."""
    return os.path.splitext(path)[0].endswith(TESTS)


def in_folder(folder: str) -> List[str]:
    """Return the paths of the template files in a folder, not below it."""
    return [
        shown(os.path.join(folder, name))
        for name in entries(folder)
        if name.endswith(SUFFIXES) and not name.startswith(".") and not is_tests(name)
    ]


def same_name(path: str) -> List[str]:
    """Return the other files that define the template of a file, with other suffixes."""
    stem = os.path.splitext(path)[0]
    return [stem + one for one in SUFFIXES if stem + one != path and os.path.isfile(stem + one)]


def found_at(path: str) -> Found:
    """Return the template file at a path; in the place that it is in, its bases are looked up.

    Raises ``UsageError`` if a template cannot have its name.
    """
    by_path = files.at(path)
    for place in files.places():
        if real(os.path.dirname(path) or ".") == real(place.folder):
            return by_path._replace(place=place.name)
    return by_path


def shown(path: str) -> str:
    """Return a path as people write it: from the current folder if it is in there."""
    return os.path.relpath(real(path), real(".")) if is_below(path, current_folder()) else path
