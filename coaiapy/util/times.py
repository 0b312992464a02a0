"""Points in time: parses the many forms that users write, and makes the one form that is stored.

The stored form is ISO 8601 text in UTC with milliseconds, ``2026-01-31T12:00:00.000Z``. Every
Langfuse server accepts it and keeps this precision. A command line also takes a time as people say
it: ``2h``, ``yesterday``, ``monday 9:30``.
"""

import re
import time
from datetime import date, datetime, timedelta, timezone
from datetime import time as time_of_day
from functools import lru_cache
from typing import Any, Iterator, Optional

from coaiapy.errors import UsageError
from coaiapy.util.text.wording import cut_repr

_ISO = (
    r"(?ai)(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?\s*(Z|[+-]\d\d(?::?[0-5]\d)?)?)?\Z"
)
_STORED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The smallest number of ten digits, and how many seconds ahead of now a time may be.
_TEN_DIGITS = 10**9
_FARTHEST = 10 * 366 * 86400
# The last moment that can be stored.
LAST = "9999-12-31T23:59:59.999Z"
_FORMS = (
    "write it as ISO 8601 (2026-01-31T12:00:00Z), as yyMMddHHmmss or yyMMddHHmm, "
    "or as seconds since 1970"
)
UNITS = {
    "s": "seconds",
    "sec": "seconds",
    "m": "minutes",
    "min": "minutes",
    "h": "hours",
    "d": "days",
    "w": "weeks",
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AGO = r"(?a)(\d{1,9})\s*([a-z]+)(?:\s+ago)?\Z"
_DAY = r"(?a)([a-z]+)(?:\s+(\d\d?):(\d\d))?\Z"


def now() -> str:
    """Return the current time in the stored form."""
    return to_text(datetime.now(timezone.utc))


def rising() -> Iterator[str]:
    """Yield the current time again and again, each at least a millisecond after the one before.

    Records with these times keep their order in every listing.
    """
    moment = 0
    while True:
        moment = max(int(time.time() * 1000), moment + 1)
        yield "{}.{:03d}Z".format(_second(moment // 1000), moment % 1000)


def to_text(moment: datetime) -> str:
    """Return a datetime in the stored form; a naive one is taken as local time."""
    utc = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def from_text(text: str) -> datetime:
    """Return an aware datetime for a time in the stored form or any other ISO 8601 text."""
    return _iso(text)


def epoch_milliseconds(text: str) -> int:
    """Return the milliseconds since 1970 for a time in the stored form."""
    return _epoch_second(text[:-5]) * 1000 + int(text[-4:-1])


# Cached, because many records are written in the same second.
@lru_cache(maxsize=1024)
def _second(since_1970: int) -> str:
    return (_EPOCH + timedelta(seconds=since_1970)).isoformat()[:19]


@lru_cache(maxsize=1024)
def _epoch_second(text: str) -> int:
    return (_iso(text + "Z") - _EPOCH) // timedelta(seconds=1)


def parse_time(value: Any) -> str:
    """Return the stored form of a time in any accepted form.

    A text is ISO 8601 (local time if it has no offset), ``yyMMddHHmmss`` or ``yyMMddHHmm`` (UTC),
    or seconds since 1970. Ten digits may be a date or seconds: the one nearer to now is taken. A
    number is read like its digits. Dates and datetimes are accepted as well. Raises ``UsageError``
    for anything else.
    """
    try:
        if isinstance(value, str) and _STORED.match(value):
            _epoch_second(value[:-5])
            return value
        return to_text(_parse(value))
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError("{} is not a time: {}".format(cut_repr(value), _FORMS)) from error


def parse_tlid(text: str) -> str:
    """Return the stored form of ``yyMMddHHmmss`` or ``yyMMddHHmm``; ``ValueError`` otherwise."""
    return to_text(_tlid(text))


def _parse(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _parse_number(value)
    if isinstance(value, str):
        return _parse_text(value.strip())
    raise ValueError(value)


def _parse_number(number: Any) -> datetime:
    if isinstance(number, int) and number >= _TEN_DIGITS:
        return _parse_digits(str(number))
    return _EPOCH + timedelta(seconds=number)


def _parse_text(text: str) -> datetime:
    if re.match(r"[0-9]{9,12}$", text):
        return _parse_digits(text)
    if re.match(r"[0-9]{9,11}\.[0-9]+$", text):
        return _EPOCH + timedelta(seconds=float(text))
    return _iso(text)


def _parse_digits(text: str) -> datetime:
    """Return the time for digits that are a date or seconds since 1970: the one nearer to now."""
    readings = []
    if re.match(r"[0-9]{10}([0-9]{2})?$", text):
        try:
            readings.append(_tlid(text))
        except ValueError:
            pass
    now = time.time()
    if int(text) <= now + _FARTHEST:
        readings.append(_EPOCH + timedelta(seconds=int(text)))
    if not readings:
        raise ValueError(text)
    return min(readings, key=lambda moment: abs(moment.timestamp() - now))


def _tlid(text: str) -> datetime:
    if not re.match(r"[0-9]{10}([0-9]{2})?\Z", text):
        raise ValueError(text)
    pairs = [int(text[i : i + 2]) for i in range(0, len(text), 2)]
    return datetime(2000 + pairs[0], *pairs[1:], tzinfo=timezone.utc)  # type: ignore


def _iso(text: str) -> datetime:
    match = re.match(_ISO, text)
    if not match:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    moment = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "0")[:6].ljust(6, "0")),
    )
    return moment.replace(tzinfo=_zone(zone)) if zone else moment.astimezone(timezone.utc)


def _zone(text: str) -> timezone:
    if text in "Zz":
        return timezone.utc
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)


