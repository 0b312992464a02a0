"""What a tool takes, in Gemini's words: known ones kept, others said otherwise or left out."""

import pytest

from coaiapy.langfuse.datasets.finetuning import gemini_parameters


def of(schema):
    """What becomes of the schema of one property."""
    return gemini_parameters({"properties": {"p": schema}})["properties"]["p"]


@pytest.mark.parametrize(
    "schema, said",
    [
        ({"type": "string", "minLength": 1, "examples": ["a"]}, {"type": "string", "minLength": 1}),
        ({"type": ["integer", "null"]}, {"type": "integer", "nullable": True}),
        (
            {"type": ["string", "number"]},
            {"anyOf": [{"type": "string"}, {"type": "number"}]},
        ),
        ({"const": "a"}, {"enum": ["a"]}),
        ({"const": 1}, {}),
        ({"enum": [1, 2], "type": "integer"}, {"type": "integer"}),
        ({"oneOf": [{"type": "string"}, True]}, {"anyOf": [{"type": "string"}, {}]}),
        ({"type": "text", "required": True, "minimum": True, "format": 1}, {}),
        ({"items": {"const": "a"}, "type": "array"}, {"type": "array", "items": {"enum": ["a"]}}),
        ({"items": [{"type": "string"}]}, {}),
        ({"$ref": "https://example.org/schema"}, {}),
        (True, {}),
    ],
)
def test_a_property(schema, said):
    assert of(schema) == said


def test_references_lead_to_the_definitions_of_the_whole():
    place = {"properties": {"inside": {"$ref": "#/definitions/place"}}}
    schema = {
        "type": "object",
        "properties": {"to": {"$ref": "#/definitions/place"}, "by": {"$ref": "#/definitions/no"}},
        "definitions": {"place": place},
    }
    assert gemini_parameters(schema) == {
        "type": "object",
        "properties": {"to": {"ref": "#/defs/place"}, "by": {}},
        "defs": {"place": {"properties": {"inside": {"ref": "#/defs/place"}}}},
    }


@pytest.mark.parametrize("schema", [None, "x", {}, {"type": "object", "properties": {}}])
def test_what_takes_nothing_has_no_parameters(schema):
    assert gemini_parameters(schema) == {}
