"""The response of a web service: its JSON, its error message, and when to retry.

An error may be JSON of several shapes, plain text or an HTML page. The content type is not trusted:
the body itself is looked at.
"""

import json
import re
from datetime import datetime, timezone
from typing import Any, List, Mapping, NamedTuple, Optional

from coaiapy import json_values
from coaiapy.http_retry import is_temporary

LONGEST_MESSAGE = 600

_CLASS_NAME = re.compile(r"\w+Error$")


class Answer(NamedTuple):
    """An HTTP response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def parsed(body: bytes) -> Any:
    """Return the JSON value of a response's body; ``ValueError`` if it is not JSON."""
    return json_values.parse(body.decode("utf-8"))


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
    """Return the message in a response on one line; an empty text if there is none."""
    if is_html(body):
        title = re.search(r"<title[^>]*>([^<]*)", text_of(body), re.IGNORECASE)
        return _line(title.group(1)) if title else "an HTML page"
    try:
        value = parsed(body)
    except ValueError:
        return _line(text_of(body))
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
    except (TypeError, ValueError):
        return _seconds_until(str(value))
    return seconds if 0 <= seconds < float("inf") else None


def _seconds_until(text: str) -> Optional[float]:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


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
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else line[:LONGEST_MESSAGE] + "..."
