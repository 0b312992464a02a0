"""Galleries: their index is written, published and searched."""

import json

import pytest
from git_galleries import BASE, CHILD, STEPS

INDEX = ".coaia-templates.json"


@pytest.fixture
def known(gallery, monkeypatch):
    monkeypatch.setenv("COAIA_GALLERIES", "gallery={}".format(gallery.path))
    return gallery


def test_an_index_says_what_there_is_and_is_always_the_same(gallery, run):
    folder = str(gallery.path / "templates")
    assert run("pipeline", "index", folder, "--check").code == 2
    assert run("pipeline", "index", folder).code == 0
    text = (gallery.path / "templates" / INDEX).read_text()
    entries = json.loads(text)["templates"]
    assert [(one["name"], one["version"], one["variables"]) for one in entries] == [
        ("base", "1.2.0", ["who"]),
        ("child", "0.1.0", ["who"]),
    ]
    assert run("pipeline", "index", folder).code == 0
    assert (gallery.path / "templates" / INDEX).read_text() == text
    assert run("pipeline", "index", folder, "--check").code == 0
    (gallery.path / "templates" / "base.yaml").write_text(BASE.replace("One", "Uno"))
    result = run("pipeline", "index", folder, "--check")
    assert result.code == 2 and "is old: run coaia pipeline index" in result.err


def test_what_is_broken_is_not_published(gallery, run):
    (gallery.path / "templates" / "bad.yaml").write_text("steps: [{nme: x}]")
    result = run("pipeline", "index", str(gallery.path / "templates"))
    assert result.code == 2 and "bad.yaml" in result.err
    assert not (gallery.path / "templates" / INDEX).exists()


@pytest.mark.parametrize("is_published", [True, False])
def test_a_search_finds_names_descriptions_and_variables(known, run, is_published):
    if is_published:
        assert run("pipeline", "index", str(known.path / "templates")).code == 0
        known.commit()
    for words, names in ((["CHILD"], ["child"]), (["who"], ["base", "child"]), (["a", "zzz"], [])):
        rows = json.loads(run("pipeline", "search", "--json", *words).out)
        assert [row["name"] for row in rows] == names, words
    assert {row["gallery"] for row in rows} <= {"gallery"}
    assert run("pipeline", "install", "gallery", "child").code == 0


def test_a_gallery_that_cannot_be_read_does_not_hide_the_others(gallery, run, monkeypatch):
    both = "gallery=/nowhere, team={}".format(gallery.path)
    monkeypatch.setenv("COAIA_GALLERIES", both)
    result = run("pipeline", "search", "base", "--json")
    assert result.code == 0 and len(json.loads(result.out)) == 1
    assert "coaia: /nowhere does not exist" in result.err
    monkeypatch.setenv("COAIA_GALLERIES", "gallery=/nowhere")
    assert run("pipeline", "search", "base").code == 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 9, "templates": []}',
        '{"version": 1, "templates": [{"name": "../x"}]}',
        '{"version": 1, "templates": [3]}',
        '{"version": 1, "templates": {"base": {}}}',
        '{"version": 1, "templates": [{"name": "x", "variables": "abc"}]}',
    ],
)
def test_an_index_that_is_none_is_an_error(known, run, text):
    (known.path / "templates" / INDEX).write_text(text)
    known.commit()
    result = run("pipeline", "search", "base")
    assert result.code == 2 and "is not an index of templates" in result.err


def test_what_steers_a_terminal_in_an_index_is_data(known, run):
    entry = {"name": "x", "version": "1", "description": "a\x1b[2Jb\nc", "variables": ["\x07"]}
    document = {"version": 1, "templates": [entry]}
    (known.path / "templates" / INDEX).write_text(json.dumps(document))
    known.commit()
    out = run("pipeline", "search", "x").out
    assert "\x1b" not in out and "\x07" not in out and "a\\x1b[2Jb\\nc" in out


def test_a_project_may_not_say_what_the_gallery_is(gallery, run, project):
    (project / ".env").write_text("COAIA_GALLERIES=gallery={}\n".format(gallery.path))
    for words in (["search", "base"], ["install", "gallery", "base"]):
        result = run("pipeline", *words)
        assert result.code == 3 and "may not say what 'gallery' is" in result.err
    (project / ".env").write_text("COAIA_GALLERIES=team={}\n".format(gallery.path))
    assert run("pipeline", "install", "team", "base").code == 0
    (project / ".env").write_text("COAIA_GALLERIES=team\n")
    assert run("pipeline", "install", "team", "base").code == 3


def test_a_word_that_is_no_gallery_is_told(run):
    result = run("pipeline", "install", "galery", "audio-note")
    assert result.code == 1 and "no gallery 'galery' (did you mean 'gallery'?)" in result.err


def test_a_gallery_may_be_a_folder_without_git(tmp_path, run, monkeypatch):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.yaml").write_text(STEPS)
    (tmp_path / "shared" / "b.yaml").write_text(CHILD.replace("base@^1", "a"))
    monkeypatch.setenv("COAIA_GALLERIES", "gallery={}".format(tmp_path / "shared"))
    assert run("pipeline", "install", "gallery", "b").code == 0
