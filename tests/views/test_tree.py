"""Tables and trees, as text."""

import io

import pytest

from coaiapy.langfuse.records.display import fields
from coaiapy.util.times import moment
from coaiapy.views import outline
from coaiapy.views import tree as plain


def observation(id, parent=None, **more):
    body = {"id": id, "type": "SPAN", "name": id, "startTime": "2026-01-31T12:00:00.000Z"}
    if parent:
        body["parentObservationId"] = parent
    return dict(body, **more)


def tree(*observations, **look):
    trace = {"id": "t", "timestamp": "2026-01-31T12:00:00.000Z", "observations": observations}
    return [line.text for line in plain.trace_lines(trace, plain.Look(**look))]


def test_children_stand_below_their_parents_in_their_order():
    lines = tree(
        observation("a"),
        observation("b"),
        observation("a1", "a"),
        observation("a2", "a"),
        observation("a11", "a1"),
    )
    assert lines == [
        "trace t  2026-01-31 12:00:00Z",
        "├─ SPAN        a",
        "│  ├─ SPAN        a1",
        "│  │  └─ SPAN        a11",
        "│  └─ SPAN        a2",
        "└─ SPAN        b",
    ]


def test_a_line_says_type_name_model_usage_duration_level_and_status():
    (_, line) = tree(
        observation(
            "a",
            type="GENERATION",
            model="gpt-4",
            usageDetails={"output": 2, "input": 1},
            endTime="2026-01-31T12:00:01.250Z",
            level="ERROR",
            statusMessage="rate limit",
        )
    )
    assert line == "└─ GENERATION  a  gpt-4  input=1 output=2  1.25 s  ERROR  rate limit"


def test_a_parent_that_is_not_there_loses_nobody():
    assert [line[-1] for line in tree(observation("a", "gone"), observation("b", "a"))[1:]] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    "parents",
    [
        {"a": "a"},
        {"a": "b", "b": "a"},
        {"a": "b", "b": "c", "c": "b"},
        {"a": "b", "b": "c", "c": "a", "d": "a", "e": "e", "f": None},
    ],
)
def test_a_ring_of_parents_loses_nobody(parents):
    lines = tree(*[observation(name, parent) for name, parent in sorted(parents.items())])[1:]
    assert sorted(line[-1] for line in lines) == sorted(parents)
    rings = {"a": 1, "abc": 1, "ab": 1, "abcdef": 2}["".join(sorted(parents))]
    assert sum("form a cycle" in line for line in lines) == rings


def test_a_deep_chain_is_shown_whole_and_not_ever_wider():
    chain = [observation("0")] + [observation(str(n), str(n - 1)) for n in range(1, 2000)]
    lines = tree(*chain)[1:]
    assert len(lines) == 2000
    assert lines[-1].endswith("(level 2000) SPAN        1999")
    assert max(map(len, lines)) < 250


def test_two_observations_of_one_id_are_both_shown():
    assert len(tree(observation("a"), observation("a"), observation("b", "a"))) == 4


def test_what_could_steer_a_terminal_is_an_escape():
    lines = tree(observation("a", name="x\x1b[2J\ny\u202e", statusMessage="\r"))
    assert lines[1].endswith("x\\x1b[2J\\ny\\u202e  \\r")
    shown = fields({"input": "one\ntwo\x07", "name": "n"})
    assert shown.splitlines() == ["input  one", "       two\\x07", "name   n"]


def test_strokes_are_lines_where_the_stream_can_show_them():
    ascii_stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    assert outline.strokes_for(ascii_stream) is outline.ASCII
    assert outline.strokes_for(io.TextIOWrapper(io.BytesIO(), "utf-8")) is outline.LINES
    lines = tree(observation("a"), observation("b", "a"), strokes=outline.ASCII)
    assert lines[1:] == ["`- SPAN        a", "   `- SPAN        b"]


def test_a_person_also_sees_costs_and_a_total():
    lines = tree(
        observation("a", costDetails={"input": 0.5, "output": 0.25}, usageDetails={"input": 3}),
        observation("b", costDetails={"total": 1}, endTime="2026-01-31T12:00:02.000Z"),
        observation("c", usageDetails={"input": 4, "output": 1}),
        costs=True,
    )
    assert lines[1:] == [
        "├─ SPAN        a  input=3  $0.75",
        "├─ SPAN        b  2 s  $1.00",
        "└─ SPAN        c  input=4 output=1",
        "total  3 observations  input=7 output=1  2 s  $1.75",
    ]
    assert tree(costs=True) == ["trace t  2026-01-31 12:00:00Z"]


def test_inputs_and_outputs_stand_below_their_observation():
    lines = tree(
        observation("a", input="one\ntwo", output={"rows": 3}),
        observation("a1", "a", output=0),
        observation("b", input=None, output=""),
        contents=True,
    )
    assert lines[1:] == [
        "├─ SPAN        a",
        "│  │  input:  one\\ntwo",
        '│  │  output: {"rows": 3}',
        "│  └─ SPAN        a1",
        "│        output: 0",
        "└─ SPAN        b",
        "      output: ",
    ]


def test_a_session_shows_each_of_its_traces():
    one = {"id": "t1", "timestamp": "2026-01-31T12:00:00.000Z", "observations": []}
    shown = plain.session_tree({"id": "s", "traces": [one, dict(one, id="t2", name="Second")]})
    assert shown.splitlines()[0] == "session s  2 traces"
    assert "trace t1" in shown and "Second  trace t2" in shown


@pytest.mark.parametrize("text", ["soon", "0001-01-01T00:00:00+10:00", 5, {}])
def test_what_is_no_time_is_shown_as_it_is(text):
    trace = {"id": "t", "timestamp": text, "observations": [{"id": "o", "startTime": text}]}
    trace["observations"][0]["endTime"] = text
    assert plain.trace_tree(trace).startswith("trace t")
    assert moment(text) == (str(text) if text else "")
