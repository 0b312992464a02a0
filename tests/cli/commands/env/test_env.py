"""``coaia env`` as a person, a script and a shell use it."""

import io
import json
import os
import stat
import subprocess
import sys

import pytest
from forked import commands_at_once
from processes import ROOT, bash
from terminal import Terminal

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main

COMMANDS = ("init", "list", "get", "set", "unset", "source", "save", "clear")


def test_help(run):
    assert run("env").code == 0 and run("env").out == run("environment", "--help").out
    for name in COMMANDS:
        found = run("env", name, "--help")
        assert found.code == 0 and "coaia env " + name in found.out.split("example", 1)[1]


def test_init_makes_the_three_files(run, home, project):
    assert run("env", "init").code == 0
    assert run("env", "init", "--global").code == 0
    assert run("env", "init", "--name", "dev", "--format", "env").code == 0
    found = json.loads((project / ".coaia-env").read_text())
    assert found["COAIA_TRACE_ID"] == "" and found["_COAIA_ENV_CREATED"].isdigit()
    assert (home / ".coaia" / "global.env").exists()
    assert (project / ".coaia-env.dev").read_text().startswith('COAIA_TRACE_ID=""\n')
    for path in (project / ".coaia-env", home / ".coaia" / "global.env"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_init_keeps_values_unless_forced(run):
    run("env", "set", "A", "1")
    found = run("env", "init", "--format", "env")
    assert found.code == 0 and "keeps its values" in found.err and "json" in found.err
    assert run("env", "get", "A").out == "1\n"
    assert run("env", "init", "--force", "--format", "env").code == 0
    assert run("env", "get", "A").code == 1


def test_set_get_unset(run, project):
    done = run("env", "set", "COAIA_USER_ID", "john", "--persist")
    assert (done.code, done.out) == (0, "") and "john" not in done.err
    assert run("env", "get", "COAIA_USER_ID").out == "john\n"
    assert run("env", "get", "COAIA_USER_ID", "--location", "project").out == "john\n"
    assert run("env", "get", "COAIA_USER_ID", "--global").code == 1
    assert run("env", "unset", "COAIA_USER_ID").code == 0
    assert run("env", "unset", "COAIA_USER_ID", "--persist").code == 0
    missing = run("env", "get", "COAIA_USER_ID")
    assert (missing.code, missing.out) == (1, "") and missing.err.count("\n") == 1
    assert "COAIA_USER_ID" in missing.err
    assert json.loads((project / ".coaia-env").read_text()) == {}


@pytest.mark.parametrize("value", ["-5", "-0.5", "", " x ", "a=b", "é\n", "-5 apples"])
def test_values_that_are_not_words(run, value):
    assert run("env", "set", "K", value).code == 0
    assert run("env", "get", "K").out == value + "\n"


def test_a_value_that_looks_like_an_option(run):
    assert run("env", "set", "K", "--", "--name").code == 0
    assert run("env", "get", "K").out == "--name\n"


def test_get_follows_the_hierarchy(run, monkeypatch):
    run("env", "set", "A", "global", "--global")
    assert run("env", "get", "A").out == "global\n"
    run("env", "set", "A", "project")
    assert run("env", "get", "A").out == "project\n"
    monkeypatch.setenv("A", "os")
    assert run("env", "get", "A").out == "os\n"
    assert run("env", "get", "A", "--location", "global").out == "global\n"
    run("env", "set", "A", "dev", "--name", "dev")
    assert run("env", "get", "A", "--name", "dev").out == "dev\n"


def test_an_id_left_open_is_empty_and_does_not_hide_another(run):
    run("env", "init")
    assert run("env", "get", "COAIA_USER_ID")[:2] == (0, "\n")
    run("env", "set", "COAIA_USER_ID", "john", "--global")
    assert run("env", "get", "COAIA_USER_ID").out == "john\n"


def test_temp_prints_and_writes_nothing(run, project):
    assert run("env", "set", "DEBUG_MODE", "a b", "--temp").out == "export DEBUG_MODE='a b';\n"
    assert run("env", "unset", "DEBUG_MODE", "--temp").out == "unset DEBUG_MODE;\n"
    assert os.listdir(str(project)) == []
    assert run("env", "set", "A", "1", "--temp", "--persist").code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("get", "A B"),
        ("set", "A;touch X", "1"),
        ("set", "_COAIA_X", "1"),
        ("set", "A;touch X", "1", "--temp"),
        ("unset", "1A"),
        ("init", "--name", "a/b"),
        ("list", "--name", "../x"),
        ("source", "--shell", "csh"),
        ("set", "A"),
        ("set", "A", "1", "--loc", "global"),
    ],
)
def test_usage_errors(run, project, words):
    found = run("env", *words)
    assert (found.code, found.err.count("\n")) == (2, 1)
    assert found.out == ("(exit 2);\n" if "--temp" in words else "")
    assert os.listdir(str(project)) == []


