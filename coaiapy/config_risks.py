"""Settings that work but are a security risk.

A key is sent in clear text, or a certificate is not verified.
"""

from typing import Iterator

from coaiapy.config import addresses
from coaiapy.config import redis as redis_settings
from coaiapy.config.values import ConfigValues
from coaiapy.util.masking import shown_url


def risks(values: ConfigValues) -> Iterator[str]:
    """Yield a sentence for each risk, with what to change."""
    for service in addresses.SERVICES:
        for name in service.addresses:
            address, key = values.found(name), values.found(service.keys[0])
            url = str(address.value).strip() if address else ""
            is_open = url.startswith("http://") and not addresses.is_harmless(name, url)
            if address and key and is_open:
                yield "{} is sent to {} unencrypted: use an https address in {}".format(
                    key.source, shown_url(url), address.source
                )
    yield from _unchecked(values)


def _unchecked(values: ConfigValues) -> Iterator[str]:
    server = redis_settings.find(values)
    if server is not None and server.ssl and not server.verify:
        yield (
            "{} turns off the certificate check (ssl_cert_reqs=none), so others on the network can "
            "read and change stashed values: use ssl_ca_certs=FILE instead".format(server.origin)
        )
