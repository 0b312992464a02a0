"""The table of ``make bench``, made of figures that are known, and the page that shows one."""

import sys
from types import SimpleNamespace

import pytest
from places import ROOT

pytestmark = pytest.mark.once

BENCH = ROOT / "bench"
MODULES = (
    *("clients", "commands", "comparison", "large_journal", "many_items", "observations"),
    "running",
)
PAGE = ROOT / "docs" / "benchmarks.md"


@pytest.fixture
def bench(monkeypatch):
    """The modules that make the table; they import each other by their short names."""
    monkeypatch.syspath_prepend(str(BENCH))
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield SimpleNamespace(**{name: __import__(name) for name in MODULES})
    for name in MODULES:
        del sys.modules[name]


@pytest.fixture
def measured(bench):
    """Commands of 40 ms with an empty Python of 10 ms, and a batch like that of a slow day."""
    ours, published, sdk = bench.clients.OURS, bench.clients.PUBLISHED, bench.clients.SDK
    commands = bench.commands
    times = {(what, ours): 0.04 for what in commands.WORDS}
    times[commands.BASE, ours] = 0.01
    times[commands.SERVER, published] = 0.05
    times[commands.SERVER, sdk] = 0.4
    sent = bench.observations.Sent
    return bench.comparison.Measured(
        times=times,
        requests={ours: 1, published: 5, sdk: 1},
        hits={ours: (0.5, 0), published: (20.0, 2.25)},
        journal=0.006,
        sent={
            ours: sent(2.0, 20000, 21, 140.0),
            published: sent(0.5, 0, 1, 80.0),
            sdk: sent(5.0, 20000, 40, 63.0),
            bench.clients.ROOMY_SDK: sent(10.0, 20000, 40, 64.0),
        },
        bare_memory=30.0,
        running=bench.running.Figures(bare=0.5, recorded=1.25, local=10.0, background=12.0),
        large=bench.large_journal.Figures(
            {row: 0.1 + 0.01 * place for place, row in enumerate(bench.large_journal.WORDS)},
            bare=0.01,
            peak_mb=21.0,
        ),
        items=bench.many_items.Figures(few_mb=40.0, many_mb=81.0),
    )


def cells(text):
    """Return the cells of each line of a Markdown table, the first line first."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_everything_is_in_one_table(bench, measured):
    lines = cells(bench.comparison.table(measured))
    assert {len(line) for line in lines} == {8}
    rows = {line[0]: line[1:] for line in lines}
    assert rows["`coaia --help`"] == ["40.0 ms", *"––––", "3 × `python -c pass`", "**no** (4.0 ×)"]
    loopback = ["40.0 ms", "50.0 ms", "1.2", "400 ms", "10.0", "–", "–"]
    assert rows["`coaia pipeline create`, to a server on loopback"] == loopback
    assert rows["write requests of such a pipeline"] == ["1", "5", "5.0", "1", "1.0", "1", "yes"]
    assert rows["requests of such a hit"] == ["0", "2.2", *"–––", "0", "yes"]
    assert rows["journal, a write"][-2:] == ["5 ms", "**no**"]


def test_the_batch_is_in_it_too(bench, measured):
    rows = {line[0]: line[1:] for line in cells(bench.comparison.table(measured))}
    batch = "20,000 observations: "
    assert rows[batch + "time"] == ["2.00 s", "–", "–", "5.00 s", "2.5", "–", "–"]
    assert rows[batch + "arrived"] == ["20,000", "0", "0.0", "20,000", "1.0", "–", "–"]
    assert rows[batch + "time of one that arrived"][1:] == [
        *("–", "–", "0.250 ms", "2.5"),
        *("SDK's ratio at least 3", "**no** (2.5)"),
    ]
    assert rows[batch + "the same, SDK with a large queue"][-1] == "yes (5.0)"
    assert rows[batch + "peak memory"][-1] == "**no** (110 MB)"


def test_the_commands_that_read_a_large_journal_are_in_it_too(bench, measured):
    rows = {line[0]: line[1:] for line in cells(bench.comparison.table(measured))}
    where, limit = "journal of 200,000 records: ", "12 × `python -c pass`"
    assert rows[where + "`coaia fuse traces`"] == ["100 ms", *"––––", limit, "yes (10.0 ×)"]
    stats = rows[where + "`coaia fuse traces stats --by model`"]
    assert stats[-2:] == [limit, "**no** (13.0 ×)"]
    assert rows[where + "largest peak memory"][0] == "21 MB"
    many = rows["experiment of 100,000 items: peak memory"]
    assert many == ["81 MB", *"––––", "40 MB above one of 1,000", "**no** (41 MB)"]


def test_commands_under_coaia_run_are_in_it_too(bench, measured):
    rows = {line[0]: line[1:] for line in cells(bench.comparison.table(measured))}
    assert rows["1 GB through `coaia run -- cat`"][-1] == "**no** (40%)"


def test_the_page_shows_the_table_that_make_bench_prints(bench, measured):
    """Its figures are those of one machine; what is measured is the same everywhere."""
    page, printed = cells(PAGE.read_text(encoding="utf-8")), cells(bench.comparison.table(measured))
    assert page[:2] == printed[:2]
    assert [line[0] for line in page] == [line[0] for line in printed]
