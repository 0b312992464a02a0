"""Finds secrets by the name of a setting or variable and in URLs, and masks them in any text."""

import os
import re
from typing import Container, Dict, Iterable, Iterator, List, Mapping, Set, Tuple

MASK = "****"
# Begins a value that is encrypted in the format of dotenvx.
ENCRYPTED = "encrypted:"
# Shorter secrets are not masked in messages: they occur in ordinary words, and the gaps would give
# them away.
SHORTEST = 4
# The same for a value that only seems to be a secret, by its name or its place: it may be a word.
SHORTEST_UNKNOWN = 8
# A service's message is cut after so many characters.
LONGEST_SAID = 600

# No pattern is compiled here: nearly every command imports this module, and few need one.
_SECRET_WORD = (
    r"(?i)SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|"
    r"(?:^|[._-])(?:O?AUTH|AUTHORIZATION|BEARER|COOKIE|DSN)S?\d*(?:[._-]|$)|"
    r"(?:KEY|PASS|PWD)S?\d*(?:[._-]|$)"
)
# Names that match the pattern above but are not secrets: a folder, a path, a number of tokens.
_HARMLESS = (
    r"(?i)^PWD$|^GOOGLE_APPLICATION_CREDENTIALS$|^.*[._-](?:FILE|PATH|DIR|SOCK|SOCKET)$|"
    r"(?:^|(?<=[._-]))(?:OLDPWD|PUBLIC_?KEY|TOKENI[SZ]\w*|SECRETAR(?:Y|IES|IAT)|"
    r"(?:MAX|MIN|NUM|TOTAL|INPUT|OUTPUT|PROMPT|COMPLETION)_TOKENS|TOKEN_(?:LIMIT|COUNT|BUDGET)|"
    r"(?:DON|HOC|HOT|JOC|LESS|MON|TUR|WHIS)KEY|(?:ASK|BY|COM|ENCOM|OVER|SUR|TRES|UNDER)PASS)"
    r"S?(?=[._-]|$)"
)
# User and password are the part of a URL before its last @. A password with / ? # or @ in it should be
# percent-encoded but may not be, so that several forms are tried. First, what stands around them:
_BEGINNING = r"(?<=://)(?!\[)"  # an address in brackets (IPv6) is a host
_HOST_END = r"(?:[/?#]|\Z)"
_NO_PORT = r"(?!\d{1,5}" + _HOST_END + r")"  # in ``host:3000/path@2`` there is no user
# What is surely a host, and a version behind an @ that could be one.
_HOST = (
    r"(?:localhost|[^/?#\s@:\".]{1,63}\.[^/?#\s@:\"]{1,190}|[^/?#\s@:\"]{1,63}(?=:\d))(?::\d{1,5})?"
)
_VERSION = r"v?\d+(?:\.\d+){1,2}(?:[-+][^\s@]*)?\Z"
_SAME_URL = r"(?:(?!://)[^\s\"]){0,300}"
# A password with both / and @ in it ends where surely a host follows: one with a path, or, if there is
# none before, one at the end of the text.
_UP_TO_HOST_WITH_PATH = _SAME_URL + r"@(?=" + _HOST + r"/)"
_UP_TO_LAST_HOST = (
    r"[^\s\"@]{0,300}@(?!" + _HOST + _HOST_END + r")" + _SAME_URL + r"@"
    r"(?!" + _VERSION + r")(?=" + _HOST + r"\Z)"
)
_UP_TO_HOST = r"(?:" + _UP_TO_HOST_WITH_PATH + r"|" + _UP_TO_LAST_HOST + r")"
_WITH_SLASH_AND_AT = r"[^/?#\s@:]{0,200}:" + _NO_PORT + _UP_TO_HOST
_PERCENT_ENCODED = r"[^/?#\s]*@"
_WITH_SLASH = r"[^/?#\s@:]*:" + _NO_PORT + r"[^\s@]*@(?:[^/?#\s]*@)?"
_CREDENTIALS = (
    _BEGINNING + r"(?:" + _WITH_SLASH_AND_AT + r"|" + _PERCENT_ENCODED + r"|" + _WITH_SLASH + r")"
)
# The query of each URL in a text.
_QUERY = r"(?<=://)[^\s?#]*\?([^\s#]*)"
_ADDRESS_NAMES = ("url", "endpoint", "host")
# Names of lists of addresses, in which an @ stands before a branch or a tag, too.
_LIST_NAMES = ("galleries",)
# Query parameters that hold no secret.
_OPEN_PARAMETERS = ("api-version", "db", "ssl_ca_certs", "ssl_cert_reqs")


def without_credentials(url: str) -> str:
    """Return a URL without the user and the password in it."""
    return re.sub(_CREDENTIALS, "", url) if "@" in url else url


