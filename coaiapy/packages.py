"""Third-party packages, imported where they are used and missed with a sentence."""

import importlib
import threading
import warnings
from typing import Any

from coaiapy.errors import ConfigError

# The filters of warnings belong to the process: two threads that change them at once, and put back
# what each has found, would leave them changed.
_ONE_AT_A_TIME = threading.RLock()


def require(module: str, package: str = "") -> Any:
    """Return the imported ``module``; raise ``ConfigError`` naming the ``package`` to install."""
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            # What a package says to its own developers while it loads is not for our users.
            warnings.simplefilter("ignore")
            return importlib.import_module(module)
    except ImportError as error:
        name = package or module
        raise ConfigError(
            "this needs the Python package {0}, which cannot be imported ({1}): "
            "install it with: pip install {0}".format(name, error)
        ) from error
