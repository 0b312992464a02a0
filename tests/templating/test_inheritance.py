"""Templates that extend others."""

import os

import pytest

from coaiapy import pipeline
from coaiapy.errors import UsageError
from coaiapy.templating.inheritance import load


def steps(*names):
    return [{"name": name} for name in names]


def test_null_says_that_there_is_no_value(put):
    put("nulls", {"extends": None, "author": None, "steps": [{"name": "A", "parent": None}]})
    assert load("nulls").steps[0].parent is None


def test_a_child_adds_changes_and_removes_by_name(put):
    base = {
        "description": "base",
        "metadata": {"a": 1, "b": 2},
        "trace": {"name": "T", "tags": ["x"]},
        "variables": [
            {"name": "v", "type": "number", "default": 1, "description": "kept"},
            {"name": "gone"},
        ],
        "steps": [
            {"name": "A", "observation_type": "SPAN", "conditional": "{{ v > 0 }}"},
            {"name": "B", "parent": "A", "metadata": {"k": 1}},
            {"name": "C"},
        ],
    }
    child = {
        "extends": "base",
        "metadata": {"b": 3},
        "trace": {"name": "U"},
        "variables": [
            {"name": "v", "default": 2},
            {"name": "gone", "remove": True},
            {"name": "new", "default": "n"},
        ],
        "steps": [
            {"name": "B", "metadata": {"l": 2}, "level": "WARNING"},
            {"name": "C", "remove": True},
            {"name": "D"},
            {"name": "A", "conditional": None},
        ],
    }
    put("base", base, "user")
    put("child", child)
    template = load("child")
    assert template.get_variable_names() == ["v", "new"]
    first = template.variables[0]
    assert (first.type, first.default, first.description) == ("number", 2, "kept")
    assert [step.name for step in template.steps] == ["A", "B", "D"]
    assert template.steps[0].observation_type == "SPAN" and template.steps[0].conditional is None
    assert template.steps[1].parent == "A" and template.steps[1].level == "WARNING"
    assert template.steps[1].metadata == {"k": 1, "l": 2}
    assert template.metadata == {"a": 1, "b": 3} and template.trace == {"name": "U", "tags": ["x"]}
    assert (template.name, template.description) == ("child", "base")


def test_a_grandchild_changes_what_its_grandparent_has(put):
    put("one", {"steps": steps("A", "B"), "variables": [{"name": "v", "default": "1"}]})
    put("two", {"extends": "one", "steps": steps("C")})
    put("three", {"extends": "two", "steps": [{"name": "A", "remove": True}]})
    template = load("three")
    assert [step.name for step in template.steps] == ["B", "C"]
    assert template.extends == "two" and template.get_variable_names() == ["v"]


def test_a_child_made_by_an_earlier_release_has_no_step_twice(put):
    copied = load("llm-chain").to_dict()
    old = {"name": "model_name", "type": "string", "required": False, "default": "llama-2"}
    copied["variables"] = [v for v in copied["variables"] if v["name"] != "model"] + [old]
    put("old", dict(copied, extends="llm-chain"))
    template = load("old")
    assert len(template.steps) == len(load("llm-chain").steps)
    made = pipeline.create(template)
    assert {each.model for each in made.observations} == {"llama-2", None}


@pytest.mark.parametrize(
    "child, said",
    [
        ('{"extends": "nobody"}', "child.json, line 1: extends: no template 'nobody'"),
        ('{\n"extends": "simple-trac"}', "line 2: extends: no template"),
        ('{"extends": "simple-trac"}', "did you mean 'simple-trace'"),
        ('{\n"extends": "child"}', "child.json, line 2: extends forms a cycle: child -> child"),
        ('{"extends": "other"}', "other.json, line 3: extends forms a cycle: child -> other"),
        (
            '{"extends": "simple-trace", "steps": [{"name": "Y"},\n {"name": "X", "remove": true}]}',
            "child.json, line 2: steps[1] 'X': there is nothing to remove",
        ),
        (
            '{"extends": "simple-trace", "variables": [{"name": "user_id",\n"type": "x"}]}',
            "line 2: variables[0] 'user_id': type: 'x' is not one of",
        ),
        (
            '{"extends": "numbers", "variables": [{"name": "n",\n"default": "x"}]}',
            "child.json, line 2: variables[0] 'n': default: must be a number",
        ),
        (
            '{"extends": "numbers", "variables": [{"name": "n", "description": "x"},\n'
            '{"name": "m", "aliases": ["n"]}]}',
            "child.json, line 2: variables[1] 'm': aliases: 'n' occurs twice",
        ),
        (
            '{"extends": "broken-later", "variables": [{"name": "n", "description": "x"}]}',
            "child.json, line 3 of broken-later.json: variables[0] 'n': default: must be true or false",
        ),
    ],
)
def test_what_cannot_be_inherited_is_an_error_that_names_file_and_line(put, child, said):
    put("other", '{\n\n"extends": "child"}')
    put("numbers", '{"variables": [{"name": "n", "type": "number",\n"default": 1}]}')
    put(
        "broken-later", '{"extends": "numbers", "variables": [\n{"name": "n",\n"type": "boolean"}]}'
    )
    path = put("child", child)
    with pytest.raises(UsageError) as caught:
        load("child")
    told = str(caught.value).replace(str(path.parent) + os.sep, "")
    assert said in told and told != str(caught.value)


def test_a_base_cannot_be_outside_its_folder(put):
    path = put("child", {"extends": "../../secret"})
    with pytest.raises(UsageError, match="extends: '../../secret' is not a valid template name"):
        load("child")
    listing = pipeline.list_templates()
    assert len(listing.templates) == 5 and str(path) in listing.complaints[0]
