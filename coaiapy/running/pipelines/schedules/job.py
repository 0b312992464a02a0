"""What a scheduler is to start: the command of a pipeline, with all that a shell of the user has."""

import os
import shutil
import sys
from typing import Dict, List, NamedTuple, Optional

from coaiapy.errors import UsageError
from coaiapy.running.pipelines.schedules.cron import Cron
from coaiapy.util.paths import current_folder

_PROGRAM = "coaia"
# Variables that name the state folder and the settings file.
_PLACES = ("COAIA_HOME", "COAIAPY_ENV_PATH")


class Job(NamedTuple):
    """A pipeline to run at certain times.

    ``words`` follow the program. ``folder`` is where it runs, and ``place`` the place of the
    template (``templating.files``). ``image`` is the container image that it runs in, if any.
    """

    name: str
    cron: Cron
    words: List[str]
    folder: str
    place: str
    image: Optional[str] = None


def program() -> List[str]:
    """Return the words that start this coaia from anywhere."""
    beside = os.path.join(os.path.dirname(sys.executable), _PROGRAM)
    found = beside if os.access(beside, os.X_OK) else shutil.which(_PROGRAM)
    return [os.path.abspath(found)] if found else [sys.executable, "-m", "coaiapy"]


def local_words(job: Job) -> List[str]:
    """Return the whole command as it is on this machine."""
    return program() + job.words


def remote_words(job: Job) -> List[str]:
    """Return the whole command as it is on another machine.

    Nobody is there to trust a template, and nobody sends later what is left.
    """
    return [_PROGRAM] + job.words + ["--yes", "--require-delivery"]


def check_travels(job: Job) -> None:
    """Raise ``UsageError`` if another machine would not have the template."""
    if job.place == "user":
        raise UsageError(
            "the template {0!r} is in your own folder, which the job does not have: copy it to "
            ".coaia/templates/ of the project".format(job.name)
        )


def variables() -> Dict[str, str]:
    """Return the environment that the pipeline needs as it is here.

    Its settings are found by the folder, by the home, and by these.
    """
    known = {"PATH": os.environ.get("PATH", os.defpath)}
    for name in _PLACES:
        if os.environ.get(name):
            known[name] = os.path.abspath(os.path.expanduser(os.environ[name]))
    return known


def repository(folder: str) -> Optional[str]:
    """Return the top of the git repository that a folder is in."""
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def here() -> str:
    """Return the current folder; ``UsageError`` if a definition cannot name it."""
    folder = os.path.realpath(current_folder())
    return checked(folder, "the name of this folder")


def checked(text: str, what: str) -> str:
    """Return ``text``; ``UsageError`` if it has a line break or is no text."""
    if any(ord(character) < 32 for character in text) or not _is_text(text):
        raise UsageError("{} has characters that a definition cannot have".format(what))
    return text


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