def test_a_file_keeps_its_format(run, project):
    (project / ".coaia-env").write_text("# mine\nA=1\n")
    found = run("env", "set", "B", "2", "--format", "json")
    assert found.code == 0 and "exists and keeps its format, env" in found.err
    assert (project / ".coaia-env").read_text() == '# mine\nA=1\nB="2"\n'


def test_without_dotenv_no_file_is_written_that_it_has_to_read(run, project, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "dotenv"] + ["dotenv"]:
        monkeypatch.setitem(sys.modules, name, None)
    result = run("env", "set", "KEY", "value", "--format", "env")
    assert (result.code, result.out) == (3, "")
    assert "python-dotenv" in result.err
    assert os.listdir(str(project)) == []
    assert run("env", "set", "KEY", "value").code == 0
    assert run("env", "get", "KEY").out == "value\n"


def test_a_broken_file_is_named_and_left(run, project):
    (project / ".coaia-env").write_text('{"A": "1",\n')
    for words in (("set", "B", "2"), ("get", "B"), ("list",), ("source", "--export"), ("init",)):
        found = run("env", *words)
        assert found.code == 6 and ".coaia-env" in found.err
        assert found.out == ("(exit 6);\n" if "--export" in words else "")
        assert " line " in found.err
    assert (project / ".coaia-env").read_text() == '{"A": "1",\n'
    assert run("env", "clear", "--yes").code == 0


def test_what_python_dotenv_would_expand_is_told(run, monkeypatch):
    note = "B contains ${...}, which coaia keeps as it is, but python-dotenv expands"
    assert "python-dotenv" not in run("env", "set", "A", "$HOME", "--format", "env").err
    assert note in run("env", "set", "B", "${HOME}").err
    assert "python-dotenv" not in run("env", "set", "C", "1").err
    assert "python-dotenv" not in run("env", "set", "B", "${HOME}", "--name", "json").err
    monkeypatch.setenv("COAIA_TRACE_ID", "${A:-x}")
    assert "COAIA_TRACE_ID contains" in run("env", "save", "--name", "s", "--format", "env").err


def test_list(run):
    nothing = run("env", "list")
    assert (nothing.code, nothing.out) == (0, "") and "coaia env init" in nothing.err
    assert json.loads(run("env", "list", "--json").out) == []
    run("env", "set", "A", "x" * 200)
    run("env", "set", "API_KEY", "hush", "--name", "v1.2")
    run("env", "set", "G", "2", "--global")
    found = run("env", "list").out
    assert "v1.2 (project, .coaia-env.v1.2)" in found and "default (global, " in found
    assert "x" * 200 in found and "hush" not in found and "****" in found
    assert "hush" in run("env", "list", "--reveal").out
    named = run("env", "list", "--name", "v1.2").out
    assert "API_KEY" in named and "x" * 200 not in named
    assert "G" in run("env", "list", "--location", "global").out
    assert run("env", "list", "--name", "nope").code == 1


def test_list_as_rows(run):
    run("env", "set", "A", "x,y")
    run("env", "set", "API_KEY", "hush", "--name", "dev")
    rows = run("env", "list", "--csv")
    assert rows.out.splitlines() == [
        "environment,location,variable,value",
        'default,project,A,"x,y"',
        "dev,project,API_KEY,****",
    ]
    assert rows.err == "2 variables\n"
    (row,) = map(json.loads, run("env", "list", "--name", "dev", "--jsonl").out.splitlines())
    assert row == {
        "environment": "dev",
        "location": "project",
        "variable": "API_KEY",
        "value": "****",
    }
    assert run("env", "list", "--columns", "variable").out.split()[2:] == ["A", "API_KEY"]
    assert run("env", "list", "--csv", "--name", "nope").code == 1


