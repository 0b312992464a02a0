"""The Redis between the machines: which it is, and how long it may be away."""

import time
from typing import Any, Callable, TypeVar

from coaiapy import patience
from coaiapy.config import redis
from coaiapy.config import values as config_values
from coaiapy.config.redis import RedisServer
from coaiapy.errors import ConfigError, NetworkError
from coaiapy.stash.redis_errors import reporting
from coaiapy.util.packages import require

T = TypeVar("T")


def server_for(env_file: Any) -> RedisServer:
    """Return the Redis in the settings; ``ConfigError`` if there is none."""
    server = redis.find(config_values.load(env_file))
    if server is None:
        raise ConfigError(
            "workers are reached through a Redis, and the settings name none: set REDIS_URL, on "
            "all machines to the same"
        )
    return server


class PatientRedis:
    """Asks a Redis, and again for a while if it is away; what it refuses is not asked again.

    ``pause`` waits for so many seconds, and is true if nobody wants to wait any longer. ``note``
    gets a sentence when the waiting begins.
    """

    def __init__(
        self, server: RedisServer, note: Callable[[str], None], pause: Callable[[float], bool]
    ) -> None:
        self._server = server
        self._note = note
        self._pause = pause

    def __call__(self, ask: Callable[[], T], writing: bool = False) -> T:
        """Return ``ask()``; raise ``NetworkError``, ``ConfigError`` or ``RefusedError``."""
        end = time.monotonic() + patience.FLEET_AWAY
        is_noted = False
        while True:
            try:
                with reporting(self._server, writing):
                    return ask()
            except NetworkError as error:
                if not _is_away(error) or time.monotonic() >= end:
                    raise
                if not is_noted:
                    self._note("{}; trying for {:g} s".format(error, patience.FLEET_AWAY))
                is_noted = True
                if self._pause(patience.FLEET_PAUSE):
                    raise


def _is_away(error: NetworkError) -> bool:
    exceptions = require("redis.exceptions", "redis")
    return isinstance(
        error.__cause__, (exceptions.ConnectionError, exceptions.TimeoutError, OSError)
    )
