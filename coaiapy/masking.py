"""What holds a secret, judged by its name or by what is in an address, and what is shown of it."""

import re
from typing import Dict, List, Mapping, Tuple

MASK = "****"
# What is shorter stands in every text, and hiding it would only tell what it is.
SHORTEST = 4
# A value that is a secret only by its name or its place may be a word like any other.
SHORTEST_UNKNOWN = 8

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
# The query of each address in a text.
_QUERY = r"(?<=://)[^\s?#]*\?([^\s#]*)"
_ADDRESS_NAMES = ("url", "endpoint", "host")
# Parameters of addresses that hold no secret.
_OPEN_PARAMETERS = ("api-version", "db", "ssl_ca_certs", "ssl_cert_reqs")


def without_credentials(url: str) -> str:
    """Return an address without the user and the password in it."""
    return re.sub(_CREDENTIALS, "", url) if "@" in url else url


def credentials_in(url: str) -> List[Tuple[str, str]]:
    """Return user and password of each address in a text; of one alone, it is the password."""
    pairs = [found.group()[:-1].partition(":") for found in re.finditer(_CREDENTIALS, url)]
    return [(user, password) if colon else ("", user) for user, colon, password in pairs]


def query_secrets(text: str, is_setting: bool = False) -> List[str]:
    """Return the values in the queries of a text's addresses that may be secrets, as they stand.

    By the name of the parameter; in an address of the settings (``is_setting``) every long value.
    """
    if "?" not in text:
        return []
    parts = [part for found in re.findall(_QUERY, text) for part in re.split("[&;]", found)]
    secrets = []
    for name, equals, value in (part.partition("=") for part in parts):
        by_name = bool(equals) and _is_secret_name(name)
        asked = by_name or is_setting and name not in _OPEN_PARAMETERS
        value = value if equals else name
        if asked and len(value) >= (SHORTEST if by_name else SHORTEST_UNKNOWN):
            secrets.append(value)
    return secrets


def names_address(name: str) -> bool:
    """Tell whether a setting or variable of this name holds an address."""
    return name.lower().endswith(_ADDRESS_NAMES)


def shown_url(url: str) -> str:
    """Return an address as messages show it: without user, password and query.

    It need not be a good address: what was meant as one has its password in front of an ``@``, too.
    """
    if "://" not in url:
        url = url.rpartition("@")[2]
    return re.split("[?#]", without_credentials(url), maxsplit=1)[0]


def looks_secret(name: str, value: str = "") -> bool:
    """Tell whether a variable's name, or a secret in its URL, calls for hiding the value.

    A doubtful name counts as secret: better ``****`` too often than a password on a screen.
    """
    is_address = names_address(name)
    return bool(
        (is_address and "@" in value)  # even a broken one
        or _is_secret_name(name)
        or without_credentials(value) != value
        or query_secrets(value, is_address)
    )


def _is_secret_name(name: str) -> bool:
    return re.search(_SECRET_WORD, re.sub(_HARMLESS, "", name)) is not None


def masked(variables: Mapping[str, str]) -> Dict[str, str]:
    """Return ``variables`` with ``****`` for each secret; an empty value stays empty."""
    return {
        name: MASK if value and looks_secret(name, value) else value
        for name, value in variables.items()
    }
