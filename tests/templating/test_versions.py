"""Versions: ranges that a template asks for, of its base and of coaiapy."""

import pytest

from coaiapy.errors import UsageError
from coaiapy.templating.inheritance import load
from coaiapy.templating.versions import range_problem, satisfies, wanted

STEPS = [{"name": "One"}]


@pytest.mark.parametrize(
    "range_, inside, outside",
    [
        ("^1", "1.9", "2.0"),
        ("~1.2", "1.2.7", "1.3"),
        (">=0.8 <2", "0.8", "2"),
        (">=0.8, <2", "1.0.0", "0.7.9"),
        ("*", "words", ""),
        ("1", "1.0", "words"),
    ],
)
def test_a_version_is_in_a_range_or_not(range_, inside, outside):
    assert not range_problem(range_) and satisfies(inside, range_)
    assert not outside or not satisfies(outside, range_)


@pytest.mark.parametrize("range_", ["one", "^^1", ">=", "1" * 200])
def test_a_range_that_is_none_is_said(range_):
    assert "is not a range of versions" in range_problem(range_)


def test_what_is_extended_may_have_a_range():
    assert wanted("base") == ("base", "") and wanted("base@^1") == ("base", "^1")


def test_a_base_must_be_in_the_range(put):
    put("base", {"version": 1.4, "steps": STEPS})
    put("child", {"extends": "base@^1", "steps": [{"name": "Two"}]})
    assert [step.name for step in load("child").steps] == ["One", "Two"]
    path = put("base", {"version": "2.0", "steps": STEPS})
    with pytest.raises(UsageError) as told:
        load("child")
    assert "line 1: extends: base@^1 is needed, but its version is 2.0" in str(told.value)
    assert str(path) in str(told.value)


def test_all_that_is_not_met_is_told_at_once(put):
    put("base", {"requires": {"coaiapy": ">=99"}, "steps": STEPS})
    put("child", {"extends": "base", "requires": {"coaiapy": "one"}, "steps": []})
    with pytest.raises(UsageError) as told:
        load("child")
    assert ">=99 is needed, but this is coaiapy" in str(told.value)
    assert "'one' is not a range" in str(told.value)


def test_what_a_template_requires_is_its_own(put):
    put("base", {"source": "https://example.com/x.git", "steps": STEPS})
    put("child", {"extends": "base", "requires": {"coaiapy": ">=0.1"}})
    assert load("child").origin is None
    assert load("base").to_dict()["source"] == "https://example.com/x.git"
