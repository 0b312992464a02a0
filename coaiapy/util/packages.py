"""Imports third-party packages when they are needed, with a clear error if one is missing."""

import importlib
import threading
import warnings
from typing import Any

from coaiapy.errors import ConfigError

# The warnings filters are global. If two threads changed and restored them at the same time, they
# could stay changed.
_ONE_AT_A_TIME = threading.RLock()


def require(module: str, package: str = "") -> Any:
    """Return the imported ``module``; raise ``ConfigError`` naming the ``package`` to install."""
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            # Warnings of a package while it loads are for its developers, not for our users.
            warnings.simplefilter("ignore")
            return importlib.import_module(module)
    except ImportError as error:
        name = package or module
        raise ConfigError(
            "this needs the Python package {0}, which cannot be imported ({1}): "
            "install it with: pip install {0}".format(name, error)
        ) from error
