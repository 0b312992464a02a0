"""Packages: imported when they are needed, in silence, and named where they are missing."""

import subprocess

import pytest

from coaiapy.errors import ConfigError
from coaiapy.util.packages import orders, require, words_of_process


def test_a_package_that_is_missing_is_named_with_what_installs_it():
    with pytest.raises(ConfigError, match="pip install the-package$"):
        require("no_such_module_here", "the-package")


def test_a_package_that_cannot_be_imported_says_why(tmp_path, monkeypatch):
    (tmp_path / "half_a_module.py").write_text("import no_such_module_here\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError, match="no_such_module_here"):
        require("half_a_module")


def test_what_a_package_warns_of_is_not_shown(tmp_path, monkeypatch, recwarn):
    (tmp_path / "module_that_warns.py").write_text("import warnings\nwarnings.warn('old')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    require("module_that_warns")
    assert not [one for one in recwarn if str(one.message) == "old"]


def test_a_process_of_its_own_runs_no_file_of_the_folder_that_it_starts_in(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('mine')\n")
    done = subprocess.run(
        words_of_process("a title"),
        input=orders("util.text.wording.one_line", {"text": "a\nb"}).encode("utf-8"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=str(tmp_path),
        timeout=200,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"a\\nb", b"")
