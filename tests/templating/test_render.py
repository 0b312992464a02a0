"""Which steps a template makes, what is in them, and under which step they hang."""

import pytest

from coaiapy.pipeline import PipelineTemplate, TemplateError, create


def make(*steps, **more):
    variables = more.pop("variables", {})
    document = dict({"name": "t", "steps": list(steps)}, **more)
    document["variables"] = [
        {"name": "flag", "type": "boolean", "default": False},
        {"name": "count", "type": "number", "default": 2},
        {"name": "title", "default": "Title"},
    ]
    return create(PipelineTemplate.from_dict(document), variables)


def step(name, **more):
    return dict({"name": name}, **more)


def tree(made):
    """The name of each observation with its parent's."""
    names = {each.id: each.name for each in made.observations}
    return [(each.name, names.get(each.parent_id)) for each in made.observations]


@pytest.mark.parametrize(
    "condition, kept",
    [
        ("{{ flag }}", False),
        ("{{ not flag }}", True),
        ("{{ 1 > 2 }}", False),
        ("{{ count }}", True),
        ("{{ count - 2 }}", False),
        ("{{ [] }}", False),
        ("flag", False),
        ("count > 1", True),
        ("'a' in title", False),
        ("{% if flag %}true{% endif %}", False),
        ("{% if not flag %}true{% endif %}", True),
        ("{% if flag %}true{% else %}false{% endif %}", False),
        ("{{ flag }}{{ flag }}", True),
        (True, True),
        (False, False),
        ("", True),
    ],
)
def test_a_condition_holds_by_its_truth(condition, kept):
    assert len(make(step("A", conditional=condition)).observations) == int(kept)


def test_a_step_repeats_over_a_list_with_item_index_and_number():
    made = make(
        step("Root", observation_type="SPAN"),
        step(
            "W{{ number }}",
            for_each="{{ range(count) }}",
            parent="Root",
            input={"item": "{{ item }}", "index": "{{ index }}", "of": "{{ title }}"},
        ),
        variables={"count": 3},
    )
    assert tree(made) == [("Root", None), ("W1", "Root"), ("W2", "Root"), ("W3", "Root")]
    assert made.observations[2].input == {"item": 1, "index": 1, "of": "Title"}


@pytest.mark.parametrize("for_each", [["a", "{{ title }}"], "['a', title]", "{{ ['a', title] }}"])
def test_the_list_may_be_written_in_several_ways(for_each):
    made = make(step("{{ item }}", for_each=for_each))
    assert [each.name for each in made.observations] == ["a", "Title"]


def test_a_condition_inside_a_loop_sees_the_item():
    made = make(step("{{ item }}", for_each=[1, 2, 3], conditional="item != 2"))
    assert [each.name for each in made.observations] == ["1", "3"]


def test_a_loop_hangs_under_the_matching_turn_of_another():
    made = make(
        step("Worker {{ number }}", for_each=[1, 2]),
        step("Result {{ number }}", for_each=[1, 2], parent="Worker {{ number }}"),
    )
    assert tree(made)[2:] == [("Result 1", "Worker 1"), ("Result 2", "Worker 2")]


def test_a_parent_may_be_named_as_in_the_file_and_may_come_later():
    made = make(step("Child", parent="{{ title }} span"), step("{{ title }} span"))
    assert tree(made) == [("Child", "Title span"), ("Title span", None)]
    for parent in ("W1", "W{{ number }}"):
        made = make(step("Child", parent=parent), step("W{{ number }}", for_each=[1]))
        assert tree(made) == [("Child", "W1"), ("W1", None)]


def test_what_hangs_under_a_step_left_out_moves_up():
    made = make(
        step("Root"),
        step("Off {{ title }}", parent="Root", conditional=False),
        step("Off too", parent="Off {{ title }}", conditional=False),
        step("A", parent="Off too"),
        step("Nobody {{ item }}", for_each=[], parent="Root"),
        step("B", parent="Nobody {{ item }}"),
    )
    assert tree(made) == [("Root", None), ("A", "Root"), ("B", "Root")]


@pytest.mark.parametrize(
    "steps, said",
    [
        ([step("A", parent="Nope")], "step 'A', parent: there is no step 'Nope'"),
        ([step("Alpha"), step("B", parent="Alpa")], "did you mean 'Alpha'"),
        ([step("A", parent="A")], "step 'A', parent: forms a cycle"),
        ([step("A", parent="B"), step("B", parent="A")], "forms a cycle"),
        ([step("A"), step("{{ 'A' }}")], "name: 'A' occurs twice"),
        ([step("same", for_each=[1, 2])], "step 'same', name: 'same' occurs twice"),
        ([step("A", for_each="title")], "for_each: must give a list, not 'Title'"),
        ([step("A", for_each="{{ count }}")], "for_each: must give a list, not 2"),
        ([step("A{{ item }}", for_each="range(20000)")], "at most 10000"),
        ([step("{{ '' }}")], "name: is empty"),
        ([step("A", input={"x": ["{{ nope }}"]})], "step 'A', input.x[0]: 'nope' is undefined"),
        ([step("A", metadata={"x": "{{ nope }}"})], "metadata.x: 'nope' is undefined"),
        ([step("A", conditional="{{ nope }}")], "step 'A', conditional: 'nope' is undefined"),
        ([step("A", level="{{ title }}")], "step 'A', level: 'Title' is not one of"),
        ([step("A", usage="{{ title }}")], "step 'A', usage: must be an object"),
        ([step("A", usage={"input": -1})], "step 'A', usage: input must be a whole number"),
    ],
)
def test_what_cannot_be_made_is_told_with_template_step_and_field(steps, said):
    with pytest.raises(TemplateError) as caught:
        make(*steps)
    assert str(caught.value).startswith("template 't', step ") and said in str(caught.value)


