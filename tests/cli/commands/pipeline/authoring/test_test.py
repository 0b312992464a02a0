"""``coaia pipeline test``."""

import json
from xml.etree import ElementTree

import pytest

TESTS = """cases:
- {name: short, variables: {n: 1}, lacks: [Long]}
- {name: long, variables: {n: 5}, includes: [{name: Lang}]}
"""


@pytest.fixture
def templates(project):
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    (folder / "t.yaml").write_text(
        "variables: [{name: n, type: integer}]\nsteps: [{name: Long, conditional: n > 2}]"
    )
    (folder / "t.test.yaml").write_text(TESTS)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["t"],
        [".coaia/templates/t.yaml"],
        [".coaia/templates/t.test.yaml"],
        [".coaia/templates"],
    ],
)
def test_tests_are_found_by_name_path_or_folder(run, templates, words):
    done = run("pipeline", "test", *words)
    assert done.out == (
        "ok  t: short\nfailed  t: long\n    there is no step 'Lang' (did you mean 'Long'?)\n"
    )
    assert (done.code, done.err) == (1, "1 passed, 1 failed\n")


def test_a_part_of_the_cases_is_run(run, templates):
    assert run("pipeline", "test", "-k", "SHORT").out == "ok  t: short\n"
    none = run("pipeline", "test", "-k", "nothing")
    assert none.code == 1 and "there is no case with 'nothing' in its title" in none.err


def test_ci_services_and_programs_read_the_results(run, templates, project):
    done = run("pipeline", "test", "--junit", "report.xml", "--json")
    body = json.loads(done.out)
    assert [case["passed"] for case in body["cases"]] == [True, False]
    (met,) = body["coverage"].values()
    assert (met["conditions"], met["never_true"], met["never_false"]) == (1, [], [])
    read = ElementTree.parse(str(project / "report.xml")).getroot()
    assert [one.get("name") for one in read] == ["t: short", "t: long"]
    assert "Lang" in read[1][0].get("message")


def test_what_was_never_met_is_named(run, templates):
    (templates / "t.test.yaml").write_text("cases: [{name: a, variables: {n: 1}, lacks: [X]}]")
    done = run("pipeline", "test")
    assert done.out.endswith("t.yaml: conditions never true (1 of 1): 'Long'\n") and done.code == 0


def test_a_line_is_a_line_whatever_is_in_a_title(run, templates):
    (templates / "t.test.yaml").write_text(
        'cases: [{name: "a\\nok  b\\e[2J", lacks: [], error: "x\\ny"}]'
    )
    done = run("pipeline", "test")
    assert done.out.startswith("failed  t: a\\nok  b\\x1b[2J\n    ") and done.code == 1


def test_snapshots_are_written_once(run, templates):
    (templates / "t.test.yaml").write_text("cases:\n- {name: a, variables: {n: 3}}\n")
    assert run("pipeline", "test").code == 1
    done = run("pipeline", "test", "--update")
    assert done.code == 0 and "snapshots written to .coaia/templates/t.test.yaml" in done.err
    assert run("pipeline", "test").code == 0
    assert "snapshots" not in run("pipeline", "test", "--update").err


@pytest.mark.parametrize(
    "words, code", [(["simple-trac"], 1), (["nothing.yaml"], 6), (["/dev/null"], 1)]
)
def test_what_has_no_tests_is_told(run, templates, words, code):
    assert run("pipeline", "test", *words).code == code


def test_a_project_without_tests_is_told(run, project):
    done = run("pipeline", "test")
    assert done.code == 1 and "NAME.test.yaml" in done.err
