"""Settings, stash and texts for scripts, under the names that other programs import.

Only ``fetch_key_val`` prints to stdout and ends the program, as it always has; notes of the other
functions go to stderr. The work is done in the module of each group of names.
"""

import os
import sys
from typing import Any, Dict, Optional, Union

from coaiapy.audio.transcribe import transcribe_audio
from coaiapy.config import files as config_files
from coaiapy.config import redis as redis_settings
from coaiapy.config import values as config_values
from coaiapy.config.files import find_existing as find_existing_config
from coaiapy.config.files import merge as merge_configs
from coaiapy.dotenvx.opening import Opened, Opener
from coaiapy.errors import ConfigError, NetworkError, RefusedError
from coaiapy.legacy import stash as legacy_stash
from coaiapy.legacy.texts import (
    abstract_process_send,
    abstract_send,
    csv2json,
    csv2json_legacy,
    d2s_send,
    dictkore_send,
    generate_image,
    llm,
    send_openai_request,
    send_openai_request_v3,
    send_openai_request_v4,
    summarizer,
)
from coaiapy.stash import redis as stash_redis
from coaiapy.util.old_names import with_old_names
from coaiapy.util.packages import require

__all__ = [
    "abstract_process_send",
    "abstract_send",
    "csv2json",
    "csv2json_legacy",
    "d2s_send",
    "dictkore_send",
    "fetch_key_val",
    "find_existing_config",
    "generate_image",
    "initial_setup",
    "llm",
    "load_env_file",
    "merge_configs",
    "read_config",
    "remove_placeholder_lines",
    "render_markdown",
    "send_openai_request",
    "send_openai_request_v3",
    "send_openai_request_v4",
    "summarizer",
    "tash",
    "transcribe_audio",
]

# What read_config() has read. A script sets it to None to make read_config() read again.
config: Optional[Dict[str, Any]] = None
_loaded_env_path: Optional[str] = None


def read_config(env_path: Optional[str] = None) -> Dict[str, Any]:
    """Return the settings as one dict; it is cached in ``config``.

    They are read again when ``config`` is ``None`` or another ``env_path`` is given. That file is
    used instead of ``./.env`` by everything in the process until the settings are read again.
    ``legacy.stash.as_dict`` says what is in the dict. Raises ``ConfigError`` or ``StateError``
    for a file that cannot be read or understood.
    """
    global config, _loaded_env_path
    if config is None or (env_path is not None and env_path != _loaded_env_path):
        with config_values.choosing_dotenv(env_path):
            config = legacy_stash.as_dict(env_path)
        _loaded_env_path = env_path
    return config


def load_env_file(env_path: str = ".env") -> Dict[str, str]:
    """Return the variables in a file of KEY=VALUE lines or a JSON object; ``{}`` without a file.

    Encrypted values are decrypted; ``ConfigError`` if the private key for one is missing.
    """
    variables = config_values.dotenv_variables(env_path) if os.path.isfile(env_path) else {}
    return dict(Opened(variables, Opener(env_path, variables)))


def initial_setup() -> bool:
    """Write a ``~/coaia.json`` with every key left empty; return False if there is one already."""
    return config_files.create(config_files.home_path(), {})


@with_old_names(markdown_text="text")
def render_markdown(text: str) -> str:
    """Return Markdown as HTML; ``ConfigError`` when the package Markdown is not installed."""
    return str(require("markdown", "Markdown").markdown(text))


def remove_placeholder_lines(text: str) -> str:
    """Return ``text`` without the lines that begin with "Placeholder"."""
    return "\n".join(line for line in text.split("\n") if not line.startswith("Placeholder"))


def tash(
    k: str,
    v: Union[str, bytes],
    ttl: Optional[int] = None,
    quiet: bool = True,
    verbose: bool = False,
) -> Optional[bytes]:
    """Stash ``v`` under ``k`` for ``ttl`` seconds, or without a limit; return the bytes read back.

    Returns ``None`` when the configured Redis cannot be used or refuses the value; the reason goes
    to stderr. Without a configured Redis the value is kept on this machine, as by ``coaia tash``.
    """
    try:
        if _is_local():
            kept = legacy_stash.put_here(k, v, ttl)
        else:
            kept = _taleadd(_client(verbose), k, v, quiet, ttl)
    except (ConfigError, NetworkError, RefusedError) as error:
        legacy_stash.note(str(error))
        return None
    if not quiet:
        legacy_stash.note("stashed under {}".format(k))
    return kept


def fetch_key_val(key: str, output_file: Optional[str] = None, verbose: bool = False) -> None:
    """Print the value under ``key``, or write it to ``output_file``.

    Ends the program with exit code 2 when the configured Redis cannot be reached or refuses the
    login, with 1 when there is no value or something else fails; the reason goes to stderr.
    """
    try:
        if _is_local():
            value = legacy_stash.get_here(key)
        else:
            value = legacy_stash.get(_client(verbose), _server(), key)
        legacy_stash.give_out(value, output_file)
    except Exception as error:
        legacy_stash.note(str(error))
        sys.exit(2 if legacy_stash.is_unreachable(error) else 1)


def _get_redis() -> Any:
    """Return the package ``redis``, which is imported only here."""
    return require("redis")


def _newjtaler(jtalecnf: Dict[str, Any]) -> Any:
    """Return a ``redis.Redis`` for the settings in ``jtaleconf``; scripts may replace this."""
    return stash_redis.new_client(legacy_stash.server_of(jtalecnf))


_OWN_NEWJTALER = _newjtaler


def _taleadd(
    r: Any, k: str, c: Union[str, bytes], quiet: bool = True, ttl: Optional[int] = None
) -> bytes:
    """Put a value into the Redis client ``r`` and return the bytes read back."""
    return legacy_stash.put(r, _server(), k, c, ttl)


def _server() -> redis_settings.RedisServer:
    return legacy_stash.server_of(read_config().get("jtaleconf", {}))


def _client(verbose: bool) -> Any:
    conf = read_config().get("jtaleconf", {})
    return legacy_stash.connected(lambda: _newjtaler(conf), _server(), verbose)


def _is_local() -> bool:
    is_own = _newjtaler is _OWN_NEWJTALER
    return is_own and legacy_stash.is_local(read_config())
