"""A command that prints lines for eval and fails lets the script that evaluates them fail."""

import io

import pytest
from terminal import Terminal

from coaiapy.cli.streams import Context
from coaiapy.coaiacli import main


@pytest.mark.parametrize(
    "words, code",
    [
        ("pipeline create no-such-template --export-env", 1),
        ("pipeline create simple-trace --export-env", 2),
        ("fuse traces create a b c --export-env", 2),
        ("fuse traces create t --export-env --require-delivery", 3),
        ("env source --name nope --export", 1),
        ("--env .nope env save", 1),
        ("environment save --name a/b", 2),
        ("env set A;B 1 --temp", 2),
        ("fuse traces nonsense --export-env", 2),
    ],
)
def test_the_last_line_has_the_code_of_the_failure(run, words, code):
    result = run(*words.split(" "))
    assert result.code == code and result.out.splitlines()[-1] == "(exit {});".format(code)


@pytest.mark.parametrize("shell", ["fish", "powershell"])
def test_the_line_is_of_the_shell_that_was_named(run, shell):
    for option in (["--shell", shell], ["--shell=" + shell]):
        out = run("env", "source", "--name", "nope", "--export", *option).out
        assert out.count("\n") == 1 and "(exit" not in out and "1" in out


@pytest.mark.parametrize(
    "shell, prefix", [("fish", "set -gx COAIA_TRACE_ID "), ("powershell", "$env:COAIA_TRACE_ID = ")]
)
@pytest.mark.parametrize(
    "words", ["fuse traces create t", "pipeline create simple-trace --var trace_name=n"]
)
def test_the_ids_of_a_trace_are_set_in_the_shell_that_was_named(run, words, shell, prefix):
    words = words.split(" ") + ["--export-env", "--shell", shell]
    good = run(*words)
    assert good.code == 0 and good.out.splitlines()[0].startswith(prefix), good
    bad = run(*(words + ["--require-delivery"]))
    last = bad.out.splitlines()[-1]
    assert bad.code == 3 and "(exit" not in last and "3" in last, bad


def test_there_is_none_for_a_success_for_other_commands_and_on_a_terminal(run):
    assert "exit" not in run("fuse", "traces", "create", "t", "--export-env").out
    assert run("env", "get", "NOPE").out == run("env", "source", "--name", "nope").out == ""
    out = Terminal()
    assert (
        main(
            ["env", "source", "--name", "nope", "--export"],
            Context(io.StringIO(), out, io.StringIO()),
        )
        == 1
    )
    assert out.getvalue() == ""
