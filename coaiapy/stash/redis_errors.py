"""Turns errors of the package ``redis`` into a ``CoaiaError`` that says what to do."""

import re
from contextlib import contextmanager
from typing import Iterator, List, Tuple, Type

from coaiapy.config.redis import RedisServer
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError
from coaiapy.util import deadlines
from coaiapy.util.deadlines import Deadline
from coaiapy.util.masking import hidden
from coaiapy.util.packages import require


class LoginError(ConfigError):
    """The server refused the login."""


# (pattern, error class, rest of the sentence). The first pattern that matches the texts of an error
# and its causes, in lower case, is used.
_RULES: List[Tuple[str, Type[CoaiaError], str]] = [
    (
        r"without any password configured|no password is set",
        LoginError,
        "has no password but was given one: remove it from the settings",
    ),
    (
        r"wrongpass|invalid username-password|invalid password",
        LoginError,
        "refused the password: correct it",
    ),
    (
        r"noauth|authentication required",
        LoginError,
        "needs a password, but none is set: set it",
    ),
    (
        r"wrong number of arguments for 'auth'",
        LoginError,
        "does not support user names: remove the user name from the settings",
    ),
    (
        r"noperm|no permissions",
        ConfigError,
        "does not allow its user to do this: ask for the right, or use another user",
    ),
    (
        r"db index|invalid db index",
        ConfigError,
        "has no database of that number: correct it",
    ),
    (r"read only replica|readonly", ConfigError, "is a read-only copy: use the main server"),
    (r"moved \d+|ask \d+ ", ConfigError, "is a node of a cluster, which coaia cannot use"),
    (
        r"protected mode",
        LoginError,
        "accepts no connections from another machine: set a password on it",
    ),
    (
        r"used memory > 'maxmemory'|^oom |max database size",
        NetworkError,
        "is full and stored nothing: delete something from it or give it more memory",
    ),
    (
        r"misconf|no space left",
        NetworkError,
        "cannot write to its disk and stored nothing: free space there",
    ),
    (r"loading the dataset", NetworkError, "is still loading its data: try again"),
    (r"max number of clients", NetworkError, "has too many clients: try again later"),
    (
        r"connection not ready|connection has data",
        NetworkError,
        "answered before the first request: it has too many clients, or it is not Redis",
    ),
    (
        r"no certificate or crl|pem lib",
        ConfigError,
        "cannot be checked: the file in REDIS_SSL_CA_CERTS contains no certificate",
    ),
    (
        r"certificate verify failed|certificate_verify_failed|hostname mismatch|doesn't match",
        NetworkError,
        "has a certificate that cannot be trusted: set REDIS_SSL_CA_CERTS to the file of the "
        "authority that signed it, and check the host's name",
    ),
    (
        r"wrong_version_number|unexpected_eof|eof occurred|record layer|ssl",
        NetworkError,
        "does not speak TLS there: check the port, or use redis:// (REDIS_SSL=false)",
    ),
    (
        r"getaddrinfo|name or service|name resolution|nodename|error -\d",
        NetworkError,
        "cannot be found: check the host's name and the network",
    ),
    (r"refused", NetworkError, "refused the connection: check that it runs there"),
    (
        r"protocol error|invalid response",
        ConfigError,
        "does not speak Redis: check host and port",
    ),
    (
        r"closed|reset|broken pipe|aborted",
        NetworkError,
        "closed the connection: try again, or use rediss:// (REDIS_SSL=true) if it needs TLS",
    ),
    (r"unreachable|no route", NetworkError, "cannot be reached: check the network"),
]


@contextmanager
def reporting(server: RedisServer, writing: bool = False) -> Iterator[None]:
    """Turn what the package ``redis`` raises in the block into a ``CoaiaError``.

    It is a ``ConfigError``, ``NetworkError`` or ``RefusedError``. ``writing`` says that the block
    changes something; after a timeout it is then not known whether that was done.
    """
    exceptions = require("redis.exceptions", "redis")
    deadline = deadlines.after(server.timeout, "REDIS_TIMEOUT")
    if not deadline.left:
        raise NetworkError(_said(server, "was not asked: " + deadline.why_over))
    try:
        yield
    except exceptions.TimeoutError as error:
        was_asked = "connecting" not in str(error)
        raise NetworkError(_said(server, _timeout(server, writing, was_asked, deadline))) from error
    except (RecursionError, MemoryError, OverflowError) as error:  # no value of Redis is like that
        raise ConfigError(_said(server, "does not speak Redis: check host and port")) from error
    except (exceptions.RedisError, OSError, ValueError) as error:  # ValueError: from certificates
        raise _translated(server, error) from error


def _timeout(server: RedisServer, writing: bool, was_asked: bool, deadline: Deadline) -> str:
    said = "did not answer within {:g} s".format(deadline.seconds)
    if was_asked and writing:
        said += ", so it is not known whether it did what was asked"
    if not was_asked and server.ssl:
        said += " (does it speak TLS there?)"
    return "{}: try again, or raise {}".format(said, deadline.origin or "REDIS_TIMEOUT")


def _translated(server: RedisServer, error: BaseException) -> CoaiaError:
    text = " ".join(_texts(error)).lower()
    for pattern, family, sentence in _RULES:
        if re.search(pattern, text):
            return family(_said(server, sentence))
    said = hidden(str(error) or type(error).__name__, [server.password])
    family = RefusedError if "Response" in type(error).__name__ else NetworkError
    return family(_said(server, "answered: " + said))


def _said(server: RedisServer, sentence: str) -> str:
    return "Redis at {} {} (configured by {})".format(server.shown, sentence, server.origin)


def _texts(error: BaseException) -> Iterator[str]:
    seen = set()  # an error may be its own context
    current = error  # type: ignore[var-annotated]
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield str(current)
        current = current.__cause__ or current.__context__  # type: ignore[assignment]