def test_list_json(run, project):
    run("env", "init", "--name", "dev")
    run("env", "set", "API_KEY", "hush", "--name", "dev")
    assert '"_COAIA' in (project / ".coaia-env.dev").read_text()
    one = json.loads(run("env", "list", "--name", "dev", "--json").out)
    assert one["API_KEY"] == "****" and not [key for key in one if key.startswith("_")]
    revealed = json.loads(run("env", "list", "--name", "dev", "--json", "--reveal").out)
    assert revealed["API_KEY"] == "hush"
    (every,) = json.loads(run("env", "list", "--json").out)
    assert every == {
        "name": "dev",
        "location": "project",
        "path": ".coaia-env.dev",
        "variables": one,
    }


def test_the_unnamed_environment_has_one_name_in_every_form(run):
    run("env", "set", "A", "1")
    assert run("env", "list").out.startswith("default (project, .coaia-env)\n")
    (found,) = json.loads(run("env", "list", "--json").out)
    assert found["name"] == "default"
    assert json.loads(run("env", "list", "--jsonl").out)["environment"] == "default"
    assert run("env", "list", "--csv").out.splitlines()[1].startswith("default,")


def test_source(run):
    missing = run("env", "source", "--export")
    assert (missing.code, missing.out) == (1, "(exit 1);\n") and ".coaia-env" in missing.err
    run("env", "init")
    run("env", "set", "MY_TOKEN", "it's")
    assert run("env", "source", "--export").out == "export MY_TOKEN='it'\"'\"'s';\n"
    assert run("env", "source", "--export", "--shell", "fish").out == "set -gx MY_TOKEN 'it\\'s';\n"
    assert run("env", "source", "--export", "--shell", "powershell").out == (
        "$env:MY_TOKEN = 'it''s';\n"
    )
    shown = run("env", "source").out
    assert "MY_TOKEN" in shown and "it's" not in shown and "_COAIA" not in shown
    assert run("env", "source", "--export", "--name", "nope").code == 1


def test_save(run, project, monkeypatch):
    nothing = run("env", "save", "--name", "s")
    assert (nothing.code, nothing.out) == (1, "(exit 1);\n") and "nothing to save" in nothing.err
    monkeypatch.setenv("COAIA_TRACE_ID", "t1")
    done = run("env", "save", "--name", "s", "--context-name", "first try")
    assert done.out == "export COAIA_TRACE_ID='t1';\n" and ".coaia-env.s" in done.err
    assert "_COAIA_CONTEXT_NAME" in (project / ".coaia-env.s").read_text()
    assert "first try" not in run("env", "list").out + run("env", "source", "--name", "s").out
    monkeypatch.setenv("COAIA_TRACE_ID", "t2")
    refused = run("env", "save", "--name", "s")
    assert (refused.code, refused.out) == (1, "(exit 1);\n") and "'t1'" in refused.err
    assert run("env", "save", "--name", "s", "--force").code == 0
    assert run("env", "get", "COAIA_TRACE_ID", "--name", "s").out == "t2\n"


def test_clear_asks_on_a_terminal(run, project):
    def clear(answer):
        err = io.StringIO()
        return main(["env", "clear"], Context(Terminal(answer), io.StringIO(), err)), err.getvalue()

    assert run("env", "clear", "--yes").code == 1
    run("env", "set", "A", "1")
    refused = run("env", "clear")
    assert refused.code == 3 and "--yes" in refused.err
    for answer in ("", "\n", "no\n"):
        code, said = clear(answer)
        assert code == 1 and "[y/N]" in said and (project / ".coaia-env").exists()
    assert clear("y\n")[0] == 0 and not (project / ".coaia-env").exists()
    run("env", "set", "A", "1")
    assert run("env", "clear", "--confirm").code == 0


