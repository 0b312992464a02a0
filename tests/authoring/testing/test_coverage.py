"""Which conditions and branches the tests of a template have met."""

TEMPLATE = """
variables: [{name: n, type: integer}]
steps:
  - {name: A, conditional: "n > 1", input: "{{ 'big' if n > 5 else 'small' }}"}
  - {name: B, conditional: "{{ n > 2 }}"}
  - {name: C, conditional: true}
  - {name: D, run: "{% if n > 9 %}x{% elif n > 8 %}y{% else %}z{% endif %}"}
"""


def lines(tested, *numbers):
    cases = ["{name: '%d', variables: {n: %d}, lacks: [X]}" % (n, n) for n in numbers]
    return list(tested(TEMPLATE, "cases: [{}]".format(", ".join(cases))).coverage.lines())


def test_what_no_case_has_met_is_named(tested):
    never_true, never_false, branches = lines(tested, 2)
    assert never_true == "conditions never true (1 of 2): 'B'"
    assert never_false == "conditions never false (1 of 2): 'A'"
    assert branches.startswith("branches never taken (5 of 6): then of if 1 in ")
    assert branches.endswith("then of if 1 in \"{{ 'big' if n > 5 else 'small' }}\"")


def test_without_cases_nothing_was_met(tested):
    found = lines(tested)
    assert found[0] == "conditions never true (2 of 2): 'A', 'B'"
    assert found[2].startswith("branches never taken (6 of 6): ")


def test_a_template_that_is_met_everywhere_has_no_lines(tested):
    cases = "".join(
        "\n- {name: '%d', variables: {n: %d}, commands: {D: }, lacks: [X]}" % (n, n)
        for n in (1, 3, 9, 10)
    )
    report = tested(TEMPLATE, "cases:" + cases)
    assert [one.problems for one in report.outcomes] == [[]] * 4
    assert list(report.coverage.lines()) == []
