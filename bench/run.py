"""Everything that is measured, as one page of Markdown: ``make bench``.

Run it with a Python that has coaiapy installed as a user has it; the arguments are a Python that
has the published release and one that has the official SDK. What is compared was measured in the
same run, and the ratios say how many times as much the others take.
"""

import os
import platform
import subprocess
import sys

import commands
import comparison
import large_journal
import many_items
import observations
import running
import score_configs
from clients import Bench


def main(published, sdk):
    bench = Bench(published, sdk)
    say("commands ({} turns)".format(commands.RUNS))
    times, requests = commands.measure(bench)
    say("observations ({} turns)".format(observations.RUNS))
    sent = observations.measure(bench)
    say("commands under coaia run ({} turns)".format(running.RUNS))
    passed = running.measure(bench)
    say("a large journal ({} turns)".format(large_journal.RUNS))
    large = large_journal.measure(bench)
    say("an experiment of many items")
    items = many_items.measure(bench)
    say("score configs and the journal")
    measured = comparison.Measured(
        times=times,
        requests=requests,
        hits=score_configs.measure(bench),
        journal=observations.journal_overhead(bench),
        sent=sent,
        bare_memory=observations.requests_memory(bench),
        running=passed,
        large=large,
        items=items,
    )
    print(PAGE.format(machine=machine(), table=comparison.table(measured), **versions(bench)))


def say(what):
    sys.stderr.write("measuring: {}\n".format(what))


PAGE = """# Benchmarks

What `make bench` printed on {machine}.

Times are medians, with Python {python} and every client in a virtual environment of its own:
coaiapy as it is here, coaiapy {published} from the package index, and `langfuse` {sdk}, the
official SDK. A ratio says how many times as much the other takes; a dash, that it does not do
this. The limits are those that coaiapy sets itself; brackets hold the figure that is compared with
the limit. The server is a process on the same machine that accepts everything and counts it.

The SDK drops what is written faster than it sends, unless its queue is made large enough
(`OTEL_BSP_MAX_QUEUE_SIZE`). The published release puts everything into one request, and servers
refuse one of more than 4.5 MB.

{table}"""


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


if __name__ == "__main__":
    main(*sys.argv[1:])
