"""The rows of the table, from what was measured, and how they are written down."""

from typing import NamedTuple, Optional

import commands
import large_journal
import many_items
import observations
import running
from clients import OURS, PUBLISHED, ROOMY_SDK, SDK

HEADINGS = ("", OURS, PUBLISHED, "ratio", SDK, "ratio", "limit", "met")
NOTHING = "–"
AHEAD_OF_THE_SDK = 3.0
MOST_MEMORY = 100
MOST_IN_BACKGROUND = 1.3


class Row(NamedTuple):
    """One figure of each program that has it, and what coaia's may be."""

    what: str
    form: str
    ours: float
    published: Optional[float] = None
    sdk: Optional[float] = None
    limit: str = NOTHING
    met: str = NOTHING

    def cells(self):
        """Return the text of each cell."""
        cells = [self.what, written(self.form, self.ours)]
        for other in (self.published, self.sdk):
            cells += [NOTHING if other is None else written(self.form, other), self._ratio(other)]
        return cells + [self.limit, self.met]

    def _ratio(self, other):
        if other is None or not self.ours:
            return NOTHING
        return "{:.1f}".format(other / self.ours)


class Measured(NamedTuple):
    """Everything that the table shows."""

    times: dict  # seconds by (row, client)
    requests: dict  # write requests of a pipeline by client
    hits: dict  # (milliseconds, requests) of a score config from the cache by client
    journal: float  # seconds of a write
    sent: dict  # observations.Sent by client
    bare_memory: float  # MB of a Python that has imported requests
    running: running.Figures
    large: large_journal.Figures
    items: many_items.Figures


def table(measured):
    """Return one Markdown table of everything."""
    rows = command_rows(measured) + running_rows(measured.running) + call_rows(measured)
    rows += batch_rows(measured) + large_rows(measured.large) + item_rows(measured.items)
    lines = [HEADINGS, ["---"] * len(HEADINGS)] + [row.cells() for row in rows]
    return "\n".join("| {} |".format(" | ".join(cells)) for cells in lines)


def command_rows(measured):
    """Return a row for each command, and one for the requests of a pipeline."""
    times = measured.times
    base = times[commands.BASE, OURS]
    rows = []
    for what, (_, most) in commands.WORDS.items():
        ours, published, sdk = (_scaled(times.get((what, who))) for who in (OURS, PUBLISHED, SDK))
        row = Row(what, "ms", ours, published, sdk)
        if most:
            multiple = times[what, OURS] / base
            limit = "{:g} × `{}`".format(most, commands.BASE)
            row = row._replace(limit=limit, met=met(multiple <= most, "{:.1f} ×", multiple))
        elif what == commands.COMPLETING:
            row = row._replace(limit="150 ms", met=met(ours <= 150))
        rows.append(row)
    requests = [measured.requests[who] for who in (OURS, PUBLISHED, SDK)]
    what = "write requests of such a pipeline"
    return rows + [Row(what, "count", *requests, limit="1", met=met(requests[0] <= 1))]


def running_rows(figures):
    """Return the rows of what is passed on, and of what nobody waits for."""
    share = figures.bare / figures.recorded
    times = figures.background / figures.local
    adds = "{} × `coaia fuse traces add-observation`, ".format(running.ADDS)
    away = "in the background, to a server {} ms away".format(running.DISTANCE)
    return [
        Row("1 GB through `cat`, from pipe to pipe", "s", figures.bare),
        Row(
            "1 GB through `coaia run -- cat`",
            "s",
            figures.recorded,
            limit="half of the bare throughput",
            met=met(share >= 0.5, "{:.0%}", share),
        ),
        Row(adds + "without a server", "s", figures.local),
        Row(
            adds + away,
            "s",
            figures.background,
            limit="{:g} × the same without a server".format(MOST_IN_BACKGROUND),
            met=met(times <= MOST_IN_BACKGROUND, "{:.2f} ×", times),
        ),
    ]