def credentials_in(url: str) -> List[Tuple[str, str]]:
    """Return (user, password) for each URL in a text that has any.

    If there is only one part, as in ``https://x@host``, it is taken for the password.
    """
    pairs = [found.group()[:-1].partition(":") for found in re.finditer(_CREDENTIALS, url)]
    return [(user, password) if colon else ("", user) for user, colon, password in pairs]


def query_secrets(text: str, is_setting: bool = False) -> List[str]:
    """Return the query parameters' values in a text's URLs that may be secrets, not decoded.

    They are judged by the parameter's name. With ``is_setting``, which says that the text is a URL
    from the settings, every long value counts.
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
    """Tell whether a setting or variable of this name holds a URL, several, or a host."""
    return name.lower().endswith(_ADDRESS_NAMES + _LIST_NAMES)


def shown_url(url: str) -> str:
    """Return a URL as messages show it: without user, password and query.

    It need not be valid: without ``://`` everything up to the last ``@`` is left out.
    """
    if "://" not in url:
        url = url.rpartition("@")[2]
    return re.split("[?#]", without_credentials(url), maxsplit=1)[0]


def looks_secret(name: str, value: str = "") -> bool:
    """Tell whether a value must be masked: by its name, or because it is a URL with a secret.

    In doubt the answer is yes: better ``****`` too often than a password on a screen.
    """
    is_address = names_address(name)
    return bool(
        (name.lower().endswith(_ADDRESS_NAMES) and "@" in value)  # also if the URL is malformed
        or _is_secret_name(name)
        or without_credentials(value) != value
        or query_secrets(value, is_address)
    )


def _is_secret_name(name: str) -> bool:
    return re.search(_SECRET_WORD, re.sub(_HARMLESS, "", name)) is not None


def masked(variables: Mapping[str, str], secret: Container[str] = ()) -> Dict[str, str]:
    """Return ``variables`` with ``****`` for each secret; an empty value stays empty.

    ``secret`` are names that are known to be secrets, whatever they look like.
    """
    return {name: masked_value(name, value, secret) for name, value in variables.items()}


def masked_value(name: str, value: str, secret: Container[str] = ()) -> str:
    """Return ``****`` for a secret, ``encrypted:****`` for an encrypted one, else ``value``."""
    if value.startswith(ENCRYPTED):
        return ENCRYPTED + MASK
    return MASK if value and (name in secret or looks_secret(name, value)) else value


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with ``****`` for each of ``secrets``, and for the passwords of proxies.

    Secrets shorter than ``SHORTEST`` are not masked, because they occur in ordinary words.
    """
    if not text:  # called for every accepted record, whose message is empty
        return text
    return without(text, forms_of(secrets))


def forms_of(secrets: Iterable[str]) -> List[str]:
    """Return how ``secrets`` and the passwords of proxies may be written, for ``without``."""
    known = {one for one in secrets if len(one) >= SHORTEST}.union(_proxy_secrets())
    return sorted({form for one in known for form in _spellings(one)}, key=len, reverse=True)


def without(text: str, forms: Iterable[str]) -> str:
    """Return ``text`` with ``****`` for each of ``forms``, which are those of secrets, longest first."""
    for form in forms:
        text = text.replace(form, MASK)
    return text


def said(text: str, secrets: Iterable[str]) -> str:
    """Return what a service has said as messages show it: masked by ``hidden``, then cut."""
    shown = hidden(text, secrets)
    return shown if len(shown) <= LONGEST_SAID else shown[:LONGEST_SAID] + "..."


def _proxy_secrets() -> Iterator[str]:
    """Yield the secrets in the ``*_PROXY`` variables, which any failed request may quote."""
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            yield from in_url(os.environ[name], is_setting=False)


def in_url(text: str, is_setting: bool = True) -> Iterator[str]:
    """Yield the secrets in the URLs of a text, both as written there and with %XX decoded.

    A password also comes as it stands in a Basic auth header. With ``is_setting``, which says that
    the text is a URL from the settings, every long value of a query parameter counts as a secret.
    """
    if "://" not in text:
        return
    from urllib.parse import unquote, unquote_plus

    for value in query_secrets(text, is_setting):
        yield value
        yield unquote_plus(value)
    for user, password in credentials_in(text):
        for secret in {password, unquote(password)}:
            if len(secret) >= SHORTEST:
                yield secret
                yield basic(unquote(user), secret)


def basic(user: str, password: str) -> str:
    """Return user and password as the Basic auth header has them: the part after ``Basic``."""
    import base64

    return base64.b64encode("{}:{}".format(user, password).encode("utf-8", "replace")).decode()


def _spellings(secret: str) -> Set[str]:
    """Return a secret as it is, and as it is written in a URL, in JSON and in Python's ``repr``."""
    import json
    from urllib.parse import quote

    return {
        secret,
        quote(secret, safe="", errors="replace"),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
