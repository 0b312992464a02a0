"""Settings that work but are a security risk.

A key is sent in clear text or to a server that somebody else has chosen, or a certificate is not
verified.
"""

from typing import Iterator
from urllib.parse import urlsplit

from coaiapy import redis_settings
from coaiapy.config_values import ConfigValues
from coaiapy.masking import shown_url
from coaiapy.settings import LOCAL

# A setting with an address, and the setting with the key that is sent to it.
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
    ("pollyconf.endpoint_url", "pollyconf.key"),
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def risks(values: ConfigValues) -> Iterator[str]:
    """Yield a sentence for each risk, with what to change."""
    for address_name, key_name in _PAIRS:
        address, key = values.found(address_name), values.found(key_name)
        if address is None or key is None:
            continue
        url = str(address.value).strip()
        if _host(url) in _LOOPBACK or url.lower() == LOCAL:
            continue
        if url.startswith("http://"):
            yield "{} is sent to {} unencrypted: use an https address in {}".format(
                key.source, shown_url(url), address.source
            )
        if address.is_of_project and not key.is_of_project:
            yield (
                "{} is sent to {}, which is set by {}: if you do not trust that, unset the key or "
                "set {} in the same place as the key".format(
                    key.source, shown_url(url), address.source, address.name.upper()
                )
            )
    yield from _unchecked(values)


def _unchecked(values: ConfigValues) -> Iterator[str]:
    server = redis_settings.find(values)
    if server is not None and server.ssl and not server.verify:
        yield (
            "{} turns off the certificate check (ssl_cert_reqs=none), so others on the network can "
            "read and change stashed values: use ssl_ca_certs=FILE instead".format(server.origin)
        )


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or url) if "://" in url else url
    except ValueError:
        return url
