"""Two traces side by side: what belongs together, and what differs."""

import pytest
from figure_data import at, generation
from reading import EVERY, forget_what_was_written, known

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import reads, traces
from coaiapy.langfuse.traces.figures.diff import diff, failures, limit_of, words_between
from coaiapy.langfuse.traces.figures.diff_display import diff_lines


def span(id, name, start=0, end=None, parent=None, **more):
    fields = dict(more, id=id, name=name, type="SPAN", parent_id=parent, start_time=at(start))
    return dict(fields, end_time=at(end)) if end is not None else fields


A = [
    span("r", "run", 0, 10),
    span("l", "load", 1, 3, "r"),
    generation(
        "g",
        "m1",
        at(4),
        100,
        {"input": 10, "output": 5},
        0.25,
        parent_id="r",
        input="the brown fox",
        output={"a": 1},
    ),
    span("c", "check", 5, 6, "r"),
]
B = [
    span("r", "run", 0, 20),
    span("l", "load", 1, 3, "r"),
    generation(
        "g",
        "m2",
        at(4),
        300,
        {"input": 20, "output": 5},
        0.5,
        parent_id="r",
        input="the red fox",
        output={"a": 1},
        level="ERROR",
    ),
    span("v", "verify", 7, 8, "r"),
]


def write(kind):
    for trace_id, steps in (("one", A), ("two", B)):
        records = [trace_from({"id": trace_id, "timestamp": at(0)})]
        # On a v3 server an id is unique in its project.
        renamed = [
            dict(
                step,
                id=trace_id + step["id"],
                parent_id=step["parent_id"] and trace_id + step["parent_id"],
            )
            for step in steps
        ]
        records += [observation_from(step, trace_id) for step in renamed]
        assert not traces.submit(known(), records).waiting
    if kind != "local":
        forget_what_was_written()


@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_the_difference_is_the_same_everywhere(use, kind):
    use(kind)
    write(kind)
    found = diff(reads.get_trace(known(), "one"), reads.get_trace(known(), "two"))
    by_name = {step["path"][-1]: step for step in found["steps"]}
    assert {name: step["status"] for name, step in by_name.items()} == {
        "run": "same",
        "load": "same",
        "ask": "changed",
        "check": "only in a",
        "verify": "only in b",
    }
    assert by_name["load"]["path"] == ["run", "load"]
    assert by_name["run"]["slower"] == 2 and by_name["ask"]["slower"] == 3
    assert by_name["ask"]["dearer"] == 2
    assert sorted(by_name["ask"]["changes"]) == ["input", "level", "model"]
    assert by_name["ask"]["changes"]["model"]["a"] == "m1"
    assert by_name["ask"]["changes"]["input"]["words"] == [
        ["=", "the "],
        ["-", "brown"],
        ["+", "red"],
        ["=", " fox"],
    ]
    total = found["total"]
    assert (total["a"]["duration"], total["b"]["duration"], total["slower"]) == (10000, 20000, 2)
    assert (total["a"]["errors"], total["b"]["errors"], total["dearer"]) == (0, 1, 2)
    limits = ["errors", "slower=1.5", "slower=2", "cost=1.2", "cost=3"]
    assert [said.split(":")[0] for said in failures(found, map(limit_of, limits))] == [
        "errors",
        "slower=1.5",
        "cost=1.2",
    ]


@pytest.mark.parametrize("limit", ["", "error", "slower", "slower=fast", "cost=0", "errors=1"])
def test_an_unknown_limit_is_named(limit):
    with pytest.raises(UsageError, match="errors, slower=1.5 or cost=1.2"):
        limit_of(limit)


def test_traces_without_steps_and_circles_of_parents_are_compared():
    circle = [
        {"id": "x", "name": "x", "startTime": at(0), "parentObservationId": "y"},
        {"id": "y", "name": "y", "startTime": at(1), "parentObservationId": "x"},
    ]
    found = diff({"id": "a", "observations": circle}, {"id": "b", "observations": circle})
    assert sorted(step["path"][-1] for step in found["steps"]) == ["x", "y"]
    assert {step["status"] for step in found["steps"]} == {"same"}
    assert diff({"id": "a"}, {"id": "b"})["steps"] == []


def test_a_deep_trace_is_compared_in_no_time():
    deep = [
        {
            "id": str(n),
            "name": "step",
            "startTime": at(0),
            "parentObservationId": str(n - 1) if n else None,
        }
        for n in range(3000)
    ]
    found = diff({"id": "a", "observations": deep}, {"id": "b", "observations": deep[:2000]})
    assert sum(step["status"] == "same" for step in found["steps"]) == 2000
    assert len(list(diff_lines(found))) == 3001


def test_very_long_texts_are_not_compared_word_by_word():
    assert words_between("a b", "a c") == [["=", "a "], ["-", "b"], ["+", "c"]]
    assert words_between("word " * 30000, "a") is None


def test_lines_say_what_has_changed():
    a = {"id": "a", "observations": [dict(kept(step), traceId="a") for step in A]}
    b = {"id": "b", "observations": [dict(kept(step), traceId="b") for step in B]}
    found = diff(a, b)
    lines = [line.text for line in diff_lines(found)]
    assert lines[0] == (
        "a -> b  4 steps  0 -> 1 error  10 s -> 20 s (2x, +10 s)  in=10 -> 20  out=5"
        "  $0.25 -> $0.50 (2x)"
    )
    assert lines[1:] == [
        "= run  10 s -> 20 s (2x, +10 s)",
        "=   load  2 s -> 2 s",
        "~   ask  100 ms -> 300 ms (3x, +200 ms)  in=10 -> 20  out=5  $0.25 -> $0.50 (2x)",
        "      level: [-DEFAULT-]{+ERROR+}",
        "      model: [-m1-]{+m2+}",
        "      input: the [-brown-]{+red+} fox",
        "-   check  only in a  1 s",
        "+   verify  only in b  1 s",
    ]
    assert [line.text[0] for line in diff_lines(found, only_changed=True)][1:] == list("~   -+")


def kept(step):
    return dict({"level": "DEFAULT"}, **observation_from(step, "t").body())
