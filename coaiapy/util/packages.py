"""Imports packages: third-party ones when they are needed, and our own in a process of its own."""

import importlib
import os
import sys
import threading
import warnings
from contextlib import contextmanager
from typing import Any, Iterator, List, Mapping

from coaiapy.errors import ConfigError

# The warnings filters are global. If two threads changed and restored them at the same time, they
# could stay changed.
_ONE_AT_A_TIME = threading.RLock()

# What a process of our own runs: a function of coaia. The folder that it starts in may hold files
# that are called like modules.
_CODE = """
import sys
sys.path[:] = [place for place in sys.path if place]
import importlib, json
orders = json.load(sys.stdin)
sys.path += orders.pop("path")
from coaiapy.errors import CoaiaError
module, _, name = orders.pop("function").rpartition(".")
try:
    said = getattr(importlib.import_module("coaiapy." + module), name)(**orders)
except CoaiaError as error:
    sys.exit(str(error))
sys.stdout.buffer.write((said or "").encode("utf-8", "replace"))
"""


def words_of_process(title: str) -> List[str]:
    """Return the words of a process that runs one function of coaia, with the Python of this one.

    It reads ``orders`` from its standard input, because everybody can read a command line; ``title``
    is what a list of processes shows.
    """
    alone = ["-I"] if sys.flags.isolated else []
    return [sys.executable] + alone + ["-c", _CODE, title]


def orders(function: str, given: Mapping[str, Any]) -> str:
    """Return what such a process reads: its ``function``, such as ``langfuse.send.delivery.serve``.

    What that returns is written to its standard output; a ``CoaiaError`` is its last words.
    """
    import json

    root = os.path.abspath(__file__)
    for _ in __name__.split("."):
        root = os.path.dirname(root)
    path = [place for place in sys.path if place] + [root]
    return json.dumps(dict(given, function=function, path=path))


@contextmanager
def without_warnings() -> Iterator[None]:
    """Show no warnings in the block: they are for the developers of what is used there."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def require(module: str, package: str = "") -> Any:
    """Return the imported ``module``; raise ``ConfigError`` naming the ``package`` to install."""
    try:
        with without_warnings():
            return importlib.import_module(module)
    except ImportError as error:
        name = package or module
        raise ConfigError(
            "this needs the Python package {0}, which cannot be imported ({1}): "
            "install it with: pip install {0}".format(name, error)
        ) from error
