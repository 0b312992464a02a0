"""``coaia pipeline validate``."""

import json
import os

import pytest


@pytest.fixture
def templates(project):
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    (folder / "good.yaml").write_text("steps: [{name: A}]")
    (folder / "bad.yaml").write_text("steps:\n- name: A\n  parent: B\n")
    (folder / "bad.test.yaml").write_text("cases: []")
    return folder


BAD = os.path.join(".coaia", "templates", "bad.yaml")


@pytest.mark.parametrize("words", [[], ["bad"], ["good", "bad"], [BAD], [".coaia/templates"]])
def test_names_paths_and_folders_are_checked(run, templates, words):
    done = run("pipeline", "validate", *words)
    assert done.out == BAD + ":3:3: steps[0] 'A': parent: there is no step 'B'\n"
    assert (done.code, done.err) == (2, "1 problem in 1 file\n")


def test_nothing_is_wrong(run, templates):
    done = run("pipeline", "validate", "good", "simple-trace")
    assert (done.code, done.out) == (0, "") and "2 templates without a problem" in done.err


def test_programs_read_the_problems(run, templates):
    assert json.loads(run("pipeline", "validate", "--json").out)[0]["rule"] == "parent"
    assert run("pipeline", "validate", "--format", "github").out.startswith("::error file=.coaia/")
    log = json.loads(run("pipeline", "validate", "--format", "sarif").out)
    result = log["runs"][0]["results"][0]
    assert result["ruleId"] in [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert json.loads(run("pipeline", "validate", "good", "--json").out) == []


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["nobody"], 1, "no template 'nobody'"),
        (["nobody.yaml"], 6, "nobody.yaml"),
        ([os.devnull], 2, "it is a device"),
        (["empty"], 1, "there are no templates in the folder empty"),
        (["--json", "--format", "github"], 2, "give only one of them"),
    ],
)
def test_what_is_no_template_is_told(run, templates, project, words, code, said):
    (project / "empty").mkdir()
    done = run("pipeline", "validate", *words)
    assert done.code == code and said in done.out + done.err


def test_without_templates_in_the_project_there_is_nothing_to_check(run, project):
    done = run("pipeline", "validate")
    assert done.code == 1 and "name a template, a file or a folder" in done.err


def test_a_fifo_is_not_waited_for(run, project):
    os.mkfifo("pipe.yaml")
    done = run("pipeline", "validate", "pipe.yaml")
    assert done.code == 2 and "pipe.yaml:1:1: " in done.out


def test_tests_are_no_templates(run, templates):
    assert "bad.test" not in run("pipeline", "list", "--path").out
    assert run("pipeline", "show", "bad.test").code == 2
    assert run("pipeline", "init", "x.test").code == 2
    assert run("pipeline", "validate", str(templates / "bad.test.yaml")).code == 0
