"""What ``coaiamodule.tash`` and ``coaiamodule.fetch_key_val`` do, with the Redis client they found.

The client may be anything that a script has put in the place of ``redis.Redis``: it is asked for
``set`` and ``get`` alone, with the key as it was given.
"""

from typing import Any, Optional, Union

from coaiapy import stash
from coaiapy.errors import ConfigError, NetworkError, NotFoundError
from coaiapy.packages import require
from coaiapy.redis_errors import LoginError, reporting
from coaiapy.redis_settings import RedisServer
from coaiapy.stash_local import LocalStash


def put(
    client: Any, server: RedisServer, key: str, value: Union[str, bytes], ttl: Optional[int]
) -> bytes:
    """Keep a value for ``ttl`` seconds, or for good, and return the bytes read back.

    Raises ``ConfigError``, ``NetworkError`` or ``RefusedError`` when the server did not take it.
    """
    with reporting(server, writing=True):
        client.set(key, value, **({"ex": ttl} if ttl else {}))
    return get(client, server, key)


def get(client: Any, server: RedisServer, key: str) -> bytes:
    """Return the bytes under ``key``; raise ``NotFoundError`` when there are none."""
    with reporting(server):
        value = client.get(key)
    if value is None:
        raise NotFoundError("nothing is stashed under {!r} in {}".format(key, server.shown))
    return stash.as_bytes(value)


def put_here(key: str, value: Union[str, bytes], ttl: Optional[int]) -> bytes:
    """Keep a value on this machine, and return the bytes read back."""
    with LocalStash() as store:
        stash.put(store, key, value, ttl)
        return stash.get(store, key)


def get_here(key: str) -> bytes:
    """Return the bytes that are kept on this machine under ``key``."""
    with LocalStash() as store:
        return stash.get(store, key)


def is_replaced() -> bool:
    """Tell whether a script has put something of its own in the place of ``redis.Redis``."""
    try:
        redis = require("redis")
    except ConfigError:
        return False  # not installed: nobody can have replaced it
    return redis.Redis is not redis.client.Redis


def is_unreachable(error: BaseException) -> bool:
    """Tell whether ``error`` says that no server let us in, rather than what it answered."""
    if isinstance(error, (NetworkError, LoginError)):
        return True
    return isinstance(error.__cause__, ImportError)  # there is not even a client
