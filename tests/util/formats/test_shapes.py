"""A value from outside fits its kind, or a few words say what does not."""

import pytest

from coaiapy.util.formats.shapes import (
    each,
    either,
    maybe,
    name,
    number,
    record,
    some,
    text,
    those,
    whole,
)

PET = record("a pet", {"id": name, "age": maybe(whole)}, {"nick": text})


def test_what_fits_is_passed_on_with_other_fields():
    assert PET({"id": "a", "nick": "b", "more": [1]}) == {"id": "a", "nick": "b", "more": [1]}


def test_a_known_field_that_does_not_fit_is_left_out():
    given = {"id": "a", "nick": 5}
    assert PET(given) == {"id": "a"} and given["nick"] == 5


@pytest.mark.parametrize(
    "value, words",
    [
        ({}, "a pet without id"),
        ({"id": ""}, "a pet whose id is empty"),
        ({"id": "a", "age": "5"}, "a pet 'a' whose age is text ('5')"),
        ({"id": "a", "age": True}, "a pet 'a' whose age is a boolean (True)"),
        ({"id": "a", "age": 2**63}, "a pet 'a' whose age is a number (9223372036854775808)"),
        ({"id": "a", "age": [1]}, "a pet 'a' whose age is a list"),
        ({"id": "x" * 99, "age": "y" * 99}, "a pet whose age is text"),
        ([], "a list instead of a pet"),
        (None, "null instead of a pet"),
    ],
)
def test_what_does_not_fit_is_told(value, words):
    with pytest.raises(ValueError) as caught:
        each(PET)([value])
    assert str(caught.value) == words


def test_a_list_that_must_not_be_empty():
    assert some(PET)([{"id": "a"}]) == [{"id": "a"}]
    with pytest.raises(ValueError, match="empty"):
        some(PET)([])
    with pytest.raises(ValueError, match="a pet without id"):
        some(PET)([{}])


def test_lists_and_choices():
    assert those(PET)([{"id": "a"}, 5, {}]) == [{"id": "a"}]
    assert either(number, text)("a") == "a"
    for kind in (either(number, text), each(PET), those(PET), number):
        with pytest.raises(ValueError):
            kind({"a": 1})
    with pytest.raises(ValueError):
        number(float("inf"))
