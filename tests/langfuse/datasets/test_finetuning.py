"""Training data that the vendors take: made from items of every shape, or skipped and why."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from training_rules import CHECKS

from coaiapy.langfuse.datasets.finetuning import gemini_parameters, training_data


def made(item, vendor="openai", **options):
    """The one record of one item, valid for its vendor."""
    data = training_data([item], vendor, **options)
    assert data.skipped == []
    (record,) = data.records
    CHECKS[vendor](json.loads(json.dumps(record)))
    return record


def why_not(item, vendor="openai"):
    data = training_data([dict(item, id="i")], vendor)
    assert data.records == []
    ((item_id, reason),) = data.skipped
    assert item_id == "i"
    return reason


def test_texts_become_one_question_and_one_answer():
    item = {"input": "2+2?", "expectedOutput": "4"}
    assert made(item, system_instruction="Count") == {
        "messages": [
            {"role": "system", "content": "Count"},
            {"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "4"},
        ]
    }
    assert made(item, "gemini", system_instruction="Count") == {
        "systemInstruction": {"role": "system", "parts": [{"text": "Count"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "2+2?"}]},
            {"role": "model", "parts": [{"text": "4"}]},
        ],
    }


@pytest.mark.parametrize("value", [{"q": "é"}, ["a", 1], 0, False, 1.5])
def test_what_is_no_text_becomes_its_json(value):
    item = {"input": value, "expectedOutput": value}
    text = json.dumps(value, ensure_ascii=False)
    assert [one["content"] for one in made(item)["messages"][1:]] == [text, text]
    assert made(item, "gemini")["contents"][1]["parts"] == [{"text": text}]


CHAT = [{"role": "developer", "content": "Be kind"}, {"role": "human", "content": "Hi"}]


@pytest.mark.parametrize("given", [CHAT, {"messages": CHAT}])
@pytest.mark.parametrize(
    "expected",
    [
        "Hello",
        {"role": "assistant", "content": "Hello"},
        [{"role": "ai", "content": [{"type": "text", "text": "Hello"}]}],
        {"messages": [{"role": "assistant", "content": "Hello"}]},
        {"choices": [{"message": {"role": "assistant", "content": "Hello", "refusal": None}}]},
        {"role": "model", "parts": [{"text": "Hel"}, {"text": "lo"}]},
    ],
)
def test_what_is_chat_shaped_stays_a_chat(given, expected):
    item = {"input": given, "expectedOutput": expected}
    assert made(item)["messages"] == [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]
    record = made(item, "gemini")
    assert record["systemInstruction"]["parts"] == [{"text": "Be kind"}]
    assert [one["role"] for one in record["contents"]] == ["user", "model"]


def test_a_whole_conversation_needs_no_expected_output():
    chat = CHAT + [{"role": "assistant", "content": "Hello"}]
    assert len(made({"input": chat})["messages"]) == 3
    assert why_not({"input": CHAT}) == "no expected output"


WEATHER = [
    {"role": "user", "content": "Weather in Oslo and Rome?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "w", "arguments": {"city": "O"}}},
            {
                "id": "c2",
                "type": "function",
                "function": {"name": "w", "arguments": '{"city":"R"}'},
            },
        ],
    },
    {"role": "tool", "tool_call_id": "c2", "content": {"sky": "sun"}},
    {"role": "tool", "tool_call_id": "c1", "content": "rain"},
]


TOOL = {
    "type": "function",
    "function": {
        "name": "w",
        "description": "Weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"city": {"type": "string"}, "strict": {"type": "boolean"}},
        },
    },
}


def test_tool_messages_are_kept():
    item = {"input": {"messages": WEATHER, "tools": [TOOL]}, "expectedOutput": "Rain and sun"}
    record = made(item)
    assert [one["role"] for one in record["messages"]] == (
        ["system", "user", "assistant", "tool", "tool", "assistant"]
    )
    calls = record["messages"][2]["tool_calls"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"city": "O"}
    assert record["messages"][3] == {
        "role": "tool",
        "tool_call_id": "c2",
        "content": '{"sky": "sun"}',
    }
    assert record["tools"] == [TOOL]


def test_tool_messages_become_parts_for_gemini():
    item = {"input": {"messages": WEATHER, "tools": [TOOL]}, "expectedOutput": "Rain and sun"}
    record = made(item, "gemini")
    assert record["contents"][1]["parts"][0] == {
        "functionCall": {"name": "w", "args": {"city": "O"}}
    }
    assert record["contents"][2]["parts"] == [
        {"functionResponse": {"name": "w", "response": {"sky": "sun"}}},
        {"functionResponse": {"name": "w", "response": {"result": "rain"}}},
    ]
    (declaration,) = record["tools"][0]["functionDeclarations"]
    assert declaration["parameters"] == {
        "type": "object",
        "properties": {"city": {"type": "string"}, "strict": {"type": "boolean"}},
    }


def test_a_call_is_a_good_last_word():
    item = {"input": {"messages": WEATHER[:1], "tools": [TOOL]}, "expectedOutput": WEATHER[1]}
    assert "content" not in made(item)["messages"][-1]
    assert len(made(item, "gemini")["contents"][-1]["parts"]) == 2


def test_calls_of_other_libraries_get_what_they_lack():
    chat = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "tool_calls": [{"name": "w", "args": {"city": "O"}}]},
        {"role": "tool", "name": "w", "content": "rain"},
        {"role": "assistant", "function_call": {"name": "v", "arguments": ""}},
        {"role": "function", "name": "v", "content": None},
    ]
    item = {"input": {"messages": chat, "tools": [TOOL, {"name": "v"}]}, "expectedOutput": "Rain"}
    messages = made(item)["messages"]
    assert messages[3]["tool_call_id"] == messages[2]["tool_calls"][0]["id"]
    assert messages[4]["tool_calls"][0]["function"] == {"name": "v", "arguments": "{}"}
    made(item, "gemini")


@pytest.mark.parametrize(
    "arguments, tools, reason",
    [
        ("{}", [], "a tool call without its tool in the list of tools"),
        ("{}", [{"name": "v"}], "a tool call without its tool in the list of tools"),
        ("not json", [TOOL], "a tool call whose arguments are not a JSON object"),
        ("[1]", [TOOL], "a tool call whose arguments are not a JSON object"),
    ],
)
def test_a_call_that_openai_does_not_take_is_skipped(arguments, tools, reason):
    call = {"id": "c", "type": "function", "function": {"name": "w", "arguments": arguments}}
    chat = {"messages": [{"role": "user", "content": "Weather?"}], "tools": tools}
    answer = {"role": "assistant", "tool_calls": [call]}
    assert why_not({"input": chat, "expectedOutput": answer}) == reason
    made({"input": chat, "expectedOutput": answer}, "gemini")


def test_pictures_stay_for_openai_and_are_told_for_gemini():
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "u"}}]
    item = {"input": [{"role": "user", "content": parts}], "expectedOutput": "A cat"}
    assert made(item)["messages"][1]["content"] == parts
    assert why_not(item, "gemini") == "a message of the user is not text"


@pytest.mark.parametrize(
    "item, reason",
    [
        ({"input": None, "expectedOutput": "x"}, "no input"),
        ({"input": " ", "expectedOutput": "x"}, "no input"),
        ({"input": "x"}, "no expected output"),
        ({"input": "x", "expectedOutput": {}}, "no expected output"),
        ({"input": "x", "expectedOutput": "y", "status": "ARCHIVED"}, "archived"),
        (
            {"input": [{"type": "placeholder", "name": "h"}], "expectedOutput": "x"},
            "a placeholder message (h)",
        ),
        (
            {"input": "x", "expectedOutput": [{"role": "user", "content": "y"}]},
            "the last message is not the assistant's",
        ),
        (
            {"input": WEATHER[:2], "expectedOutput": "x"},
            "a tool call without its answer",
        ),
        (
            {"input": [WEATHER[0], WEATHER[2]], "expectedOutput": "x"},
            "a tool's answer without its call",
        ),
        (
            {"input": "x", "expectedOutput": {"role": "assistant", "content": ""}},
            "a message of the assistant is empty",
        ),
    ],
)
def test_what_cannot_be_a_valid_line_is_skipped_with_its_reason(item, reason):
    assert why_not(item) == reason
    assert why_not(item, "gemini") == reason


@pytest.mark.parametrize(
    "name, taken", [("a-b_C9", True), ("math.add", False), ("two words", False), ("x" * 65, False)]
)
def test_a_function_has_a_name_that_the_vendor_can_call(name, taken):
    item = {"input": {"messages": CHAT, "tools": [{"name": name}]}, "expectedOutput": "x"}
    assert len(training_data([item], "openai").records) == taken
    if not taken:
        assert why_not(item) == "the function name {!r} is not valid".format(name)
    assert len(training_data([item], "gemini").records) == (taken or name == "math.add")


def test_half_a_character_is_skipped_with_its_reason():
    assert (
        why_not({"input": "x", "expectedOutput": "\ud800"})
        == "it contains a value that JSON cannot express"
    )


def test_arguments_that_are_no_json_are_kept_as_text():
    call = {"id": "c", "function": {"name": "w", "arguments": '{"city": NaN}'}}
    item = {"input": "x", "expectedOutput": {"role": "assistant", "tool_calls": [call]}}
    part = made(item, "gemini")["contents"][-1]["parts"][0]
    assert part["functionCall"]["args"] == {"arguments": '{"city": NaN}'}


def test_the_first_word_is_the_users_for_gemini():
    item = {"input": [{"role": "assistant", "content": "Hi"}], "expectedOutput": "x"}
    assert why_not(item, "gemini") == "the first message is not the user's"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("role content type name tool_calls tool_call_id messages text".split()),
            inner | st.sampled_from(["user", "assistant", "tool", "system", "placeholder", "text"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(anything, anything)
@example([{"role": "user", "content": "x"}], [{"role": "tool", "content": None}])
@example("\x85", "\u2028\ud800")
@example({"messages": []}, {"choices": [{}]})
@example("x", {"role": "assistant", "tool_calls": [None]})
@example("x", {"role": "assistant", "tool_calls": 3})
@example({"role": "user", "content": "x", "tools": [1]}, "y")
def test_whatever_an_item_holds_its_line_is_valid_or_it_is_skipped(given_input, expected):
    for vendor in CHECKS:
        data = training_data(
            [{"id": "i", "input": given_input, "expectedOutput": expected}], vendor
        )
        assert len(data.records) + len(data.skipped) == 1
        for line in data.jsonl().splitlines():
            CHECKS[vendor](json.loads(line))


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
