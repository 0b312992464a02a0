"""Whether this system can start commands: apps that include Python and Windows cannot."""

import importlib
import os

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
