"""Settings: the OS environment, then ``.env``, then ``./coaia.json``, then ``~/coaia.json``."""

import os
import re
from typing import Any, Dict, Mapping, NamedTuple, Optional

from coaiapy.errors import ConfigError
from coaiapy.files import read_text, user_home

DEFAULT_BASE_URL = "https://cloud.langfuse.com"
DEFAULT_TIMEOUT = 5.0
LOCAL = "local"

# The commit of the code that runs, as build services name it.
_RELEASE_VARIABLES = (
    "LANGFUSE_RELEASE",
    "VERCEL_GIT_COMMIT_SHA",
    "HEROKU_SLUG_COMMIT",
    "CI_COMMIT_SHA",
    "GITHUB_SHA",
    "GIT_COMMIT",
    "CIRCLE_SHA1",
    "TRAVIS_COMMIT",
    "BITBUCKET_COMMIT",
)


class Settings(NamedTuple):
    """What the program was told; ``values`` is the merged ``coaia.json``."""

    public_key: str = ""
    secret_key: str = ""
    base_url: str = DEFAULT_BASE_URL
    environment: Optional[str] = None
    release: Optional[str] = None
    timeout: float = DEFAULT_TIMEOUT
    values: Mapping[str, Any] = {}

    @property
    def is_local(self) -> bool:
        """Whether nothing is to be sent: there are no Langfuse keys, or the URL says so."""
        return self.base_url == LOCAL or not self.public_key


def load(env_file: Optional[str] = None) -> Settings:
    """Return the settings of this moment.

    ``env_file`` stands for ``.env`` in the working folder, as ``COAIAPY_ENV_PATH`` does. Raises
    ``ConfigError`` for one Langfuse key without the other, ``StateError`` for a broken file.
    """
    values = merged_config()
    dotenv = _read_dotenv(env_file)

    def look_up(name: str, *keys: str) -> str:
        found = os.environ.get(name) or dotenv.get(name)
        if found:
            return found.strip()
        for key in keys:
            if values.get(key):
                return str(values[key]).strip()
        return ""

    url = (
        look_up("LANGFUSE_BASE_URL")
        or look_up("LANGFUSE_HOST", "langfuse_base_url", "langfuse_host")
        or DEFAULT_BASE_URL
    )
    public_key = look_up("LANGFUSE_PUBLIC_KEY", "langfuse_public_key")
    secret_key = look_up("LANGFUSE_SECRET_KEY", "langfuse_secret_key")
    base_url = _checked_url(url)
    if base_url != LOCAL:
        _check_key_pair(public_key, secret_key)
    return Settings(
        public_key=public_key,
        secret_key=secret_key,
        base_url=base_url,
        environment=_environment(look_up("LANGFUSE_TRACING_ENVIRONMENT")),
        release=next(filter(None, map(look_up, _RELEASE_VARIABLES)), None),
        timeout=_seconds(look_up("LANGFUSE_TIMEOUT")),
        values=values,
    )


def merged_config() -> Dict[str, Any]:
    """Return ``./coaia.json`` laid over ``~/coaia.json``, objects key by key."""
    merged: Dict[str, Any] = {}
    for folder in (user_home(), os.getcwd()):
        path = os.path.join(folder, "coaia.json")
        if os.path.exists(path):
            merged = merge(merged, _read_json_object(path))
    return merged


def merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> Dict[str, Any]:
    """Return ``base`` with ``override`` laid over it; objects are merged key by key."""
    result = dict(base)
    for key, value in override.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return result


def _read_json_object(path: str) -> Dict[str, Any]:
    import json

    try:
        value = json.loads(read_text(path))
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        message = "{} line {} is not JSON ({}): correct it".format(path, line, error)
        raise ConfigError(message) from error
    if not isinstance(value, dict):
        raise ConfigError("{} does not hold a JSON object: correct it".format(path))
    return value


def _read_dotenv(env_file: Optional[str]) -> Dict[str, str]:
    named = env_file or os.environ.get("COAIAPY_ENV_PATH")
    path = named or ".env"
    if not os.path.isfile(path):
        if named:
            raise ConfigError("the settings file {} does not exist".format(path))
        return {}
    from coaiapy.env_files import read_env_file

    return read_env_file(path)


def _check_key_pair(public_key: str, secret_key: str) -> None:
    if bool(public_key) == bool(secret_key):
        return
    there, missing = "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"
    if secret_key:
        there, missing = missing, there
    raise ConfigError(
        "{} is set but {} is not: set both to send to Langfuse, or none to work locally".format(
            there, missing
        )
    )


def _checked_url(url: str) -> str:
    if url.lower() == LOCAL:
        return LOCAL
    if not re.match(r"https?://[^/\s?#]+[^\s?#]*$", url):
        raise ConfigError(
            "LANGFUSE_BASE_URL {!r} is not an http(s) address: "
            "set it to one like {}, or to local".format(url, DEFAULT_BASE_URL)
        )
    return url.rstrip("/")


def _environment(text: str) -> Optional[str]:
    """Langfuse takes what it cannot read for ``default`` without a word; this says so."""
    if text and not re.match(r"(?!langfuse)[a-z0-9_-]{1,40}$", text):
        raise ConfigError(
            "LANGFUSE_TRACING_ENVIRONMENT {!r} is not a name that Langfuse keeps: use up to 40 "
            "of a-z, 0-9, - and _, not beginning with langfuse".format(text)
        )
    return text or None


def _seconds(text: str) -> float:
    try:
        seconds = float(text or DEFAULT_TIMEOUT)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 86400:
        raise ConfigError("LANGFUSE_TIMEOUT {!r} is not a number of seconds".format(text))
    return seconds
