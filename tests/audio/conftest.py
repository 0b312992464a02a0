"""Fixtures of the tests of sound."""

import os

import pytest
from hearing import ffmpeg_path


@pytest.fixture
def ffmpeg(project, monkeypatch):
    """A real ffmpeg on the path."""
    folder = project / "bin"
    folder.mkdir()
    os.symlink(ffmpeg_path(), str(folder / "ffmpeg"))
    monkeypatch.setenv("PATH", "{}{}{}".format(folder, os.pathsep, os.environ["PATH"]))
