"""Which variables hold a secret, judged by their name, and what is shown of them."""

import re
from typing import Dict, Mapping

MASK = "****"

_SECRET_WORD = re.compile(
    r"SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|"
    r"(?:^|_)(?:O?AUTH|AUTHORIZATION|BEARER|COOKIE|DSN)S?\d*(?:_|$)|"
    r"(?:KEY|PASS|.PWD)S?\d*(?:_|$)",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(r"://[^/\s@]*:[^/\s@]+@")


def looks_secret(name: str, value: str = "") -> bool:
    """Tell whether a variable's name, or a password in its URL, calls for hiding the value."""
    return bool(_SECRET_WORD.search(name) or _PASSWORD_IN_URL.search(value))


def masked(variables: Mapping[str, str]) -> Dict[str, str]:
    """Return ``variables`` with ``****`` for each secret; an empty value stays empty."""
    return {
        name: MASK if value and looks_secret(name, value) else value
        for name, value in variables.items()
    }
