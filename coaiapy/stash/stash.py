"""The stash: bytes stored under keys, in the Redis of the settings, else on this machine."""

from typing import Any, Optional, Union

from coaiapy.config import redis as redis_settings
from coaiapy.config import values as config_values
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.stash.local import LocalStash
from coaiapy.stash.redis import RedisStash
from coaiapy.util.formats import json_values
from coaiapy.util.text.wording import kind_of

Stash = Union[LocalStash, RedisStash]

# The limits of Redis. The local stash has the same ones, so that both behave alike.
MOST_BYTES = 512 * 1024 * 1024
MOST_SECONDS = 100 * 366 * 86400
COLUMNS = {"key": "Key", "size": "Bytes", "ttl": "Seconds left"}
TTL_COLUMNS = {"key": "Key", "ttl": "Seconds left"}


def open_stash(env_file: Optional[str] = None) -> Stash:
    """Return the stash of the settings; ``env_file`` is read instead of ``.env``.

    Raises ``ConfigError`` for invalid settings and for a missing package.
    """
    server = redis_settings.find(config_values.load(env_file))
    return RedisStash(server) if server else LocalStash()


def put(stash: Stash, key: str, value: Union[str, bytes], ttl: Optional[int] = None) -> None:
    """Store ``value`` under ``key`` for ``ttl`` seconds; ``None`` or 0 means without a limit.

    Returns when the stash has confirmed it. Raises ``UsageError`` for an invalid key, value or ttl.
    """
    stash.put(key, checked(key, value, ttl), ttl)


def checked(key: str, value: Union[str, bytes], ttl: Optional[int]) -> bytes:
    """Return ``value`` as bytes; ``UsageError`` for an invalid key, value or ttl."""
    check_key(key)
    if ttl is not None and not (isinstance(ttl, int) and 0 <= ttl <= MOST_SECONDS):
        raise UsageError(
            "a value cannot be kept for {!r} seconds: give a whole number from 0 up".format(ttl)
        )
    data = as_bytes(value)
    if len(data) > MOST_BYTES:
        raise UsageError("a value of {} bytes is too large: the limit is 512 MB".format(len(data)))
    return data


def as_bytes(value: Any) -> bytes:
    """Return a text or bytes as bytes; ``UsageError`` for anything else."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if not isinstance(value, str):
        raise UsageError("the value is neither text nor bytes: {!r}".format(value))
    try:
        return json_values.plain_text(value).encode("utf-8")
    except ValueError as error:
        raise UsageError("the value {}".format(error)) from error


def get(stash: Stash, key: str) -> bytes:
    """Return the value under ``key``; ``NotFoundError`` if there is no such key."""
    check_key(key)
    value = stash.get(key)
    if value is None:
        raise NotFoundError("nothing is stashed under {!r} in {}".format(key, stash.where))
    return value


def check_key(key: str) -> None:
    """Raise ``UsageError`` for an invalid key, or an empty one: often an unset shell variable."""
    if not isinstance(key, str):
        raise UsageError("the key must be text, not {}".format(kind_of(key)))
    if not key:
        raise UsageError("the key is empty: name one")
    try:
        json_values.plain_text(key)
    except ValueError as error:
        raise UsageError("the key {}".format(error)) from error
