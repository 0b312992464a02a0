"""``coaia env diff``, ``copy`` and ``edit``: nothing is shown that is secret, and nothing is lost."""

import io
import json
import os
import stat

import pytest
from terminal import Terminal

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main
from coaiapy.env import untrusted


@pytest.fixture
def write(project):
    def write(name, text="", **variables):
        (project / name).write_text(text or json.dumps(variables))

    return write


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """Makes a script the editor: ``$1`` is the file."""

    def use(script):
        path = tmp_path / "an editor"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        monkeypatch.setenv("EDITOR", "EXTRA=1 '{}'".format(path))

    monkeypatch.delenv("VISUAL", raising=False)
    return use


def drafts(home):
    return sorted((home / ".coaia" / "edits").glob("*/*")) if (home / ".coaia").exists() else []


def test_a_difference_is_shown_without_secrets(run, write):
    write(".coaia-env", A="1", SAME="x", API_KEY="canary-1")
    write(".coaia-env.dev", A="2", API_KEY="canary-2", _COAIA_ENV_NAME="dev")
    write(".coaia-env.prod", ONLY="y")
    found = run("env", "diff", "dev", "prod")
    assert found.code == 1 and "canary" not in found.out + found.err
    rows = json.loads(run("env", "diff", "dev", "prod", "--json").out)
    assert [(one["variable"], one["state"], one["first"], one["second"]) for one in rows] == [
        ("A", "differs", "2", "1"),
        ("API_KEY", "differs", "****", "****"),
        ("ONLY", "only in prod", None, "y"),
    ]
    assert "canary-2" in run("env", "diff", "dev", "default", "--reveal").out
    assert run("env", "diff", "default", "default").code == 0


def test_files_are_compared_alone(run, project, write):
    write(".coaia-env", A="1")
    write(".coaia-env.dev", B="1")
    write(".env.example", "B=1\nA=\n")
    rows = json.loads(run("env", "diff", "./.coaia-env.dev", ".env.example", "--json").out)
    assert [(one["variable"], one["state"]) for one in rows] == [("A", "only in .env.example")]
    os.remove(".coaia-env")
    (project / ".env").write_text("C=1\n")
    assert "only in default" in run("env", "diff", "default", ".env.example", "--dotenv").out
    for words in (("default", "dev"), ("dev", "nosuch"), ("nosuch", "dev"), ("./no", "dev")):
        assert run("env", "diff", *words).code == 1


def test_encrypted_values_are_compared_by_what_they_say_and_copied_as_they_are(run, project):
    run("env", "set", "CITY", "Paris", "--name", "dev", "--encrypt")
    assert run("env", "copy", "dev", "other").code == 0
    assert run("env", "get", "CITY", "--name", "other").out == "Paris\n"
    text = (project / ".coaia-env.other").read_text()
    assert "Paris" not in text and text.count("encrypted:") == 1
    run("env", "set", "CITY", "Paris", "--name", "other")  # it stays encrypted, as another text
    assert run("env", "diff", "./.coaia-env.dev", "./.coaia-env.other").code == 0
    run("env", "set", "CITY", "Rome", "--name", "other")
    (row,) = json.loads(run("env", "diff", "dev", "other", "--json").out)
    assert (row["first"], row["second"]) == ("encrypted:****", "encrypted:****")
    (project / ".env.keys").unlink()
    assert run("env", "diff", "dev", "other").code == 1


def test_a_copy_has_the_comments_and_another_name(run, project, write):
    write(".coaia-env", '# about A\nA="1"\n_COAIA_ENV_NAME="default"\n_COAIA_ENV_CREATED="1"\n')
    assert run("env", "copy", "default", "dev").code == 0
    text = (project / ".coaia-env.dev").read_text()
    assert text.startswith('# about A\nA="1"\n_COAIA_ENV_NAME="dev"\n') and '="1"\n' in text
    assert stat.S_IMODE((project / ".coaia-env.dev").stat().st_mode) == 0o600
    again = run("env", "copy", "default", "dev")
    assert again.code == 1 and "--force" in again.err
    assert run("env", "copy", "default", "dev", "--force").code == 0
    assert run("env", "copy", "nosuch", "x").code == 1
    assert run("env", "copy", "default", "a b").code == 2


