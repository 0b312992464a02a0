"""Every template of the gallery works, and its README tells the truth about it."""

import json
import re
import shlex
import shutil

import pytest
from places import ROOT

from coaiapy.pipeline import create, load, preview

GALLERY = ROOT / "templates"
TEMPLATES = sorted(
    path
    for path in GALLERY.glob("[a-z]*")
    if path.suffix in (".json", ".yaml", ".yml") and ".test" not in path.suffixes
)
README = (GALLERY / "README.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def installed(project):
    """Copy the gallery into the project, as its README says."""
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    for path in TEMPLATES:
        shutil.copy(str(path), str(folder))


def section(name):
    return README.split("## " + name + "\n")[1].split("\n## ")[0]


def test_there_is_a_gallery():
    assert len(TEMPLATES) >= 2


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_of_the_gallery_validates_and_renders(path, run):
    template = load(path.stem)
    assert template.description and all(step.description for step in template.steps)
    made = preview(template)
    assert len(made.observations) >= 2 and made.root
    assert run("pipeline", "show", path.stem, "--preview").code == 0


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_choice_of_a_template_renders(path):
    template = load(path.stem)
    given = {name: "x" for name in template.get_required_variables()}
    for variable in template.variables:
        for value in (True, False) if variable.type == "boolean" else variable.choices or []:
            made = create(
                template,
                dict(given, **{variable.name: value if variable.type != "list" else [value]}),
            )
            assert made.root and all(each.usage is None for each in made.observations)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_readme_lists_each_variable_with_its_type(path):
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", section(path.stem), re.M)
    template = load(path.stem)
    assert [(name, kind) for name, kind, _ in rows] == [
        (v.name, v.type) for v in template.variables
    ]
    required = {name for name, _, default in rows if default.strip() == "required"}
    assert required == set(template.get_required_variables())


def test_the_index_of_the_gallery_is_new(run):
    result = run("pipeline", "index", GALLERY, "--check")
    assert result.code == 0, result.err


def test_the_commands_of_the_readme_work(run, project):
    shutil.copytree(str(GALLERY), str(project / "templates"))
    lines = re.findall(r"^coaia (.+)$", README, re.M)
    assert len(lines) >= 4
    for line in lines:
        answer = run(*shlex.split(line))
        assert answer.code == 0, (line, answer.err)


STEPS = '["echo one > made; cat made", ["echo", "; touch HIT", "$HOME"], "test -e go", "touch HIT"]'


def test_the_commands_of_shell_steps_run_in_order_until_one_fails(run, project):
    words = ["pipeline", "run", "shell-steps", "--yes", "--jobs", "4", "--json"]
    done = run(*words + ["--var", "steps=" + STEPS])
    body = json.loads(done.out)
    found = [(step["status"], step["output"]) for step in body["steps"][1:]]
    assert found[:2] == [("succeeded", "one"), ("succeeded", "; touch HIT $HOME")]
    assert [status for status, _ in found[2:]] == ["failed", "skipped"] and done.code == 1
    assert not (project / "HIT").exists()
    (project / "go").write_text("")
    again = run("pipeline", "run", "--resume", body["trace_id"])
    assert again.code == 0 and (project / "HIT").exists()


@pytest.mark.parametrize("folder", ["templates", "coaiapy/templates"])
def test_the_tests_of_templates_pass_and_meet_every_condition(folder, run):
    """Those of the gallery and of the built-in templates stand beside them."""
    done = run("pipeline", "test", str(ROOT / folder), "--json")
    body = json.loads(done.out)
    assert done.code == 0, [case for case in body["cases"] if not case["passed"]]
    for path, met in body["coverage"].items():
        missed = met["never_true"] + met["never_false"] + met["never_taken"]
        assert not missed, path
    tested = {case["template"] for case in body["cases"]}
    named = [path for path in (ROOT / folder).glob("[a-z]*")]
    assert tested == {path.name.split(".")[0] for path in named if path.is_file()}


def test_no_template_has_a_problem(run):
    folders = [str(ROOT / "templates"), str(ROOT / "coaiapy" / "templates")]
    assert run("pipeline", "validate", *folders).out == ""
