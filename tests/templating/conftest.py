"""A template file of the project or the user."""

import json

import pytest


@pytest.fixture
def put(home, project):
    """Write a template file into the project's or the user's folder."""

    def write(name, document, place="project", suffix=".json"):
        base = project / ".coaia" if place == "project" else home / ".coaia"
        folder = base / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (name + suffix)
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return path

    return write
