"""Everything that is measured, as one page of Markdown: ``make bench``.

Run it with a Python that has coaiapy installed as a user has it; the arguments are a Python that
has the published release and one that has the official SDK. What is compared was measured in the
same run, and the ratios say how many times as long the others take.
"""

import os
import platform
import subprocess
import sys

import commands
import observations
import score_configs
from clients import OURS, PUBLISHED, ROOMY_SDK, SDK, Bench

COLUMNS = (OURS, PUBLISHED, SDK)
ROW = "| {} | {} | {} | {} | {} | {} |"


def main(published, sdk):
    bench = Bench(published, sdk)
    say("commands ({} turns)".format(commands.RUNS))
    times, requests = commands.measure(bench)
    say("observations ({} turns)".format(observations.RUNS))
    sent = observations.measure(bench)
    say("score configs")
    hits = score_configs.measure(bench)
    print(HEAD.format(machine=machine(), **versions(bench)))
    print(comparison(times, sent, hits))
    print(BATCH.format(count=observations.COUNT))
    print(batch(sent))
    print(LIMITS)
    print(limits(bench, times, requests, sent, hits))


def say(what):
    sys.stderr.write("measuring: {}\n".format(what))


HEAD = """# Benchmarks

What `make bench` printed on {machine}.

All are medians, with Python {python} and every client in a virtual environment of its own: coaiapy
as it is here, coaiapy {published} from the package index, and `langfuse` {sdk}, the official SDK. A
ratio says how many times as long the other takes; a dash, that it does not do this. The server is
a process on the same machine that accepts everything and counts it.
"""

BATCH = """
## {count:,} observations from a file

The SDK drops what is written faster than it sends, unless its queue is made large enough
(`OTEL_BSP_MAX_QUEUE_SIZE`). The published release puts everything into one request, and servers
refuse one of more than 4.5 MB.
"""

LIMITS = """
## Limits that coaiapy sets itself
"""


def versions(bench):
    """Return the version of each client, and of their Python."""
    code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"

    def installed(python, package):
        return subprocess.check_output([python, "-I", "-c", code, package]).decode().strip()

    return {
        "python": platform.python_version(),
        "published": installed(bench.published.python, "coaiapy"),
        "sdk": installed(bench.sdk.python, "langfuse"),
    }


def machine():
    """Return what kind of machine this is, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2.0**30
    form = "a machine with {} cores ({}), {:.0f} GB of memory and {}"
    return form.format(os.cpu_count(), platform.machine(), memory, platform.system())


def comparison(times, sent, hits):
    """Return the table of all that others do too, and of all that they do not."""
    rows = [ROW.format("", OURS, PUBLISHED, "ratio", SDK, "ratio"), "|---" * 6 + "|"]
    for row in commands.WORDS:
        rows.append(_row("`{}`".format(row), {who: times.get((row, who)) for who in COLUMNS}, 1000))
    hit = {who: hits[who][0] for who in hits}
    rows.append(_row("score config from the cache, in a process", hit, 1))
    each = {who: 1 / sent[who].rate for who in COLUMNS if sent[who].arrived}
    what = "one of {:,} observations that arrived".format(observations.COUNT)
    rows.append(_row(what, each, 1000))
    return "\n".join(rows)


def _row(what, values, scale):
    ours = values[OURS]
    cells = [_milliseconds(ours * scale)]
    for other in (PUBLISHED, SDK):
        value = values.get(other)
        cells += [_milliseconds(value * scale), "{:.1f}".format(value / ours)] if value else "––"
    return ROW.format(what, *cells)


def _milliseconds(value):
    return ("{:,.0f} ms" if value >= 100 else "{:.3g} ms").format(value)


def batch(sent):
    """Return the table of what came of the file."""
    row = "| {} | {} | {} | {} | {} | {} |"
    rows = [row.format("", "seconds", "arrived", "per second", "requests", "peak MB")]
    rows.append("|---" * 6 + "|")
    for who, one in sent.items():
        cells = "{:.2f}".format(one.seconds), "{:,}".format(one.arrived), "{:,.0f}".format(one.rate)
        rows.append(row.format(who, *cells + (one.requests, "{:.0f}".format(one.peak_mb))))
    return "\n".join(rows)


def limits(bench, times, requests, sent, hits):
    """Return the table of measured values against what they may be."""
    base = times[commands.BASE, OURS]
    rows = ["| | measured | limit | met |", "|---|---|---|---|"]

    def add(what, form, value, limit, is_least=False):
        met = value >= limit if is_least else value <= limit
        bound = "{} {}".format("at least" if is_least else "at most", form.format(limit))
        cells = what, form.format(value), bound, "yes" if met else "**no**"
        rows.append("| {} | {} | {} | {} |".format(*cells))

    for row, (_, most) in commands.WORDS.items():
        if most:
            what = "`{}`, as multiple of `{}`".format(row, commands.BASE)
            add(what, "{:.2f}", times[row, OURS] / base, most)
    for who in (SDK, ROOMY_SDK):
        what = "observations per second, as multiple of the {}'s".format(who)
        add(what, "{:.1f}", sent[OURS].rate / sent[who].rate, 3, is_least=True)
    memory = sent[OURS].peak_mb - observations.requests_memory(bench)
    add("peak memory above `import requests`", "{:.0f} MB", memory, 100)
    overhead = observations.journal_overhead(bench) * 1000
    add("journal, per write", "{:.1f} ms", overhead, 5)
    what = "write requests of a pipeline ({}: {}, SDK: {})".format(
        PUBLISHED, requests[PUBLISHED], requests[SDK]
    )
    add(what, "{}", requests[OURS], 1)
    add("score config from the cache", "{:.2f} ms", hits[OURS][0], 1)
    what = "requests of such a hit ({}: {:.1f})".format(PUBLISHED, hits[PUBLISHED][1])
    add(what, "{:g}", hits[OURS][1], 0)
    completing = times[commands.COMPLETING, OURS] * 1000
    add("completing a template's name in a shell", "{:.0f} ms", completing, 150)
    return "\n".join(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
