"""Checks the settings: what is wrong with them, and what works but is a security risk.

A key is at risk when it is sent in clear text or to a server that somebody else has chosen, or when a
certificate is not verified.
"""

import functools
import itertools
import os
import stat
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Tuple

from coaiapy.checks.finding import FAILED, WARNING, Finding, asked, failure, has_failed
from coaiapy.config import addresses, settings
from coaiapy.config import files as config_files
from coaiapy.config import openai as openai_settings
from coaiapy.config import redis as redis_settings
from coaiapy.config import values as config_values
from coaiapy.config.keys import checked
from coaiapy.config.schema import KEY_OF, KEYS, key_for
from coaiapy.config.values import ConfigValues
from coaiapy.dotenvx.names import is_encrypted, is_public_key
from coaiapy.errors import CoaiaError, ExitCode
from coaiapy.util import masking
from coaiapy.util.masking import shown_url
from coaiapy.util.text.wording import did_you_mean

# How alike (0 to 1) an unknown key must be to one of ours to count as a misspelling of it.
_NEARLY = 0.85
COLUMNS = {"key": "Key", "value": "Value", "source": "From"}


def _risks(values: ConfigValues) -> Iterator[Finding]:
    """Yield a warning for each risk, with what to change."""
    for sentence in itertools.chain(_unencrypted(values), _unchecked(values)):
        yield Finding(WARNING, "settings", sentence)


def _unencrypted(values: ConfigValues) -> Iterator[str]:
    for service in addresses.SERVICES:
        for name in service.addresses:
            address, key = values.found(name), values.found(service.keys[0])
            url = str(address.value).strip() if address else ""
            is_open = url.startswith("http://") and not addresses.is_harmless(name, url)
            if address and key and is_open:
                yield "{} is sent to {} unencrypted: use an https address in {}".format(
                    key.source, shown_url(url), address.source
                )


def _unchecked(values: ConfigValues) -> Iterator[str]:
    server = redis_settings.find(values)
    if server is not None and server.ssl and not server.verify:
        yield (
            "{} turns off the certificate check (ssl_cert_reqs=none), so others on the network can "
            "read and change stashed values: use ssl_ca_certs=FILE instead".format(server.origin)
        )


class Setting(NamedTuple):
    """A setting as ``coaia config show`` prints it; a secret is masked."""

    key: str
    value: Any
    source: str


def shown(values: ConfigValues, with_unset: bool = False) -> List[Setting]:
    """Return every setting that has a value, with the place that it comes from.

    ``with_unset`` adds those without a value, as ``None``.
    """
    found = [_shown_key(values, key.name) for key in KEYS]
    found += [Setting(name, _masked(name, value), place) for name, value, place in _others(values)]
    return [one for one in found if with_unset or one.value is not None]


def _shown_key(values: ConfigValues, name: str) -> Setting:
    found, key = values.found(name), KEY_OF[name]
    if found is None:
        return Setting(name, key.default, "" if key.default is None else config_values.DEFAULT)
    return Setting(name, masking.MASK if key.secret else _masked(name, found.raw), found.source)


def _others(values: ConfigValues) -> Iterator[Tuple[str, Any, str]]:
    """Yield the other keys in coaia.json: process tags, and keys that coaia does not read."""
    seen = set()
    for layer in values.layers:
        for path, value in config_files.leaves(layer.values) if layer.has_paths else ():
            key = key_for(path)
            known = key is not None and key.name in KEY_OF
            if not known and path not in seen and value is not None and value != "":
                seen.add(path)
                yield path, value, "{} in {}".format(path, layer.name)


def _masked(name: str, value: Any) -> Any:
    text = str(value)
    shown = masking.masked_value(name, text)
    return value if shown == text else shown


