"""The settings for Langfuse: keys, server, environment, release, timeout, retention."""

import re
from typing import NamedTuple, Optional

from coaiapy.config import addresses
from coaiapy.config import values as config_values
from coaiapy.config.schema import KEY_OF
from coaiapy.config.values import ConfigValues
from coaiapy.errors import ConfigError
from coaiapy.util.masking import shown_url, without_credentials

LOCAL = "local"
_DEFAULT_BASE_URL = KEY_OF["langfuse_base_url"].default


class Settings(NamedTuple):
    """The checked settings: ``timeout`` is in seconds, ``keep_days`` in days.

    ``base_url`` is without user and password, which are not used: the keys identify us.
    ``delivery`` is ``wait``, ``background`` or ``manual``, ``None`` for what is usual for a command.
    """

    public_key: str = ""
    secret_key: str = ""
    base_url: str = _DEFAULT_BASE_URL
    environment: Optional[str] = None
    release: Optional[str] = None
    timeout: float = KEY_OF["langfuse_timeout"].default
    keep_days: float = KEY_OF["journal_keep_days"].default
    tracing: bool = True
    delivery: Optional[str] = None

    @property
    def has_server(self) -> bool:
        """Whether a server can be asked: there are Langfuse keys, the base URL is not ``local``."""
        return self.base_url != LOCAL and bool(self.public_key)

    @property
    def is_local(self) -> bool:
        """Whether traces and scores stay here: there is no server, or tracing is turned off."""
        return not self.has_server or not self.tracing

    def trace_page(self, trace_id: str) -> Optional[str]:
        """Return the URL of Langfuse's page of a trace, ``None`` if traces stay here."""
        if self.is_local:
            return None
        from urllib.parse import quote  # few commands show it

        return "{}/trace/{}".format(self.base_url.rstrip("/"), quote(trace_id, safe=""))


def load(env_file: Optional[str] = None) -> Settings:
    """Return the settings as they are now.

    ``env_file`` is read instead of ``.env`` in the working folder, as with ``COAIAPY_ENV_PATH``.
    Raises ``ConfigError`` for invalid settings, such as one Langfuse key without the other, and
    ``StateError`` for a file that cannot be read.
    """
    return from_values(config_values.load(env_file))


def from_values(values: ConfigValues) -> Settings:
    """Return the settings in ``values``; ``ConfigError`` if they are invalid."""
    public_key = values.get("langfuse_public_key") or ""
    secret_key = values.get("langfuse_secret_key") or ""
    base_url = _base_url(values)
    if base_url != LOCAL:
        _check_key_pair(public_key, secret_key)
        _check_places(values)
        addresses.check(values, "langfuse_base_url")
    return Settings(
        public_key=public_key,
        secret_key=secret_key,
        base_url=base_url,
        environment=_environment(values.get("langfuse_tracing_environment")),
        release=values.get("langfuse_release"),
        timeout=values.get("langfuse_timeout"),
        keep_days=values.get("journal_keep_days"),
        tracing=values.get("langfuse_tracing_enabled"),
        delivery=values.get("delivery"),
    )


def _check_key_pair(public_key: str, secret_key: str) -> None:
    if bool(public_key) == bool(secret_key):
        return
    there, missing = "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"
    if secret_key:
        there, missing = missing, there
    raise ConfigError(
        "{} is set but {} is not: set both to send to Langfuse, or neither to work locally".format(
            there, missing
        )
    )


def _check_places(values: ConfigValues) -> None:
    """Raise ``ConfigError`` if public and secret key come from two different pairs of keys.

    That happens when one place overrides only one key of the pair in another place.
    """
    public, secret = (values.found("langfuse_{}_key".format(half)) for half in ("public", "secret"))
    if public is None or secret is None or public.rank == secret.rank:
        return
    weaker = values.only(max(public.rank, secret.rank))
    for found, name in ((public, "langfuse_public_key"), (secret, "langfuse_secret_key")):
        hidden = weaker.found(name)
        if hidden is not None and hidden.value != found.value:
            raise ConfigError(
                "{} differs from the key in {}, where the other key of the pair comes from: set "
                "both keys in one place".format(found.source, hidden.place)
            )


def _base_url(values: ConfigValues) -> str:
    given = values.get("langfuse_base_url")
    if given.lower() == LOCAL:
        return LOCAL
    url = without_credentials(given)
    if not re.match(r"https?://[^/\s?#]+[^\s?#]*$", url):
        found = values.found("langfuse_base_url")
        raise ConfigError(
            "{} {!r} is not an http(s) address: set it to one like {}, or to local".format(
                found.name.upper() if found else "LANGFUSE_BASE_URL",
                shown_url(url),
                _DEFAULT_BASE_URL,
            )
        )
    return url.rstrip("/")


def _environment(text: Optional[str]) -> Optional[str]:
    if not text:
        return None
    from coaiapy.util.text.parsing import environment_name

    try:
        return environment_name(text)
    except ValueError as error:
        raise ConfigError("LANGFUSE_TRACING_ENVIRONMENT {}".format(error)) from error
