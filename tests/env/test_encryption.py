"""Encrypting an environment file, and what is left of it when that is interrupted."""

import os
import signal
import stat
import sys

import pytest

from coaiapy.dotenvx import key_file, keys
from coaiapy.env import changes, encryption
from coaiapy.env import files as env_files
from coaiapy.errors import ConfigError, NotFoundError, StateError, UsageError
from coaiapy.util import files as util_files

PATH = ".coaia-env"
VALUES = {"TOKEN": "secret", "HOST": "example.org", "EMPTY": "", "COAIA_USER_ID": "john"}


def written(**more):
    env_files.replace(PATH, dict(VALUES, **more), "env")


def private_keys():
    return [key.key for key in keys.in_file(".env.keys")]


@pytest.mark.parametrize("format", env_files.FORMATS)
def test_everything_but_ids_and_empty_values_is_encrypted_once(format):
    env_files.replace(PATH, dict(VALUES, OPEN_PLAIN="x"), format)
    assert encryption.encrypt(PATH).names == ["TOKEN", "HOST"]
    stored = env_files.stored_in(PATH)
    assert {name for name in stored if stored[name].startswith("encrypted:")} == {"TOKEN", "HOST"}
    assert dict(env_files.variables_in(PATH)) == dict(VALUES, OPEN_PLAIN="x")
    assert encryption.encrypt(PATH) == encryption.Changed([], None)
    assert env_files.stored_in(PATH) == stored


def test_the_key_file_is_private_and_no_key_in_it_is_replaced(project):
    written()
    (project / ".env.keys").write_text("DOTENV_PRIVATE_KEY_OTHER=aa\r\n# mine")
    (project / ".env.keys").chmod(0o644)
    made = encryption.encrypt(PATH).new_key
    assert (made.name, made.place, made.ignored) == ("DOTENV_PRIVATE_KEY", ".env.keys", None)
    assert stat.S_IMODE(os.stat(".env.keys").st_mode) == 0o600
    assert (
        (project / ".env.keys").read_bytes().startswith(b"DOTENV_PRIVATE_KEY_OTHER=aa\r\n# mine\n")
    )
    assert len(private_keys()) == 2
    assert private_keys()[0] not in (project / PATH).read_text("utf-8")


def test_no_key_is_written_through_a_link(project, home):
    written()
    elsewhere = home / "elsewhere"
    elsewhere.write_text("# before\n")
    (project / ".env.keys").symlink_to(elsewhere)
    before = (project / PATH).read_bytes()
    with pytest.raises(StateError) as caught:
        encryption.encrypt(PATH)
    assert ".env.keys is a link" in str(caught.value)
    assert elsewhere.read_text() == "# before\n" and (project / PATH).read_bytes() == before


def test_a_key_file_that_cannot_be_written_is_named_and_nothing_is_encrypted(project):
    written()
    before = (project / PATH).read_bytes()
    (project / ".env.keys").mkdir()
    with pytest.raises(StateError) as caught:
        encryption.encrypt(PATH)
    assert ".env.keys" in str(caught.value) and (project / PATH).read_bytes() == before


def test_a_full_disk_leaves_no_half_a_key(project, monkeypatch):
    written()
    encryption.encrypt(PATH)
    before = (project / ".env.keys").read_bytes(), (project / PATH).read_bytes()
    write = os.write
    monkeypatch.setattr(key_file.os, "write", lambda fd, content: write(fd, content[:50]))
    with pytest.raises(StateError) as caught:
        encryption.rotate(PATH)
    assert "cannot write .env.keys" in str(caught.value)
    assert before == ((project / ".env.keys").read_bytes(), (project / PATH).read_bytes())


def test_what_could_not_be_read_again_is_not_written(project):
    env_files.replace(PATH, {"A": "x" * (9 << 20)}, "json")
    before = (project / PATH).read_bytes()
    with pytest.raises(StateError) as caught:
        encryption.encrypt(PATH)
    assert "would be larger than 10 MB" in str(caught.value)
    assert (project / PATH).read_bytes() == before


def test_files_with_one_name_share_a_key_and_the_environments_counts_first(project, monkeypatch):
    written()
    encryption.encrypt(PATH)
    env_files.replace(".env", {"A": "x"}, "env")
    assert encryption.encrypt(".env").new_key is None
    assert env_files.variables_in(".env")["A"] == "x"
    monkeypatch.setenv("DOTENV_PRIVATE_KEY_DEV", "33" * 32)
    env_files.replace(PATH + ".dev", {"A": "x"}, "env")
    assert encryption.encrypt(PATH + ".dev").new_key is None
    assert env_files.variables_in(PATH + ".dev")["A"] == "x"
    assert len(private_keys()) == 1
    monkeypatch.setenv("DOTENV_PRIVATE_KEY_TEST", "no key")
    env_files.replace(PATH + ".test", {"A": "x"}, "env")
    with pytest.raises(ConfigError) as caught:
        encryption.encrypt(PATH + ".test")
    assert "DOTENV_PRIVATE_KEY_TEST" in str(caught.value) and "no key" not in str(caught.value)