def check(env_file: Optional[str] = None) -> List[Finding]:
    """Return what is wrong with the settings, an empty list if nothing is. Asks no server."""
    findings = []  # type: List[Finding]
    for path in config_files.found():
        findings += asked(path, lambda path=path: _file(path))  # type: ignore[misc]
    dotenv = config_values.dotenv_path(env_file)
    findings += asked(dotenv, lambda: _dotenv(dotenv, env_file))
    if not has_failed(findings):
        findings += asked("settings", lambda: _variables(config_values.load(env_file)))
    if not has_failed(findings):
        findings += asked("settings", lambda: _together(env_file))
    return findings


def _file(path: str) -> Iterator[Finding]:
    pairs = list(config_files.leaves(config_files.read(path)))
    for name, value in pairs:
        key = key_for(name)
        if is_public_key(name):
            continue
        if key is None:
            yield _unknown(path, name)
            continue
        if value is None or value == "" or is_encrypted(value):
            continue
        try:
            checked(key, value)
        except ValueError as error:
            said = name if key.secret else "{} {!r}".format(name, value)
            yield Finding(FAILED, path, "{} {}".format(said, error), ExitCode.CONFIG)
    secrets = [name for name, value in pairs if _is_secret(name, value)]
    yield from _readable_by_others(path, secrets)


def _is_secret(name: str, value: Any) -> bool:
    key = key_for(name)
    secret = key.secret if key else False
    is_open = not value or is_encrypted(value)
    return not is_open and (secret or masking.looks_secret(name, str(value)))


def _unknown(path: str, name: str) -> Finding:
    """Return a failure for a misspelled key, a warning for one that may be another program's."""
    import difflib

    text = "coaia has no setting {!r}{}".format(name, did_you_mean(name, KEY_OF))
    if difflib.get_close_matches(name, list(KEY_OF), 1, _NEARLY):
        return Finding(FAILED, path, text, ExitCode.CONFIG)
    return Finding(WARNING, path, text)


def _dotenv(path: str, env_file: Optional[str]) -> Iterator[Finding]:
    variables = config_values.dotenv_variables(env_file)
    lines = config_values.skipped(env_file)
    if lines:
        more = " and {} more".format(len(lines) - 1) if lines[1:] else ""
        yield Finding(
            WARNING, path, "line {}{} is not KEY=VALUE, so it is skipped".format(lines[0], more)
        )
    secrets = [name for name, value in variables.items() if value and _is_secret(name, value)]
    yield from _readable_by_others(path, secrets)


def _readable_by_others(path: str, secrets: List[str]) -> Iterator[Finding]:
    if secrets and stat.S_IMODE(os.stat(path).st_mode) & 0o077:
        text = "other users can read it, and it contains {}: run chmod 600 {}".format(
            secrets[0], path
        )
        yield Finding(WARNING, path, text)


def _variables(values: ConfigValues) -> Iterator[Finding]:
    """Check all settings in effect; ``_file`` has checked those in coaia.json, but the encrypted."""
    for key in KEYS:
        try:
            values.get(key.name)
        except CoaiaError as error:
            yield Finding(FAILED, "settings", str(error), error.exit_code)


def _together(env_file: Optional[str]) -> Iterator[Finding]:
    """Check settings that depend on each other: pairs of keys, and keys with their addresses."""
    values = config_values.load(env_file)
    for read in _READINGS:
        try:
            read(values)
        except CoaiaError as error:
            yield failure("settings", error)
    if os.environ.get("LANGFUSE_SAMPLE_RATE"):
        yield Finding(
            WARNING, "settings", "LANGFUSE_SAMPLE_RATE is not used: coaia sends every trace"
        )
    yield from _risks(values)


# What reads the settings of a service, and raises an error if they cannot be used.
_READINGS: Tuple[Callable[[ConfigValues], Any], ...] = (
    settings.from_values,
    redis_settings.find,
    openai_settings.find,
    functools.partial(addresses.check, address_name="pollyconf.endpoint_url"),
    functools.partial(addresses.check, address_name="github.base_url"),
)
