"""How text becomes a variable of the declared type."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.templating.document import convert, kind_of


@pytest.mark.parametrize(
    "type_name, text, value",
    [
        ("string", "007", "007"),
        ("string", "true", "true"),
        ("string", " x ", " x "),
        ("string", "", ""),
        ("number", "3", 3),
        ("number", "-5", -5),
        ("number", "0.7", 0.7),
        ("number", ".5", 0.5),
        ("number", "1e3", 1000.0),
        ("number", "007", 7),
        ("integer", "3", 3),
        ("integer", "-5", -5),
        ("integer", "1e3", 1000),
        ("integer", "2.0", 2),
        ("integer", 2.0, 2),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("boolean", "1", True),
        ("boolean", "0", False),
        ("boolean", "yes", True),
        ("boolean", "no", False),
        ("list", "a,b , c", ["a", "b", "c"]),
        ("list", "one", ["one"]),
        ("list", "", []),
        ("list", '[1, "a,b", null]', [1, "a,b", None]),
        ("object", '{"a": [1]}', {"a": [1]}),
    ],
)
def test_text_becomes_what_the_type_says(type_name, text, value):
    converted = convert(text, type_name)
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    "type_name, value",
    [
        ("number", "many"),
        ("number", ""),
        ("number", "1_000"),
        ("number", "nan"),
        ("number", "1e999"),
        ("number", "9" * 5000),
        ("number", True),
        ("number", float("inf")),
        ("integer", "2.5"),
        ("integer", 2.5),
        ("integer", "x"),
        ("integer", True),
        ("integer", None),
        ("integer", [1]),
        ("boolean", "maybe"),
        ("boolean", 1),
        ("string", 123),
        ("string", None),
        ("list", "[1"),
        ("list", "[NaN]"),
        ("list", {"a": 1}),
        ("object", "[1]"),
        ("object", "text"),
        ("object", ["a"]),
    ],
)
def test_what_does_not_fit_is_refused_with_what_is_wanted(type_name, value):
    with pytest.raises(ValueError) as caught:
        convert(value, type_name)
    assert str(caught.value).startswith("must be ")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "type_name, value",
    [("number", 3), ("number", 0.5), ("boolean", False), ("list", [1]), ("object", {"a": 1})],
)
def test_a_value_of_the_type_stays_as_it_is(type_name, value):
    assert convert(value, type_name) is not None and convert(value, type_name) == value


@given(st.integers(-(10**50), 10**50))
def test_whole_numbers_keep_every_digit(number):
    assert convert(str(number), "number") == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_as_python_writes_them_come_back(number):
    assert convert(repr(number), "number") == number


@given(st.lists(st.text()))
def test_a_json_list_comes_back(items):
    assert convert(json.dumps(items), "list") == items


def test_kinds_are_told_in_words():
    assert [kind_of(value) for value in (None, True, 1, "a", [], {})] == [
        "null",
        "a boolean",
        "a number",
        "text",
        "a list",
        "an object",
    ]
