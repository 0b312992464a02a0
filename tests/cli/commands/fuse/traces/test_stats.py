"""``coaia fuse traces stats`` as people and programs see it."""

import csv
import io
import json

import pytest
from figure_data import write_them
from terminal import Terminal

from coaiapy.cli.streams import Context
from coaiapy.coaiacli import main
from coaiapy.langfuse.traces.figures.display import sparkline, taken


@pytest.fixture
def stats(run):
    write_them()
    return lambda *words: run("fuse", "traces", "stats", *words)


def test_a_table_has_a_line_for_each_group(stats):
    shown = stats("--by", "model")
    assert shown.code == 0
    lines = [line.split("  ") for line in shown.out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells[0] == "Model,Count,Errors,Error rate,p50,p95,p99,In,Out,Cached,Cost".split(",")
    assert cells[3] == "m1,2,1,50%,200 ms,290 ms,298 ms,30,12,0,$0.75".split(",")
    assert cells[2][0] == "(none)" and cells[2][1] == "3"
    assert shown.err == "3 groups\nread from the local journal\n"


def test_programs_get_numbers(stats):
    (row,) = json.loads(stats("--json").out)
    assert (row["count"], row["totalCost"], row["p50Latency"]) == (6, 0.75, 200.0)
    assert "before" not in row and "all" not in row
    rows = list(csv.DictReader(io.StringIO(stats("--by", "type", "--csv").out)))
    assert [(row["type"], row["count"]) for row in rows][0] == ("GENERATION", "3")
    lines = stats("--by", "user", "--jsonl").out.splitlines()
    assert [json.loads(line)["user"] for line in lines] == ["u1", "u2", None]


def test_earlier_figures_stand_beside(stats):
    words = ("--from", "2026-01-31", "--to", "2026-02-01", "--compare-to", "yesterday")
    shown = stats("--by", "type", *words)
    assert "1 (was 0)" not in shown.out and "1 (new)" in shown.out and "0 (was 3)" in shown.out
    refused = stats("--compare-to", "sometime")
    assert refused.code == 2 and "last week" in refused.err and refused.err.count("\n") == 1


def test_the_worst_are_listed_with_what_they_took(stats):
    shown = stats("--top", "2")
    assert shown.out.splitlines()[2].split()[:4] == ["p1", "t3", "SPAN", "wait"]
    assert "2 s" in shown.out and shown.err.startswith("2 observations")
    found = json.loads(stats("--by-cost", "--json").out)
    assert [one["id"] for one in found][:2] == ["g2", "g1"] and "duration" not in found[0]
    assert stats("--by-cost", "--by-tokens").code == 2
    assert "leave out --by" in stats("--top", "3", "--by", "name").err


def test_a_terminal_shows_the_course_over_time():
    write_them()
    out = Terminal()
    context = Context(io.StringIO(), out, io.StringIO())
    assert main(["fuse", "traces", "stats", "--by", "day"], context) == 0
    assert "Count      █▂  at most 5" in out.getvalue()


@pytest.mark.parametrize("words", [("--by", "size"), ("--last", "monday"), ("--top", "0")])
def test_a_mistake_is_one_sentence(stats, words):
    refused = stats(*words)
    assert refused.code == 2 and refused.err.count("\n") == 1 and words[1] in refused.err


def test_durations_and_bars_are_readable():
    assert [taken(value) for value in (None, 0, 12.34, 1250, 185000)] == [
        "-",
        "0 ms",
        "12.3 ms",
        "1.25 s",
        "3 min 05 s",
    ]
    assert sparkline([0, 4, 8]) == "▁▅█" and sparkline([0, 0]) == "▁▁"