def call_rows(measured):
    """Return the rows of what a process of several calls does."""
    (hit, asked), (published_hit, published_asked) = measured.hits[OURS], measured.hits[PUBLISHED]
    journal = measured.journal * 1000
    return [
        Row("score config from the cache", "ms", hit, published_hit, None, "1 ms", met(hit <= 1)),
        Row("requests of such a hit", "mean", asked, published_asked, None, "0", met(not asked)),
        Row("journal, a write", "ms", journal, limit="5 ms", met=met(journal <= 5)),
    ]


def batch_rows(measured):
    """Return the rows of the file of observations.

    What it took a program to lose observations is not shown: that is not the same job.
    """
    ours, published, sdk = (measured.sent[who] for who in (OURS, PUBLISHED, SDK))
    memory = ours.peak_mb - measured.bare_memory
    batch = "{:,} observations: ".format(observations.COUNT)

    def row(what, form, field, **more):
        values = [getattr(ours, field)]
        for one in (published, sdk):
            values.append(getattr(one, field) if one.arrived == ours.arrived else None)
        return Row(batch + what, form, *values, **more)

    return [
        row("time", "s", "seconds"),
        Row(batch + "arrived", "count", ours.arrived, published.arrived, sdk.arrived),
        _time_of_one(batch + "time of one that arrived", ours, published, sdk),
        _time_of_one(
            batch + "the same, SDK with a large queue", ours, None, measured.sent[ROOMY_SDK]
        ),
        row("requests", "count", "requests"),
        row(
            "peak memory",
            "MB",
            "peak_mb",
            limit="{} MB above `import requests`".format(MOST_MEMORY),
            met=met(memory <= MOST_MEMORY, "{:.0f} MB", memory),
        ),
    ]


def large_rows(figures):
    """Return the rows of the commands that read a large journal."""
    where = "journal of {:,} records: ".format(large_journal.RECORDS)
    limit = "{:g} × `{}`".format(large_journal.MOST, commands.BASE)
    rows = []
    for what, seconds in figures.seconds.items():
        multiple = seconds / figures.bare
        is_met = met(multiple <= large_journal.MOST, "{:.1f} ×", multiple)
        rows.append(Row(where + what, "ms", seconds * 1000, limit=limit, met=is_met))
    return rows + [Row(where + "largest peak memory", "MB", figures.peak_mb)]


def item_rows(figures):
    """Return the row of an experiment of many items."""
    more = figures.many_mb - figures.few_mb
    limit = "{} MB above one of {:,}".format(many_items.MOST_MORE, many_items.FEW)
    is_met = met(more <= many_items.MOST_MORE, "{:.0f} MB", more)
    what = "experiment of {:,} items: peak memory".format(many_items.MANY)
    return [Row(what, "MB", figures.many_mb, limit=limit, met=is_met)]


def _time_of_one(what, ours, published, sdk):
    times = [
        _scaled(1 / sent.rate) if sent and sent.arrived else None for sent in (ours, published, sdk)
    ]
    ahead = ours.rate / sdk.rate
    limit = "SDK's ratio at least {:g}".format(AHEAD_OF_THE_SDK)
    return Row(what, "ms", *times, limit=limit, met=met(ahead >= AHEAD_OF_THE_SDK, "{:.1f}", ahead))


def met(is_met, form="", *values):
    """Return whether a limit is met, in words, with what was compared to it."""
    word = "yes" if is_met else "**no**"
    return "{} ({})".format(word, form.format(*values)) if form else word


def written(form, value):
    """Return a figure with its unit."""
    if form == "count":
        return "{:,}".format(value)
    if form == "mean":
        return "{:.2g}".format(value)
    if form == "s":
        return "{:.2f} s".format(value)
    return ("{:,.0f} {}" if value >= 100 or form == "MB" else "{:#.3g} {}").format(value, form)


def _scaled(seconds):
    return None if seconds is None else seconds * 1000
