"""A trace becomes a template that makes the same tree."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.authoring.from_trace.document import document_from
from coaiapy.errors import UsageError
from coaiapy.pipeline import create
from coaiapy.templating.model import PipelineTemplate
from coaiapy.views.outline import outline


def observation(number, name, parent=None, **fields):
    return dict(
        {
            "id": "o{}".format(number),
            "name": name,
            "type": "SPAN",
            "startTime": "2026-01-01T00:00:{:02d}.000Z".format(number),
            "parentObservationId": None if parent is None else "o{}".format(parent),
        },
        **fields,
    )


def trace(*observations, **fields):
    return dict({"id": "t", "name": "T", "observations": list(observations)}, **fields)


def made_again(found, **variables):
    """What the template that is made of a trace makes, as a trace."""
    template = PipelineTemplate.from_dict(document_from(found, "again"))
    return create(template, variables).body()


def tree(body):
    nodes = outline(body["observations"])
    return [(node.observation["name"], node.observation["type"], node.parent) for node in nodes]


WHOLE = trace(
    observation(0, "Write an essay", type="AGENT", input={"topic": "the sea", "n": 2}),
    observation(1, "Worker 1", 0, input={"worker": 1, "topic": "the sea"}, output="x"),
    observation(2, "Worker 2", 0, input={"worker": 2, "topic": "the sea"}, level="ERROR"),
    observation(3, "Worker 3", 0, input={"worker": 3, "topic": "the sea"}),
    observation(4, "Answer", 0, type="GENERATION", model="gpt-4", input="About the sea: {{ x }}"),
    observation(5, "Answer", 4, type="GENERATION", model="gpt-4", modelParameters={"top_p": 1}),
    observation(6, "", 99),
    input={"topic": "the sea", "deep": {"a": [1, "{% raw %}"]}},
    name="Essay on the sea",
    tags=["essay", "the sea"],
    userId="ann",
    metadata={"team": "a", "template_name": "other"},
)


def test_the_tree_is_the_same_and_equal_names_get_a_number():
    names = [name for name, _, _ in tree(made_again(WHOLE))]
    assert names == [
        "Write an essay",
        "Worker 1",
        "Worker 2",
        "Worker 3",
        "Answer",
        "Answer (2)",
        "SPAN",
    ]
    assert [rest for _, *rest in tree(made_again(WHOLE))] == [rest for _, *rest in tree(WHOLE)]


def test_what_varies_becomes_a_variable_and_what_the_run_has_given_is_left_out():
    again = made_again(WHOLE, topic="the desert", worker_count=1, model="small")
    assert (again["name"], again["tags"]) == ("Essay on the desert", ["essay", "the desert"])
    assert again["input"] == {"topic": "the desert", "deep": {"a": [1, "{% raw %}"]}}
    by_name = {one["name"]: one for one in again["observations"]}
    assert "Worker 2" not in by_name
    assert by_name["Worker 1"]["input"] == {"worker": 1, "topic": "the desert"}
    assert by_name["Answer"]["model"] == by_name["Answer (2)"]["model"] == "small"
    assert by_name["Answer (2)"]["modelParameters"] == {"top_p": 1}
    assert by_name["Answer"]["input"] == "About the sea: {{ x }}"
    assert not any(one.get("output") for one in again["observations"])
    assert again["metadata"]["team"] == "a" and again["metadata"]["template_name"] == "again"


HOSTILE = st.text(st.sampled_from("{}%# '\"\\-ab1\n\u2028é"), max_size=12)


@given(st.lists(st.tuples(HOSTILE, HOSTILE, st.integers(0, 9)), max_size=6), HOSTILE)
def test_texts_mean_themselves_whatever_is_in_them(rows, topic):
    steps = [
        observation(i, name, parent, input={"a": [text]})
        for i, (name, text, parent) in enumerate(rows)
    ]
    found = trace(*steps, input={"topic": topic, "1 _": topic + "xyz"})
    again = made_again(found)
    assert again["input"] == found["input"]
    assert len(tree(again)) == len(steps)
    parents = [node.parent for node in outline(found["observations"])]
    assert [node.parent for node in outline(again["observations"])] == parents
    told = [one.observation["input"] for one in outline(again["observations"])]
    assert told == [one.observation["input"] for one in outline(found["observations"])]


def test_a_large_value_is_a_variable_without_a_default():
    document = document_from(trace(input={"text": "x" * 5000}), "t")
    assert [one.get("default") for one in document["variables"]] == [None]


def test_a_trace_that_is_too_large_is_refused():
    steps = [observation(i % 60, "name {} x".format(i) * 20, input=[i] * 50) for i in range(400)]
    for i, step in enumerate(steps):
        step["id"] = "s{}".format(i)
    with pytest.raises(UsageError) as error:
        document_from(trace(*steps), "t")
    assert "too large for a template" in str(error.value)


def test_a_document_is_plain_json():
    assert json.loads(json.dumps(document_from(WHOLE, "t")))["trace"]["tags"] == [
        "essay",
        "{{ topic }}",
    ]
