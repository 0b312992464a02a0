"""Clients of AWS services, and the translation of their errors into a ``CoaiaError``.

The keys come from the settings; without them boto3 looks where AWS's own tools look.
"""

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Set, TypeVar

from coaiapy import patience
from coaiapy.audio.shapes import REFUSAL
from coaiapy.config import addresses
from coaiapy.config.values import ConfigValues
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError, RefusedError
from coaiapy.util import deadlines
from coaiapy.util.formats.shapes import Kind, MisfitError
from coaiapy.util.http import proxies
from coaiapy.util.http.retry import is_temporary
from coaiapy.util.http.tls import authorities, check
from coaiapy.util.masking import hidden, in_url, without_credentials
from coaiapy.util.packages import require
from coaiapy.util.threads import OvertimeError, within

T = TypeVar("T")

# The most bytes of a sound or a transcript.
_LARGEST = 256 << 20
# What boto3 raises for an answer that it cannot read, besides errors of its own.
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError)
_SECRET = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_KEYS_REFUSED = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
# The keys of every client that was made, to mask them in error messages.
_KEYS_IN_USE: Set[str] = set()
_MISSING = ("404", "NoSuchKey", "NotFound", "NotFoundException")


def client(values: ConfigValues, service: str) -> Any:
    """Return a boto3 client for ``service`` ("polly", "s3", "transcribe").

    Raises ``ConfigError`` when only one of the two keys is set, or when boto3 is missing.
    """
    addresses.check(values, "pollyconf.endpoint_url")
    boto3, config = require("boto3"), require("botocore.config", "botocore")
    key, secret = values.get("pollyconf.key"), values.get("pollyconf.secret")
    if bool(key) != bool(secret):
        raise ConfigError(
            "one AWS key is set but not the other: set both AWS_KEY_ID and AWS_SECRET_KEY "
            "(pollyconf.key and pollyconf.secret in coaia.json), or neither"
        )
    given: Dict[str, Any] = {
        "aws_access_key_id": key,
        "aws_secret_access_key": secret,
        "aws_session_token": values.get("pollyconf.token") if key else None,
        "region_name": values.get("pollyconf.region"),
        "endpoint_url": without_credentials(values.get("pollyconf.endpoint_url") or ""),
        "config": config.Config(
            connect_timeout=patience.AWS.connect,
            read_timeout=patience.AWS.part,
            retries={"max_attempts": patience.AWS.tries, "mode": "standard"},
            s3={"addressing_style": "path"} if values.get("pollyconf.endpoint_url") else None,
        ),
    }
    _KEYS_IN_USE.update(str(given[name]) for name in _SECRET if given[name])
    _KEYS_IN_USE.update(in_url(given["endpoint_url"]))  # an old botocore shows the whole address
    with translated(service):
        session = boto3.session.Session()
        given["verify"] = _authorities(session)
        if not given["endpoint_url"].startswith("http:"):
            check(given["verify"])
        return session.client(service, **{name: one for name, one in given.items() if one})


def _authorities(session: Any) -> str:
    """Return the CA certificates to trust: those of AWS's own settings first, as with boto3.

    Without this an empty ``AWS_CA_BUNDLE`` would switch verification off; see ``tls``.
    """
    return authorities(session._session.get_config_variable("ca_bundle") or "")


def asked(
    service: str,
    work: Callable[[], T],
    seconds: float = patience.AWS.whole,
    kind: Kind = lambda answer: answer,
) -> T:
    """Return what ``work()``, which asks ``service``, returns; give up after ``seconds``.

    Raises what ``translated`` raises, and ``NetworkError`` when the time is over, or for an answer
    that does not fit ``kind``.
    """
    deadline = deadlines.after(seconds)
    if not deadline.left:
        raise NetworkError("AWS {} was not asked: {}".format(service, deadline.why_over))
    with translated(service), _checked(service):
        try:
            return kind(within(deadline.left, work, makes_requests=False))  # type: ignore
        except OvertimeError:
            raise NetworkError(
                "AWS {} did not answer within {:g} s; {}".format(
                    service, deadline.seconds, deadline.hint
                )
            ) from None


