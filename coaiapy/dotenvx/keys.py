"""The private keys at hand: those in the OS environment, then those in a file ``.env.keys``."""

import os
import re
from typing import List, NamedTuple, Optional

from coaiapy.dotenvx.cipher import KeyPair, WrongKeyError, pair_of
from coaiapy.dotenvx.names import PRIVATE_KEY
from coaiapy.errors import ConfigError
from coaiapy.util.masking import MASK
from coaiapy.util.text.notes import tell

OS_ENVIRONMENT = "the OS environment"
# A line of .env.keys. A key that replaced another stands below it; dotenvx also knows several in one
# line, with commas.
_LINE = re.compile(
    r"""^[^\S\n]*(?:export\s+)?({}[\w.-]*)[^\S\n]*=[^\S\n]*(["'`]?)([^"'`#\n]*)\2""".format(
        PRIVATE_KEY
    ),
    re.MULTILINE,
)


class PrivateKey(NamedTuple):
    """A private key, its name and the place it was found in. Its ``repr`` hides the key."""

    name: str
    key: str
    place: str

    def __repr__(self) -> str:
        return "PrivateKey({!r}, {!r}, {!r})".format(self.name, MASK, self.place)


def private_keys(name: str, key_file: str) -> List[PrivateKey]:
    """Return the keys at hand: the environment's before the file's, those called ``name`` first.

    Of several with one name in the file, the last one comes first. Raises ``StateError`` for a file
    that cannot be read.
    """
    places = [in_environment(), in_file(key_file)]
    return [
        key
        for place in places
        for key in sorted(place, key=lambda one: one.name != name)  # a stable order
    ]


def in_environment() -> List[PrivateKey]:
    """Return the private keys in the OS environment."""
    return [
        PrivateKey(name, key, OS_ENVIRONMENT)
        for name, value in sorted(os.environ.items())
        if name.startswith(PRIVATE_KEY)
        for key in _split(value)
    ]


def in_file(path: str) -> List[PrivateKey]:
    """Return the private keys in a file like ``.env.keys``, the last one first."""
    from coaiapy.util.files import read_shared_text

    if not os.path.exists(path):
        return []
    if os.name != "nt" and os.stat(path).st_mode & 0o077:
        tell("{0} can be read by other users of this machine: chmod 600 {0}".format(path))
    return [
        PrivateKey(name, key, path)
        for name, _, value in reversed(_LINE.findall(read_shared_text(path)))
        for key in _split(value)
    ]


def known_pair(name: str, keys: List[PrivateKey]) -> Optional[KeyPair]:
    """Return the first of ``keys`` called ``name`` with its public key, or None.

    Raises ``ConfigError`` if it is no private key.
    """
    for key in keys:
        if key.name == name:
            try:
                return pair_of(key.key)
            except WrongKeyError as error:
                raise ConfigError(
                    "{} in {} is {}: correct it".format(name, key.place, error)
                ) from None
    return None


def _split(value: str) -> List[str]:
    return [key.strip() for key in value.split(",") if key.strip()]
