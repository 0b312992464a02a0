"""Settings: the OS environment, then ``.env``, then ``./coaia.json``, then ``~/coaia.json``."""

import os
import re
from typing import Any, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy import config_files, dotenv_file
from coaiapy.errors import ConfigError
from coaiapy.masking import shown_url, without_credentials
from coaiapy.record_fields import environment_name

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
_URL_VARIABLES = ("LANGFUSE_BASE_URL", "LANGFUSE_HOST")
_NAMES: Tuple[Tuple[str, ...], ...] = (
    _URL_VARIABLES,
    ("LANGFUSE_PUBLIC_KEY",),
    ("LANGFUSE_SECRET_KEY",),
    ("LANGFUSE_TRACING_ENVIRONMENT",),
    _RELEASE_VARIABLES,
    ("LANGFUSE_TIMEOUT",),
)


class Settings(NamedTuple):
    """What the program was told; ``values`` is the merged ``coaia.json``.

    ``base_url`` has no user and password: the keys say who we are.
    """

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
    values = config_files.merged()
    look_up = _layers(env_file, [(config_files.NAME, values)]).first
    public_key = look_up("LANGFUSE_PUBLIC_KEY")
    secret_key = look_up("LANGFUSE_SECRET_KEY")
    base_url = _checked_url(look_up(*_URL_VARIABLES) or DEFAULT_BASE_URL)
    if base_url != LOCAL:
        _check_key_pair(public_key, secret_key)
    return Settings(
        public_key=public_key,
        secret_key=secret_key,
        base_url=base_url,
        environment=_environment(look_up("LANGFUSE_TRACING_ENVIRONMENT")),
        release=look_up(*_RELEASE_VARIABLES) or None,
        timeout=_seconds(look_up("LANGFUSE_TIMEOUT")),
        values=values,
    )


class Origin(NamedTuple):
    """A setting, its value as written (empty: not set), and where that stands."""

    name: str
    value: str = ""
    where: str = ""


class _Layers(NamedTuple):
    """Where settings stand, the strongest first, each with the name of its place."""

    layers: Tuple[Tuple[str, Mapping[str, Any]], ...]

    def find(self, *names: str) -> Origin:
        """Return the strongest setting under one of ``names``, upper or lower case."""
        for where, layer in self.layers:
            for name in names:
                for spelling in (name, name.lower()):
                    found = layer.get(spelling)
                    text = "" if found is None else str(found).strip()
                    if text:
                        return Origin(name, text, where)
        return Origin(names[0])

    def first(self, *names: str) -> str:
        """Return the value of the strongest setting under one of ``names``; else ""."""
        return self.find(*names).value


def _layers(env_file: Optional[str], files: Iterable[Tuple[str, Mapping[str, Any]]]) -> _Layers:
    dotenv = (dotenv_file.path_of(env_file), dotenv_file.read(env_file))
    return _Layers((("the environment", os.environ), dotenv) + tuple(files))


def origins(env_file: Optional[str] = None) -> List[Origin]:
    """Return each Langfuse setting with where it comes from, for the same arguments as ``load``."""
    files = [(path, config_files.read(path)) for path in config_files.found()]
    layers = _layers(env_file, files)
    return [layers.find(*names) for names in _NAMES]


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


def _checked_url(given: str) -> str:
    if given.lower() == LOCAL:
        return LOCAL
    url = without_credentials(given)
    if not re.match(r"https?://[^/\s?#]+[^\s?#]*$", url):
        raise ConfigError(
            "LANGFUSE_BASE_URL {!r} is not an http(s) address: "
            "set it to one like {}, or to local".format(shown_url(url), DEFAULT_BASE_URL)
        )
    return url.rstrip("/")


def _environment(text: str) -> Optional[str]:
    try:
        return environment_name(text) if text else None
    except ValueError as error:
        raise ConfigError("LANGFUSE_TRACING_ENVIRONMENT {}".format(error)) from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text or DEFAULT_TIMEOUT)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 86400:
        raise ConfigError("LANGFUSE_TIMEOUT {!r} is not a number of seconds".format(text))
    return seconds
