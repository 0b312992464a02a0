"""``coaia env`` as a person, a script and a shell use it."""

import io
import json
import os
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
