"""Settings that work and give a key away: to a server of somebody else's choice, or in clear text."""

import os
from typing import Iterator
from urllib.parse import urlsplit

from coaiapy import config_files, dotenv_file
from coaiapy.config_values import ConfigValues, Found
from coaiapy.files import user_home
from coaiapy.masking import shown_url
from coaiapy.settings import LOCAL

# An address, and the key that goes there.
_PAIRS = (
    ("langfuse_base_url", "langfuse_secret_key"),
    ("openai_base_url", "openai_api_key"),
    ("openai_api_url", "openai_api_key"),
    ("openai_transcription_api_url", "openai_api_key"),
    ("dalle_api_endpoint", "openai_api_key"),
    ("github.base_url", "github.api_token"),
    ("upstash_redis_rest_url", "upstash_redis_rest_token"),
    ("kv_rest_api_url", "kv_rest_api_token"),
    ("jtaleconf.host", "jtaleconf.password"),
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def risks(values: ConfigValues) -> Iterator[str]:
    """Yield a sentence for each address that a key should rather not go to."""
    for address_name, key_name in _PAIRS:
        address, key = values.found(address_name), values.found(key_name)
        if address is None or key is None:
            continue
        url = str(address.value).strip()
        if _host(url) in _LOOPBACK or url.lower() == LOCAL:
            continue
        if url.startswith("http://"):
            yield "{} goes to {} in clear text: use https ({})".format(
                key.source, shown_url(url), address.source
            )
        if _is_of_project(address) and not _is_of_project(key):
            yield (
                "{} goes to {}, which is the choice of {}: if that is not yours, unset the key or "
                "set {} beside it".format(
                    key.source, shown_url(url), address.source, address.name.upper()
                )
            )


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or url) if "://" in url else url
    except ValueError:
        return url


def _is_of_project(found: Found) -> bool:
    """Whether it stands in a file that counts because of the folder that we are in."""
    is_unnamed = (
        found.place == dotenv_file.NAME or os.path.basename(found.place) == config_files.NAME
    )
    if not is_unnamed or os.path.isabs(found.place):
        return False
    return os.path.realpath(os.getcwd()) != os.path.realpath(user_home())
