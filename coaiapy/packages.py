"""Third-party packages, imported where they are used and missed with a sentence."""

import importlib
from typing import Any

from coaiapy.errors import ConfigError


def require(module: str, package: str = "") -> Any:
    """Return the imported ``module``; raise ``ConfigError`` naming the ``package`` to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = package or module
        raise ConfigError(
            "this needs the Python package {0}, which cannot be imported ({1}): "
            "install it with: pip install {0}".format(name, error)
        ) from error
