"""The CA certificates that every TLS client of coaia verifies servers with.

``requests`` before 2.28 and ``botocore`` switch verification off when ``CURL_CA_BUNDLE``,
``REQUESTS_CA_BUNDLE`` or ``AWS_CA_BUNDLE`` is set and empty. They ignore these variables when they
are given a path, so that they are always given the one from here.
"""

import os

from coaiapy.errors import ConfigError
from coaiapy.util.packages import require

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def authorities(*named: str) -> str:
    """Return the path of a file or folder of trusted CA certificates; it is never empty.

    It is the first of ``named`` that is not blank, else the path that the environment names, else
    that of the certificates that ``requests`` brings along.
    """
    wished = list(named) + [os.environ.get(name, "") for name in VARIABLES]
    return next((path for path in wished if path.strip()), "") or _bundled()


def check(path: str) -> None:
    """Raise ``ConfigError`` if the CA certificates that ``authorities`` has named do not exist."""
    if not os.path.exists(path):
        names = [name for name in VARIABLES + ("AWS_CA_BUNDLE",) if os.environ.get(name) == path]
        raise ConfigError(
            "the CA certificates {} ({}) do not exist: correct the path, or unset it".format(
                path, names[0] if names else "of the settings"
            )
        )


def _bundled() -> str:
    return str(require("requests.certs", "requests").where())
