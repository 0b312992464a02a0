"""Values are checked against their score config before anything is sent."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coaiapy.errors import UsageError
from coaiapy.langfuse.scores.values import accepted, unconfigured, validate_score_value
from coaiapy.util.text.parsing import number

HELPFUL = {
    "name": "Helpfulness",
    "dataType": "CATEGORICAL",
    "categories": [{"label": "Great", "value": 2}, {"label": "So so", "value": 1}],
}
RATING = {"name": "Rating", "dataType": "NUMERIC", "minValue": 0, "maxValue": 10}
YES_NO = {"name": "Fine", "dataType": "BOOLEAN"}

labels = st.text(min_size=1, max_size=20).filter(lambda text: text.strip())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@pytest.mark.parametrize(
    "config, value, sent, plain",
    [
        (HELPFUL, "Great", "Great", 2),
        (HELPFUL, "great", "Great", 2),
        (HELPFUL, " SO SO ", "So so", 1),
        (HELPFUL, 2, "Great", 2),
        (HELPFUL, "1", "So so", 1),
        (HELPFUL, 1.0, "So so", 1),
        (RATING, 0, 0, 0),
        (RATING, "10", 10, 10),
        (RATING, " 7.5 ", 7.5, 7.5),
        (RATING, "1e1", 10.0, 10.0),
        (YES_NO, True, 1, True),
        (YES_NO, "Yes", 1, True),
        (YES_NO, "on", 1, True),
        (YES_NO, 1, 1, True),
        (YES_NO, False, 0, False),
        (YES_NO, "OFF", 0, False),
        (YES_NO, 0.0, 0, False),
        ({"dataType": "TEXT"}, "x" * 500, "x" * 500, "x" * 500),
    ],
)
def test_what_is_sent_and_what_code_reads(config, value, sent, plain):
    found = accepted(config, value)
    assert found == (sent, plain)
    assert type(found.sent) is type(sent) and type(found.plain) is type(plain)
    assert validate_score_value(config, value) == (True, plain, None)


@pytest.mark.parametrize(
    "config, value",
    [
        (HELPFUL, "Awful"),
        (HELPFUL, 3),
        (HELPFUL, True),
        (HELPFUL, None),
        (HELPFUL, ""),
        (RATING, -0.001),
        (RATING, 10.5),
        (RATING, "ten"),
        (RATING, "1_0"),
        (RATING, True),
        (RATING, float("nan")),
        (RATING, "nan"),
        (RATING, [1]),
        (YES_NO, "maybe"),
        (YES_NO, 2),
        (YES_NO, None),
        ({"dataType": "NUMERIC"}, 10**400),
        ({"dataType": "NUMERIC"}, "9" * 1000),
        ({"dataType": "TEXT"}, ""),
        ({"dataType": "TEXT"}, "x" * 501),
        ({"dataType": "TEXT"}, 5),
        ({"dataType": "HOLOGRAM", "name": "H"}, 5),
    ],
)
def test_what_does_not_fit_is_refused(config, value):
    ok, processed, error = validate_score_value(config, value)
    assert not ok and processed is None
    assert "\n" not in error
    with pytest.raises(UsageError):
        accepted(config, value)


def test_the_refusal_says_what_is_taken():
    with pytest.raises(UsageError) as error:
        accepted(HELPFUL, "Awful")
    assert "'Helpfulness' takes one of Great (2), So so (1), not 'Awful'" in str(error.value)
    with pytest.raises(UsageError) as error:
        accepted(RATING, 11)
    assert "'Rating' takes a number from 0 to 10, not 11" in str(error.value)


def test_an_archived_config_takes_nothing():
    with pytest.raises(UsageError) as error:
        accepted(dict(RATING, isArchived=True), 5)
    assert "archived" in str(error.value)


def test_labels_that_differ_in_case_alone_must_be_written_out():
    config = dict(HELPFUL, categories=[{"label": "ok", "value": 1}, {"label": "OK", "value": 2}])
    assert accepted(config, "OK").plain == 2
    with pytest.raises(UsageError):
        accepted(config, "Ok")


def test_a_label_goes_before_a_number():
    config = dict(HELPFUL, categories=[{"label": "1", "value": 2}, {"label": "2", "value": 1}])
    assert accepted(config, "1").plain == 2
    assert accepted(config, 1).plain == 1


@pytest.mark.parametrize(
    "value, data_type, sent",
    [
        ("1.0", "NUMERIC", 1.0),
        ("true", "BOOLEAN", 1),
        ("7", "TEXT", "7"),
        ("7", "CATEGORICAL", "7"),
        ("7", "numeric", 7),
    ],
)
def test_without_a_config_the_type_decides(value, data_type, sent):
    assert unconfigured(value, data_type) == (data_type.upper(), sent)


@pytest.mark.parametrize(
    "value, found",
    [
        ("1.0", ("NUMERIC", 1.0)),
        (3, ("NUMERIC", 3)),
        ("good", ("CATEGORICAL", "good")),
        ("true", ("CATEGORICAL", "true")),
        (True, ("BOOLEAN", 1)),
    ],
)
def test_without_a_type_the_value_tells_it(value, found):
    assert unconfigured(value) == found


@given(scalars, st.sampled_from(["NUMERIC", "BOOLEAN", "TEXT", "CATEGORICAL"]))
def test_what_is_sent_is_what_servers_take(value, data_type):
    """What they take: a number, 0 or 1, a text of 1 to 500 characters, a label."""
    config = {"dataType": data_type}
    if data_type == "CATEGORICAL":
        config = HELPFUL
    try:
        sent = accepted(config, value).sent
    except UsageError:
        return
    if data_type == "NUMERIC":
        assert not isinstance(sent, bool) and math.isfinite(sent)
    elif data_type == "BOOLEAN":
        assert type(sent) is int and sent in (0, 1)
    elif data_type == "TEXT":
        assert 1 <= len(sent) <= 500
    else:
        assert sent in ("Great", "So so")


@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_number_is_taken_exactly_within_the_bounds(value, one, other):
    config = {"dataType": "NUMERIC", "minValue": min(one, other), "maxValue": max(one, other)}
    inside = math.isfinite(value) and min(one, other) <= value <= max(one, other)
    assert validate_score_value(config, value)[0] == inside
    assert validate_score_value(config, repr(value))[0] == inside


@given(st.lists(labels, min_size=1, max_size=6, unique_by=lambda text: text.strip().casefold()))
def test_every_category_is_reached_by_label_in_any_case_and_by_number(texts):
    categories = [{"label": text, "value": index} for index, text in enumerate(texts, 100)]
    config = {"dataType": "CATEGORICAL", "categories": categories}
    for category in categories:
        assert accepted(config, category["label"]) == (category["label"], category["value"])
        shouted = category["label"].upper()
        if shouted.casefold() == category["label"].casefold():
            assert accepted(config, shouted).plain == category["value"]
        assume(all(number(text) is None for text in texts))
        assert accepted(config, str(category["value"])).sent == category["label"]


@given(scalars)
def test_checking_never_fails_in_another_way(value):
    for config in (HELPFUL, RATING, YES_NO, {"dataType": "TEXT"}, {}):
        ok, _, error = validate_score_value(config, value)
        assert ok == (error is None)


@pytest.mark.parametrize(
    "value", ["0,9", "1e999", "1,000.5", "50%", "1.2.3", "-0,5", ",5", "NaN", "inf", "1 000", "٣"]
)
def test_what_looks_like_a_number_and_is_none_is_no_label_by_accident(value):
    with pytest.raises(UsageError, match="looks like a number"):
        unconfigured(value)
    assert unconfigured(value, "CATEGORICAL") == ("CATEGORICAL", value)


@pytest.mark.parametrize("value", ["A1", "3rd", "2026-01-31", "5 stars", "infinite", "1/2", "e5"])
def test_what_looks_like_no_number_is_a_label(value):
    assert unconfigured(value) == ("CATEGORICAL", value)