def test_who_has_only_the_public_key_can_encrypt(project):
    written()
    encryption.encrypt(PATH, ["TOKEN"])
    (project / ".env.keys").rename(project / "away")
    assert encryption.encrypt(PATH).names == ["HOST"]
    (project / "away").rename(project / ".env.keys")
    assert dict(env_files.variables_in(PATH)) == VALUES


@pytest.mark.parametrize("public", ["", "x", "02" + "0" * 64, "04" + "1" * 128])
def test_a_public_key_that_is_none_is_named(public):
    written(DOTENV_PUBLIC_KEY=public)
    with pytest.raises(ConfigError) as caught:
        encryption.encrypt(PATH)
    assert "public key" in str(caught.value)


def test_a_text_that_would_look_encrypted_stays_encrypted(project):
    written()
    encryption.encrypt(PATH)
    changes.set_encrypted(PATH, "ODD", "encrypted:abc")
    before = (project / PATH).read_bytes()
    for names in ([], ["TOKEN", "ODD"]):
        with pytest.raises(
            UsageError, match="the value of ODD in .coaia-env begins with encrypted:"
        ):
            encryption.decrypt(PATH, names)
        assert (project / PATH).read_bytes() == before
    assert encryption.decrypt(PATH, ["TOKEN"]) == ["TOKEN"]
    assert env_files.variables_in(PATH)["ODD"] == "encrypted:abc"


def test_nothing_is_decrypted_unless_all_can_be(project):
    written()
    encryption.encrypt(PATH)
    env_files.change(PATH, lambda variables: variables.update(HOST="encrypted:AAAA"))
    before = (project / PATH).read_bytes()
    for change in (encryption.decrypt, encryption.rotate):
        with pytest.raises(StateError) as caught:
            change(PATH)
        assert "HOST in .coaia-env" in str(caught.value)
        assert (project / PATH).read_bytes() == before and len(private_keys()) == 1
    assert encryption.decrypt(PATH, ["TOKEN"]) == ["TOKEN"]
    assert "secret" in (project / PATH).read_text()


@pytest.mark.parametrize(
    "name, error",
    [
        ("NO", NotFoundError),
        ("COAIA_TRACE_ID", UsageError),
        ("DOTENV_PUBLIC_KEY", UsageError),
        ("_COAIA_X", UsageError),
        ("a b", UsageError),
    ],
)
def test_names_that_cannot_be_encrypted(project, name, error):
    written()
    before = (project / PATH).read_bytes()
    with pytest.raises(error):
        encryption.encrypt(PATH, ["TOKEN", name])
    assert (project / PATH).read_bytes() == before and not os.path.exists(".env.keys")


def test_a_missing_file_stays_missing():
    for change in (encryption.encrypt, encryption.decrypt, encryption.rotate):
        with pytest.raises(NotFoundError):
            change(PATH)
    with pytest.raises(NotFoundError):
        encryption.keypair(PATH)
    assert os.listdir(".") == []


def steps(action):
    """Call ``action`` before each line of what rotates, while the block in ``run`` does that."""
    modules = (encryption, env_files, key_file, util_files)
    names = {module.__file__ for module in modules}

    def trace(frame, event, argument):
        if frame.f_code.co_filename not in names:
            return None
        if event == "line":
            action()
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        encryption.rotate(PATH)
    finally:
        sys.settrace(former)


def test_rotating_may_be_killed_at_any_line_and_no_value_or_key_is_lost(project):
    written()
    encryption.encrypt(PATH)
    lines = []
    steps(lambda: lines.append(1))
    assert len(lines) > 50
    for last in range(0, len(lines), 5):
        before = private_keys()
        child = os.fork()
        if not child:
            left = [last]

            def die(left=left):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            try:
                steps(die)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert dict(env_files.variables_in(PATH)) == VALUES
        assert set(before) <= set(private_keys()), "a key was lost"
        for name in os.listdir("."):
            if name not in (PATH, ".env.keys"):
                os.unlink(name)  # what a killed process leaves behind
    assert len(private_keys()) > 10


def test_two_that_rotate_at_once_lose_nothing(run):
    written()
    encryption.encrypt(PATH)
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            try:
                encryption.rotate(PATH)
            finally:
                os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert dict(env_files.variables_in(PATH)) == VALUES and len(private_keys()) == 5
