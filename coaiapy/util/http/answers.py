"""The response of a web service: its JSON, its error message, and when to retry.

An error may be JSON of several shapes, plain text or an HTML page. The content type is not trusted:
the body itself is looked at.
"""

import json
import re
from datetime import datetime, timezone
from typing import Any, List, Mapping, Match, NamedTuple, Optional
from urllib.parse import urljoin, urlsplit

from coaiapy.util.formats import json_values
from coaiapy.util.http.retry import is_temporary

# The characters of a message that are read, and the bytes of a body in which it is looked for. All
# of it is masked before it is cut for people (``masking.said``): a cut secret would not be found.
LONGEST_READ = 65536
_LONGEST_ERROR = 1 << 20

_CLASS_NAME = re.compile(r"\w+Error$")
# An escape in a JSON text; ``half`` is a surrogate without its other half.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


class Answer(NamedTuple):
    """An HTTP response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def moved_to(url: str, answer: Answer) -> str:
    """Return the address that an answer to ``url`` leads to, "" if it names none that is valid."""
    said = answer.headers.get("location", "")
    try:
        place = urljoin(url, said) if said else ""
        return place if urlsplit(place).hostname else ""
    except ValueError:
        return ""


def parsed(body: bytes) -> Any:
    """Return the JSON value of a response's body, as it can be shown and stored.

    Half a character (a lone surrogate) becomes ``\ufffd``. Raises ``ValueError`` if the body is not
    JSON, or nested too deeply.
    """
    text = body.decode("utf-8")
    is_plain = json_values.is_surely_plain(text)
    if not is_plain and re.search(r"\\u[dD]", text):
        text = _ESCAPE.sub(_whole_character, text)
    value = json_values.parse(text)
    if not is_plain:
        json_values.check_depth(value)
    return value


def _whole_character(escape: Match[str]) -> str:
    return "\\ufffd" if escape.group("half") else escape.group()


def parsed_object(body: bytes) -> Any:
    """Return the JSON object of a response's body, ``{}`` if it is anything else."""
    try:
        value = parsed(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def text_of(body: bytes) -> str:
    """Return the body as text; bytes that are not UTF-8 are replaced."""
    return body.decode("utf-8", "replace")


def is_html(body: bytes) -> bool:
    """Tell whether the body is an HTML page, as from a login, a proxy or an unknown route."""
    return body.lstrip()[:1] == b"<"


def message_of(body: bytes) -> str:
    """Return the message in a response on one line; an empty text if there is none.

    It is not cut for people yet, and secrets in it are not masked: ``masking.said`` does both.
    """
    if is_html(body):
        title = re.search(r"<title[^<>]*>([^<]*)", text_of(body[:LONGEST_READ]), re.IGNORECASE)
        return _line(title.group(1)) if title else "an HTML page"
    try:
        value = parsed(body if len(body) <= _LONGEST_ERROR else b"")
    except ValueError:
        return _line(text_of(body[:_LONGEST_ERROR]))
    return reason_of(value)


def reason_of(value: Any) -> str:
    """Return a parsed error on one line: its message and the issues it lists."""
    if not isinstance(value, dict):
        return _line(value if isinstance(value, str) else json.dumps(value))
    parts = [_said(value.get("message"))]
    for name in ("error", "errors"):
        said = _said(value.get(name))
        if said and not _CLASS_NAME.match(said):
            parts.append(said)
    return _line(": ".join(part for part in parts if part))


def retry_after(answer: Answer) -> Optional[float]:
    """Return the seconds that a server asks to wait before the next try, or ``None``.

    They are in ``Retry-After`` (seconds or a date) or in the body's ``details.retryAfterSeconds``.
    """
    if not is_temporary(answer.status):
        return None
    header = _seconds(answer.headers.get("retry-after"))
    if header is not None:
        return header
    details = parsed_object(answer.body).get("details")
    return _seconds(details.get("retryAfterSeconds")) if isinstance(details, dict) else None


def _seconds(value: Any) -> Optional[float]:
    if value is None or isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    except (TypeError, ValueError):
        return _seconds_until(str(value))
    return seconds if 0 <= seconds < float("inf") else None


def _seconds_until(text: str) -> Optional[float]:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        if moment is None:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None  # not a date, or one of a year or a zone that does not exist


def _said(value: Any) -> str:
    """Return the text of a field ``error``: a text, a list of issues, or that list as JSON text."""
    if isinstance(value, str):
        issues = _issues_in(value)
        return value if issues is None else _said(issues)
    if isinstance(value, list):
        return "; ".join(filter(None, map(_issue, value)))
    if isinstance(value, dict):
        return _issue(value)
    return ""


def _issues_in(text: str) -> Optional[List[Any]]:
    if not text.startswith("["):
        return None
    try:
        value = json_values.parse(text)
    except ValueError:
        return None
    return value if isinstance(value, list) else None


def _issue(issue: Any) -> str:
    if not isinstance(issue, dict):
        return str(issue)
    path = issue.get("path")
    if not isinstance(path, list):
        path = []
    where = ".".join(str(part) for part in path if part != "body")
    said = str(issue.get("message") or issue.get("code") or "")
    return "{}: {}".format(where, said) if where else said


def _line(text: str) -> str:
    """Return a text on one line, of which at most ``LONGEST_READ`` characters are read."""
    words = []
    size = 0
    for word in re.finditer(r"\S+", text):
        words.append(word.group())
        size += len(words[-1])
        if size > LONGEST_READ:
            break
    return " ".join(words)[: 2 * LONGEST_READ]