def test_a_copy_of_what_is_not_trusted_is_not_trusted(run, project, write):
    write(".coaia-env", BASH_ENV="evil")
    assert run("env", "copy", "default", "dev").code == 0
    assert not untrusted.is_trusted(".coaia-env.dev")
    run("trust", "--yes", ".coaia-env")
    assert run("env", "copy", "default", "other").code == 0
    assert untrusted.is_trusted(".coaia-env.other")


def test_an_edit_changes_the_file_and_leaves_nothing(run, project, home, editor):
    run("env", "set", "A", "1", "--name", "dev")
    editor('test -n "$EXTRA" || exit 1; stat -c %a "$1" >mode; sed -i s/1/2/ "$1"; touch "$1~"')
    found = run("env", "edit", "--name", "dev")
    assert (found.code, found.out) == (0, "") and "changed .coaia-env.dev" in found.err
    assert run("env", "get", "A", "--name", "dev").out == "2\n"
    assert (project / "mode").read_text() == "600\n" and drafts(home) == []
    editor("true")
    assert "was not changed" in run("env", "edit", "--name", "dev").err


def test_a_text_that_is_broken_is_kept_and_offered_again(run, project, home, editor, write):
    write(".coaia-env", "A=1\n")
    editor('echo "B=\'open" >>"$1"; echo C=3 >>"$1"')
    found = run("env", "edit")
    (draft,) = drafts(home)
    assert found.code == 6 and str(draft) in found.err and "line 2" in found.err
    assert (project / ".coaia-env").read_text() == "A=1\n"
    editor('sed -i "s/open/open\'/" "$1"')
    found = run("env", "edit")
    assert found.code == 0 and "going on with the text in" in found.err
    assert (project / ".coaia-env").read_text() == "A=1\nB='open'\nC=3\n" and drafts(home) == []


def test_on_a_terminal_it_is_asked_whether_to_edit_again(project, home, editor, write):
    write(".coaia-env", "A=1\n")
    editor('if grep -q BROKEN "$1"; then echo A=2 >"$1"; else echo BROKEN >>"$1"; fi')
    err = io.StringIO()
    assert main(["env", "edit"], Context(Terminal("y\n"), io.StringIO(), err)) == 0
    assert "edit it again?" in err.getvalue() and drafts(home) == []
    assert (project / ".coaia-env").read_text() == "A=2\n"


def test_a_file_that_another_program_changed_is_not_overwritten(run, project, home, editor, write):
    write(".coaia-env", "A=1\n")
    editor('echo B=mine >>"$1"; echo B=theirs >>.coaia-env')
    found = run("env", "edit")
    assert found.code == 6 and "changed by another program" in found.err
    assert (project / ".coaia-env").read_text() == "A=1\nB=theirs\n"
    compared = run("env", "diff", ".coaia-env", str(drafts(home)[0]))
    assert "theirs" in compared.out and "mine" in compared.out
    assert run("env", "edit", "--discard").code == 0 and drafts(home) == []


def test_an_editor_that_fails_changes_nothing(run, project, home, editor, write, monkeypatch):
    write(".coaia-env", "A=1\n")
    editor("exit 3")
    found = run("env", "edit")
    assert found.code == 1 and "exit code 3" in found.err and drafts(home) == []
    editor('echo B=1 >>"$1"; exit 3')
    assert run("env", "edit").code == 1 and len(drafts(home)) == 1
    monkeypatch.setenv("EDITOR", "no-such-editor")
    assert "127" in run("env", "edit").err
    assert (project / ".coaia-env").read_text() == "A=1\n"
    assert run("env", "edit", "--name", "nosuch").code == 1


def test_a_broken_file_can_be_mended(run, project, editor, write):
    write(".coaia-env", "{ broken")
    editor("""echo '{"A": "1"}' >"$1" """)
    assert run("env", "edit").code == 0 and run("env", "get", "A").out == "1\n"


def test_an_edit_trusts_nothing_of_somebody_else(run, project, editor, write):
    write(".coaia-env", "A=1\nBASH_ENV=evil\n")
    editor('sed -i s/1/2/ "$1"')
    assert run("env", "edit").code == 0 and not untrusted.is_trusted(".coaia-env")
    write(".coaia-env", "A=1\n")
    editor('echo BASH_ENV=mine >>"$1"')
    assert run("env", "edit").code == 0 and untrusted.is_trusted(".coaia-env")
    assert os.listdir(str(project)) == [".coaia-env"]
