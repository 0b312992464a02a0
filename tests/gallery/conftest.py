"""A gallery beside the project, and what is installed from it."""

import json
import shutil

import pytest
from git_galleries import BASE, CHILD, GitGallery


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """The path of a git repository with the templates base and child, at the tag v1."""
    made = GitGallery(tmp_path_factory.mktemp("published") / "gallery")
    made.publish("v1", base=BASE, child=CHILD)
    return made.path


@pytest.fixture
def gallery(published, tmp_path, home):
    """A copy of it, at ``../gallery``."""
    shutil.copytree(str(published), str(tmp_path / "gallery"))
    return GitGallery(tmp_path / "gallery")


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
