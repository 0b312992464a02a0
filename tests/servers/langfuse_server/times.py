"""Times as Langfuse stores and shows them: UTC, milliseconds, `YYYY-MM-DDTHH:MM:SS.mmmZ`."""

import calendar
import re
import time
from typing import Any, Optional

_PARTS = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)$", re.ASCII
)


def iso(milliseconds: int) -> str:
    seconds, rest = divmod(int(milliseconds), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03dZ" % rest


def now_iso() -> str:
    return iso(int(time.time() * 1000))


def milliseconds(text: str) -> int:
    """Milliseconds since 1970 of a time that passed validation."""
    found = _PARTS.match(text)
    if found is None:
        raise ValueError("not a time: %r" % text)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    parts = (int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    total = calendar.timegm(parts + (0, 0, 0)) * 1000 + int((fraction or "0")[:3].ljust(3, "0"))
    if zone != "Z":
        offset = (int(zone[1:3]) * 60 + int(zone[4:])) * 60000
        total += -offset if zone[0] == "+" else offset
    return total


def normal(text: Optional[str]) -> Optional[str]:
    """The stored form of a valid time; strings in this form sort as their times do."""
    if not text or (len(text) == 24 and text[-1] == "Z"):
        return text
    return iso(milliseconds(text))


def seconds_between(start: Optional[str], end: Optional[str]) -> Any:
    """Seconds, a whole number when it is one (as JSON shows it); None without an end."""
    if not start or not end:
        return None
    span = (milliseconds(end) - milliseconds(start)) / 1000.0
    return int(span) if span == int(span) else span
