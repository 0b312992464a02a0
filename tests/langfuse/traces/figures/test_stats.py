"""The same figures from every kind of server and from the journal."""

import pytest
from figure_data import at, write_them
from reading import EVERY, known

from coaiapy.errors import UsageError
from coaiapy.langfuse.read.figures import metrics
from coaiapy.langfuse.read.figures.groups import Wanted
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.records import observation_from
from coaiapy.langfuse.traces import traces
from coaiapy.langfuse.traces.figures import stats

KINDS = EVERY + ["local"]
ALL = {
    "count": 6,
    "errors": 1,
    "errorRate": 1 / 6,
    "p50Latency": 200.0,
    "inputTokens": 31,
    "outputTokens": 14,
    "totalCost": 0.75,
}


def counted(by, **conditions):
    """How many observations are in each group."""
    wanted = Wanted(by, TraceFilter(**conditions))
    return {row[by]: row["count"] for row in stats.stats(known(), wanted)}


@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_the_same_everywhere(use, kind):
    server = use(kind)
    write_them()
    notes = []
    for exact in (False, True):
        (row,) = stats.stats(known(), exact=exact, note=notes.append)
        assert {name: row[name] for name in ALL} == ALL
        assert [row["p95Latency"], row["p99Latency"]] == pytest.approx([1745.0, 1949.0])
        by_model = stats.stats(known(), Wanted("model"), exact)
        assert [row["model"] for row in by_model] == [None, "m1", "m2"]
        (of_m1,) = [row for row in by_model if row["model"] == "m1"]
        assert (of_m1["p50Latency"], of_m1["errorRate"], of_m1["totalCost"]) == (200, 0.5, 0.75)
    from_metrics = metrics.WITHOUT_CACHED in notes
    assert from_metrics == (kind in ("v3", "v4-legacy"))
    assert any("has no metrics" in note for note in notes) == (kind == "v2")
    if server is not None and from_metrics:
        assert any(one.path == metrics.METRICS for one in server.requests)


@pytest.mark.parametrize("kind", KINDS)
def test_every_group_and_every_condition_counts_the_same_everywhere(use, kind):
    use(kind)
    write_them()
    assert counted("name") == {"ask": 3, "wait": 2, "note": 1}
    assert counted("type") == {"GENERATION": 3, "SPAN": 2, "EVENT": 1}
    assert counted("level") == {"DEFAULT": 5, "ERROR": 1}
    assert counted("environment") == {"default": 6}
    assert counted("day") == {"2026-01-30": 5, "2026-01-31": 1}
    assert counted("hour", to_time=at(0, day=1)) == {"2026-01-30T12:00Z": 4, "2026-01-30T13:00Z": 1}
    assert counted("user") == {"u1": 3, "u2": 2, None: 1}
    assert counted("session") == {"s1": 5, None: 1}
    assert counted("tag") == {"a": 5, "b": 3, None: 1}
    assert counted("metadata.k") == {"x": 1, None: 5}
    assert counted("name", user_id="u1") == {"ask": 2, "wait": 1}
    assert counted("type", name="n1", tags=("a", "b")) == {"GENERATION": 2, "SPAN": 1}
    assert counted("name", session_id="s1", from_time=at(4, hour=13)) == {"ask": 1, "note": 1}
    assert counted("name", from_time=at(2), to_time=at(3)) == {"ask": 1}
    assert counted("name", environment="other") == {}


@pytest.mark.parametrize("kind", KINDS)
def test_the_worst_are_the_same_everywhere(use, kind):
    use(kind)
    write_them()
    start, more = at(0, hour=20), dict(start_time=at(0, hour=20), end_time=at(1, hour=20))
    equal = [observation_from(dict(more, id=str(number)), "t3") for number in range(6)]
    assert not traces.submit(known(), equal).waiting

    def of(order, most=2, **conditions):
        found = stats.worst(known(), Wanted(None, TraceFilter(**conditions)), order, most)
        return [ids.span_id(body["id"]) for body in found]

    assert of("duration", to_time=start) == [ids.span_id("p1"), ids.span_id("g2")]
    assert of("cost") == [ids.span_id("g2"), ids.span_id("g1")]
    assert of("tokens", user_id="u2") == [ids.span_id("g3"), ids.span_id("e1")]
    by_id = sorted((ids.span_id(str(number)) for number in range(6)), reverse=True)
    for order in ("duration", "cost", "tokens"):
        assert of(order, 4, from_time=start, to_time=at(0, day=1)) == by_id[:4]
        assert of(order, 9, from_time=start, to_time=at(0, day=1)) == by_id
    assert of("duration", 3)[0] == ids.span_id("p1") and of("duration", 3)[1:] == by_id[:2]


@pytest.mark.parametrize("kind", ["v3", "local"])
def test_groups_are_compared_with_those_of_an_earlier_time(use, kind):
    use(kind)
    write_them()
    wanted = Wanted("name", TraceFilter(from_time=at(0, day=1), to_time=at(59, day=1)))
    rows = stats.compared(known(), wanted, stats.shift_of("yesterday"))
    found = {row["name"]: (row["count"], row["before"] and row["before"]["count"]) for row in rows}
    assert found == {"note": (1, None), "ask": (0, 2), "wait": (0, 2)}
    with pytest.raises(UsageError, match="no day is in two times"):
        stats.compared(known(), Wanted("day"), stats.shift_of("7d"))


@pytest.mark.parametrize("text", ["", "soon", "last", "7", "monday", "0d"])
def test_how_long_before_is_said_in_words(text):
    assert stats.shift_of("Last  Week").days == 7
    with pytest.raises(UsageError, match="last week"):
        stats.shift_of(text)