def moment(time: Optional[str], local: bool = False) -> str:
    """Return a time as ``2026-01-31 12:00:00Z``; a text that is no time is returned unchanged.

    With ``local`` it is local time, ``2026-01-31 13:00:00``, with the offset from UTC behind it in
    the hour of the year that occurs twice. ``parse_time`` reads all of these.
    """
    if not time:
        return ""
    try:
        stored = to_text(from_text(time))
        return _local(stored) if local else stored[:19].replace("T", " ") + "Z"
    except (ValueError, OverflowError, TypeError, OSError):
        return str(time)


def _local(stored: str) -> str:
    shown = from_text(stored).astimezone().isoformat(" ", "seconds")
    is_clear = parse_time(shown[:19])[:19] == stored[:19]
    return shown[:19] if is_clear else shown


def epoch_moment(seconds: Optional[float]) -> str:
    """Return what ``moment`` returns, for a time given in seconds since 1970."""
    return moment(parse_time(seconds)) if seconds else ""


def duration(start: Optional[str], end: Optional[str]) -> str:
    """Return the time from ``start`` to ``end``, such as ``2 min 05 s``; empty if not known."""
    if not start or not end:
        return ""
    try:
        return span((from_text(end) - from_text(start)).total_seconds())
    except (ValueError, OverflowError, TypeError):
        return ""


def span(seconds: float) -> str:
    """Return a number of seconds for somebody to read, such as ``2 min 05 s``."""
    if seconds < 60:
        return "{:.3g} s".format(seconds)
    minutes, rest = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return "{} d {} h".format(days, hours)
    if hours:
        return "{} h {:02d} min".format(hours, minutes)
    return "{} min {:02d} s".format(minutes, rest)


def parse(text: str, now: Optional[datetime] = None) -> Optional[str]:
    """Return the stored form of a relative time; ``None`` if ``text`` is none.

    ``2h`` is two hours before now. ``yesterday`` and ``monday`` (the last one, perhaps today) are the
    start of that day in local time, or the time of day behind them.
    """
    moment = now or datetime.now(timezone.utc)
    words = text.strip().lower()
    if words == "now":
        return to_text(moment)
    ago = re.match(_AGO, words)
    try:
        if ago and ago.group(2) in UNITS:
            return to_text(moment - timedelta(**{UNITS[ago.group(2)]: int(ago.group(1))}))
        day = re.match(_DAY, words)
        return _on_day(day.group(1), day.group(2), day.group(3), moment) if day else None
    except (ValueError, OverflowError):
        return None


def _on_day(word: str, hour: Optional[str], minute: Optional[str], now: datetime) -> Optional[str]:
    days = _days_ago(word, now)
    if days is None:
        return None
    clock = time_of_day(int(hour or 0), int(minute or 0))
    here = now.astimezone()
    if not days and word != "today" and clock > here.time():
        days = 7  # that time of today is still to come
    return to_text(datetime.combine(here.date() - timedelta(days=days), clock))


def _days_ago(word: str, now: datetime) -> Optional[int]:
    if word in ("today", "yesterday"):
        return int(word == "yesterday")
    names = [name for name in WEEKDAYS if word in (name, name[:3])]
    return (now.astimezone().weekday() - WEEKDAYS.index(names[0])) % 7 if names else None
