"""The work of ``coaiamodule.tash`` and ``coaiamodule.fetch_key_val``, and the settings as one dict.

Scripts may replace ``redis.Redis`` by a class of their own. Only ``set`` and ``get`` of a client
are therefore used, with the key unchanged.
"""

import sys
from typing import Any, Callable, Dict, Optional, Union

from coaiapy.config import files as config_files
from coaiapy.config import redis as redis_settings
from coaiapy.config import values as config_values
from coaiapy.config.files import put_key
from coaiapy.config.keys import TEXTS, checked
from coaiapy.config.redis import RedisServer
from coaiapy.config.schema import KEY_OF, KEYS
from coaiapy.errors import ConfigError, NetworkError, NotFoundError, UsageError
from coaiapy.stash import stash
from coaiapy.stash.local import LocalStash
from coaiapy.stash.redis_errors import LoginError, reporting
from coaiapy.util.files import write_output
from coaiapy.util.packages import require


def as_dict(env_path: Optional[str] = None) -> Dict[str, Any]:
    """Return the merged coaia.json, with the effective value of each key that coaia knows.

    A text that is not set is "", any other value its default or ``None``. ``jtaleconf`` is the
    Redis server, in whatever form the settings name it: host, port, db, password, ssl and so on.
    Raises ``ConfigError`` or ``StateError`` for invalid settings.
    """
    values = config_values.load(env_path)
    result = {key: value for key, value in config_files.merged().items() if key[:1] != "_"}
    for key in KEYS:
        value = values.get(key.name)
        put_key(result, key.name, "" if value is None and key.kind in TEXTS else value)
    server = redis_settings.find(values)
    if server is None:
        server = redis_settings.from_fields(values)._replace(origin=redis_settings.NOBODY)
    result["jtaleconf"] = dict(result["jtaleconf"], **server._asdict())
    return result


def server_of(jtaleconf: Dict[str, Any]) -> redis_settings.RedisServer:
    """Return the Redis server that a ``jtaleconf`` describes, which a script may have changed.

    Raises ``ConfigError`` for a value of a wrong type.
    """
    fields: Dict[str, Any] = {}
    for name in redis_settings.RedisServer._fields:
        value = jtaleconf.get(name)
        if value is not None and value != "":
            fields[name] = _checked(name, value)
    return redis_settings.RedisServer(**fields)


def names_no_redis(values: Dict[str, Any]) -> bool:
    """Tell whether no Redis is configured in settings from ``as_dict``."""
    return bool(values.get("jtaleconf", {}).get("origin") == redis_settings.NOBODY)


def _checked(name: str, value: Any) -> Any:
    key = KEY_OF.get("jtaleconf." + name)
    try:
        return checked(key, value) if key else value
    except ValueError as error:
        raise ConfigError("jtaleconf.{} {}: correct it".format(name, error)) from error


def put(
    client: Any, server: RedisServer, key: str, value: Union[str, bytes], ttl: Optional[int]
) -> bytes:
    """Store a value for ``ttl`` seconds, or without a limit, and return the bytes read back.

    Raises ``ConfigError``, ``NetworkError`` or ``RefusedError`` when the server did not store it.
    """
    stash.checked(key, value, ttl)
    with reporting(server, writing=True):
        client.set(key, value, **({"ex": ttl} if ttl else {}))
    return get(client, server, key)


def get(client: Any, server: RedisServer, key: str) -> bytes:
    """Return the bytes under ``key``; ``NotFoundError`` if there is no such key."""
    stash.check_key(key)
    with reporting(server):
        value = client.get(key)
    if value is None:
        raise NotFoundError("nothing is stashed under {!r} in {}".format(key, server.shown))
    return stash.as_bytes(value)


def put_here(key: str, value: Union[str, bytes], ttl: Optional[int]) -> bytes:
    """Store a value on this machine, and return the bytes read back."""
    with LocalStash() as store:
        stash.put(store, key, value, ttl)
        return stash.get(store, key)


def get_here(key: str) -> bytes:
    """Return the bytes that are stored on this machine under ``key``."""
    with LocalStash() as store:
        return stash.get(store, key)


def connected(connect: Callable[[], Any], server: RedisServer, verbose: bool) -> Any:
    """Return the Redis client that ``connect`` makes; ``verbose`` prints its address to stderr."""
    with reporting(server):
        made = connect()
    if made is None:
        raise NetworkError("there is no Redis client for {}".format(server.shown))
    if verbose:
        password = "given" if server.password else "none"
        note("asking Redis at {}, password {}".format(server.shown, password))
    return made


def is_local(config: Dict[str, Any]) -> bool:
    """Tell whether values stay on this machine.

    That is so if no Redis is configured and the script has not replaced ``redis.Redis``.
    """
    return not _is_replaced() and names_no_redis(config)


def give_out(value: bytes, output_file: Optional[str]) -> None:
    """Write a value to ``output_file``, or print it if that is ``None``."""
    if output_file:
        write_output(output_file, value)
        note("wrote {} bytes to {}".format(len(value), output_file))
        return
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        _print_bytes(value)
    else:
        print(text)  # noqa: T201


def note(text: str) -> None:
    """Print a line to stderr."""
    sys.stderr.write("coaia: {}\n".format(text))


def _print_bytes(value: bytes) -> None:
    below = getattr(sys.stdout, "buffer", None)
    if below is None:
        raise UsageError("the value is not text: give an output_file")
    sys.stdout.flush()
    below.write(value)
    below.flush()


def _is_replaced() -> bool:
    try:
        redis = require("redis")
    except ConfigError:
        return False  # not installed, so not replaced either
    return redis.Redis is not redis.client.Redis


def is_unreachable(error: BaseException) -> bool:
    """Tell whether an error means that Redis cannot be used at all: no package, server or login."""
    if isinstance(error, (NetworkError, LoginError)):
        return True
    return isinstance(error.__cause__, ImportError)  # the package redis is missing
