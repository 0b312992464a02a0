"""The line of a part of a document, in JSON and in YAML."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.util.formats import line_numbers

KEYS = st.text(max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def places(value, path=()):
    """Every path into a value."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, path + (key,))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from places(item, path + (i,))


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_a_line_leads_to_the_part(document):
    """Written with one key or item a line, the n-th place is in the n-th of those lines."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    opening = [i + 1 for i, line in enumerate(text.split("\n")) if line.strip() not in CLOSING]
    assert [line_numbers.in_json(text, path) for path in places(document)] == opening


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_every_key_is_found_with_its_line(document):
    text = json.dumps(document, indent=1)
    lines = text.split("\n")
    found = list(line_numbers.json_keys(text))
    assert [one.key for one in found] == [path[-1] for path in places(document) if is_key(path)]
    assert all(json.dumps(one.key) + ":" in lines[one.line - 1] for one in found)
    assert [one.key for one in found if one.owner == 1] == list(document)
    assert line_numbers.doubled_key(text) is None


def is_key(path):
    return path and isinstance(path[-1], str)


@pytest.mark.parametrize(
    "text, line",
    [
        ('{"a": 1,\n"a": 2}', 2),
        ('{"a": {"a": 1, "b": "a"},\n"b": ["a", {"a": 1}, {"a": 1,\n\n"\\u0061": 2}]}', 4),
        ('[{"a": 1}, {"a": 1}]', None),
    ],
)
def test_a_key_that_is_there_twice_is_found(text, line):
    found = line_numbers.doubled_key(text)
    assert (found and found.line) == line
    assert found is None or found.key == "a"


CLOSING = ("]", "],", "}", "},")


@pytest.mark.parametrize(
    "path, line",
    [
        ((), 1),
        (("steps",), 3),
        (("steps", 1), 5),
        (("steps", 1, "level"), 7),
        (("steps", 1, "nobody"), 5),
        (("nobody", 0), 1),
    ],
)
def test_what_is_not_there_is_where_it_would_be(path, line):
    text = """{
  "name": "x: { \\"steps\\" }",
  "steps": [
    {"name": "A"},
    {
      "name": "B",
      "level": 5
    }
  ]
}"""
    assert line_numbers.in_json(text, path) == line


@pytest.mark.parametrize(
    "path, line",
    [((), 2), (("steps",), 3), (("steps", 1), 6), (("steps", 1, "level"), 7), (("no",), 2)],
)
def test_in_yaml(path, line):
    text = """# a template
name: x
steps:
- name: A
  level: 5
- name: B
  level: 6
"""
    assert line_numbers.yaml_places(text)(path).line == line


def test_a_column_is_counted_in_characters():
    text = '{"ü": [1, {"b": 2}],\n  "c": "]"}'
    place_of = line_numbers.json_places(text)
    assert [place_of(path) for path in [("ü",), ("ü", 0), ("ü", 1, "b"), ("c",)]] == [
        (1, 2),
        (1, 8),
        (1, 12),
        (2, 3),
    ]
    assert line_numbers.yaml_places("ü: [1, {b: 2}]\nc: x")(("ü", 1, "b")) == (1, 9)


def test_json_and_yaml_agree_on_places():
    document = {"a": [1, {"b: {": ["]", {}], "é日": None}], "c": {"": '\\"', "d": [[], [2]]}}
    text = json.dumps(document, indent=1, ensure_ascii=False)
    in_json, in_yaml = line_numbers.json_places(text), line_numbers.yaml_places(text)
    assert [in_json(path) for path in places(document)] == [in_yaml(p) for p in places(document)]
