"""Snapshots: taken in one order, and nothing of what the author has written is touched."""

import pytest

from coaiapy.authoring.testing import document, snapshots
from coaiapy.errors import UsageError

TEMPLATE = """
variables: [{name: b, default: "1"}, {name: a, default: "2"}]
steps: [{name: "Z {{ b }}", input: {y: "{{ a }}", x: [1, "ü"]}}, {name: "A {{ b }}"}]
"""
TESTS = """# mine
cases:
  # a comment
  - name: second   # kept as it is
    variables: {b:   "9"}
  - {name: first}
  - name: by hand
    steps: [{name: Z 1}, {name: A 1}]
"""


def take(tested, tests, template=TEMPLATE, **options):
    return tested(template, tests, update=True, **options).text


def test_a_snapshot_is_taken_kept_and_compared(tested):
    text = take(tested, TESTS)
    assert text.startswith(TESTS.rstrip() + "\n\n" + snapshots.MARK + "\nsnapshots:\n  second:\n")
    assert text.index("\n  second:") < text.index("\n  first:") and "by hand:" not in text
    assert take(tested, text) is None
    assert all(not one.problems for one in tested(TEMPLATE, text).outcomes)
    changed = TEMPLATE.replace("y: ", "w: ")
    problems = [one.problems for one in tested(changed, text).outcomes]
    assert problems[0] == [
        "'Z 9': input.y: expected '2', but it is missing",
        "'Z 9': input.w: is '2', which is not expected",
    ]
    assert problems[2] == []


def test_what_is_gone_or_expected_by_hand_has_no_snapshot_any_more(tested):
    text = take(tested, TESTS)
    shorter = text.replace("  - {name: first}\n", "")
    assert "\n  first:" not in take(tested, shorter)
    by_hand = text.replace("{name: first}", "{name: first, lacks: [X]}")
    assert "\n  first:" not in take(tested, by_hand)


def test_only_chosen_cases_are_taken_anew(tested):
    text = take(tested, TESTS)
    other = take(tested, text, template=TEMPLATE.replace("A {{", "B {{"), word="first")
    assert "A 9" in other and "B 1" in other and "B 9" not in other


def test_line_ends_stay_as_they_are(tested, tmp_path):
    tested(TEMPLATE, "cases: []")
    path = tmp_path / "t.test.yaml"
    path.write_bytes(TESTS.replace("\n", "\r\n").encode())
    text = snapshots.updated(document.read(str(path)), {"first": {"steps": []}})
    assert text.count("\n") == text.count("\r\n")


@pytest.mark.parametrize(
    "tests, said",
    [
        ("{cases: [{name: a}]}", "no snapshots can be added"),
        ("snapshots: {a: {}}\ncases: [{name: a}]", "there are snapshots above the line"),
    ],
)
def test_a_file_that_would_break_is_left_alone(tested, tests, said):
    with pytest.raises(UsageError) as error:
        take(tested, tests)
    assert said in str(error.value)


def test_names_with_rare_line_breaks_are_kept(tested):
    text = take(tested, 'cases:\n- name: "a\\Lb\\N c\\P: #"\n')
    assert [one.problems for one in tested(TEMPLATE, text).outcomes] == [[]]


def test_an_error_is_no_snapshot(tested):
    report = tested(TEMPLATE, "cases: [{name: a, variables: {c: 1}}]", update=True)
    assert "there is no variable 'c'" in report.outcomes[0].problems[0] and report.text is None
