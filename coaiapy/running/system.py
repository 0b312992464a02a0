"""What this system can: whether it can start commands, and which of them it still runs."""

import importlib
import os
from typing import Collection, Iterator, List, Mapping, Tuple

from coaiapy.errors import CoaiaError


def check_system() -> None:
    """Raise ``CoaiaError`` where commands cannot be started."""
    missing = "fork" if not hasattr(os, "fork") else ""
    for name in ("fcntl", "termios"):
        try:
            importlib.import_module(name)
        except ImportError:
            missing = missing or name
    if missing:
        raise CoaiaError(
            "commands cannot be started on this system, which has no {}: run the command itself, "
            "and write its record with coaia fuse traces add-observation".format(missing)
        )


def processes_of(variables: Mapping[str, Collection[str]]) -> List[int]:
    """Return the processes that were started with one of these values in their environment.

    Only Linux tells that; elsewhere it is always none.
    """
    wanted = {
        "{}={}".format(name, value).encode("utf-8", "replace")
        for name in variables
        for value in variables[name]
    }
    return [process for process, found in _environments() if wanted and wanted.intersection(found)]


def _environments() -> Iterator[Tuple[int, List[bytes]]]:
    try:
        processes = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    except OSError:
        return
    for process in processes:
        try:
            with open("/proc/{}/environ".format(process), "rb") as file:
                yield process, file.read().split(b"\0")
        except OSError:
            pass  # it has ended, or is somebody else's
