"""Environment files, written and read here and by python-dotenv itself."""

import io
import os
import re
import stat

import pytest
from dotenv import dotenv_values
from hypothesis import assume, example, given
from hypothesis import strategies as st

from coaiapy.env import files as env_files
from coaiapy.errors import StateError, UsageError
from coaiapy.util.formats import env_lines

AWKWARD = " \t\n\r\v\f'\"$`\\#={}*!;&|<>~%aN\x1c\x85\xa0é\u2028\ufeff😀"
TEXTS = st.one_of(
    st.text(alphabet=AWKWARD, max_size=12),
    st.text(
        alphabet=st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"),
        max_size=20,
    ),
)
KEYS = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,6}\Z")
VARIABLES = st.dictionaries(KEYS, TEXTS, max_size=8)


def write(path, variables, format):
    env_files.change(str(path), lambda old: (old.clear(), old.update(variables)), format)


def dotenv_reads(path):
    return dict(dotenv_values(str(path), interpolate=False, encoding="utf-8"))


def misreads_a_backslash_before_a_quote():
    """Older python-dotenv reads on after a value that ends with a backslash."""
    read = dotenv_values(stream=io.StringIO("A='\\\\'\nB='b'\n"), interpolate=False)
    return dict(read) != {"A": "\\", "B": "b"}


@pytest.mark.parametrize("format", env_files.FORMATS)
@example(variables={"A": " a\\", "B": " b\\", "C": "c", "D": "\\"})
@example(variables={"A": "line1\nline2=x", "B": "'quoted'", "C": 'say "hi" $HOME `id`'})
@example(variables={"A": "encrypted:a\r\nb", "B": "encrypted:'", "C": "encrypted:Zg=="})
@given(variables=VARIABLES)
def test_what_is_written_reads_back_here(tmp_path_factory, format, variables):
    path = tmp_path_factory.mktemp("env") / ".coaia-env"
    write(path, variables, format)
    found = env_files.load(str(path))
    assert found.variables == variables
    assert found.format == format or not variables


