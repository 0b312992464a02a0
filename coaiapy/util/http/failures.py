"""Turns failures of an HTTP request into a ``CoaiaError`` with a short, readable reason.

``requests`` raises exceptions that are wrapped in several others; the reason is found in them.
"""

import re
from contextlib import contextmanager
from typing import Iterator

from coaiapy.errors import CoaiaError, ConfigError, NetworkError
from coaiapy.util.http.retry import TemporaryError
from coaiapy.util.http.tls import authorities
from coaiapy.util.packages import require
from coaiapy.util.threads import OvertimeError


class BadAddressError(ConfigError):
    """The URL is malformed."""


class NoAnswerError(TemporaryError):
    """There was no complete response; ``reason`` says why in a few words.

    ``is_unsent``: the request certainly never reached a server. ``is_slow``: the server accepted
    the connection, but the next part of the response did not come in time. ``is_overtime``: the
    request as a whole took too long.
    """

    def __init__(self, who: str, error: Exception) -> None:
        exceptions = require("requests").exceptions
        self.reason = cause(error)
        TemporaryError.__init__(self, "the request to {} failed: {}".format(who, self.reason))
        self.is_unsent = isinstance(error, exceptions.ConnectTimeout) or _never_connected(error)
        self.is_slow = isinstance(error, exceptions.ReadTimeout) or "Read timed out" in repr(error)
        self.is_overtime = isinstance(error, OvertimeError)


@contextmanager
def translated(who: str) -> Iterator[None]:
    """Turn what ``requests`` raises in the block into a ``CoaiaError``.

    ``who`` is the service's name in messages. Raises ``BadAddressError``, ``NetworkError`` for a
    certificate that is not trusted, else ``NoAnswerError``.
    """
    requests = require("requests")
    exceptions, below = requests.exceptions, requests.packages.urllib3.exceptions
    try:
        yield
    except CoaiaError:
        raise
    except (
        exceptions.InvalidURL,
        exceptions.InvalidSchema,
        exceptions.MissingSchema,
        below.LocationValueError,
    ) as error:
        raise BadAddressError("the address of {} is not valid: correct it".format(who)) from error
    except (exceptions.SSLError, below.SSLError) as error:
        if re.search("NO_CERTIFICATE_OR_CRL|PEM lib|no certificate or crl", repr(error)):
            raise ConfigError(
                "{} contains no CA certificate: correct REQUESTS_CA_BUNDLE".format(authorities())
            ) from error
        raise NetworkError(
            "{} could not be reached safely: {}; check its certificate, or set REQUESTS_CA_BUNDLE "
            "to the authority that signed it".format(who, cause(error))
        ) from error
    except (
        exceptions.RequestException,
        below.HTTPError,
        OSError,
        EOFError,
        OvertimeError,
    ) as error:
        raise NoAnswerError(who, error) from error


def cause(error: Exception) -> str:
    """Return the reason in a nested exception in a few words, such as "connection refused"."""
    text = repr(error)
    if isinstance(error, OvertimeError) or "timed out" in text or "Timeout" in text:
        return "it did not answer in time"
    secure = re.search(r"certificate verify failed[^'\"(]*|WRONG_VERSION_NUMBER", text)
    if secure:
        return secure.group().strip().lower().replace("_", " ")
    system = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    if system:
        return system.group(1).strip().lower()
    if "Connection" in text and ("reset" in text or "aborted" in text or "closed" in text):
        return "the connection was lost"
    return str(error) if isinstance(error, EOFError) else "the answer was cut off"


def _never_connected(error: Exception) -> bool:
    return bool(re.search(r"NewConnectionError|NameResolutionError|Failed to resolve", repr(error)))
