"""The OpenAI-compatible service in the settings: its URLs, key and timeout."""

import re
from typing import NamedTuple, Optional
from urllib.parse import urlsplit, urlunsplit

from coaiapy.config import addresses
from coaiapy.config.schema import KEY_OF
from coaiapy.config.values import ConfigValues
from coaiapy.errors import ConfigError
from coaiapy.util.masking import shown_url

OFFICIAL_HOST = "api.openai.com"
_CHAT = "/chat/completions"


class OpenaiService(NamedTuple):
    """A service's URLs, key (empty if it needs none) and timeout in seconds."""

    chat_url: str
    transcription_url: str
    image_url: str
    key: str = ""
    timeout: float = KEY_OF["openai_timeout"].default


def find(values: ConfigValues) -> OpenaiService:
    """Return the service in the settings; ``ConfigError`` for an invalid URL or key.

    A complete URL (``openai_api_url``) overrides the base URL, unless the base URL is set in a
    place that overrides the one of the complete URL: ``OPENAI_BASE_URL`` in the environment wins
    over ``openai_api_url`` in coaia.json.
    """
    return OpenaiService(
        chat_url=_address(values, "openai_api_url", _CHAT),
        transcription_url=_address(values, "openai_transcription_api_url", "/audio/transcriptions"),
        image_url=_address(values, "dalle_api_endpoint", "/images/generations"),
        key=_key(values),
        timeout=values.get("openai_timeout"),
    )


def _key(values: ConfigValues) -> str:
    key = values.get("openai_api_key") or ""
    found = values.found("openai_api_key")
    if found and re.search(r"[^\x21-\x7e]", key):
        raise ConfigError(
            "{} is not a valid key: it contains a space, a line break or a character that is not ASCII; "
            "copy it again".format(found.source)
        )
    return str(key)


def _address(values: ConfigValues, name: str, path: str) -> str:
    base, complete = values.found("openai_base_url"), values.found(name)
    if complete and not (base and base.rank < complete.rank):
        addresses.check(values, name)
        return _complete(_checked(complete.source, values.get(name)), path)
    addresses.check(values, "openai_base_url")
    source = base.source if base else "openai_base_url"
    return _below(_checked(source, values.get("openai_base_url")), path)


def _complete(url: str, path: str) -> str:
    """Return a complete URL; if it is only a base URL, add ``/v1`` and the path."""
    parts = urlsplit(url)
    if parts.path in ("", "/v1"):
        return _below(urlunsplit(parts._replace(path="/v1")), path)
    return url


def _below(base: str, path: str) -> str:
    """Return a base URL with ``path`` added to its path; its query stays at the end."""
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))


def models_url(service: OpenaiService) -> str:
    """Return the URL that lists the service's models: the cheapest request that needs the key."""
    parts = urlsplit(service.chat_url)
    base = parts.path.rsplit(_CHAT, 1)[0]
    return urlunsplit(parts._replace(path=base + "/models"))


def _checked(source: str, url: str) -> str:
    if not _is_address(url):
        raise ConfigError(
            "{}: {!r} is not an http(s) address; set it to one like https://{}/v1".format(
                source, shown_url(url), OFFICIAL_HOST
            )
        )
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        urlsplit(url).port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return bool(re.match(r"https?://[^/\s?#]+[^\s#]*$", url))


def needs_key(url: str) -> Optional[str]:
    """Return the host of ``url`` if it is known to need a key, else ``None``."""
    host = urlsplit(url).hostname
    return host if host == OFFICIAL_HOST else None
