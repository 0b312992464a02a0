"""Files of strangers: only regular ones are read, up to a size, wherever coaia looks for them."""

import os
import socket

import pytest

from coaiapy.errors import StateError
from coaiapy.util import files
from coaiapy.util.paths import LARGEST, read_regular


def fifo(path):
    os.mkfifo(str(path))


def device(path):
    path.symlink_to("/dev/zero")


def folder(path):
    path.mkdir()


def loop(path):
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    "make, said",
    [
        (fifo, "it is a pipe"),
        (device, "it is a device"),
        (folder, "it is a folder"),
        (loop, "its links lead in a circle"),
    ],
)
def test_what_is_not_a_file_is_refused_at_once(tmp_path, make, said):
    make(tmp_path / "x")
    with pytest.raises(StateError, match=said):
        read_regular(str(tmp_path / "x"))
    with pytest.raises(StateError, match=said):
        files.read_text(str(tmp_path / "x"))


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("x")
        with pytest.raises(StateError, match="it is a socket"):
            read_regular("x")


def test_a_link_to_a_file_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"\x00\xff")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(str(tmp_path / "link")) == b"\x00\xff"


def test_a_file_has_a_largest_size(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert read_regular(str(path), 100) == b"x" * 100
    with pytest.raises(StateError, match="{}: it is larger than 99 bytes".format(path)):
        read_regular(str(path), 99)
    with open(str(path), "wb") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(StateError, match="larger"):
        files.read_text(str(path))


def test_a_path_that_no_file_can_have_is_an_error():
    with pytest.raises(StateError, match="null"):
        read_regular("a\0b")


PLACES = [
    (".coaia-env", ("env", "list")),
    (".coaia-env", ("env", "set", "A", "b")),
    (".coaia-env", ("env", "source", "--export")),
    (".coaia-env", ("pipeline", "create", "simple-trace", "--var", "trace_name=x", "--dry-run")),
    (".coaia-env.dev", ("env", "get", "A", "--name", "dev")),
    ("coaia.json", ("fuse", "traces", "create", "t")),
    ("coaia.json", ("config", "check")),
    ("session.yml", ("fuse", "sessions", "view")),
    ("session.yml", ("fuse", "sessions", "create", "s", "u")),
]


@pytest.mark.parametrize("make", [fifo, device])
@pytest.mark.parametrize("name, words", PLACES)
def test_no_command_waits_for_a_strangers_file(run, project, name, words, make):
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    make(project / name)
    result = run(*words)
    assert result.code and result.err.count("\n") <= 2
    assert "unexpected" not in result.err and " is a" in result.err + result.out


@pytest.mark.parametrize("make", [fifo, device])
def test_no_prompt_file_is_waited_for(run, project, monkeypatch, make):
    for name, value in (
        ("PUBLIC_KEY", "a"),
        ("SECRET_KEY", "b"),
        ("BASE_URL", "http://127.0.0.1:9"),
    ):
        monkeypatch.setenv("LANGFUSE_" + name, value)
    (project / "p").mkdir()
    make(project / "p" / "x.md")
    result = run("fuse", "prompts", "check", "p")
    assert result.code == 6 and "x.md: it is a" in result.err


@pytest.mark.parametrize("make", [fifo, device])
@pytest.mark.parametrize("name", [".coaia-env", "coaia.json", ".env", ".coaia/templates/t.json"])
def test_the_tab_key_waits_for_no_strangers_file(run, project, name, make):
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    make(project / name)
    for words in (
        "coaia env get ",
        "coaia pipeline create ",
        "coaia p ",
        "coaia fuse scores apply-config ",
    ):
        assert run("__complete", "bash", "--", words, "").code == 0
