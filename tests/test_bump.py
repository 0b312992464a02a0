"""bump.py: every place the version stands, and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("setup.py", "pyproject.toml", "coaiapy/__init__.py")


@pytest.fixture
def tree(tmp_path):
    """A copy of the files that bump.py may change, and of some that it may not."""
    folder = tmp_path / "tree"
    (folder / "coaiapy").mkdir(parents=True)
    for name in PLACES + ("bump.py", "README.md", "CHANGELOG.md"):
        shutil.copy(str(ROOT / name), str(folder / name))
    set_version(folder, "0.7.9")
    return folder


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
