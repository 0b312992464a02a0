"""The settings in the form that scripts of earlier releases know: one dict with every key."""

from typing import Any, Dict, Optional

from coaiapy.config import files as config_files
from coaiapy.config import redis as redis_settings
from coaiapy.config import values as config_values
from coaiapy.config.files import put_key
from coaiapy.config.schema import KEY_OF, KEYS, TEXT, checked
from coaiapy.errors import ConfigError


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
        put_key(result, key.name, "" if value is None and key.kind == TEXT else value)
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
