"""The stash: values of bytes under keys, in Redis when the settings name one, else on this machine."""

from typing import Optional, Union

from coaiapy import config_values, redis_settings
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.stash_local import LocalStash
from coaiapy.stash_redis import RedisStash

Stash = Union[LocalStash, RedisStash]

# What Redis allows, so that the stash means the same everywhere.
MOST_BYTES = 512 * 1024 * 1024
MOST_SECONDS = 100 * 366 * 86400


def open_stash(env_file: Optional[str] = None) -> Stash:
    """Return the stash that the settings name; ``env_file`` stands for ``.env``.

    Raises ``ConfigError`` for settings that make no sense and for a missing package.
    """
    server = redis_settings.find(config_values.load(env_file))
    return RedisStash(server) if server else LocalStash()


def put(stash: Stash, key: str, value: bytes, ttl: Optional[int] = None) -> None:
    """Keep ``value`` under ``key`` for ``ttl`` seconds; ``None`` or 0 keeps it for good.

    Returns only when the stash has confirmed it. Raises ``UsageError`` for what no stash takes.
    """
    check_key(key)
    if ttl is not None and not 0 <= ttl <= MOST_SECONDS:
        raise UsageError("{} is no number of seconds that a value can be kept for".format(ttl))
    if len(value) > MOST_BYTES:
        raise UsageError("a value of {} bytes is too large: 512 MB is the most".format(len(value)))
    stash.put(key, value, ttl)


def get(stash: Stash, key: str) -> bytes:
    """Return the value under ``key``; raise ``NotFoundError`` when there is none."""
    check_key(key)
    value = stash.get(key)
    if value is None:
        raise NotFoundError("nothing is stashed under {!r} in {}".format(key, stash.where))
    return value


def check_key(key: str) -> None:
    """Raise ``UsageError`` for an empty key, which is a forgotten variable more often than not."""
    if not key:
        raise UsageError("the key is empty: name one")
