"""Encrypted values: what opens them, and what is said of those that nothing opens."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.dotenvx import cipher, keys
from coaiapy.dotenvx.opening import Opened, Opener
from coaiapy.errors import CoaiaError, ConfigError, StateError
from coaiapy.util.text import heard_by

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


@given(text=st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=40))
def test_what_is_encrypted_is_decrypted(text):
    sealed = cipher.encrypt(PAIR.public, text)
    assert text not in sealed or len(text) < 3
    assert cipher.decrypt(PAIR.private, sealed) == text


def test_a_value_made_by_dotenvx_is_decrypted():
    """So that the format is held where there is no npm."""
    private = "c958fc064f01d0fb87356fc5ba0ab0f92ac5af19b73d783e8025661b7734ff19"
    assert cipher.pair_of(private).public == (
        "021766b03f4940cf3ce412317d42f2e16d872fae1460c6db06ee60617f7d8e1489"
    )
    sealed = (
        "encrypted:"
        "BFCZmeRQseHkP8i8BzT9LoTE5dQQfjUh5ZsFq0To4dA0uITcmpildcOEKCZtZVBAMoedgGinOZ8l+KRlqcWh"
        "NIU35geDBAiPLt6Vn1W668GGU6OSkDe9i9qR9KI74i69hu7ZuQ=="
    )
    assert cipher.decrypt(private, sealed) == "x y"


def test_the_environment_counts_before_the_file_and_the_last_key_of_a_file_first(
    project, monkeypatch
):
    lines = (
        "DOTENV_PRIVATE_KEY={}\nexport DOTENV_PRIVATE_KEY_X='{}, {}' # x\r\nDOTENV_PRIVATE_KEY={}\n"
    )
    (project / ".env.keys").write_text(lines.format("aa", "bb", "cc", "dd"))
    monkeypatch.setenv("DOTENV_PRIVATE_KEY_X", "ee")
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", "ff")
    found = [key.key for key in keys.private_keys("DOTENV_PRIVATE_KEY", ".env.keys")]
    assert found == ["ff", "ee", "dd", "aa", "bb", "cc"]


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


@pytest.mark.parametrize("private", ["00" * 32, "ff" * 32, "", "zz" * 32, "11" * 31])
def test_what_is_no_key_is_none(private):
    with pytest.raises(cipher.WrongKeyError):
        cipher.pair_of(private)
    with pytest.raises(cipher.WrongKeyError):
        cipher.decrypt(private, SEALED)


def test_a_private_key_is_not_in_a_representation():
    key = keys.PrivateKey("DOTENV_PRIVATE_KEY", PAIR.private, "somewhere")
    assert PAIR.private not in repr(PAIR) + repr(key) + str([PAIR, key])


def test_only_what_is_asked_for_is_decrypted():
    found = opened(dict(FILE, OPEN="plain"))
    assert found["OPEN"] == "plain" and set(found) == {"DOTENV_PUBLIC_KEY", "TOKEN", "OPEN"}
    assert "TOKEN" in found and found.get("NO") is None
