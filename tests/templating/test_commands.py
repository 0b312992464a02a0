"""The command of a step, and what is wrong with one."""

import pytest

from coaiapy.errors import UsageError
from coaiapy.pipeline import PipelineTemplate, create
from coaiapy.templating.commands import render_command, variables_environment
from coaiapy.templating.language import TemplateError
from coaiapy.templating.render import new_language, plan_steps

VARIABLES = [
    {"name": "x", "default": "a b"},
    {"name": "n", "type": "number", "default": 2},
    {"name": "many", "type": "list", "default": ["a", "b"]},
    {"name": "yes", "type": "boolean", "default": True},
]
VALUES = {"x": "a b", "n": 2, "many": ["a", "b"], "yes": True}


def template(**step):
    step.setdefault("name", "Step")
    return PipelineTemplate.from_dict({"name": "t", "variables": VARIABLES, "steps": [step]})


def command(**step):
    language = new_language()
    plan = plan_steps(template(**step), VALUES, language)[0].plan
    return render_command(plan, plan.names, language)


def test_a_text_is_for_the_shell_and_a_list_of_words_is_not():
    text = command(run="echo {{ x }} > out")
    assert text.words[:2] == ["/bin/sh", "-c"] and text.shown == "echo 'a b' > out"
    words = command(run=["echo", "{{ x }}", 3, "$HOME", "{{ yes }}"])
    assert words.words == ["echo", "a b", "3", "$HOME", "true"]
    assert words.shown == "echo 'a b' 3 '$HOME' true"


def test_all_that_a_command_has_can_be_an_expression():
    made = command(
        run="true",
        env={"A": "{{ x }}", "B": "{{ n }}", "C": None},
        cwd="{{ x }}",
        stdin="{{ many | tojson }}",
        timeout="{{ n * 1.5 }}",
        retries="{{ n }}",
        backoff="0.5",
        continue_on_error="{{ yes }}",
        output="lines",
    )
    assert made.environment == {"A": "a b", "B": "2", "C": None}
    assert (made.folder, made.stdin, made.output) == ("a b", '["a", "b"]', "lines")
    assert (made.timeout, made.retries, made.backoff, made.continue_on_error) == (3, 2, 0.5, True)


def test_what_is_not_said_has_a_default():
    made = command(run="true")
    assert (made.folder, made.stdin, made.timeout, made.retries) == (None, None, None, 0)
    assert (made.backoff, made.continue_on_error, made.output) == (1, False, "text")


@pytest.mark.parametrize(
    "step, said",
    [
        ({"timeout": "{{ x }}"}, "timeout: must be a number, not 'a b'"),
        ({"timeout": "{{ n - 2 }}"}, "timeout: must be more than 0"),
        ({"retries": "1.5"}, "retries: must be a whole number"),
        ({"retries": "{{ 0 - n }}"}, "retries: must be 0 or more"),
        ({"retries": 5000}, "retries: must be 1000 or less"),
        ({"env": {"A": "{{ many }}"}}, "env: a list or an object"),
        ({"run": ["a", "{{ many }}"]}, "run: a list or an object"),
        ({"run": "echo '{{ x }}'"}, "run: an expression cannot stand in quotes"),
        ({"cwd": "{{ unknown }}"}, "cwd: 'unknown' is undefined"),
    ],
)
def test_a_wrong_value_is_told_with_its_step_and_field(step, said):
    with pytest.raises(TemplateError) as caught:
        command(**dict({"run": "true"}, **step))
    assert "step 'Step', " + said in str(caught.value)


@pytest.mark.parametrize(
    "step, said",
    [
        ({"run": ""}, "run: must not be empty"),
        ({"run": []}, "run: must have 1 or more items"),
        ({"run": [["a"]]}, "run[0]: must be text or a number"),
        ({"run": "true", "output": "xml"}, "output: of a step with run must be text, json"),
        ({"run": "true", "env": {"A-B": "1"}}, "env: 'A-B' is not a name of an environment"),
        ({"run": "true", "retries": 1.5}, "retries: must be a whole number"),
        ({"run": "true", "timeout": -1}, "timeout: must be 0 or more"),
        ({"run": "true", "needs": [1]}, "needs[0]: must be text"),
        ({"rum": "true"}, "did you mean 'run'?"),
    ],
)
def test_a_file_with_a_wrong_command_is_refused(step, said):
    with pytest.raises(UsageError) as caught:
        template(**step)
    assert said in str(caught.value)


def test_the_variables_arrive_as_environment_variables():
    environment = variables_environment(template(run="true"), dict(VALUES, user_id=None))
    assert environment == {
        "COAIA_X": "a b",
        "COAIA_N": "2",
        "COAIA_MANY": '["a", "b"]',
        "COAIA_YES": "true",
    }


def test_creating_a_trace_runs_nothing(tmp_path):
    mark = tmp_path / "mark"
    step = {"run": ["touch", str(mark)], "output": "json", "input": "in"}
    made = create(template(**step))
    assert made.observations[0].output is None and made.observations[0].input == "in"
    assert not mark.exists()
