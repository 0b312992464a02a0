"""Files that coaia and dotenvx write, each opened by the other: the real dotenvx, from npm."""

import json
import re

import pytest

from coaiapy.env import encryption
from coaiapy.env import files as env_files


def once(name):
    return pytest.param(name, marks=pytest.mark.once)


HOSTILE = {
    "SEVERAL": "first\nsecond\r\nthird\n",
    "QUOTES": 'say "hi" and \'ho\' and \\" \\n \\',
    "EXPANDED": "$HOME ${HOME:-x} $(touch harmed) `touch harmed` \\$x $$",
    "COMMENT": "a # b #c",
    "WIDE": "caf\u00e9 \U0001f600 \u2028 \u202e",
    "SPACES": "  around  ",
    "EQUALS": "KEY=VALUE",
    "LARGE": "0123456789abcdef\n" * 6400,
}


@pytest.mark.parametrize("name", [".coaia-env", once(".env.ci.local")])
def test_dotenvx_reads_what_coaia_encrypts(dotenvx, project, name):
    variables = dict(HOSTILE, EMPTY="", OPEN_PLAIN="open")
    env_files.replace(name, variables, "env")
    encryption.encrypt(name)
    encryption.encrypt(name, ["EMPTY"])
    stored = (project / name).read_text("utf-8")
    assert stored.count("encrypted:") == len(HOSTILE) + 1 and "OPEN_PLAIN" in stored
    assert dotenvx.reads(name) == variables
    assert not (project / "harmed").exists()


@pytest.mark.once
def test_what_coaia_has_rotated_is_read_by_dotenvx_and_by_coaia(dotenvx, project):
    env_files.replace(".coaia-env", dict(HOSTILE), "env")
    encryption.encrypt(".coaia-env")
    before = (project / ".coaia-env").read_text("utf-8")
    encryption.rotate(".coaia-env")
    assert dict(env_files.variables_in(".coaia-env")) == HOSTILE
    assert dotenvx.reads(".coaia-env") == HOSTILE
    (project / ".coaia-env").write_text(before, "utf-8")
    assert dotenvx.reads(".coaia-env") == HOSTILE, "the old key is still there, for the old file"


@pytest.mark.parametrize("name", [".coaia-env", once(".coaia-env.my-x")])
def test_coaia_reads_what_dotenvx_encrypts(dotenvx, project, monkeypatch, name):
    (project / name).write_text("A=1\nB='two words $HOME'\nexport C=\"x\\ny\"\n\nD=\n")
    dotenvx("encrypt", "-f", name)
    dotenvx("set", "SET", HOSTILE["SEVERAL"] + HOSTILE["EXPANDED"], "-f", name)
    expected = {"A": "1", "B": "two words $HOME", "C": "x\ny", "D": ""}
    expected["SET"] = HOSTILE["SEVERAL"] + HOSTILE["EXPANDED"]
    assert dict(env_files.variables_in(name)) == expected

    keys = project / ".env.keys"
    private = re.search(r"=([0-9a-f]{64})$", keys.read_text("utf-8"), re.MULTILINE).group(1)
    keys.unlink()
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", private)
    assert dict(env_files.variables_in(name)) == expected


@pytest.mark.once
def test_both_write_into_one_file_by_turns(dotenvx, project, run):
    (project / ".coaia-env").write_text("TOKEN=secret\n")
    dotenvx("encrypt", "-f", ".coaia-env")
    assert run("env", "set", "OTHER", "two", "--encrypt").code == 0
    assert run("env", "set", "TOKEN", "new").err == "set TOKEN in .coaia-env, encrypted\n"
    assert dotenvx.reads(".coaia-env") == {"TOKEN": "new", "OTHER": "two"}
    assert run("env", "rotate").code == 0
    dotenvx("set", "TOKEN", "newest", "-f", ".coaia-env")
    assert run("env", "get", "TOKEN").out == "newest\n"
    found = json.loads(dotenvx("keypair", "-f", ".coaia-env"))
    mine = json.loads(run("env", "keypair", "--json", "--reveal").out)
    found.pop("provider"), mine.pop("place")
    assert mine == found
    assert run("env", "decrypt").code == 0
    assert dotenvx.reads(".coaia-env") == {"TOKEN": "newest", "OTHER": "two"}


def test_a_value_that_begins_like_an_encrypted_one_is_kept_by_coaia(project):
    """dotenvx takes such a value for one that it could not decrypt."""
    env_files.replace(".coaia-env", {"A": "x"}, "env")
    env_files.change(
        ".coaia-env",
        lambda variables: encryption.seal(".coaia-env", variables, "A", "encrypted:not") and None,
    )
    assert env_files.variables_in(".coaia-env")["A"] == "encrypted:not"