def test_a_terminal_gets_cut_values_and_a_hint(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    run("env", "set", "A", "x" * 200)
    out, err = Terminal(), io.StringIO()
    assert main(["env", "list"], Context(io.StringIO(), out, err)) == 0
    assert "xxx…" in out.getvalue() and "x" * 80 not in out.getvalue()
    assert main(["env", "source", "--export"], Context(io.StringIO(), out, err)) == 0
    assert "eval" in err.getvalue()


@pytest.mark.parametrize("format", ["json", "env"])
def test_fifty_processes_lose_nothing(project, format):
    words = ["env", "set", "--format", format]
    results = commands_at_once([words + ["K%d" % number, "v%d" % number] for number in range(50)])
    assert [code for code, _, _ in results] == [0] * 50, results
    done = subprocess.run(
        [sys.executable, "-m", "coaiapy", "env", "list", "--location", "project", "--json"],
        stdout=subprocess.PIPE,
    )
    expected = {"K{}".format(number): "v{}".format(number) for number in range(50)}
    assert json.loads(done.stdout.decode("utf-8")) == expected
    assert os.listdir(str(project)) == [".coaia-env"]


def test_get_of_a_json_file_needs_little_of_python_and_nothing_else(run):
    run("env", "set", "A", "1")
    program = (
        "import sys\nfrom coaiapy.coaiacli import main\nmain(['env', 'get', 'A'])\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            "import sys; sys.path.insert(0, {!r})\n{}".format(ROOT, program),
        ],
        stdout=subprocess.PIPE,
    )
    value, modules = done.stdout.decode("utf-8").splitlines()
    slow = {"tempfile", "pathlib", "logging", "subprocess", "sqlite3", "ssl", "http", "asyncio"}
    assert value == "1" and not slow & set(modules.split())
    assert "coaiapy.langfuse.traces.display" not in modules.split()


def test_a_context_goes_on_in_another_shell():
    bash(
        'coaia env set COAIA_USER_ID "john" --persist\n'
        'coaia env set COAIA_TRACE_ID "trace of today"\n'
        'eval $(coaia env save --name "llm-session")\n'
        'eval "$(coaia env save --name "llm-session")"'
    )
    for line in (
        "eval $(coaia env source --name llm-session --export)",
        'eval "$(coaia env source --name llm-session --export)"',
        'eval $(coaia environment save --name "llm-session")',
    ):
        assert bash(line + '\nprintf %s "$COAIA_TRACE_ID/$COAIA_USER_ID"') == "trace of today/john"
    assert bash("eval $(coaia env set DEBUG_MODE true --temp)\nenv | grep ^DEBUG_MODE=") == (
        "DEBUG_MODE=true\n"
    )
    assert bash("export A=1\neval $(coaia env unset A --temp)\necho ${A-gone}") == "gone\n"


@pytest.mark.parametrize("options", [(), ("-O", "nullglob"), ("-O", "extglob")])
@pytest.mark.parametrize("format", ["json", "env"])
def test_any_value_comes_through_file_and_shell(run, format, options):
    value = ' it\'s  "so"\t$HOME `id` $(id)\n* ? [a] \\ é #x \\n\n'
    run("env", "set", "K", value, "--format", format)
    for form in ("eval $(coaia env source --export)", 'eval "$(coaia env source --export)"'):
        assert bash(form + '\nprintf "%s." "$K"', *options) == value + "."


def test_accents_survive_the_c_locale():
    for script in (
        "export LC_ALL=C\ncoaia env set K 'é \u3000'",
        "export LC_ALL=C\nexport COAIA_USER_ID='é'\ncoaia env save --name s",
    ):
        bash(script)
    form = 'export LC_ALL=C\neval $(coaia env source --export{})\nprintf %s "${}"'
    assert bash(form.format("", "K")) == "é \u3000"
    assert bash(form.format(" --name s", "COAIA_USER_ID")) == "é"


def test_a_value_can_be_piped_in_so_that_no_list_of_processes_shows_it(run):
    assert run("env", "set", "KEY", "-", stdin="two\nlines\n").code == 0
    assert run("env", "get", "KEY").out == "two\nlines\n"
    assert run("env", "set", "KEY", "-", "--temp", stdin="x y\n").out == "export KEY='x y';\n"
    assert run("env", "set", "1KEY", "-", stdin="x").code == 2