def test_an_ambiguous_parent_is_refused():
    with pytest.raises(TemplateError, match="ambiguous: it can be 'W 1', 'W 2'"):
        make(step("W {{ number }}", for_each=[1, 2]), step("B", parent="W {{ number }}"))


def test_generations_carry_what_langfuse_has_fields_for():
    made = make(
        step(
            "G",
            observation_type="generation",
            model="{{ title }}",
            model_parameters={"n": "{{ count }}", "none": "{{ none }}"},
            usage={"prompt_tokens": "{{ count }}"},
            level="{{ 'warning' if not flag else 'DEFAULT' }}",
            status_message="{{ count }}",
        )
    )
    only = made.observations[0]
    assert (only.type, only.model, only.usage) == ("GENERATION", "Title", {"input": 2})
    assert only.model_parameters["n"] == 2
    assert (only.level, only.status_message) == ("WARNING", "2")


def test_input_and_output_among_the_variables_of_a_step_are_its_input_and_output():
    made = make(
        step("A", variables={"input": {"n": "{{ count }}"}, "output": 0, "more": "{{ title }}"})
    )
    only = made.observations[0]
    assert (only.input, only.output) == ({"n": 2}, 0)
    assert only.metadata["variables"] == {"more": "Title"}


@pytest.mark.parametrize("value", [0, False, "", [], {}])
def test_falsy_input_is_input(value):
    assert make(step("A", input=value)).observations[0].body()["input"] == value


def test_null_is_absence():
    body = (
        make(step("A", input=None, output="{{ none }}", metadata={"a": None}))
        .observations[0]
        .body()
    )
    assert "input" not in body and "output" not in body and "a" not in body["metadata"]


def test_observations_say_which_template_they_are_from():
    only = make(step("A", description="What it is", metadata={"own": 1})).observations[0]
    assert only.metadata == {
        "template_name": "t",
        "template_version": "1.0",
        "description": "What it is",
        "own": 1,
    }


def test_times_rise_in_the_order_of_the_template_and_nothing_has_an_end():
    made = make(
        step("S", observation_type="SPAN"), step("E"), step("{{ item }}", for_each=list("abc"))
    )
    starts = [each.start_time for each in made.observations]
    assert starts == sorted(set(starts)) and starts[0] == made.trace.timestamp
    assert {each.end_time for each in made.observations} == {None}


def test_the_trace_says_what_made_it():
    made = make(step("A"), version="3")
    assert made.trace.name == "Pipeline: t"
    assert made.trace.metadata == {
        "template_name": "t",
        "template_version": "3",
        "variables": {"flag": False, "count": 2, "title": "Title"},
    }


def test_a_template_describes_its_trace():
    trace = {
        "name": "{{ title }}",
        "input": {"n": "{{ count }}"},
        "tags": ["x", "{{ count }}", "{{ none }}"],
        "metadata": {"own": "{{ flag }}"},
        "environment": "prod",
    }
    made = make(step("A"), trace=trace)
    assert (made.trace.name, made.trace.input, made.trace.tags) == ("Title", {"n": 2}, ("x", "2"))
    assert made.trace.metadata["own"] is False
    assert made.trace.environment == made.observations[0].environment == "prod"


def test_an_error_in_the_trace_is_told():
    with pytest.raises(TemplateError, match="template 't', trace.name: 'nope' is undefined"):
        make(step("A"), trace={"name": "{{ nope }}"})


def test_ten_thousand_steps_are_made_in_reasonable_time():
    made = make(
        step("Root"),
        step("{{ number }}", for_each="range(9999)", parent="Root", input="{{ item }}"),
    )
    assert len(made.observations) == 10000 and made.observations[-1].input == 9998


@pytest.mark.parametrize(
    "where",
    [
        {"for_each": "{{ steps['Load'].output }}"},
        {"conditional": "steps.Load.exit_code == 0"},
        {"input": {"rows": "{{ steps['Load'].output | length }}"}},
    ],
)
def test_what_steps_give_is_not_known_where_nothing_runs(where):
    with pytest.raises(TemplateError, match="'Load' gives, which only coaia pipeline run knows"):
        make(step("Load", run="touch HIT"), step("Use", **where))
