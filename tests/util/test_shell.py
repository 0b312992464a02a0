"""Lines to eval, evaluated by the shells that people have."""

import os
import shutil
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coaiapy.errors import UsageError
from coaiapy.util import shell

# dash and bash must be there; what else the machine has is tried too.
POSIX_SHELLS = ["sh", "dash", "bash"] + [name for name in ("zsh", "ksh") if shutil.which(name)]
FORMS = ['eval "$(cat "$LINES_FILE")"', 'eval $(cat "$LINES_FILE")']

AWKWARD = " \t\n\r\v\f'\"$`\\#*?[](){}!~%&|;<>=.,-+@^:/_aB7\x01\x1b\x7f\x85\xa0é\u2028\u3000😀"
TEXTS = st.one_of(
    st.text(alphabet=AWKWARD, max_size=12),
    st.text(
        alphabet=st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"),
        max_size=20,
    ),
)
VARIABLES = st.dictionaries(st.from_regex(r"\AV_[A-Za-z0-9_]{0,6}\Z"), TEXTS, max_size=8)


def evaluate(shell_name, form, lines, folder):
    """Evaluate ``lines`` in a real shell in ``folder``; return the environment it exports."""
    lines_file = folder / "lines"
    lines_file.write_bytes("".join(line + "\n" for line in lines).encode("utf-8"))
    variables = {"PATH": os.environ["PATH"], "LINES_FILE": str(lines_file)}
    done = subprocess.run(
        [shell_name, "-c", form + "\nexec env -0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=str(folder),
        env=variables,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    pairs = [pair.partition(b"=") for pair in done.stdout.split(b"\0") if pair]
    return {name.decode("utf-8"): value.decode("utf-8") for name, _, value in pairs}


@pytest.mark.parametrize("form", FORMS, ids=["quoted", "unquoted"])
@pytest.mark.parametrize("shell_name", POSIX_SHELLS)
@example(variables={"V_": "two  spaces   here", "V_1": " in front", "V_2": "behind ", "V_3": ""})
@example(variables={"V_": "line\n", "V_1": "\n\n", "V_2": "\t", "V_3": "-5", "V_4": "%d %%"})
@example(variables={"V_": "x'; touch PWNED; echo '", "V_1": "$(touch PWNED)`touch PWNED`"})
@example(variables={"V_": "C:\\dir\\", "V_1": "\\n", "V_2": "\\\\", "V_3": "\u0081\u0088é"})
@given(variables=VARIABLES)
def test_every_value_reaches_the_environment(tmp_path_factory, shell_name, form, variables):
    folder = tmp_path_factory.mktemp("shell")
    exported = evaluate(shell_name, form, shell.export_lines(variables), folder)
    assert {name: exported.get(name) for name in variables} == variables
    assert os.listdir(str(folder)) == ["lines"]


@pytest.mark.parametrize("form", FORMS, ids=["quoted", "unquoted"])
@pytest.mark.parametrize("shell_name", POSIX_SHELLS)
def test_file_names_do_not_get_into_values(tmp_path, shell_name, form):
    values = {"V_STAR": "*", "V_ONE": "?", "V_SET": "[ab]", "V_PLUS": "+(a)"}
    for name in values:
        (tmp_path / "{}='a';".format(name)).touch()
        (tmp_path / "{}='aa';".format(name)).touch()
    exported = evaluate(shell_name, form, shell.export_lines(values), tmp_path)
    assert {name: exported[name] for name in values} == values


@pytest.mark.parametrize("form", FORMS, ids=["quoted", "unquoted"])
@pytest.mark.parametrize("shell_name", POSIX_SHELLS)
def test_unset_removes_a_variable(tmp_path, shell_name, form):
    lines = shell.export_lines({"V_A": "1", "V_B": "2"}) + [shell.unset_line("V_A")]
    exported = evaluate(shell_name, form, lines, tmp_path)
    assert "V_A" not in exported and exported["V_B"] == "2"


def test_a_harmless_value_stays_readable():
    assert shell.export_line("K", "gpt-4 $HOME") == "export K='gpt-4 $HOME';"


@given(TEXTS, st.sampled_from(shell.SHELLS))
def test_a_value_is_one_line_in_every_shell(value, shell_name):
    line = shell.export_line("K", value, shell_name)
    assert "\n" not in line and "\r" not in line and line.endswith(";")


@pytest.mark.parametrize(
    "value, line",
    [
        ("plain  $x", "set -gx K 'plain  $x';"),
        ("it's a \\", "set -gx K 'it\\'s a \\\\';"),
        ("a\nb\r", "set -gx K 'a'\\n'b'\\r;"),
        ("", "set -gx K '';"),
    ],
)
def test_fish(value, line):
    assert shell.export_line("K", value, "fish") == line


@pytest.mark.parametrize(
    "value, line",
    [
        ("plain  $x `", "$env:K = 'plain  $x `';"),
        ("it's ’so’", "$env:K = 'it''s ’’so’’';"),
        ("\u2018\u201a\u201b", "$env:K = '\u2018\u2018\u201a\u201a\u201b\u201b';"),
        ("a\nb\r", "$env:K = 'a' + \"`n\" + 'b' + \"`r\";"),
        ("", "$env:K = '';"),
    ],
)
def test_powershell(value, line):
    assert shell.export_line("K", value, "powershell") == line


def test_unset_lines():
    assert shell.unset_line("K") == "unset K;"
    assert shell.unset_line("K", "fish") == "set -e K;"
    assert shell.unset_line("K", "powershell").startswith("Remove-Item Env:K ")


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A;touch X #", "É", "A\n", "A="])
def test_what_cannot_name_a_variable_is_never_printed(name):
    assert not shell.is_name(name)
    with pytest.raises(UsageError, match="cannot name a variable"):
        shell.export_line(name, "1")
    with pytest.raises(UsageError, match="cannot name a variable"):
        shell.unset_line(name)


@pytest.mark.parametrize("value, said", [("a\0b", "NUL"), ("\ud800", "Unicode"), (5, "text")])
def test_values_that_no_environment_holds(value, said):
    with pytest.raises(UsageError, match="value of KEY .*" + said):
        shell.export_line("KEY", value)


def test_one_bad_name_refuses_all():
    with pytest.raises(UsageError):
        shell.export_lines({"GOOD": "1", "NOT GOOD": "2"})


def test_unknown_shell():
    with pytest.raises(UsageError, match="'csh'.*posix"):
        shell.export_line("A", "1", "csh")


@pytest.mark.parametrize("form", FORMS, ids=["quoted", "unquoted"])
@pytest.mark.parametrize("shell_name", POSIX_SHELLS)
def test_a_line_that_fails_passes_the_code_on_and_keeps_the_shell(tmp_path, shell_name, form):
    lines = tmp_path / "lines"
    lines.write_text(shell.exit_line(5) + "\n")
    for begin, said, code in (("", b"went on after 5\n", 0), ("set -eu\n", b"", 5)):
        done = subprocess.run(
            [shell_name, "-c", begin + form + '\necho "went on after $?"'],
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LINES_FILE": str(lines)},
        )
        assert (done.stdout, done.returncode) == (said, code)


def test_lines_that_fail_in_other_shells():
    assert shell.exit_line(5, "fish") == "sh -c 'exit 5';"
    assert shell.exit_line(130, "powershell").startswith("$global:LASTEXITCODE = 130; Write-Error ")
