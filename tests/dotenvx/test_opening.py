"""Encrypted values: what opens them, and what is said of those that nothing opens."""

import base64

import pytest

from coaiapy.dotenvx import cipher
from coaiapy.dotenvx.opening import Opened, Opener
from coaiapy.errors import CoaiaError, ConfigError, StateError
from coaiapy.util.text.notes import heard_by

PAIR = cipher.pair_of("11" * 32)
OTHER = cipher.pair_of("22" * 32)
SEALED = cipher.encrypt(PAIR.public, "the text")
FILE = {"DOTENV_PUBLIC_KEY": PAIR.public, "TOKEN": SEALED}


def opened(variables=None, place=".coaia-env"):
    variables = FILE if variables is None else variables
    return Opened(variables, Opener(place, variables))


def failure(value, name="TOKEN"):
    with pytest.raises(CoaiaError) as caught:
        opened(dict(FILE, **{name: value}))[name]
    said = str(caught.value)
    assert name in said and ".coaia-env" in said and "\n" not in said
    assert PAIR.private not in said and OTHER.private not in said
    return caught.value


def test_each_place_of_the_key_opens(project, monkeypatch):
    (project / ".env.keys").write_text("DOTENV_PRIVATE_KEY={}\n".format(PAIR.private))
    assert opened()["TOKEN"] == "the text"
    (project / ".env.keys").unlink()
    monkeypatch.setenv("DOTENV_PRIVATE_KEY_ANY", "{},{}".format(OTHER.private, PAIR.private))
    assert opened()["TOKEN"] == "the text"


def test_keys_that_others_can_read_are_told_once(project):
    (project / ".env.keys").write_text("DOTENV_PRIVATE_KEY={}\n".format(PAIR.private))
    for mode, told in ((0o644, 1), (0o600, 0)):
        (project / ".env.keys").chmod(mode)
        said = []
        with heard_by(said.append):
            assert opened()["TOKEN"] == opened()["TOKEN"] == "the text"
        assert len(said) == told and all("chmod 600 .env.keys" in one for one in said)


def test_a_key_that_is_missing_or_another_is_named(project, monkeypatch):
    error = failure(SEALED)
    assert isinstance(error, ConfigError)
    assert "no private key for it: set DOTENV_PRIVATE_KEY, or put that into .env.keys" in str(error)
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", OTHER.private)
    assert "no private key here fits (DOTENV_PRIVATE_KEY in the OS environment)" in str(
        failure(SEALED)
    )
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", "no key at all")
    assert "fits" in str(failure(SEALED))


@pytest.mark.parametrize("broken", [PAIR.private[:-1], "0" * 64, "not a key"])
def test_a_key_that_was_cut_off_is_said_to_be_none(project, broken):
    (project / ".env.keys").write_text("DOTENV_PRIVATE_KEY={}\n".format(broken))
    said = str(failure(SEALED))
    assert "DOTENV_PRIVATE_KEY in .env.keys is not a private key" in said and broken not in said


@pytest.mark.parametrize(
    "place, name",
    [
        (".coaia-env.production", "DOTENV_PRIVATE_KEY_PRODUCTION"),
        (".env.ci.local", "DOTENV_PRIVATE_KEY_CI_LOCAL"),
        ("/home/x/.coaia/global.env", "DOTENV_PRIVATE_KEY_GLOBAL"),
        ("/home/x/.coaia/global.env.my-x", "DOTENV_PRIVATE_KEY_GLOBAL_MY_X"),
        ("coaia.json", "DOTENV_PRIVATE_KEY"),
    ],
)
def test_a_file_without_a_public_key_has_a_usual_name_for_it(place, name):
    with pytest.raises(ConfigError) as caught:
        opened({"TOKEN": SEALED}, place)["TOKEN"]
    assert "set {}, or".format(name) in str(caught.value)


def changed(position):
    content = bytearray(base64.b64decode(SEALED[len("encrypted:") :]))
    content[position] ^= 1
    return "encrypted:" + base64.b64encode(bytes(content)).decode()


DAMAGED = {
    "not base64": lambda: "encrypted:\u00e9",
    "nothing": lambda: "encrypted:",
    "a space": lambda: "encrypted: ",
    "shortened": lambda: SEALED[:-4],
    "a piece": lambda: SEALED[:60],
    "a digit less": lambda: SEALED[:-1],
}
DAMAGED.update((str(place), lambda place=place: changed(place)) for place in (0, 1, 40, 66, 85, -1))


@pytest.mark.parametrize("how", sorted(DAMAGED))
def test_a_damaged_value_is_one_sentence(project, how):
    (project / ".env.keys").write_text("DOTENV_PRIVATE_KEY={}\n".format(PAIR.private))
    error = failure(DAMAGED[how]())
    assert isinstance(error, StateError) and "cannot be decrypted" in str(error)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b"])
def test_what_is_no_text_for_a_variable_is_refused(project, content):
    import ecies

    (project / ".env.keys").write_text("DOTENV_PRIVATE_KEY={}\n".format(PAIR.private))
    secret = ecies.encrypt(bytes(bytearray.fromhex(PAIR.public)), content)
    assert "cannot be decrypted" in str(failure("encrypted:" + base64.b64encode(secret).decode()))


def test_only_what_is_asked_for_is_decrypted():
    found = opened(dict(FILE, OPEN="plain"))
    assert found["OPEN"] == "plain" and set(found) == {"DOTENV_PUBLIC_KEY", "TOKEN", "OPEN"}
    assert "TOKEN" in found and found.get("NO") is None
