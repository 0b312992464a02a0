"""The hooks for pre-commit and the GitHub Action stop a broken template, run as their files say."""

import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from places import ROOT

pytestmark = pytest.mark.once

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
# A python3 that writes down what pip is to install, and a coaia that is the one of this checkout.
PYTHON3 = '#!/bin/sh\necho "$@" >>"$INSTALLED"\n'
COAIA = '#!/bin/sh\nexec {} -m coaiapy "$@"\n'.format(shlex.quote(sys.executable))
# For each hook: a file that is fine, and one that it stops.
FILES = {
    "coaia-pipeline-validate": {
        ".coaia/templates/fine.yaml": "steps: [{name: A}]",
        ".coaia/templates/broken.yaml": "steps: [{name: A, parent: B}]",
    },
    "coaia-env-check": {
        "app/.env.example": "# @type=port\nPORT=1\n",
        "app/.env.production": "PORT=x\n",
    },
    "coaia-env-guard": {
        "notes.md": "Paris\n",
        "app/.env.production": "API_TOKEN=of-this-test\n",
    },
}


@pytest.fixture
def environment(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("python3", PYTHON3), ("coaia", COAIA)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return dict(
        os.environ,
        PATH="{}:{}".format(folder, os.environ["PATH"]),
        PYTHONPATH=str(ROOT),
        GITHUB_ACTION_PATH=str(ROOT),
        INSTALLED=str(tmp_path / "installed"),
    )


def shell(script, environment):
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=200,
    )
    return done


def put(project, name, text):
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    "hook", [one for one in HOOKS if one["id"] in FILES], ids=lambda h: h["id"]
)
def test_a_hook_passes_what_is_fine_and_stops_what_is_not(hook, environment, project):
    (fine, text), (broken, wrong) = FILES[hook["id"]].items()
    put(project, fine, text)
    put(project, broken, wrong)
    assert hook["language"] == "python"
    if hook.get("types") != ["text"]:
        assert re.search(hook["files"], fine) and re.search(hook["files"], broken)
        assert not re.search(hook["files"], "package.json")
    done = shell("{} {}".format(hook["entry"], fine), environment)
    assert done.returncode == 0, done.stderr
    done = shell("{} {} {}".format(hook["entry"], fine, broken), environment)
    assert done.returncode == 2 and broken + ":1:" in done.stdout


def run_action(environment, **inputs):
    """Run the steps of the action until one fails, and return what each has done."""
    done = []
    for step in ACTION["runs"]["steps"]:
        given = dict(environment)
        for name, value in step.get("env", {}).items():
            key = re.match(r"\$\{\{ inputs\.(\w+) \}\}$", value).group(1)
            given[name] = inputs.get(key, ACTION["inputs"][key]["default"])
        assert "${{" not in step["run"], "a value in a script is code to the shell"
        done.append(shell(step["run"], given))
        if done[-1].returncode:
            break
    return done


def test_the_action_installs_this_package_and_shows_problems_beside_the_lines(
    environment, project, tmp_path
):
    put(project, ".coaia/templates/fine.yaml", "steps: [{name: A}]")
    assert all(one.returncode == 0 for one in run_action(environment))
    installed = (tmp_path / "installed").read_text().strip()
    assert installed == "-m pip install --quiet {}".format(ROOT)
    put(project, "others/broken.yaml", "steps: [{name: A, parent: B}]")
    last = run_action(environment, templates=".coaia/templates others; touch HIT")[-1]
    assert last.returncode and not (project / "HIT").exists()
    last = run_action(environment, templates=".coaia/templates others")[-1]
    assert last.returncode == 2
    assert last.stdout.startswith("::error file=others/broken.yaml,line=1,col=19,title=parent::")


def test_the_hook_for_prompts_checks_the_whole_folder(environment, project):
    (hook,) = [one for one in HOOKS if one["id"] == "coaia-prompts-check"]
    put(project, "prompts/team/fine.md", "---\n---\nHello {{name}}\n")
    assert re.search(hook["files"], "prompts/team/fine.md") and not hook["pass_filenames"]
    line = " ".join([hook["entry"]] + hook["args"])
    assert shell(line, environment).returncode == 0
    put(project, "prompts/broken.md", "---\nname: team/fine\n---\nHello {{name}\n")
    done = shell(line, environment)
    assert done.returncode == 2
    assert "prompts/broken.md:4:7: " in done.stdout
    assert "prompts/team/fine.md:2:1: the prompt 'team/fine' is in" in done.stdout


def test_the_action_checks_a_folder_of_prompts_if_there_is_one(environment, project):
    put(project, ".coaia/templates/fine.yaml", "steps: [{name: A}]")
    put(project, "our prompts/p.md", "---\n---\nHello {{name}\n")
    assert run_action(environment)[-1].stdout == ""
    last = run_action(environment, prompts="our prompts")[-1]
    assert last.returncode == 2
    assert last.stdout.startswith("::error file=our prompts/p.md,line=3,col=7,title=variable::")


def test_the_action_runs_the_tests_of_templates_if_that_is_wished(environment, project):
    put(project, ".coaia/templates/fine.yaml", "steps: [{name: A}]")
    put(project, ".coaia/templates/fine.test.yaml", "cases: [{name: c, lacks: [A]}]")
    assert run_action(environment)[-1].returncode == 0
    last = run_action(environment, test="true")[-1]
    assert last.returncode == 1 and "there is a step 'A'" in last.stdout


def test_the_action_checks_the_environments_that_are_named(environment, project):
    put(project, ".env.example", "# @type=port\nPORT=1\n")
    put(project, ".coaia-env", "PORT=1\n")
    put(project, ".coaia-env.live", "PORT=x\n")
    assert all(one.returncode == 0 for one in run_action(environment))
    assert run_action(environment, environments="default")[-1].returncode == 0
    last = run_action(environment, environments="live default")[-1]
    assert last.returncode == 2
    assert last.stdout.startswith("::error file=.coaia-env.live,line=1,")


def test_the_action_refuses_secrets_that_are_in_git(environment, project):
    put(project, "our notes.md", "Paris\n")
    put(project, ".env.live", "API_TOKEN=of-this-test\n")
    assert run_action(environment, guard="true")[-1].returncode, "this is no repository"
    subprocess.check_call(["git", "init", "-q"])
    subprocess.check_call(["git", "add", "our notes.md"])
    assert run_action(environment, guard="true")[-1].returncode == 0
    subprocess.check_call(["git", "add", "--force", ".env.live"])
    assert run_action(environment)[-1].returncode == 0
    last = run_action(environment, guard="true")[-1]
    assert last.returncode and last.stdout.startswith("::error file=.env.live,line=1,")
    assert "of-this-test" not in last.stdout + last.stderr
