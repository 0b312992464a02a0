"""The Redis server in the settings, in any of the forms that hosting services hand out."""

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from coaiapy.config import addresses
from coaiapy.config.schema import KEY_OF
from coaiapy.config.values import ConfigValues, Found
from coaiapy.errors import ConfigError
from coaiapy.util.text.parsing import whole_number

DEFAULT_HOST = "localhost"
DEFAULT_PORT = KEY_OF["jtaleconf.port"].default
NOBODY = "the default"

# The URL of a REST API and its token. The same host also speaks Redis over TLS, which is used here.
_REST = (
    ("upstash_redis_rest_url", "upstash_redis_rest_token"),
    ("kv_rest_api_url", "kv_rest_api_token"),
)
_URLS = ("kv_url", "redis_url")
_UPSTASH = ".upstash.io"


class RedisServer(NamedTuple):
    """A Redis server and how to log in; ``timeout`` is in seconds.

    ``origin`` is the setting that it comes from, for messages.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    username: str = ""
    password: str = ""
    db: int = KEY_OF["jtaleconf.db"].default
    ssl: bool = KEY_OF["jtaleconf.ssl"].default
    ssl_ca_certs: str = ""
    verify: bool = True
    timeout: float = KEY_OF["jtaleconf.timeout"].default
    origin: str = NOBODY

    @property
    def shown(self) -> str:
        """The server's URL without user and password, for messages."""
        host = "[{}]".format(self.host) if ":" in self.host else self.host
        address = "{}://{}:{}".format("rediss" if self.ssl else "redis", host, self.port)
        return "{}/{}".format(address, self.db) if self.db else address


def find(values: ConfigValues) -> Optional[RedisServer]:
    """Return the Redis server in the settings, or ``None`` if there is none.

    If several are set, the one in the first place counts (OS environment, .env, coaia.json), and
    within a place the REST URL, then the Redis URL, then host and port. Raises ``ConfigError`` for
    invalid settings.
    """
    candidates: List[Tuple[int, int, str, str]] = []
    for order, (name, token) in enumerate(_REST + tuple((url, "") for url in _URLS)):
        found = values.found(name)
        if found:
            candidates.append((found.rank, order, name, token))
    place = _place_of_host(values)
    if place is not None and not [one for one in candidates if one[0] <= place]:
        return from_fields(values)
    if candidates:
        _, _, name, token = min(candidates)
        return _from_rest(values, name, token) if token else _from_url(values, name)
    return from_fields(values) if values.found("jtaleconf.password") else None


def _place_of_host(values: ConfigValues) -> Optional[int]:
    """Return the rank of the place that sets a host, or a port in a variable; else ``None``."""
    host, port = values.found("jtaleconf.host"), values.found("jtaleconf.port")
    named = [host] if host else []
    if port and not values.layers[port.rank].has_paths:  # a coaia.json often has a default port
        named.append(port)
    return min((found.rank for found in named), default=None)


def from_fields(values: ConfigValues) -> RedisServer:
    """Return the server from the separate settings for host, port, user, password and so on."""
    addresses.check(values, "jtaleconf.host")
    found = values.found("jtaleconf.host") or values.found("jtaleconf.port")
    host = _host(values)
    ssl = values.get("jtaleconf.ssl")
    if host.endswith(_UPSTASH) and values.found("jtaleconf.ssl") is None:
        ssl = True  # Upstash accepts only TLS
    return _with_common(
        values,
        host=host,
        port=_port(values.get("jtaleconf.port"), "REDIS_PORT"),
        username=values.get("jtaleconf.username") or "",
        password=values.get("jtaleconf.password") or "",
        db=values.get("jtaleconf.db"),
        ssl=ssl,
        origin=found.source if found else "jtaleconf",
    )


def _host(values: ConfigValues) -> str:
    """Return the host; ``ConfigError`` for an address, which may have a password in it."""
    host = str(values.get("jtaleconf.host") or DEFAULT_HOST).strip()
    if host.count(":") == 1 or re.search(r"[^\w.:%-]", host):
        found = values.found("jtaleconf.host")
        raise ConfigError(
            "{} is not the name of a host: leave only that, and set REDIS_PORT to the port; or set "
            "REDIS_URL to an address like redis://host:port".format(found and found.source)
        )
    return host


