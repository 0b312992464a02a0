"""Masks the secrets of the settings in a message before people see it.

Our own messages are written without secrets. This is for what others put into them: a server that
repeats a header, a library that quotes a URL, and the traceback that ``--debug`` adds.
"""

import base64
import json
import os
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Set, Tuple
from urllib.parse import quote, unquote, unquote_plus

from coaiapy import config_files, dotenv_file, masking
from coaiapy.config_schema import KEY_OF, key_for
from coaiapy.errors import CoaiaError
from coaiapy.masking import SHORTEST, SHORTEST_UNKNOWN


def without_secrets(text: str, env_file: Optional[str] = None) -> str:
    """Return ``text`` with ``****`` for every secret in any place that settings come from.

    ``env_file`` is read instead of ``.env``. A settings file that cannot be read is skipped.
    """
    return hidden(text, _secrets(env_file))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with ``****`` for each of ``secrets``, and for the passwords of proxies.

    Secrets shorter than ``SHORTEST`` are not masked, because they occur in ordinary words.
    """
    if not text:  # called for every accepted record, whose message is empty
        return text
    known = {one for one in secrets if len(one) >= SHORTEST}.union(_proxy_secrets())
    for form in sorted({form for one in known for form in _spellings(one)}, key=len, reverse=True):
        text = text.replace(form, masking.MASK)
    return text


def _proxy_secrets() -> Iterator[str]:
    """Yield the secrets in the ``*_PROXY`` variables, which any failed request may quote."""
    for name, value in os.environ.items():
        if name.lower().endswith("_proxy"):
            yield from in_url(value, is_setting=False)


def _secrets(env_file: Optional[str]) -> Set[str]:
    found: Set[str] = set()
    public, private = set(), set()
    for name, value in _all_settings(env_file):
        text = value.strip()
        key = key_for(name)
        found.update(in_url(text, key is not None and masking.names_address(key.name)))
        if key is not None and key.name in KEY_OF:
            if key.secret and len(text) >= SHORTEST and not _is_open_address(text):
                found.add(text)
            public.update([text] if key.name == "langfuse_public_key" else [])
            private.update([text] if key.name == "langfuse_secret_key" else [])
        elif masking.looks_secret(name) and len(text) >= SHORTEST_UNKNOWN:
            found.add(text)
    found.update(basic(user, password) for user in public for password in private)
    return found


def _all_settings(env_file: Optional[str]) -> Iterator[Tuple[str, str]]:
    """Yield name and value of every setting in every place, including those that are overridden."""
    yield from os.environ.items()
    yield from _read(lambda: dotenv_file.read(env_file)).items()
    for path in config_files.found():
        values = _read(lambda path=path: config_files.read(path))  # type: ignore[misc]
        for name, value in config_files.leaves(values, with_comments=True):
            if isinstance(value, (str, int, float)):
                yield name, str(value)


def _read(read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return read()
    except CoaiaError:
        return {}


def in_url(text: str, is_setting: bool = True) -> Iterator[str]:
    """Yield the secrets in the URLs of a text, both as written there and with %XX decoded.

    A password also comes as it stands in a Basic auth header. With ``is_setting``, which says that
    the text is a URL from the settings, every long value of a query parameter counts as a secret.
    """
    for value in masking.query_secrets(text, is_setting):
        yield value
        yield unquote_plus(value)
    for user, password in masking.credentials_in(text):
        for secret in {password, unquote(password)}:
            if len(secret) >= SHORTEST:
                yield secret
                yield basic(unquote(user), secret)


def _is_open_address(text: str) -> bool:
    return "://" in text and not masking.credentials_in(text)


def basic(user: str, password: str) -> str:
    """Return user and password as the Basic auth header has them: the part after ``Basic``."""
    return base64.b64encode("{}:{}".format(user, password).encode("utf-8", "replace")).decode()


def _spellings(secret: str) -> Set[str]:
    """Return a secret as it is, and as it is written in a URL, in JSON and in Python's ``repr``."""
    return {
        secret,
        quote(secret, safe="", errors="replace"),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
