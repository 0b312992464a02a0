"""The vendors' own code over training data: it takes every kind of line, and it can refuse one.

What it covers, and what not, stands in ``training_vendors.py``.
"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_vendors import RUN_HERE, WHY_NOT, read_by_google, read_by_openai

from coaiapy.langfuse.datasets.finetuning import training_data

pytestmark = pytest.mark.skipif(not RUN_HERE, reason=WHY_NOT)

READERS = {"openai": read_by_openai, "gemini": read_by_google}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "city": {"type": "string", "minLength": 1, "examples": ["Oslo"]},
        "unit": {"const": "celsius"},
        "days": {"type": ["integer", "null"], "exclusiveMinimum": 0, "enum": [1, 2, None]},
        "where": {"oneOf": [{"$ref": "#/$defs/place"}, {"type": "null"}]},
        "extra": True,
    },
    "required": ["city"],
    "$defs": {"place": {"type": "object", "properties": {"inside": {"$ref": "#/$defs/place"}}}},
}
TOOL = {"type": "function", "function": {"name": "w", "description": "d", "parameters": SCHEMA}}
CALL = {"id": "c1", "type": "function", "function": {"name": "w", "arguments": '{"city": "Oslo"}'}}
CHAT = [
    {"role": "system", "content": "Be brief"},
    {"role": "user", "name": "Ann", "content": "Weather?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": '{"sky": "sun"}'},
    {"role": "assistant", "content": "Sun", "weight": 1},
]
ITEM = {"id": "i", "input": {"messages": CHAT, "tools": [TOOL]}}


def line(vendor, item=ITEM):
    data = training_data([item], vendor)
    assert data.skipped == []
    return data.records[0]


@pytest.mark.parametrize("vendor", sorted(READERS))
def test_a_conversation_with_tools_is_taken(vendor):
    READERS[vendor](line(vendor))


def test_pictures_are_taken_however_they_were_written():
    parts = [
        {"type": "input_text", "text": "What?", "annotations": []},
        {"type": "image_url", "image_url": {"url": "u", "detail": "low", "file": "f"}},
        {"type": "image_url", "image_url": "u"},
        {"type": "input_image", "image_url": "u", "detail": "auto"},
    ]
    item = {"input": [{"role": "user", "content": parts}], "expectedOutput": "A cat"}
    record = line("openai", item)
    read_by_openai(record)
    assert [part["type"] for part in record["messages"][1]["content"]] == ["text"] + 3 * [
        "image_url"
    ]


GONE = object()
DECLARED = "tools.0.functionDeclarations.0."
WRONG = {
    "openai": [
        ("messages.1.content", 4),
        ("messages.1.content", None),
        ("messages.1.content", {"text": "Weather?"}),
        ("messages.1.content", [{"type": "text", "text": 4}]),
        ("messages.1.content", [{"type": "image_url", "image_url": "u"}]),
        ("messages.1.role", "human"),
        ("messages.1.role", GONE),
        ("messages.1.mood", "good"),
        ("messages.1.weight", 1),
        ("messages.2.tool_calls.0.id", GONE),
        ("messages.2.tool_calls.0.type", "call"),
        ("messages.2.tool_calls.0.function.arguments", {"city": "Oslo"}),
        ("messages.3.tool_call_id", GONE),
        ("messages.3.content", {"sky": "sun"}),
        ("messages.3.name", "w"),
        ("tools.0.name", "w"),
        ("tools.0.function.name", GONE),
        ("tools.0.function.parameters", "none"),
    ],
    "gemini": [
        ("contents.0.parts.0.text", 4),
        ("contents.0.parts.0", {"content": "Weather?"}),
        ("contents.0.parts", {"text": "Weather?"}),
        ("contents.0.content", "Weather?"),
        ("contents.1.parts.0.functionCall.args", '{"city": "Oslo"}'),
        ("contents.1.parts.0.functionCall.arguments", {}),
        ("contents.2.parts.0.functionResponse.response", "sun"),
        ("contents.2.parts.0.functionResponse.name", 4),
        ("systemInstruction", "Be brief"),
        ("systemInstruction.parts", ["Be brief"]),
        (DECLARED + "strict", True),
        (DECLARED + "parameters.$schema", "s"),
        (DECLARED + "parameters.additionalItems", False),
        (DECLARED + "parameters.required", True),
        (DECLARED + "parameters.properties.city.const", "x"),
        (DECLARED + "parameters.properties.city.type", "text"),
    ],
}


@pytest.mark.parametrize(
    "vendor, path, value",
    [(vendor, path, value) for vendor in sorted(WRONG) for path, value in WRONG[vendor]],
)
def test_a_line_with_one_fault_is_refused(vendor, path, value):
    record = copy.deepcopy(line(vendor))
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner = record
    for step in steps:
        inner = inner[step]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    with pytest.raises((ValueError, Warning)):
        READERS[vendor](record)


words = st.sampled_from("w string null #/$defs/p #/$defs/q text image_url".split())
values = st.none() | st.booleans() | st.integers(-1, 2) | st.floats() | words
schemas = st.recursive(
    values,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.fixed_dictionaries({"properties": st.dictionaries(words, inner, max_size=2)})
        | st.dictionaries(
            st.sampled_from(
                "type $ref $defs const oneOf anyOf allOf items enum required nullable default "
                "format minimum minLength text image_url name description parameters".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(schemas, schemas)
def test_whatever_a_tool_takes_and_a_message_shows_the_line_is_valid(parameters, part):
    taken = {"properties": {"p": parameters}, "$defs": {"p": part}}
    tool = {"name": "w", "description": part, "parameters": taken}
    message = {"role": "user", "content": [{"type": "text", "text": "x"}, part]}
    item = {"input": {"messages": [message], "tools": [tool]}, "expectedOutput": "x"}
    for vendor in READERS:
        for record in training_data([item], vendor).records:
            READERS[vendor](record)
