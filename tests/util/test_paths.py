"""Folders of the user, the state and the project, and files that may be somebody else's."""

import io
import os
import socket
import stat

import pytest

from coaiapy.errors import StateError
from coaiapy.util import files, paths
from coaiapy.util.paths import (
    LARGEST,
    check_stays,
    entries,
    make_folders,
    make_private_folder,
    read_regular,
    state_folder,
    user_home,
)


def mode(path):
    return stat.S_IMODE(os.stat(str(path)).st_mode)


@pytest.fixture(params=[0o177, 0o277, 0o377])
def tight(request):
    """A umask that takes rights that the owner needs."""
    old = os.umask(request.param)
    yield
    os.umask(old)


def test_state_folder_is_below_home_unless_it_was_moved(home, monkeypatch):
    assert state_folder() == str(home / ".coaia")
    monkeypatch.setenv("COAIA_HOME", "/elsewhere")
    assert state_folder() == "/elsewhere"
    monkeypatch.setenv("COAIA_HOME", "")
    assert state_folder() == str(home / ".coaia")


@pytest.mark.parametrize("machine, folder", [("iPad8,1", "Documents"), ("x86_64", "")])
def test_on_ios_a_home_takes_no_files_but_its_documents_do(home, monkeypatch, machine, folder):
    monkeypatch.delenv("COAIA_HOME")
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Darwin", "", "", "", machine)))
    assert user_home() == str(home)
    (home / "Documents").mkdir()
    assert user_home() == os.path.join(str(home), folder).rstrip("/")
    assert state_folder() == os.path.join(str(home), folder, ".coaia")


def test_private_folders_are_made_with_their_parents(tmp_path):
    path = tmp_path / "a" / "b"
    assert make_private_folder(str(path)) == str(path)
    assert mode(path) == 0o700
    assert make_private_folder(str(path)) == str(path)


def test_a_folder_where_a_file_stands_is_an_error_that_names_it(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(StateError) as caught:
        make_private_folder(str(tmp_path / "a" / "b"))
    assert str(tmp_path / "a" / "b") in str(caught.value)


@pytest.mark.parametrize("value, place", [("~", ""), ("~/state", "state"), ("~/a/~", "a/~")])
def test_a_tilde_that_no_shell_has_expanded_is_the_home(home, monkeypatch, value, place):
    monkeypatch.setenv("COAIA_HOME", value)
    assert os.path.normpath(state_folder()) == os.path.normpath(str(home / place))


def test_what_only_a_shell_expands_makes_no_folder_of_that_name(run, project, monkeypatch):
    pwd = pytest.importorskip("pwd")
    user = pwd.getpwuid(os.getuid())
    monkeypatch.setenv("COAIA_HOME", "~{}/x".format(user.pw_name))
    assert state_folder() == os.path.join(user.pw_dir, "x")
    for value in ("~no.such.user/x", "$HOME/x", "${HOME}/x"):
        monkeypatch.setenv("COAIA_HOME", value)
        result = run("fuse", "traces", "create", "t")
        assert (result.code, result.out) == (6, "") and repr(value) in result.err
    assert os.listdir(str(project)) == []


@pytest.mark.parametrize("value", [None, "", "~", "relative"])
def test_a_home_that_is_none_is_looked_up_or_missed(monkeypatch, value):
    pwd = pytest.importorskip("pwd")
    monkeypatch.delenv("COAIA_HOME")
    monkeypatch.delenv("HOME")
    if value is not None:
        monkeypatch.setenv("HOME", value)
    assert user_home() == pwd.getpwuid(os.getuid()).pw_dir

    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(StateError, match="set HOME, or set COAIA_HOME to a folder"):
        state_folder()
    monkeypatch.setenv("COAIA_HOME", "/elsewhere")
    assert state_folder() == "/elsewhere"


def test_a_umask_takes_nothing_that_a_private_folder_needs(tmp_path, tight):
    make_private_folder(str(tmp_path / "a" / "b"))
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


def test_a_umask_takes_nothing_that_the_owner_of_a_folder_needs(tmp_path, tight):
    make_folders(str(tmp_path / "a" / "b"))
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


def test_folders_of_the_user_get_the_mode_that_the_umask_allows(tmp_path):
    old = os.umask(0o027)
    try:
        make_folders(str(tmp_path / "a" / "b"))
    finally:
        os.umask(old)
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o750, 0o750)


