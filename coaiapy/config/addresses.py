"""Whose address gets the user's keys: a key does not follow an address that somebody else wrote.

A project may come from somebody else, and its ``.env`` or coaia.json may name another server than
the user's. A key from outside that project, from the environment or the home, is sent there only if
the file is trusted (see ``trust``), or if the address can be nobody else's.
"""

import re
from typing import NamedTuple, Optional, Tuple

from coaiapy.config import trust
from coaiapy.config.values import ConfigValues, Found
from coaiapy.errors import ConfigError
from coaiapy.util.masking import shown_url
from coaiapy.util.paths import is_below
from coaiapy.util.text.notes import tell

# What all programs read in the same way: no user, no backslash, no character that needs quoting.
_PLAIN = r"(?i)(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?(?:[/?][^\\\s]*)?\Z"
_HOST = r"(?i)(\[?[0-9a-f:.]+\]?|[a-z0-9._-]+)\Z"
_PORTS = {"http": 80, "https": 443}
_NOWHERE = r"(?!)"
_CA_FILE = "jtaleconf.ssl_ca_certs"
_AWS = r"(?:polly|transcribe|s3|sts)(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?"


class Service(NamedTuple):
    """A service: the settings of its addresses and of its keys, and its own public hosts.

    ``has_other_keys`` says that keys may come from places that coaia's settings do not know.
    ``ways`` are the settings that decide how its address is reached: at which port, and whether the
    server is checked.
    """

    name: str
    addresses: Tuple[str, ...]
    keys: Tuple[str, ...]
    hosts: str = _NOWHERE
    has_other_keys: bool = False
    ways: Tuple[str, ...] = ()


class Origin(NamedTuple):
    """What an address leads to; ``scheme`` is empty for a host without one."""

    scheme: str
    host: str
    port: int


SERVICES = (
    Service(
        "Langfuse",
        ("langfuse_base_url",),
        ("langfuse_secret_key", "langfuse_public_key"),
        r"(?:[a-z]+\.)?cloud\.langfuse\.com",
    ),
    Service(
        "the language model service",
        ("openai_base_url", "openai_api_url", "openai_transcription_api_url", "dalle_api_endpoint"),
        ("openai_api_key",),
        r"(?:[a-z]+\.)?api\.openai\.com",
    ),
    Service(
        "AWS",
        ("pollyconf.endpoint_url",),
        ("pollyconf.key", "pollyconf.secret", "pollyconf.token"),
        _AWS,
        has_other_keys=True,
    ),
    Service("GitHub", ("github.base_url",), ("github.api_token",), r"api\.github\.com"),
    Service("Redis", ("upstash_redis_rest_url",), ("upstash_redis_rest_token",), ways=(_CA_FILE,)),
    Service("Redis", ("kv_rest_api_url",), ("kv_rest_api_token",), ways=(_CA_FILE,)),
    # The password is in these addresses.
    Service("Redis", ("redis_url",), ("redis_url",), ways=(_CA_FILE,)),
    Service("Redis", ("kv_url",), ("kv_url",), ways=(_CA_FILE,)),
    Service(
        "Redis",
        ("jtaleconf.host",),
        ("jtaleconf.password",),
        ways=("jtaleconf.port", "jtaleconf.ssl", _CA_FILE),
    ),
)
_SERVICE_OF = {name: service for service in SERVICES for name in service.addresses + service.ways}


def check(values: ConfigValues, address_name: str) -> None:
    """Raise ``ConfigError`` if a key may not be sent to the address in this setting.

    If it may, although a project's file names the address, a note says so.
    """
    address, service = values.found(address_name), _SERVICE_OF[address_name]
    if address is None:
        return
    if address.is_of_project and not _is_own(values, service, str(address.value)):
        _check_place(values, address_name, address, "names the address {}")
    for name in service.ways:
        way = values.found(name)
        is_changed = way and values.get(name) != values.outside_project().get(name)
        if way and way.is_of_project and is_changed:
            _check_place(values, address_name, way, "changes how {} is reached")


def _check_place(values: ConfigValues, address_name: str, found: Found, does: str) -> None:
    """Raise ``ConfigError`` if this setting of a project may not decide where a key is sent."""
    key = _key_from_outside(values, _SERVICE_OF[address_name], found)
    if key is None:
        return
    address = str(values.get(address_name)).strip()
    shown = shown_url(address)
    if not is_harmless(address_name, address) and not _is_trusted(found):
        raise ConfigError(
            "{} {}, and {} would be sent there: if you trust that, run coaia trust; else set "
            "the address where the key is set".format(found.source, does.format(shown), key)
        )
    tell("{} is sent to {}, as {} says".format(key, shown, found.source))


def service_of(address_name: str) -> Optional[Service]:
    """Return the service that this setting leads to, ``None`` if it is no part of an address."""
    return _SERVICE_OF.get(address_name)


def is_harmless(address_name: str, text: str) -> bool:
    """Tell whether an address needs no trust: it is this machine, or the service's own."""
    origin = _origin(text)
    if origin is None:
        return False
    is_public = re.match(_SERVICE_OF[address_name].hosts + r"\Z", origin.host) is not None
    return _is_this_machine(origin.host) or (is_public and origin.scheme == "https")


def _key_from_outside(values: ConfigValues, service: Service, address: Found) -> Optional[str]:
    """Return where a key comes from, if not from the project that names the address."""
    found = [values.found(name) for name in service.keys]
    for key in found:
        if key is not None and key.rank != address.rank and not _is_inside(key):
            return key.source
    if service.has_other_keys and not any(found):
        return "your key for " + service.name
    return None


def _is_inside(key: Found) -> bool:
    """Tell whether a key is in a file of the project, and not where a link from there leads."""
    return key.is_of_project and is_below(key.place, ".")


def _is_own(values: ConfigValues, service: Service, text: str) -> bool:
    """Tell whether the user's own settings name the same server for the service."""
    wanted, outside = _origin(text), values.outside_project()
    own = [outside.found(name) for name in service.addresses]
    return wanted is not None and wanted in [_origin(str(one.value)) for one in own if one]


def _is_trusted(address: Found) -> bool:
    return trust.is_trusted(address.place, trust.digest_of(address.place))


def _origin(text: str) -> Optional[Origin]:
    """Return what an address leads to, ``None`` for one that programs may read differently."""
    text = text.strip()
    found = re.match(_PLAIN, text)
    if found:
        scheme = found.group(1).lower()
        port = int(found.group(3) or _PORTS[scheme])
        return Origin(scheme, found.group(2).lower().strip("[]"), port)
    if re.match(_HOST, text):
        return Origin("", text.lower().strip("[]"), 0)
    return None


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