@example(value=" a\\")
@example(value="\\")
@example(value="'$x\\")
@given(value=TEXTS)
def test_python_dotenv_reads_every_value(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("env") / ".env"
    write(path, {"KEY": value}, "env")
    assert dotenv_reads(path) == {"KEY": value}


@example(value="${HOME}")
@example(value="a ${A:-x} $B")
@example(value="${}")
@example(value="$HOME {HOME} $(id) ${HOME")
@given(value=st.one_of(TEXTS, st.text(alphabet="${}:-AB'", max_size=12)))
def test_what_python_dotenv_expands_is_known(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("env") / ".env"
    for format, known in (("json", []), ("env", ["KEY"])):
        env_files.replace(str(path), {"KEY": value}, format)
        expanded = env_files.expanded_elsewhere(str(path), ["KEY"])
        assert expanded in ([], known)
    assert expanded or dict(dotenv_values(str(path), encoding="utf-8")) == {"KEY": value}
    assert not expanded or "${" in value


@given(variables=VARIABLES)
def test_python_dotenv_reads_whole_files(tmp_path_factory, variables):
    if misreads_a_backslash_before_a_quote():
        quoted = [env_lines.quote(value) for value in variables.values()]
        assume(not any(text.endswith(('\\"', "\\'")) for text in quoted))
    path = tmp_path_factory.mktemp("env") / ".env"
    write(path, variables, "env")
    assert dotenv_reads(path) == variables


@given(first=VARIABLES, second=VARIABLES)
def test_changed_files_read_back_too(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("env") / ".env"
    path.write_text("# a comment\n", encoding="utf-8")
    write(path, first, "json")
    write(path, second, "json")
    assert env_files.load(str(path)).variables == second
    assert path.read_text(encoding="utf-8").startswith("# a comment\n")


def test_only_the_changed_line_of_a_file_is_rewritten(tmp_path):
    path = tmp_path / ".env"
    path.write_text(
        "# who\nexport NAME=john  # the first\n\nOLD='x'\nMULTI='a\nb' # two lines\nLAST=1",
        encoding="utf-8",
    )
    assert env_files.load(str(path)).variables == {
        "NAME": "john",
        "OLD": "x",
        "MULTI": "a\nb",
        "LAST": "1",
    }

    def edit(variables):
        variables["NAME"] = "jane"
        variables["NEW"] = "2"
        del variables["OLD"]

    env_files.change(str(path), edit)
    assert path.read_text(encoding="utf-8") == (
        '# who\nexport NAME="jane"\n\nMULTI=\'a\nb\' # two lines\nLAST=1\nNEW="2"\n'
    )


def test_the_last_of_two_lines_counts_and_a_change_leaves_one(tmp_path):
    path = tmp_path / ".env"
    path.write_text("A=1\nB=b\nA=2\n")
    assert env_files.load(str(path)).variables == {"A": "2", "B": "b"}
    env_files.change(str(path), lambda variables: variables.update(B="c"))
    assert path.read_text() == 'A=1\nB="c"\nA=2\n'
    env_files.change(str(path), lambda variables: variables.update(A="3"))
    assert path.read_text() == 'B="c"\nA="3"\n'


@pytest.mark.parametrize(
    "text, line",
    [
        ("A=1\nnot a variable\n", 2),
        ("A=1\n\n# x\nB='open\n", 4),
        ("A='x\ny'\nB=\"z\" z\n", 3),
        ("A=1\nFOO\n", 2),
        ("[1]\n", 1),
        ('{\n  "A": 1,\n  oops\n}', 3),
        ('{"A": "1"', 1),
        ('{\n  "A": "1",\n  "B": null\n}', 3),
        ('{\n  "A": "1",\n  "B C": "1"\n}', 3),
        ('{\n  "A": "1",\n  "B": "x\\u0000"\n}', 3),
        ('{\n  "A": "1",\n  "B": {"A": "1"}\n}', 3),
        ('{\n  "A": "1",\n\n  "\\u0041": "2"\n}', 4),
        ("A=1\nB='x\0'\n", 2),
    ],
)
def test_a_broken_file_is_named_with_its_line_and_left_alone(tmp_path, text, line):
    path = tmp_path / ".coaia-env"
    path.write_text(text)
    for act in (
        lambda: env_files.load(str(path)),
        lambda: env_files.change(str(path), lambda variables: variables.update(NEW="1")),
    ):
        with pytest.raises(StateError) as caught:
            act()
        assert re.search(r"{} .*line {}\b".format(re.escape(str(path)), line), str(caught.value))
    assert path.read_text() == text


@pytest.mark.parametrize(
    "text, said",
    [
        ('{"A B": "1"}', "'A B'"),
        ("A-B=1\n", "line 1: 'A-B'"),
        ("A=1\n'x;touch PWNED'=1\n", "line 2: 'x;touch PWNED'"),
        ('{"A": {"b": 1}}', "A must be a text or a number, not an object"),
        ('{"A": [1]}', "A must be a text or a number, not a list"),
        ('{"A": null}', "A must be a text or a number, not null"),
        ('{"A": "\\u0000"}', "A contains a NUL"),
        ('{"A": "\\ud800"}', "A is not valid Unicode"),
        ("A='\0'", "A contains a NUL"),
        ("[1]", "the JSON of an environment must be an object"),
        ('{"A": "1",\n "A": "2"}', "line 2: 'A' occurs twice, first in line 1"),
    ],
)
def test_what_cannot_be_a_variable_is_named(tmp_path, text, said):
    path = tmp_path / ".coaia-env"
    path.write_text(text)
    with pytest.raises(StateError) as caught:
        env_files.load(str(path))
    assert str(path) in str(caught.value) and said in str(caught.value)


def test_deep_nesting_is_an_error(tmp_path):
    path = tmp_path / ".coaia-env"
    path.write_text('{"A": ' + "[" * 100000)
    with pytest.raises(StateError, match="nested too deeply|not valid JSON"):
        env_files.load(str(path))


def test_what_is_not_utf8_is_an_error_and_stays(tmp_path):
    path = tmp_path / ".coaia-env"
    path.write_bytes(b'{"A": "\xff"}')
    with pytest.raises(StateError, match=r"not UTF-8 text \(line 1, byte 7\)"):
        env_files.change(str(path), lambda variables: variables.update(NEW="1"))
    assert path.read_bytes() == b'{"A": "\xff"}'


LATIN_1 = b'# caf\xe9\nA=1 # \xe9\nB="\xe9"\nC=2\n'


def test_what_is_not_utf8_in_a_shared_file_stays_as_it_is(run, project):
    path = project / ".env"
    path.write_bytes(LATIN_1)
    found = env_files.load(".env")
    assert (dict(found.variables), list(found.skipped)) == ({"A": "1", "C": "2"}, [3])
    env_files.change(".env", lambda variables: variables.update(A="3"))
    changed = LATIN_1.replace(b"A=1 # \xe9", b'A="3"')
    assert path.read_bytes() == changed
    assert run("env", "encrypt", "C", "--file", ".env").code == 0
    assert path.read_bytes().startswith(changed.replace(b"C=2\n", b"C='encrypted:"))
    refused = run("env", "copy", ".env", "copied")
    assert refused.code and not (project / ".coaia-env.copied").exists()


def test_json_numbers_and_booleans_are_their_json_text(tmp_path):
    path = tmp_path / ".coaia-env"
    path.write_text('{"I": 12345678901234567890, "F": 1.50e3, "T": true, "N": false}')
    assert env_files.load(str(path)).variables == {
        "I": "12345678901234567890",
        "F": "1.50e3",
        "T": "true",
        "N": "false",
    }


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfA=1\r\nB='x'\r\n")
    assert env_files.load(str(path)).variables == {"A": "1", "B": "x"}


@pytest.mark.parametrize(
    "before, after",
    [
        ("# mine\nA=1\nM='x\ny'\n", "# mine\nA=1\nM='x\ny'\nB=\"2\"\n"),
        ('{\n  "A": "1"\n}\n', '{\n  "A": "1",\n  "B": "2"\n}\n'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_keeps_its_line_ends(tmp_path, before, after, newline):
    path = tmp_path / ".coaia-env"
    path.write_bytes(before.replace("\n", newline).encode())
    kept = env_files.load(str(path)).variables
    env_files.change(str(path), lambda variables: variables.update(B="2"))
    assert path.read_bytes() == after.replace("\n", newline).encode()
    assert env_files.load(str(path)).variables == dict(kept, B="2")


def test_dollars_are_not_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("X", "expanded")
    path = tmp_path / ".env"
    path.write_text("A=${X}\nB=\"$X\"\nC='${X}'\n")
    assert env_files.load(str(path)).variables == {"A": "${X}", "B": "$X", "C": "${X}"}


def test_format_of_a_new_an_empty_and_a_full_file(tmp_path):
    for name, format, first in (("a", "json", "{"), ("b", "env", "A")):
        path = tmp_path / name
        path.write_text(" \n" if name == "b" else "{}")
        env_files.change(str(path), lambda variables: variables.update(A="1"), format)
        assert path.read_text()[0] == first
        other = "env" if format == "json" else "json"
        env_files.change(str(path), lambda variables: variables.update(A="2"), other)
        assert path.read_text()[0] == first
    with pytest.raises(UsageError, match="'toml'.*json, env"):
        env_files.replace(str(tmp_path / "c"), {}, "toml")


def test_files_are_private_and_a_link_stays(tmp_path):
    real = tmp_path / "real.env"
    real.write_text("{}")
    os.chmod(str(real), 0o644)
    link = tmp_path / "link.env"
    link.symlink_to(real)
    env_files.change(str(link), lambda variables: variables.update(A="1"))
    assert link.is_symlink() and env_files.load(str(real)).variables == {"A": "1"}
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_no_change_writes_nothing(tmp_path):
    path = tmp_path / ".coaia-env"
    path.write_text('{"A":"1"}')
    env_files.change(str(path), lambda variables: variables.update(A="1"))
    assert path.read_text() == '{"A":"1"}'


def test_a_bad_value_leaves_the_file_as_it_is(project):
    path = project / ".coaia-env"
    path.write_text('{"A":"1"}')
    for bad in ({"B": {1}}, {"B": "\0"}, {"b c": "1"}):
        with pytest.raises(UsageError):
            env_files.change(str(path), lambda variables, bad=bad: variables.update(bad))
    assert path.read_text() == '{"A":"1"}'
    assert os.listdir(str(project)) == [".coaia-env"]


def test_remove(tmp_path):
    path = tmp_path / ".coaia-env"
    path.write_text("broken {")
    assert env_files.remove(str(path)) and not path.exists()
    assert not env_files.remove(str(path))
