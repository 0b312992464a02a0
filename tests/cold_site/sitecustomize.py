"""Makes a ``coaia`` that tests start report each module that a thread is the first to import.

Python imports this file at its start where this folder is on PYTHONPATH; COLD_IMPORTS is the file
to which it adds a line for each.
"""

import _thread
import os
import sys

MAIN = _thread.get_ident()


class Finder:
    """Finds nothing, but sees who looks for a module that is not loaded."""

    def find_spec(self, name, path=None, target=None):
        if _thread.get_ident() != MAIN:
            with open(os.environ["COLD_IMPORTS"], "a") as report:
                report.write(name + "\n")


if "COLD_IMPORTS" in os.environ:
    sys.meta_path.insert(0, Finder())
