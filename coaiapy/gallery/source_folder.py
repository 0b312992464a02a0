"""The files of a source: which of them are templates, in which folder they stand, and how many may be."""

from os.path import splitext
from typing import Callable, Mapping, NamedTuple, Optional, Union

from coaiapy.errors import NotFoundError, RefusedError
from coaiapy.templating.files import MOST_BYTES, SUFFIXES, TESTS

# The index of a gallery, beside its templates.
INDEX = ".coaia-templates.json"
MOST_FILES = 1000
_LARGEST_INDEX = 2 << 20
# Where templates stand in a repository or an archive whose folder is not named.
USUAL_FOLDERS = ("templates", ".coaia/templates", "")


# What a file of a source has, or why it is left out.
Content = Union[bytes, RefusedError]
# Returns the wanted files of a folder of a source, ``None`` if there is no such folder.
FilesIn = Callable[[str], Optional[Mapping[str, Content]]]


class Folder(NamedTuple):
    """The folder of a source with the templates: its path in there, and its files."""

    path: str
    files: Mapping[str, Content]


def is_wanted(name: str) -> bool:
    """Tell whether a file may be a template, or the index of a gallery."""
    if name == INDEX:
        return True
    return (
        name.endswith(SUFFIXES)
        and not name.startswith(".")
        and not splitext(name)[0].endswith(TESTS)
    )


def most_bytes(name: str) -> int:
    """Return how many bytes a wanted file may have."""
    return _LARGEST_INDEX if name == INDEX else MOST_BYTES


def too_large(name: str, source: str) -> RefusedError:
    """Return why a file that has more than ``most_bytes`` is left out."""
    return RefusedError("{} in {} is larger than {} bytes".format(name, source, most_bytes(name)))


def check_amount(count: int, source: str) -> None:
    """Raise ``RefusedError`` if a folder has more files than a gallery ever has."""
    if count > MOST_FILES:
        raise RefusedError("{} has {} files, more than {}".format(source, count, MOST_FILES))


def chosen_folder(files_in: FilesIn, wanted: str, source: str) -> Folder:
    """Return the wanted folder, without one the first usual one that has templates."""
    for path in [wanted] if wanted else USUAL_FOLDERS:
        files = files_in(path)
        if files or (wanted and files is not None):
            return Folder(path, files)
    if wanted:
        raise NotFoundError("{} has no folder {!r}".format(source, wanted))
    raise NotFoundError(
        "{} has no templates: neither in templates, nor in .coaia/templates, nor at its top; name "
        "the folder: #FOLDER".format(source)
    )
