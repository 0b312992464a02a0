"""Where the values of variables come from, and how everything wrong is told at once."""

import pytest

from coaiapy.pipeline import PipelineTemplate
from coaiapy.templating.model import names_of, placeholders, resolve
from coaiapy.templating.render import new_language


def template(*variables):
    return PipelineTemplate.from_dict({"name": "t", "variables": list(variables)})


def number(name, **more):
    return dict({"name": name, "type": "number"}, **more)


def resolved(made, given, environment):
    stated = {key: (text, ".coaia-env") for key, text in (environment or {}).items()}
    return resolve(made, given or {}, stated.get, new_language())


def values(made, given=None, environment=None):
    found = resolved(made, given, environment)
    assert not found.problems
    return found.values


def problems(made, given=None, environment=None):
    return resolved(made, given, environment).problems


def test_given_goes_before_the_environment_goes_before_the_default():
    made = template(number("n", default=1))
    assert values(made)["n"] == 1
    assert values(made, {}, {"COAIA_N": "2"})["n"] == 2
    assert values(made, {"n": "3"}, {"COAIA_N": "2"})["n"] == 3


def test_an_empty_variable_of_the_environment_is_not_set():
    assert values(template(number("n", default=1)), {}, {"COAIA_N": ""})["n"] == 1


def test_falsy_values_are_values():
    made = template(
        number("n", default=5),
        {"name": "b", "type": "boolean", "default": True},
        {"name": "s", "default": "x"},
        {"name": "l", "type": "list", "default": ["x"]},
    )
    assert values(made, {"n": "0", "b": "false", "s": "", "l": "[]"}) == {
        "n": 0,
        "b": False,
        "s": "",
        "l": [],
        "user_id": None,
        "session_id": None,
    }


@pytest.mark.parametrize("type_name", ["number", "integer"])
def test_a_number_has_limits(type_name):
    made = template({"name": "n", "type": type_name, "minimum": 0, "maximum": 9})
    for text in ("0", "9", "2"):
        assert values(made, {"n": text})["n"] == int(text)
    assert problems(made, {"n": "-1"}) == ["'n' must be 0 or more, not -1"]
    assert problems(made, {}, {"COAIA_N": "10"})[0].endswith("must be 9 or less, not 10")


def test_a_stand_in_keeps_to_the_limits():
    limits = [{"minimum": 5}, {"maximum": 0}, {"maximum": 0.5, "minimum": 0.5}, {}]
    made = [template(number("n", **one)) for one in limits]
    assert [placeholders(one)["n"] for one in made] == [5, 0, 0.5, 1]


def test_a_default_that_is_an_expression_keeps_to_the_limits():
    made = template(number("a", default=5), number("n", default="{{ a * 2 }}", maximum=9))
    assert values(made, {"a": 4})["n"] == 8
    assert "default of 'n': must be 9 or less, not 10" in problems(made)[0]


def test_every_template_has_a_user_and_a_session():
    found = values(template(), {"user_id": "john"}, {"COAIA_SESSION_ID": "s"})
    assert found == {"user_id": "john", "session_id": "s"}


def test_an_alias_gives_the_variable_and_can_be_used_in_expressions():
    made = template({"name": "model", "aliases": ["model_name"], "default": "m"})
    assert values(made, {"model_name": "x"})["model"] == "x"
    assert values(made, {}, {"COAIA_MODEL_NAME": "y"})["model"] == "y"
    assert names_of(made, values(made))["model_name"] == "m"
    assert "the same variable" in problems(made, {"model": "a", "model_name": "b"})[0]


def test_a_default_may_use_other_variables_in_any_order():
    made = template(
        {"name": "a", "default": "{{ b }}/{{ alias }}"},
        {"name": "b", "default": "{{ c }}!"},
        {"name": "c", "default": "see"},
        number("d", default="{{ e * 2 }}", aliases=["alias"]),
        number("e", default=2),
        {"name": "f", "type": "list", "default": ["{{ c }}", 1]},
    )
    found = values(made, {"e": 4})
    assert (found["a"], found["d"], found["f"]) == ("see!/8", 8, ["see", 1])


@pytest.mark.parametrize(
    "variables, said",
    [
        ([{"name": "a", "default": "{{ b }}"}, {"name": "b", "default": "{{ a }}"}], "a -> b -> a"),
        ([{"name": "a", "default": "{{ a }}"}], "a -> a"),
        ([{"name": "a", "default": "{{ nope }}"}], "default of 'a': 'nope' is undefined"),
        ([number("a", default="{{ 'x' }}")], "default of 'a': must be a number, not 'x'"),
        ([{"name": "a", "default": "{{ 'c' }}", "choices": ["b"]}], "must be one of b, not 'c'"),
    ],
)
def test_a_default_that_cannot_be_is_told(variables, said):
    found = problems(template(*variables))
    assert len(found) == 1 and said in found[0]


def test_every_problem_is_told_and_a_typo_gets_a_suggestion():
    made = template(
        {"name": "job_name"},
        number("worker_count", default=3),
        {"name": "mode", "default": "a", "choices": ["a", "b"]},
        {"name": "tags", "type": "list", "default": ["x"], "choices": ["x", "y"]},
    )
    given = {"jobname": "x", "worker_count": "many", "mode": "c", "tags": "x,z"}
    found = "; ".join(problems(made, given))
    for said in (
        "no variable 'jobname' (did you mean 'job_name'?)",
        "'job_name' is required",
        "'worker_count' must be a number, not 'many'",
        "'mode' must be one of a, b, not 'c'",
        "'tags' must be one of x, y, not 'z'",
    ):
        assert said in found
    assert made.validate_variables(given) == problems(made, given)


def test_a_wrong_value_of_the_environment_is_told_by_its_own_name():
    assert problems(template(number("n")), {}, {"COAIA_N": "x"}) == [
        "'COAIA_N' in .coaia-env must be a number, not 'x'"
    ]


@pytest.mark.parametrize("given", [{}, {"s": ""}, {"s": None}])
def test_a_required_text_must_say_something(given):
    assert len(problems(template({"name": "s"}), given)) == 1


def test_choices_and_types_are_compared_after_conversion():
    assert values(template(number("n", choices=[1, 2])), {"n": "2"})["n"] == 2


def test_stand_ins_fit_their_variables():
    made = template(
        {"name": "s"},
        number("n"),
        {"name": "b", "type": "boolean"},
        {"name": "l", "type": "list"},
        {"name": "o", "type": "object"},
        {"name": "c", "choices": ["x", "y"]},
        {"name": "free", "required": False},
    )
    stand_ins = placeholders(made)
    assert stand_ins["s"] == "<s>" and stand_ins["c"] == "x" and "free" not in stand_ins
    assert values(made, stand_ins)["l"] == ["<l>"]
