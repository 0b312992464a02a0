"""``coaia env source`` and ``save``: variables from a file to a shell, and back."""

import pytest
from processes import bash


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
