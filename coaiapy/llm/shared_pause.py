"""A pause that one command is asked to make, and that all commands of an experiment keep.

Whoever starts them makes a file and names it in their environment. The file's time of change is the end
of the pause: to set it is one step, and whatever runs an item can do it.
"""

import os
import tempfile
import time
from typing import Dict, Optional

from coaiapy import patience

VARIABLE = "COAIA_PAUSE_FILE"
LONGEST = patience.OPENAI.longest_pause


class SharedPause:
    """The pause of the commands that a process starts; a context manager, which has the file.

    Where no file can be made, each command pauses for itself.
    """

    def __init__(self) -> None:
        self._path = ""

    def __enter__(self) -> "SharedPause":
        try:
            descriptor, self._path = tempfile.mkstemp(prefix="coaia-pause-")
            os.close(descriptor)
        except OSError:
            self._path = ""
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            os.unlink(self._path)
        except OSError:
            pass

    @property
    def environment(self) -> Dict[str, Optional[str]]:
        """What tells a command of the file."""
        return {VARIABLE: self._path or None}

    @property
    def left(self) -> float:
        """How many seconds to wait still; a pause of over ``LONGEST`` is none."""
        try:
            left = os.stat(self._path).st_mtime - time.time()
        except OSError:
            return 0.0
        return left if 0 < left <= LONGEST else 0.0


def announce(seconds: float) -> None:
    """Have the other commands of the experiment wait as well, if this is one of them."""
    path, end = os.environ.get(VARIABLE), time.time() + min(seconds, LONGEST)
    try:
        if path and os.stat(path).st_mtime < end:
            os.utime(path, (end, end))
    except OSError:
        pass  # it has ended
