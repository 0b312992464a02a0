"""bump.py: every place the version stands, and nothing else."""

import importlib.util
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import source_tree
from hypothesis import example, given
from hypothesis import strategies as st
from places import ROOT

HISTORY = ("CHANGELOG.md", "docs/benchmarks.md")  # of the versions there were
PLACES = ("setup.py", "pyproject.toml", "coaiapy/__init__.py")


def load_bump():
    spec = importlib.util.spec_from_file_location("bump", str(ROOT / "bump.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUMP = load_bump()


@pytest.fixture
def tree(tmp_path):
    return make_tree(tmp_path / "tree")


def make_tree(folder):
    """A copy of the files that bump.py may change, and of some that it may not."""
    (folder / "coaiapy").mkdir(parents=True)
    for name in PLACES + ("bump.py", "README.md", "CHANGELOG.md", "Makefile"):
        shutil.copy(str(ROOT / name), str(folder / name))
    set_version(folder, "0.7.9")
    return folder


@contextmanager
def throw_away_tree():
    with TemporaryDirectory() as folder:
        yield make_tree(Path(folder) / "tree")


def bump(tree, *words):
    return subprocess.run(
        [sys.executable, str(tree / "bump.py")] + list(words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )


def contents(tree):
    return {
        str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()
    }


def current():
    for line in (ROOT / "setup.py").read_text(encoding="utf-8").splitlines():
        if line.startswith("VERSION = "):
            return line.split('"')[1]
    raise AssertionError("setup.py has no VERSION line")


def set_version(tree, version):
    for name in PLACES:
        text = (tree / name).read_text(encoding="utf-8")
        (tree / name).write_text(text.replace('"%s"' % current(), '"%s"' % version), "utf-8")


def test_without_a_version_raises_the_last_number_everywhere(tree):
    before = contents(tree)
    result = bump(tree)
    assert (result.returncode, result.stdout, result.stderr) == (0, "0.7.10\n", "")
    after = contents(tree)
    assert sorted(after) == sorted(before)
    assert {name for name in after if after[name] != before[name]} == set(PLACES)
    for name in PLACES:
        assert after[name] == before[name].replace(b'"0.7.9"', b'"0.7.10"')


def test_a_given_version_is_set_and_setting_it_again_changes_nothing(tree):
    assert bump(tree, "1.2.3").stdout == "1.2.3\n"
    once = contents(tree)
    assert bump(tree, "1.2.3").stdout == "1.2.3\n"
    assert contents(tree) == once


@pytest.mark.parametrize(
    "words",
    [
        ("1.2",),
        ("v1.2.3",),
        ("1.2.3.4",),
        ("01.2.3",),
        ("1.2.3\n",),
        ('1.2.3"',),
        ("",),
        ("١.2.3",),
        ("1.2.-3",),
        ("1.2.3 ",),
        ("1.2.3-rc1",),
        ("1.2.3; touch x",),
        ("1.2." + "9" * 5000,),
        ("1.2.3", "1.2.4"),
        ("0.7.8",),
        ("0.6.10",),
    ],
)
def test_nonsense_and_downgrades_are_refused_and_change_nothing(tree, words):
    before = contents(tree)
    result = bump(tree, *words)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("bump: ")
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert contents(tree) == before


def test_places_that_disagree_need_a_version(tree):
    path = tree / "setup.py"
    path.write_text(path.read_text("utf-8").replace('"0.7.9"', '"0.8.0"'), "utf-8")
    result = bump(tree)
    assert result.returncode == 1
    assert "setup.py says 0.8.0" in result.stderr
    assert bump(tree, "0.8.0").returncode == 0
    assert bump(tree).stdout == "0.8.1\n"


def test_a_file_without_a_version_line_is_named(tree):
    (tree / "coaiapy" / "__init__.py").write_text("", "utf-8")
    before = contents(tree)
    result = bump(tree)
    assert result.returncode == 1
    assert "coaiapy/__init__.py" in result.stderr
    assert contents(tree) == before


@pytest.mark.parametrize("content", [b'VERSION = "\xff"\n', b'VERSION = "latest"\n', b"\x00"])
def test_a_place_that_says_no_version_is_named_and_left_alone(tree, content):
    (tree / "setup.py").write_bytes(content)
    before = contents(tree)
    for words in ((), ("1.2.3",)):
        result = bump(tree, *words)
        assert result.returncode == 1
        assert result.stderr.startswith("bump: setup.py ")
        assert len(result.stderr.splitlines()) == 1
        assert contents(tree) == before


def test_a_folder_in_the_way_of_a_new_file_leaves_everything_as_it_was(tree):
    (tree / "coaiapy" / "__init__.py.new").mkdir()
    before = contents(tree)
    result = bump(tree, "1.2.3")
    assert result.returncode == 1
    assert "__init__.py.new" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert contents(tree) == before


def test_line_ends_and_modes_stay(tree):
    setup = tree / "setup.py"
    setup.write_bytes(setup.read_bytes().replace(b"\n", b"\r\n"))
    setup.chmod(0o755)
    before = setup.read_bytes()
    assert bump(tree).stdout == "0.7.10\n"
    assert setup.read_bytes() == before.replace(b'"0.7.9"', b'"0.7.10"')
    assert setup.stat().st_mode & 0o777 == 0o755


NUMBERS = st.tuples(*[st.one_of(st.integers(0, 20), st.integers(0, 10**9))] * 3)


@given(st.one_of(st.text(max_size=12), NUMBERS.map("{0[0]}.{0[1]}.{0[2]}".format)))
@example("0.7.9")
@example("0.7.10")
@example("0.07.10")
@example("0.7.10\n")
def test_whatever_is_asked_for_every_place_says_it_or_nothing_changes(wanted):
    with throw_away_tree() as tree:
        before = contents(tree)
        code = BUMP.main([wanted], str(tree))
        after = contents(tree)
        if code:
            assert after == before
            assert not BUMP.VERSION.fullmatch(wanted) or numbers_of(wanted) < [0, 7, 9]
        else:
            assert numbers_of(wanted) >= [0, 7, 9]
            assert wanted == "{}.{}.{}".format(*numbers_of(wanted))
            assert set(BUMP.versions(str(tree)).values()) == {wanted}
            for name, content in after.items():
                new = before[name]
                if name in PLACES:
                    new = new.replace(b'"0.7.9"', '"{}"'.format(wanted).encode("ascii"))
                assert content == new
            assert BUMP.main([wanted], str(tree)) == 0
            assert contents(tree) == after


def numbers_of(version):
    return [int(number) for number in version.split(".")]


def test_the_version_stands_nowhere_else():
    says = re.compile(
        r"(version|coaia\w*)[\W_]{{1,6}}{}\b".format(re.escape(current())), re.IGNORECASE
    )
    found = {name for name in source_tree.files() if says.search(text_of(ROOT / name))}
    assert found - set(HISTORY) == set(PLACES) == set(BUMP.PLACES)


def text_of(path):
    return path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_is_help_and_changes_nothing(tree, capsys, word):
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    assert BUMP.main([word], str(tree)) == 0
    assert "python bump.py 1.2.3" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before
