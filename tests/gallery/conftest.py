"""A gallery beside the project, and what is installed from it."""

import json

import pytest
from git_galleries import BASE, CHILD, GitGallery


@pytest.fixture
def gallery(tmp_path, home):
    """A git repository ``../gallery`` with the templates base and child, at the tag v1."""
    made = GitGallery(tmp_path / "gallery")
    made.publish("v1", base=BASE, child=CHILD)
    return made


@pytest.fixture
def locked(project):
    """Return what the lock file of the project says about its templates."""

    def read():
        path = project / ".coaia" / "templates.lock"
        return json.loads(path.read_text("utf-8"))["templates"]

    return read


@pytest.fixture
def installed(project):
    """Return the path of an installed file."""
    return lambda name: project / ".coaia" / "templates" / name
