"""A schema as JSON Schema: what it says of variables, and each mistake in it with its line."""

import json

import pytest

from coaiapy.env.schema import json_form
from coaiapy.env.schema.rules import Rule
from coaiapy.errors import UsageError


def parsed(**properties):
    return json_form.parse(json.dumps({"properties": properties}, indent=1), "S")


def test_what_it_says_of_a_variable():
    text = """{
      "x-team": 1, "required": ["PORT"], "additionalProperties": false, "properties": {
        "PORT": {"type": "integer", "minimum": 1, "default": 80, "description": "a port", "x-a": 1},
        "SITE": {"format": "uri", "requiredIn": ["production"], "maxLength": 9},
        "KEY": {"writeOnly": true, "pattern": "^k$", "enum": ["k", 1, true]}
    }}"""
    schema = json_form.parse(text, "S")
    assert schema.problems == [] and schema.is_closed
    assert list(schema.rules.values()) == [
        Rule(
            "PORT",
            3,
            "integer",
            required=True,
            default="80",
            description="a port",
            limits=(1, None),
        ),
        Rule("SITE", 4, "url", required_in=("production",), lengths=(None, 9)),
        Rule("KEY", 5, enum=("k", "1", "true"), pattern="^k$", secret=True),
    ]


@pytest.mark.parametrize(
    "properties, said",
    [
        ({"A": {"oneOf": []}}, "A.oneOf no such field"),
        ({"A": {"type": "array"}}, "A.type 'array' is not one of"),
        ({"A": {"pattern": "("}}, "A.pattern is no regular expression"),
        ({"A": {"enum": []}}, "A.enum must have 1 or more items"),
        ({"A": 1}, "A must be an object"),
        ({"A B": {}}, "A B cannot name a variable"),
        ({"A": {"requiredIn": "x"}}, "A.requiredIn must be a list"),
        ({"A": {"minimum": "1"}}, "A.minimum must be a number"),
    ],
)
def test_a_mistake_is_a_problem_of_its_line(properties, said):
    schema = parsed(GOOD={"type": "string"}, **properties)
    (problem,) = schema.problems
    assert problem.message.startswith(said) and problem.rule == "wrong-schema"
    assert problem.line >= 6
    assert "GOOD" in schema.rules


@pytest.mark.parametrize("pattern", ["[[a]--b]", "a||b", "[a~~b]"])
def test_a_pattern_that_python_would_warn_of_is_taken_in_silence(pattern, recwarn):
    assert parsed(A={"pattern": pattern}).problems == [] and not recwarn.list


def test_a_required_name_needs_no_property():
    schema = json_form.parse('{"required": ["A"]}', "S")
    assert schema.problems == [] and schema.rules["A"].required


def test_a_required_name_that_may_not_be_and_an_unknown_keyword_of_the_schema():
    text = '{"additionalProperties": false,\n"required": ["A"],\n"allOf": []}'
    found = json_form.parse(text, "S").problems
    assert [(one.line, one.message) for one in sorted(found)] == [
        (2, "required: A is not among the properties"),
        (3, "allOf no such field"),
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"properties": {}, "properties": {}}', "{", "[" * 9999]
)
def test_what_is_no_object_is_an_error(text):
    with pytest.raises(UsageError, match="^S "):
        json_form.parse(text, "S")
