"""Definitions for the schedulers of this machine: a line for crontab, units for systemd."""

import re
from shlex import quote
from typing import Any, FrozenSet, Iterator, List

from coaiapy.errors import UsageError
from coaiapy.running.pipelines.schedules.cron import Cron
from coaiapy.running.pipelines.schedules.job import Job, checked, local_words, variables

# What cron takes as the command of one entry.
_LONGEST_COMMAND = 998
_WEEKDAYS = "Sun Mon Tue Wed Thu Fri Sat".split()
# Most read a percent sign as a line break and a backslash before it or another one as an escape.
_BY_NUMBER = {"%": "\"$(printf '\\045')\"", "\\": "\"$(printf '\\134')\""}
_SAFE_WORD = re.compile(r"[A-Za-z0-9_./:@,+=-]+\Z")


def crontab(job: Job) -> str:
    """Return an entry of a crontab: its last line, for ``crontab -e``."""
    for word in job.words:
        checked(word, "the command")
    parts = ["cd {} &&".format(_in_crontab(job.folder))]
    parts += ["{}={}".format(name, _in_crontab(value)) for name, value in variables().items()]
    command = " ".join(parts + list(map(_in_crontab, local_words(job))))
    if len(command.encode("utf-8")) > _LONGEST_COMMAND:
        raise UsageError(
            "the command has more than {} characters, and cron takes no more: shorten PATH or the "
            "variables, or use --format systemd".format(_LONGEST_COMMAND)
        )
    return "# add this with: crontab -e\n{} {}\n".format(job.cron.text, command)


def _in_crontab(word: str) -> str:
    """Return a word for the shell without a character that some cron reads in its own way."""
    pieces = re.split(r"([%\\])", word)
    return "".join(_BY_NUMBER.get(one) or quote(one) for one in pieces if one) or "''"


def systemd(job: Job) -> str:
    """Return both units; each begins with a comment that says where it belongs."""
    unit = "coaia-" + job.name
    where = "# ~/.config/systemd/user/{}.{}\n"
    settings = [_quoted("{}={}".format(*item)) for item in variables().items()]
    service = [
        "[Unit]",
        "Description=coaia pipeline {}".format(job.name),
        "",
        "[Service]",
        "Type=oneshot",
        "WorkingDirectory=" + job.folder.replace("%", "%%"),
    ]
    service += ["Environment=" + text for text in settings]
    service.append("ExecStart=" + _command(local_words(job)))
    timer = ["[Unit]", "Description=coaia pipeline {}".format(job.name), "", "[Timer]"]
    timer += ["OnCalendar=" + text for text in calendar(job.cron)]
    timer += ["Persistent=true", "", "[Install]", "WantedBy=timers.target"]
    start = "# then: systemctl --user daemon-reload; systemctl --user enable --now {}.timer\n"
    return "".join(
        [
            where.format(unit, "service"),
            "\n".join(service) + "\n\n",
            where.format(unit, "timer"),
            start.format(unit),
            "\n".join(timer) + "\n",
        ]
    )


def calendar(cron: Cron) -> Iterator[str]:
    """Yield the calendar events of systemd that together are a cron expression."""
    minute, hour, day, month = (
        _listed(field.values, width, count)
        for field, width, count in (
            (cron.minute, 2, 60),
            (cron.hour, 2, 24),
            (cron.day, 2, 31),
            (cron.month, 2, 12),
        )
    )
    days = [_WEEKDAYS[value] for value in sorted(cron.weekday.values)]
    weekday = "" if len(days) == len(_WEEKDAYS) else ",".join(days) + " "
    form = "{}*-{}-{} {}:{}:00"
    if cron.either_day:
        yield form.format("", month, day, hour, minute)
        yield form.format(weekday, month, "*", hour, minute)
    else:
        yield form.format(weekday, month, day, hour, minute)


def _listed(values: FrozenSet[int], width: int, count: int) -> str:
    if len(values) == count:
        return "*"
    return ",".join("{:0{}d}".format(value, width) for value in sorted(values))


def _command(words: List[str]) -> str:
    """Return words as systemd reads them; in all but the first it would replace variables."""
    rest = (_quoted(word.replace("$", "$$")) for word in words[1:])
    return " ".join([_quoted(words[0])] + list(rest))


def _quoted(word: str) -> str:
    if _SAFE_WORD.match(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"{}"'.format(re.sub("[\x00-\x1f\x7f]", _escape, escaped))


def _escape(found: Any) -> str:
    return "\\x{:02x}".format(ord(found.group()))
