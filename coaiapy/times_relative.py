"""Points in time as people say them on a command line: ``2h``, ``yesterday``, ``monday 9:30``."""

import re
from datetime import datetime, timedelta, timezone
from datetime import time as time_of_day
from typing import Optional

from coaiapy import times

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
_AGO = re.compile(r"(\d{1,9})\s*([a-z]+)(?:\s+ago)?\Z", re.ASCII)
_DAY = re.compile(r"([a-z]+)(?:\s+(\d\d?):(\d\d))?\Z", re.ASCII)


def parse(text: str, now: Optional[datetime] = None) -> Optional[str]:
    """Return the stored form of a relative time; ``None`` if ``text`` is none.

    ``2h`` is two hours before now. ``yesterday`` and ``monday`` (the last one, perhaps today) are the
    start of that day in local time, or the time of day behind them.
    """
    moment = now or datetime.now(timezone.utc)
    words = text.strip().lower()
    if words == "now":
        return times.to_text(moment)
    ago = _AGO.match(words)
    try:
        if ago and ago.group(2) in UNITS:
            return times.to_text(moment - timedelta(**{UNITS[ago.group(2)]: int(ago.group(1))}))
        day = _DAY.match(words)
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
    return times.to_text(datetime.combine(here.date() - timedelta(days=days), clock))


def _days_ago(word: str, now: datetime) -> Optional[int]:
    if word in ("today", "yesterday"):
        return int(word == "yesterday")
    names = [name for name in WEEKDAYS if word in (name, name[:3])]
    return (now.astimezone().weekday() - WEEKDAYS.index(names[0])) % 7 if names else None