@contextmanager
def _checked(service: str) -> Iterator[None]:
    """Turn what an answer that is none of AWS raises inside the block into a ``NetworkError``."""
    exceptions = require("botocore.exceptions", "botocore")
    unreadable = require("botocore.parsers", "botocore").ResponseParserError
    try:
        yield
    except exceptions.BotoCoreError:
        raise
    except _UNREADABLE + (unreadable,) as error:
        what = str(error) if isinstance(error, MisfitError) else "something that is not of AWS"
        raise NetworkError(
            "AWS {} answered with {}: check the network and AWS_ENDPOINT_URL".format(
                service, hidden(what, _KEYS_IN_USE)
            )
        ) from error


def content(stream: Any) -> bytes:
    """Return all bytes of a stream in an answer; ``NetworkError`` for far too many."""
    found = bytes(stream.read(_LARGEST + 1))
    if len(found) > _LARGEST:
        raise NetworkError("AWS answered with more than {} MB".format(_LARGEST >> 20))
    return found


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Turn an exception of boto3 inside the block into a ``CoaiaError``."""
    try:
        yield
    except CoaiaError:
        raise
    except Exception as error:
        found = _error_for(service, error)
        if found is None:
            raise
        raise found from error


def _error_for(service: str, error: Any) -> Any:
    exceptions = require("botocore.exceptions", "botocore")
    missing = (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)
    if isinstance(error, missing):
        return ConfigError(
            "AWS {} needs keys: set AWS_KEY_ID and AWS_SECRET_KEY, or pollyconf in "
            "coaia.json".format(service)
        )
    if _is_of_proxy(error):
        return _proxy_failure(service, error)
    if isinstance(error, exceptions.ClientError):
        return _refusal(service, error.response)
    if isinstance(error, exceptions.ParamValidationError):
        return RefusedError("AWS {} does not accept this request: {}".format(service, _line(error)))
    if isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError)):
        return NetworkError(
            "the request to AWS {} failed: {}; check the network and the region".format(
                service, _line(error)
            )
        )
    if isinstance(error, (exceptions.BotoCoreError, ValueError)):
        return ConfigError("the request to AWS {} cannot be made: {}".format(service, _line(error)))
    return None


def _is_of_proxy(error: Any) -> bool:
    """Tell whether a proxy could not be used; of an invalid address boto3 only says that it is."""
    reason = getattr(error, "kwargs", {}).get("error")
    return "Proxy" in type(error).__name__ or isinstance(reason, ValueError)


def _proxy_failure(service: str, error: Any) -> CoaiaError:
    url = "https://{}.amazonaws.com/".format(service)
    reason = getattr(error, "kwargs", {}).get("error") or error
    return proxies.failure(proxies.proxy_of(url) or "", url, reason)


def _refusal(service: str, response: Any) -> CoaiaError:
    failure = REFUSAL(response).get("Error", {})
    code, message = failure.get("Code", ""), failure.get("Message", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = "AWS {} refused: {}".format(service, ": ".join(filter(None, (code, message))))
    said = hidden(" ".join(said.split()), _KEYS_IN_USE)
    if code in _KEYS_REFUSED:
        return ConfigError(said + "; check the AWS keys, their permissions and the region")
    if code == "NoSuchBucket":
        return ConfigError(said + "; check transcribeconf.bucket")
    if code in _MISSING:
        return NotFoundError(said)
    if is_temporary(status) or "Throttl" in code or code == "TooManyRequestsException":
        return NetworkError(said + "; try again later")
    return RefusedError(said)


def _line(error: Exception) -> str:
    """Return boto3's message on one line, with the keys masked: it may quote URLs and headers."""
    return hidden(" ".join(str(error).split()), _KEYS_IN_USE)
