"""Masks the secrets of the settings in a message before people see it.

Our own messages are written without secrets. This is for what others put into them: a server that
repeats a header, a library that quotes a URL, and the traceback that ``--debug`` adds.
"""

import os
from typing import Any, Callable, Iterator, Mapping, Optional, Set, Tuple

from coaiapy.config import files
from coaiapy.config import values as config_values
from coaiapy.config.schema import KEY_OF, key_for
from coaiapy.dotenvx.names import KEY_FILE, is_encrypted
from coaiapy.dotenvx.opening import Opener
from coaiapy.errors import CoaiaError
from coaiapy.util import masking
from coaiapy.util.masking import SHORTEST, SHORTEST_UNKNOWN


def without_secrets(text: str, env_file: Optional[str] = None) -> str:
    """Return ``text`` with ``****`` for every secret in any place that settings come from.

    ``env_file`` is read instead of ``.env``. A settings file that cannot be read is skipped.
    """
    return masking.hidden(text, secrets(env_file))


def secrets(env_file: Optional[str] = None) -> Set[str]:
    """Return every secret in any place that settings come from; see ``without_secrets``."""
    found: Set[str] = set()
    public, private = set(), set()
    for name, value, was_encrypted in _all_settings(env_file):
        text = value.strip()
        key = key_for(name)
        found.update(masking.in_url(text, key is not None and masking.names_address(key.name)))
        if key is not None and key.name in KEY_OF:
            if key.secret and len(text) >= SHORTEST and not _is_open_address(text):
                found.add(text)
            public.update([text] if key.name == "langfuse_public_key" else [])
            private.update([text] if key.name == "langfuse_secret_key" else [])
        elif masking.looks_secret(name) and len(text) >= SHORTEST_UNKNOWN:
            found.add(text)
        if was_encrypted and len(text) >= SHORTEST_UNKNOWN:
            found.add(text)
    found.update(masking.basic(user, password) for user in public for password in private)
    return found


def _all_settings(env_file: Optional[str]) -> Iterator[Tuple[str, str, bool]]:
    """Yield every setting in every place, including those that are overridden.

    With its name and value comes whether it was encrypted; what cannot be decrypted is left out.
    """
    yield from _opened(Opener(config_values.OS_ENVIRONMENT, os.environ, KEY_FILE), os.environ)
    dotenv = _read(lambda: config_values.dotenv_variables(env_file))
    yield from _opened(Opener(config_values.dotenv_path(env_file), dotenv), dotenv)
    for path in files.found():
        values = _read(lambda path=path: files.read(path))  # type: ignore[misc]
        leaves = dict(files.leaves(values, with_comments=True))
        yield from _opened(Opener(path, values), leaves)


def _opened(opener: Opener, values: Mapping[str, Any]) -> Iterator[Tuple[str, str, bool]]:
    for name, value in values.items():
        try:
            if is_encrypted(value):
                yield name, opener.open(name, value), True
            elif isinstance(value, (str, int, float)):
                yield name, str(value), False
        except CoaiaError:
            continue


def _read(read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return read()
    except CoaiaError:
        return {}


def _is_open_address(text: str) -> bool:
    return "://" in text and not masking.credentials_in(text)
