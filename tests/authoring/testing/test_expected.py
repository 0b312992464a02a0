"""What a case expects of a template, and what it says where that is not so."""

import pytest

TEMPLATE = """
variables:
  - {name: sources, type: list, default: [a, b]}
  - {name: strict, type: boolean, default: false}
trace: {name: Load, tags: [etl]}
steps:
  - {name: Load, observation_type: SPAN, input: {sources: "{{ sources }}", strict: "{{ strict }}"}}
  - {name: "Read {{ item }}", for_each: "{{ sources }}", parent: Load, input: {deep: {n: "{{ number }}"}}}
  - {name: Check, conditional: "{{ strict }}", metadata: {id: "{{ uuid4() }}", at: "{{ now() }}"}}
"""


def told(tested, case):
    (outcome,) = tested(TEMPLATE, "cases: [{name: c, " + case + "}]").outcomes
    return outcome.problems


@pytest.mark.parametrize(
    "case",
    [
        "steps: [{name: Load}, {name: Read a}, {name: Read b}]",
        "trace: {name: Load, tags: [etl]}",
        "includes: [{name: Read b, type: event, parent: Load, input: {deep: {n: 2}}}]",
        "includes: [{name: Load, parent: null, includes: {input: {strict: false}}}]",
        "includes: [{name: Read b, includes: {input: {deep: {}}}}]",
        "lacks: [Check]",
        "variables: {strict: yes}, includes: [{name: Check}]",
        "variables: {source: x}, error: there is no variable 'source'",
    ],
)
def test_what_is_as_expected_passes(tested, case):
    assert told(tested, case) == []


@pytest.mark.parametrize(
    "case, problems",
    [
        (
            "steps: [{name: Load}, {name: Read c}, {name: Read a}]",
            ["there is no step 'Read c'", "there is a step 'Read b' that is not expected"],
        ),
        (
            "steps: [{name: Load}, {name: Read b}, {name: Read a}]",
            ["the steps are in another order: 'Load', 'Read a', 'Read b'"],
        ),
        ("trace: {tags: []}", ["trace: tags: expected [], but it is ['etl']"]),
        ("includes: [{name: Reed a}]", ["there is no step 'Reed a' (did you mean 'Read a'?)"]),
        (
            "includes: [{name: Load, type: EVENT, parent: X}]",
            [
                "'Load': type: expected 'EVENT', but it is 'SPAN'",
                "'Load': parent: expected 'X', but it is null",
            ],
        ),
        (
            "includes: [{name: Load, input: {strict: 0, sources: [a, c]}}]",
            [
                "'Load': input.strict: expected 0, but it is False",
                "'Load': input.sources[1]: expected 'c', but it is 'b'",
            ],
        ),
        (
            "includes: [{name: Load, input: {sources: [a, b]}}]",
            ["'Load': input.strict: is False, which is not expected"],
        ),
        (
            "includes: [{name: Load, includes: {input: {more: 1}}}]",
            ["'Load': input.more: expected 1, but it is missing"],
        ),
        ("lacks: [Load]", ["there is a step 'Load'"]),
        ("error: 'no'", ["error: expected 'no', but there was none"]),
        ("", ["nothing is expected: write it down, or take it with --update"]),
    ],
)
def test_what_is_not_as_expected_is_told_as_deep_as_possible(tested, case, problems):
    assert told(tested, case) == problems


def test_nothing_varies(tested, monkeypatch):
    """Not ids, not times, not the environment of who runs the tests."""
    monkeypatch.setenv("COAIA_SOURCES", "x,y,z")
    step = "{name: Check, metadata: {id: 00000000-0000-4000-8000-000000000001, at: '2000-01-01T00:00:00.000Z'}}"
    assert told(tested, "variables: {strict: true}, includes: [" + step + "]") == []


def test_another_error_fails_a_case(tested):
    (problem,) = told(tested, "variables: {strict: perhaps}, error: there is no variable")
    assert "'perhaps'" in problem