def test_what_cannot_be_made_in_the_state_folder_names_its_setting(home, project):
    (home / ".coaia").write_text("")
    with pytest.raises(StateError, match="set COAIA_HOME to a folder that you can write to"):
        make_private_folder(str(home / ".coaia" / "templates"))
    (project / "a").write_text("")
    with pytest.raises(StateError) as caught:
        make_private_folder(str(project / "a" / "b"))
    assert "COAIA_HOME" not in str(caught.value)


@pytest.mark.parametrize(
    "path, target, is_good",
    [
        ("link", "inside", True),
        ("link", "missing/inside", True),
        ("link", "../outside", False),
        ("link", "/tmp/../etc/passwd", False),
        ("folder/file", None, True),
        ("../elsewhere/file", None, True),
        ("folder/../../elsewhere", None, True),
    ],
)
def test_links_may_lead_to_what_is_inside(project, path, target, is_good):
    if target:
        (project / path).symlink_to(target)
    if is_good:
        check_stays(path)
    else:
        with pytest.raises(StateError, match="leads out of the current folder"):
            check_stays(path)
        with pytest.raises(StateError, match="leads out"):
            check_stays(str(project / path), str(project))


def test_a_folder_that_is_a_link_leads_out_as_well(project, tmp_path):
    (project / "folder").symlink_to(str(tmp_path))
    with pytest.raises(StateError, match="leads out"):
        check_stays("folder/a/file")


def test_a_folder_that_cannot_be_listed_is_an_error_and_a_missing_one_is_empty(project):
    (project / "file").write_text("")
    assert entries("missing") == entries("file") == []
    assert entries(".") == ["file"]
    (project / "loop").symlink_to("loop")
    with pytest.raises(StateError, match="cannot list loop: its links lead in a circle"):
        entries("loop")


@pytest.mark.parametrize(
    "link, words",
    [
        (".coaia-env", ("env", "set", "A", "b")),
        (".coaia-env", ("env", "init", "--force")),
        (
            ".coaia-env",
            ("pipeline", "create", "simple-trace", "--var", "trace_name=x", "--export-env"),
        ),
        (".coaia-env.dev", ("env", "set", "A", "b", "--name", "dev")),
        ("session.yml", ("fuse", "sessions", "create", "s", "u")),
        (".coaia", ("pipeline", "init", "mine", "--location", "project")),
        ("coaia.json", ("init", "--project")),
        ("out.json", ("fuse", "score-configs", "export", "-o", "out.json")),
        ("out.jsonl", ("fuse", "outbox", "export", "-o", "out.jsonl")),
    ],
)
def test_nothing_is_written_through_a_link_out_of_the_project(run, project, tmp_path, link, words):
    (project / link).symlink_to("../target")
    result = run(*words)
    assert not (tmp_path / "target").exists() and (project / link).is_symlink()
    if link != "coaia.json":  # which counts as there
        assert result.code == 6 and "leads out of the current folder" in result.err


@pytest.mark.parametrize(
    "words",
    [
        ("fuse", "outbox", "export", "-o", "folder/x"),
        ("fuse", "traces", "export", "-o", "folder/x"),
        ("fuse", "score-configs", "export", "-o", "folder/x"),
        ("fuse", "sessions", "create", "s", "u", "-f", "folder/x"),
        ("pipeline", "index", "folder"),
    ],
)
def test_nothing_is_written_into_a_folder_out_of_the_project(run, project, tmp_path, words):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "t.json").write_text('{"trace": {"name": "n"}}')
    (project / "folder").symlink_to("../target")
    result = run(*words)
    assert os.listdir(str(tmp_path / "target")) == ["t.json"]
    assert result.code == 6 and "leads out of the current folder" in result.err


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


@pytest.mark.parametrize("make, said", [(fifo, "it is a pipe"), (device, "it is a device")])
@pytest.mark.parametrize(
    "words",
    ["tag x.wav", "tag x.wav --clear", "transcribe x.wav", "fuse media upload x.wav a-trace"],
)
def test_a_recording_that_is_no_file_is_refused_at_once(
    run, project, use, openai, words, make, said
):
    use("v3")
    make(project / "x.wav")
    result = run(*words.split())
    assert (result.code, result.out) == (6, "") and said in result.err


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


def test_a_file_that_has_nothing_to_give_yet_is_empty(monkeypatch):
    """As /proc/kmsg, which counts as a regular file and is not waited for."""

    class Waiting(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            return None

    monkeypatch.setattr(paths, "open_regular", lambda path: io.BufferedReader(Waiting()))
    assert read_regular("kmsg") == b""


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
    assert result.code == 2 and "p/x.md:1:1: cannot read p/x.md: it is a" in result.out


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
