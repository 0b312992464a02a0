"""Files with tests: what they may say, and whatever else is there."""

import os

import pytest

from coaiapy.authoring.testing import document
from coaiapy.errors import CoaiaError


@pytest.mark.parametrize(
    "text, said",
    [
        ("cases: [{variables: {}}]", "line 1: cases.0.name is missing"),
        (
            "cases:\n- {name: a, step: []}",
            "line 2: cases.0.step no such field (did you mean 'steps'?)",
        ),
        ("cases:\n- {name: a}\n- {name: a}", "line 3: two cases are called 'a'"),
        ("cases: [{name: a, steps: [{nam: x}]}]", "cases.0.steps.0.name is missing"),
        ("cases: [{name: a, commands: {A: 5}}]", "cases.0.commands.A must be an object"),
        ("cases: [{name: a, commands: {A: {code: 5}}}]", "commands.A.code no such field"),
        ("- 1", "the file must be an object"),
        ("", "the file must be an object"),
        ("a: [", "not YAML"),
        ("a: &a [*a]", ""),
        ("\0", "not YAML"),
        ("[" * 30000, "not YAML"),
        ("cases: [{name: 1}]", "must be text, not a number"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, text, said):
    (tmp_path / "t.yaml").write_text("steps: []")
    path = tmp_path / "t.test.yaml"
    path.write_text(text)
    with pytest.raises(CoaiaError) as error:
        document.read(str(path))
    assert str(path) in str(error.value) and said in str(error.value)


def test_tests_without_a_template_are_told(tmp_path):
    (tmp_path / "t.test.yaml").write_text("cases: []")
    with pytest.raises(CoaiaError) as error:
        document.read(str(tmp_path / "t.test.yaml"))
    assert "there is no template t beside it" in str(error.value)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(str(tmp_path / "t.test.yaml"))
    with pytest.raises(CoaiaError) as error:
        document.read(str(tmp_path / "t.test.yaml"))
    assert "pipe" in str(error.value)