def _from_rest(values: ConfigValues, name: str, token_name: str) -> RedisServer:
    found = values.found(name)
    assert found is not None
    address = _split(found.value, found.name, ("https", "http", "rediss", "redis"))
    addresses.check(values, name)
    token = values.get(token_name)
    if not token:
        raise ConfigError(
            "{} is set but {} is not: set both".format(found.name, token_name.upper())
        )
    return _with_common(
        values,
        host=address.hostname,
        port=_port_of(address, found.name),
        password=token,
        ssl=address.scheme in ("https", "rediss"),
        origin=found.source,
    )


def _from_url(values: ConfigValues, name: str) -> RedisServer:
    found = values.found(name)
    assert found is not None
    address = _split(found.value, found.name, ("redis", "rediss"))
    addresses.check(values, name)
    query = dict(parse_qsl(address.query))
    unknown = sorted(set(query) - {"db", "ssl_cert_reqs", "ssl_ca_certs"})
    if unknown:
        raise ConfigError(
            "{}: use only the parameters db, ssl_cert_reqs and ssl_ca_certs; a password with ? or "
            "# must be percent-encoded".format(found.name)
        )
    given: Dict[str, Any] = {}
    if query.get("ssl_ca_certs"):
        given["ssl_ca_certs"] = query["ssl_ca_certs"]
    return _with_common(
        values,
        host=address.hostname,
        port=_port_of(address, found.name),
        username=unquote(address.username or ""),
        password=unquote(address.password or ""),
        db=_database(query.get("db") or address.path.strip("/"), found.name),
        ssl=address.scheme == "rediss",
        verify=_verify(query, found),
        origin=found.source,
        **given,
    )


def _verify(query: Mapping[str, str], found: Found) -> bool:
    """Return whether to verify the server's certificate.

    Raises ``ConfigError`` if a project's file switches it off: only the user may do that, since a
    project folder may come from somebody else.
    """
    if query.get("ssl_cert_reqs", "").lower() not in ("none", "cert_none"):
        return True
    if found.is_of_project:
        raise ConfigError(
            "{} turns off the certificate check (ssl_cert_reqs=none), which a project's file is "
            "not allowed to do: remove it, or set {} in the OS environment or in "
            "~/coaia.json".format(found.source, found.name.upper())
        )
    return False


def _with_common(values: ConfigValues, **fields: Any) -> RedisServer:
    fields.setdefault("ssl_ca_certs", values.get("jtaleconf.ssl_ca_certs") or "")
    return RedisServer(timeout=values.get("jtaleconf.timeout"), **fields)


def _split(text: str, name: str, schemes: Tuple[str, ...]) -> SplitResult:
    """Return the parts of a URL; ``ConfigError``, without the password, if it is invalid."""
    try:
        address = urlsplit(str(text).strip())
        good = address.scheme in schemes and bool(address.hostname)
    except ValueError:
        good = False
    if not good or address.fragment or "@" in address.path + address.query:
        # The password has a character that ends the host part of a URL: what follows is no host.
        if "@" in str(text):
            raise ConfigError(
                "{} cannot be read: the characters # / ? @ : % [ ] of a password must be "
                "percent-encoded in a URL (# as %23)".format(name)
            )
        raise ConfigError(
            "{} is not an address like {}://host:port: correct it".format(name, schemes[0])
        )
    return address


def _port_of(address: SplitResult, name: str) -> int:
    try:
        return _port(DEFAULT_PORT if address.port is None else address.port, name)
    except ValueError:
        raise ConfigError(
            "{} has a port that is not a number from 1 to 65535".format(name)
        ) from None


def _port(number: int, name: str) -> int:
    if not 0 < number < 65536:
        raise ConfigError("{}: {} is not a port from 1 to 65535".format(name, number))
    return number


def _database(text: str, name: str) -> int:
    if not text:
        return 0
    number = whole_number(text)
    if number is None or len(text) > 8:
        raise ConfigError(
            "{}: the part after the / is not a database number; a password with / must be "
            "percent-encoded".format(name)
        )
    return number
