"""What holds a secret, judged by its name or by the password in an address, and what is shown."""

import re
from typing import Dict, List, Mapping, Tuple

MASK = "****"

# No pattern is compiled here: nearly every command imports this module, and few need one.
_SECRET_WORD = (
    r"(?i)SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|"
    r"(?:^|[._-])(?:O?AUTH|AUTHORIZATION|BEARER|COOKIE|DSN)S?\d*(?:[._-]|$)|"
    r"(?:KEY|PASS|PWD)S?\d*(?:[._-]|$)"
)
# Words and names that hold one of those and no secret: a folder, a file's path, a count, a switch.
_HARMLESS = (
    r"(?i)^PWD$|^GOOGLE_APPLICATION_CREDENTIALS$|^.*[._-](?:FILE|PATH|DIR|SOCK|SOCKET)$|"
    r"(?:^|(?<=[._-]))(?:OLDPWD|PUBLIC_?KEY|TOKENI[SZ]\w*|SECRETAR(?:Y|IES|IAT)|"
    r"(?:MAX|MIN|NUM|TOTAL|INPUT|OUTPUT|PROMPT|COMPLETION)_TOKENS|TOKEN_(?:LIMIT|COUNT|BUDGET)|"
    r"(?:DON|HOC|HOT|JOC|LESS|MON|TUR|WHIS)KEY|(?:ASK|BY|COM|ENCOM|OVER|SUR|TRES|UNDER)PASS)"
    r"S?(?=[._-]|$)"
)
# What stands before the last @ of an address. A password should be quoted, but may not be: then
# it holds whatever else ends a host's name. ``host:3000/path@2`` is no user.
_CREDENTIALS = (
    r"(?<=://)(?!\[)(?:[^/?#\s]*@|[^/?#\s@:]*:(?!\d{1,5}(?:[/?#]|\Z))[^\s@]*@(?:[^/?#\s]*@)?)"
)


def without_credentials(url: str) -> str:
    """Return an address without the user and the password in it."""
    return re.sub(_CREDENTIALS, "", url) if "@" in url else url


def credentials_in(url: str) -> List[Tuple[str, str]]:
    """Return user and password of each address in a text; of one alone, it is the password."""
    pairs = [found.group()[:-1].partition(":") for found in re.finditer(_CREDENTIALS, url)]
    return [(user, password) if colon else ("", user) for user, colon, password in pairs]


def shown_url(url: str) -> str:
    """Return an address as messages show it: without user, password and query.

    It need not be a good address: what was meant as one has its password in front of an ``@``, too.
    """
    if "://" not in url:
        url = url.rpartition("@")[2]
    return re.split("[?#]", without_credentials(url), maxsplit=1)[0]


def looks_secret(name: str, value: str = "") -> bool:
    """Tell whether a variable's name, or a password in its URL, calls for hiding the value.

    A doubtful name counts as secret: better ``****`` too often than a password on a screen.
    """
    broken_address = name.lower().endswith("url") and "@" in value
    secret_name = re.search(_SECRET_WORD, re.sub(_HARMLESS, "", name))
    return bool(broken_address or secret_name or without_credentials(value) != value)


def masked(variables: Mapping[str, str]) -> Dict[str, str]:
    """Return ``variables`` with ``****`` for each secret; an empty value stays empty."""
    return {
        name: MASK if value and looks_secret(name, value) else value
        for name, value in variables.items()
    }
