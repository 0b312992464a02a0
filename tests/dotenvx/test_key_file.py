"""The file of private keys is kept out of git."""

import os

import pytest

from coaiapy.dotenvx import key_file


@pytest.mark.parametrize(
    "ignore, added",
    [
        (None, True),
        ("node_modules", True),
        ("*.pyc\n.env\n", True),
        ("# .env.keys\n", True),
        (".env*\n!.env.keys\n", True),
        (".env*\n", False),
        ("/.env.keys", False),
        ("*.keys\n", False),
    ],
)
def test_git_ignores_the_key_file(project, ignore, added):
    (project / ".git").mkdir()
    if ignore is not None:
        (project / ".gitignore").write_text(ignore)
    assert bool(key_file.keep_out_of_git(".env.keys")) == added
    text = (project / ".gitignore").read_text()
    assert text.endswith("\n.env.keys\n" if ignore else ".env.keys\n") == added
    assert key_file.keep_out_of_git(".env.keys") is None


def test_a_folder_of_a_repository_is_in_it_and_any_other_is_left_alone(project, monkeypatch):
    assert key_file.keep_out_of_git(".env.keys") is None and os.listdir(".") == []
    (project / ".git").mkdir()
    (project / "part").mkdir()
    monkeypatch.chdir(str(project / "part"))
    assert key_file.keep_out_of_git(".env.keys") == ".gitignore"
    (project / "part" / ".gitignore").unlink()
    (project / ".gitignore").write_text(".env.keys\n")
    assert key_file.keep_out_of_git(".env.keys") is None
