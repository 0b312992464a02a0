"""Completion as people meet it: Tab in real interactive shells, set up as the help says."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from interactive import STARTS, Terminal, has
from places import ROOT

from coaiapy.cli.completion import command

pytestmark = pytest.mark.once

SHELLS = [
    pytest.param(
        shell, marks=pytest.mark.skipif(not has(shell), reason=shell + " is not installed")
    )
    for shell in command.SHELLS
]
# Each would do something, or be something else, in a shell that did not quote it.
HOSTILE = [
    "$(touch PWNED)",
    "`touch PWNED`; touch PWNED & # \\",
    'it\'s "great" !touch ^a^b',
    "* ? [x] {a,b} ~root $HOME ${HOME} >PWNED <x | (y)",
    "é☃ a:b=c %s \u00a0 end'",
    'end"',
    "end!",
]


@pytest.fixture(params=SHELLS)
def shell(request):
    return request.param


@pytest.fixture
def terminal(shell, tmp_path):
    with Terminal(shell, tmp_path / "shell") as opened:
        yield opened


@pytest.fixture
def config_names(home):
    """Cache score configs with hostile names, each of which begins with its number."""
    names = ["{} {}".format(number, text) for number, text in enumerate(HOSTILE)]
    folder = home / ".coaia" / "score-configs"
    folder.mkdir(parents=True)
    configs = [{"name": name, "description": "`touch PWNED`\n$(touch PWNED)"} for name in names]
    (folder / "local.json").write_text(json.dumps({"configs": configs}), encoding="utf-8")
    return names


def test_commands_templates_options_choices_and_variables(terminal):
    for keys, words in (
        ("coaia pipel\tsh\tda\t", ["pipeline", "show", "data-pipeline"]),
        ("coaia pipeline show --prev\tllm\t", ["pipeline", "show", "--preview", "llm-chain"]),
        ("coaia env source --shell fi\tx", ["env", "source", "--shell", "fish", "x"]),
        ("coaia env source --shell=fi\tx", ["env", "source", "--shell=fish", "x"]),
        (
            "coaia pipeline create data-pipeline --var user\tjohn",
            ["pipeline", "create", "data-pipeline", "--var", "user_id=john"],
        ),
    ):
        assert terminal.type(keys) == words


def test_names_of_environments_are_those_of_this_moment(terminal, run):
    run("env", "init", "--name", "monday")
    assert terminal.type("coaia env source --name mo\tx") == [
        "env",
        "source",
        "--name",
        "monday",
        "x",
    ]
    os.unlink(".coaia-env.monday")
    run("env", "init", "--name", "moon")
    assert terminal.type("coaia env source --name mo\tx") == [
        "env",
        "source",
        "--name",
        "moon",
        "x",
    ]


def test_files_are_completed_by_the_shell_itself(terminal, project):
    (project / "my notes.txt").write_text("x")
    (project / "prompts here").mkdir()
    (project / "prompts-file").write_text("x")
    for keys, words in (
        ("coaia tash k -F my\tx", ["tash", "k", "-F", "my notes.txt", "x"]),
        ("coaia tash k --file=my\tx", ["tash", "k", "--file=my notes.txt", "x"]),
        ("coaia fuse prompts pull pro\t", ["fuse", "prompts", "pull", "prompts here"]),
    ):
        *others, last = terminal.type(keys)
        assert others + [last.rstrip("/")] == words  # zsh takes the slash away again


def test_env_files_are_offered_though_they_are_hidden(terminal, project):
    """By themselves, zsh and fish offer what begins with a dot only once a dot is typed."""
    (project / ".env").write_text("A=1\n")
    option, path, *words = terminal.type("coaia --env \tenv list")
    assert [option, os.path.relpath(path)] + words == ["--env", ".env", "env", "list"]
    assert terminal.type("coaia --env=\tenv list") == ["--env=.env", "env", "list"]
    (project / "of staging").mkdir()
    (project / "of staging" / ".env.staging").write_text("A=1\n")
    words = terminal.type("coaia --env 'of staging/\tenv list")
    assert words == ["--env", "of staging/.env.staging", "env", "list"]
    (project / "settings of mine").write_text("A=1\n")
    words = terminal.type("coaia --env se\tenv list")
    assert words == ["--env", "settings of mine", "env", "list"]


def test_a_hostile_name_arrives_as_it_is_and_nothing_runs(terminal, project, config_names):
    for number, name in enumerate(config_names):
        words = terminal.type("coaia fuse score-configs show {}\tx".format(number))
        assert words == ["fuse", "score-configs", "show", name, "x"]
    for keys, first, option, number in (
        ("coaia fuse score-configs show '", ["score-configs", "show"], "", 2),
        ('coaia fuse score-configs show "', ["score-configs", "show"], "", 5),
        ("coaia fuse scores list --config '", ["scores", "list", "--config"], "", 4),
        ('coaia fuse scores list --config="', ["scores", "list"], "--config=", 1),
        ("coaia fuse scores list --config=", ["scores", "list"], "--config=", 0),
    ):
        words = terminal.type("{}{}\tx".format(keys, number))
        assert words == ["fuse"] + first + [option + config_names[number], "x"]
    assert os.listdir(str(project)) == []


@pytest.mark.parametrize(
    "shell, keys",
    [("zsh", "coaia pipeline show \t"), ("fish", 'complete -C"coaia pipeline show "\r')],
)
def test_what_each_is_for_is_shown_beside_it(tmp_path, shell, keys):
    if not has(shell):
        pytest.skip(shell + " is not installed")
    with Terminal(shell, tmp_path / "shell") as terminal:
        os.write(terminal.terminal, keys.encode("utf-8"))
        terminal.until(lambda: "Language model calls" in terminal.screen)


@pytest.mark.parametrize("program", ["#!/bin/sh\necho noise >&2\nexit 3\n", None])
def test_a_program_that_is_broken_or_gone_says_nothing(terminal, tmp_path, program):
    own = tmp_path / "shell" / "bin" / "coaia"
    whole = own.read_text()
    if program:
        own.write_text(program)
    else:
        own.rename(str(own) + ".gone")
    before = len(terminal.screen)
    os.write(terminal.terminal, b"coaia pipel\tine")
    terminal.until(lambda: re.search(r"pipel\W*ine", terminal.screen[before:]))
    own.write_text(whole)
    own.chmod(0o755)
    assert terminal.type("") == ["pipeline"]
    assert "noise" not in terminal.screen[before:]
    assert "not found" not in terminal.screen[before:].lower()


def test_a_path_to_the_program_completes_too(terminal, home, tmp_path):
    shutil.copytree(str(tmp_path / "shell" / "bin"), str(home / "tools"))
    assert terminal.type("~/tools/coaia pipel\t") == ["pipeline"]


@pytest.mark.skipif(not has("zsh"), reason="zsh is not installed")
def test_zsh_says_what_is_missing_where_it_completes_nothing_at_all():
    done = subprocess.run(
        ["zsh", "-f", command.script_path("zsh")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.count(b"\n") == 1 and b"compinit" in done.stderr


@pytest.mark.parametrize("settings", ["set -eu", "set -f; IFS=:", "shopt -s failglob nullglob"])
@pytest.mark.parametrize(
    "line, word", [("coaia pipeline show da", "data-pipeline"), ("coaia no ", "")]
)
def test_bash_completes_whatever_its_user_has_set(settings, line, word):
    script = [
        settings,
        'coaia() {{ {} -m coaiapy "$@"; }}'.format(sys.executable),
        'eval "$(coaia completion bash)"',
        "COMP_LINE='{}' COMP_POINT={}".format(line, len(line)),
        "_coaia coaia",
        'echo "${COMPREPLY[*]-}"',
    ]
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert (done.returncode, done.stdout.decode("utf-8"), done.stderr) == (0, word + "\n", b"")


def test_the_scripts_are_in_good_order(shell):
    done = subprocess.run(
        [shell, "-n", command.script_path(shell)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize("name", command.SHELLS)
def test_the_script_is_printed(run, name):
    result = run("completion", name)
    assert (result.code, result.err) == (0, "")
    assert "__complete {} -- ".format(name) in result.out


def test_it_is_loaded_here_as_help_and_readme_say(run):
    readme = ROOT / "README.md"
    documented = (readme.read_text(encoding="utf-8"), run("completion", "--help").out)
    for shell, name, line in (
        ("bash", "bashrc", 'eval "$(coaia completion bash)"'),
        ("zsh", ".zshrc", 'eval "$(coaia completion zsh)"'),
        ("fish", "fish/config.fish", "fish/completions/coaia.fish"),
    ):
        assert [line in text for text in documented + (STARTS[shell][name],)] == [True] * 3


def test_another_shell_is_a_usage_error(run):
    result = run("completion", "tcsh")
    assert (result.code, result.out) == (2, "")
    assert "bash" in result.err and "zsh" in result.err and "fish" in result.err
    assert run("completion").code == 2
