"""Whose signature a server's certificate needs: every client of ours asks here.

Left to themselves, ``requests`` before 2.28 and every ``botocore`` take an empty
``CURL_CA_BUNDLE``, ``REQUESTS_CA_BUNDLE`` or ``AWS_CA_BUNDLE`` for the wish to verify nothing. A
caller who names a file is never asked what else the environment says.
"""

import os

from coaiapy.packages import require

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def authorities(*named: str) -> str:
    """Return the file, or the folder, of the authorities that are trusted; never nothing.

    The first of ``named`` that is not empty, else what the environment names, else those that come
    with ``requests``.
    """
    wished = list(named) + [os.environ.get(name, "") for name in _VARIABLES]
    return next((path for path in wished if path.strip()), "") or _bundled()


def _bundled() -> str:
    return str(require("requests.certs", "requests").where())
