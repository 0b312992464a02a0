"""Failures of a proxy on the way to a service: an error that names the proxy, not the service.

Proxies are named by the environment (``HTTPS_PROXY``, ``ALL_PROXY`` ...) or by the system.
"""

import os
import re
from contextlib import contextmanager
from typing import Iterator, Optional, Tuple
from urllib.parse import urlsplit

from coaiapy.errors import CoaiaError, ConfigError, NetworkError
from coaiapy.util.http.failures import cause
from coaiapy.util.masking import shown_url
from coaiapy.util.packages import require


@contextmanager
def named(url: str) -> Iterator[None]:
    """Replace what ``requests`` raises in the block, if the proxy for ``url`` is at fault.

    Raises ``ConfigError`` for a proxy that refuses, or that cannot be used as it is written, and
    ``NetworkError`` for one that cannot be reached.
    """
    requests = require("requests")
    try:
        yield
    except requests.exceptions.RequestException as error:
        proxy = proxy_of(url)
        if proxy is None or not _is_at_fault(proxy, error):
            raise
        raise failure(proxy, url, error) from error


def proxy_of(url: str) -> Optional[str]:
    """Return the address of the proxy for ``url`` as it is set, or ``None``."""
    utils = require("requests.utils", "requests")
    try:
        found = utils.select_proxy(url, utils.get_environ_proxies(url))
    except ValueError:
        return None  # the URL is none, so that no proxy is at fault
    return None if found is None else str(found)


def _is_at_fault(proxy: str, error: Exception) -> bool:
    text = repr(error)
    return "Proxy" in text or "SOCKS" in text or proxy in text


def failure(proxy: str, url: str, error: Exception) -> CoaiaError:
    """Return the error for a request to ``url`` that failed at ``proxy``."""
    text = repr(error)
    status = re.search(r"Tunnel connection failed: ([0-9]{3})", text)
    if status:
        return refusal(proxy, url, int(status.group(1)))
    where, variable = _place(proxy, url)
    if "dependencies for SOCKS" in text or "scheme socks" in text:
        return ConfigError(
            "the proxy {} needs the package PySocks: install it (pip install PySocks), or unset "
            "{}".format(where, variable)
        )
    is_known = re.match(r"(https?|socks[45][ah]?)://[^\[]|[^/]+\Z", proxy)
    if is_known and re.search("NewConnectionError|timed out|Cannot connect", text):
        return NetworkError(
            "the proxy {} could not be reached: {}; correct or unset {}, or list {} in "
            "NO_PROXY".format(where, cause(error), variable, _host(url))
        )
    return ConfigError("the address of the proxy {} is not valid: correct it".format(where))


def refusal(proxy: Optional[str], url: str, status: int) -> CoaiaError:
    """Return the error for a proxy that answered a request to ``url`` with an error status."""
    where, variable = _place(proxy or "", url)
    if status == 407:
        return ConfigError(
            "the proxy {} answered 407 to the user and password it got: write those it wants into "
            "{} (http://USER:PASSWORD@HOST:PORT)".format(where, variable)
        )
    kind = NetworkError if status >= 500 else ConfigError
    return kind(
        "the proxy {} answered {} and did not connect to {}: correct {}, or list the host in "
        "NO_PROXY".format(where, status, _host(url), variable)
    )


def through(url: str) -> str:
    """Return words for the proxy that may have answered instead of the server at ``url``.

    They are empty unless there is one. Of TLS a proxy sees nothing, so that it cannot answer.
    """
    proxy = proxy_of(url) if url.lower().startswith("http:") else None
    return " (through the proxy {})".format(_place(proxy, url)[0]) if proxy else ""


def _place(proxy: str, url: str) -> Tuple[str, str]:
    """Return a proxy as messages show it, and what to correct: a variable, or the system."""
    forms = (proxy, proxy.partition("//")[2])
    names = [name for name, value in os.environ.items() if value and value in forms]
    fitting = [name for name in names if name.lower().endswith("_proxy")]
    fitting.sort(key=lambda name: not url.lower().startswith(name.lower()[:-6] + ":"))
    variable = fitting[0] if fitting else "the proxy settings of this system"
    return "{} ({})".format(shown_url(proxy) or "on the way", variable), variable


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or shown_url(url)
    except ValueError:
        return shown_url(url)
