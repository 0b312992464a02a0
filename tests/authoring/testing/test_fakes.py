"""Commands of steps in tests: nothing is run, and all else is as in a run."""

import pytest

TEMPLATE = """
variables: [{name: n, type: integer, default: 1}]
steps:
  - {name: Load, run: "touch HIT; exit 1", output: json, retries: "{{ n }}"}
  - {name: Use, run: ["echo", "{{ steps.Load.output.rows }}"], conditional: "{{ steps.Load.output.rows > 1 }}"}
  - {name: "Part {{ item }}", for_each: [1, 2], run: "part {{ item }}", continue_on_error: true}
"""
PARTS = '"Part {{ item }}": {}'


@pytest.mark.parametrize(
    "commands, steps",
    [
        (
            'Load: {stdout: \'{"rows": 2}\'}, Use: {stdout: "2\\n"}, ' + PARTS,
            "[{name: Load, command: 'touch HIT; exit 1', output: {rows: 2}, exit_code: 0},"
            " {name: Use, command: echo 2, output: '2', status: succeeded},"
            " {name: Part 1, command: part 1}, {name: Part 2, command: part 2}]",
        ),
        (
            "Load: [{exit_code: 1}, {stdout: '{\"rows\": 1}'}], Part 1: {exit_code: 9}, Part 2: ",
            "[{name: Load, exit_code: 0}, {name: Part 1, status: failed, exit_code: 9},"
            " {name: Part 2, status: succeeded}]",
        ),
        (
            "Load: {exit_code: 4, stderr: bad}",
            "[{name: Load, status: failed, exit_code: 4}, {name: Use, status: skipped},"
            " {name: 'Part {{ item }}', status: skipped}]",
        ),
        (
            "Load: {stdout: no json}",
            "[{name: Load, status: failed, output: null}, {name: Use, status: skipped},"
            " {name: 'Part {{ item }}', status: skipped}]",
        ),
    ],
)
def test_a_command_does_what_its_test_says(tested, project, commands, steps):
    cases = "cases: [{name: c, commands: {" + commands + "}, steps: " + steps + "}]"
    (outcome,) = tested(TEMPLATE, cases).outcomes
    assert outcome.problems == []
    assert not list(project.glob("HIT"))


@pytest.mark.parametrize(
    "commands, said",
    [
        ("{}", "the step 'Load' runs a command: say under commands what it does"),
        ("{Load: {exit_code: 1}, Lod: {}}", "no step 'Lod' has run a command"),
    ],
)
def test_commands_and_fakes_belong_together(tested, project, commands, said):
    (outcome,) = tested(
        TEMPLATE, "cases: [{name: c, steps: [], commands: " + commands + "}]"
    ).outcomes
    assert said in outcome.problems[0]
    assert not list(project.glob("HIT"))
