"""The CA certificates that every TLS client of coaia verifies servers with.

``requests`` before 2.28 and ``botocore`` switch verification off when ``CURL_CA_BUNDLE``,
``REQUESTS_CA_BUNDLE`` or ``AWS_CA_BUNDLE`` is set and empty. They ignore these variables when they
are given a path, so that they are always given the one from here.
"""

import os

from coaiapy.packages import require

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def authorities(*named: str) -> str:
    """Return the path of a file or folder of trusted CA certificates; it is never empty.

    It is the first of ``named`` that is not blank, else the path that the environment names, else
    that of the certificates that ``requests`` brings along.
    """
    wished = list(named) + [os.environ.get(name, "") for name in _VARIABLES]
    return next((path for path in wished if path.strip()), "") or _bundled()


def _bundled() -> str:
    return str(require("requests.certs", "requests").where())
