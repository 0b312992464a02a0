"""Encrypted environments as a person, a script and a shell use them."""

import json
import os
import sys

import pytest
from loaded_modules import loaded
from processes import bash, finish

from coaiapy.dotenvx import cipher
from coaiapy.errors import ConfigError

PAIR = cipher.pair_of("5a" * 32)
SEALED = cipher.encrypt(PAIR.public, "sk-lf-of-this-test")
MISSING = (
    "coaia: {} in {} is encrypted, and there is no private key for it: set {}, or put that "
    "into .env.keys\n"
)


@pytest.fixture
def sealed(run, project):
    """An environment with an encrypted variable and an open one; returns its private key."""
    assert run("env", "set", "CITY", "Paris", "--format", "env").code == 0
    assert run("env", "set", "API_TOKEN", "-", "--encrypt", stdin="of this test\n").code == 0
    line = (project / ".env.keys").read_text().strip().splitlines()[-1]
    return line.partition("=")[2]


def everything_in(folder):
    paths = (os.path.join(at, name) for at, _, names in os.walk(str(folder)) for name in names)
    return {path: open(path, "rb").read() for path in paths}


def test_a_value_is_encrypted_where_it_is_set_and_stays_so(run, project):
    found = run("env", "set", "API_TOKEN", "first", "--encrypt", "--format", "env")
    assert found.out == "" and found.err == (
        "made a pair of keys: the private one is DOTENV_PRIVATE_KEY in .env.keys, without which "
        "nobody can read the values; keep a copy, and do not commit it\n"
        "set API_TOKEN in .coaia-env, encrypted\n"
    )
    assert run("env", "get", "API_TOKEN").out == "first\n"
    assert (
        run("env", "set", "API_TOKEN", "second").err == "set API_TOKEN in .coaia-env, encrypted\n"
    )
    assert run("env", "get", "API_TOKEN", "--json").out.count("second") == 1
    text = (project / ".coaia-env").read_text()
    assert text.count("API_TOKEN='encrypted:") == 1 and "second" not in text
    assert run("env", "set", "A", "b", "--encrypt", "--temp").code == 2


@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("list", "--csv"), ("source",)])
def test_listings_show_that_a_value_is_encrypted_and_need_no_key(run, sealed, project, words):
    (project / ".env.keys").unlink()
    found = run("env", *words)
    assert found.code == 0 and "encrypted:****" in found.out and "Paris" in found.out
    assert "PUBLIC_KEY" not in found.out and "coaia:" not in found.err
    explained = run("env", "list", "--explain", "API_TOKEN")
    assert explained.code == 0 and "encrypted:****" in explained.out


def test_reveal_decrypts_and_warns_of_what_it_cannot_decrypt(run, sealed, project):
    for words in (("list", "--reveal"), ("source", "--reveal")):
        assert "of this test" in run("env", *words).out
    assert "of this test" in run("env", "list", "--explain", "API_TOKEN", "--reveal").out
    (project / ".env.keys").unlink()
    run("env", "set", "OTHER", "x", "--encrypt", "--name", "dev")
    found = run("env", "list", "--reveal", "--json")
    assert found.code == 0 and "encrypted:****" in found.out and '"x"' in found.out
    assert found.err == (
        "coaia: API_TOKEN in .coaia-env is encrypted, and no private key here fits "
        "(DOTENV_PRIVATE_KEY_DEV in .env.keys): set DOTENV_PRIVATE_KEY, or put that into .env.keys\n"
    )


@pytest.mark.parametrize(
    "words", [("get", "API_TOKEN"), ("source", "--export"), ("run", "--", "true"), ("decrypt",)]
)
def test_without_the_key_one_sentence_says_which_one(run, sealed, project, words):
    (project / ".env.keys").unlink()
    found = run("env", *words)
    assert found.code == 3 and found.out in ("", "(exit 3);\n")
    assert found.err == MISSING.format("API_TOKEN", ".coaia-env", "DOTENV_PRIVATE_KEY")
    assert run("env", "get", "CITY").out == "Paris\n"


def test_a_shell_and_a_command_get_the_decrypted_value(sealed):
    script = 'eval "$(python -m coaiapy env source --export)"; printf %s "$API_TOKEN"'
    assert bash(script) == "of this test"
    assert bash("python -m coaiapy env run -- printenv API_TOKEN") == "of this test\n"


def test_the_key_in_the_environment_is_enough(run, sealed, project, monkeypatch):
    (project / ".env.keys").unlink()
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", sealed)
    assert run("env", "get", "API_TOKEN").out == "of this test\n"
    found = run("env", "rotate")
    assert found.code == 0 and "DOTENV_PRIVATE_KEY in this shell is the old key" in found.err
    assert run("env", "get", "API_TOKEN").out == "of this test\n"


def test_keypair_shows_the_private_key_only_when_asked_for(run, sealed, project):
    found = run("env", "keypair")
    assert found.out.splitlines()[1:] == ["DOTENV_PRIVATE_KEY=****"]
    assert cipher.pair_of(sealed).public in found.out and ".env.keys" in found.err
    assert run("env", "keypair", "--reveal").out.splitlines()[1] == "DOTENV_PRIVATE_KEY=" + sealed
    assert json.loads(run("env", "keypair", "--json").out)["DOTENV_PRIVATE_KEY"] == "****"
    (project / ".env.keys").unlink()
    found = run("env", "keypair", "--reveal")
    assert found.code == 0 and "is not here: set DOTENV_PRIVATE_KEY" in found.err
    assert json.loads(run("env", "keypair", "--json").out)["DOTENV_PRIVATE_KEY"] is None


def test_encrypt_and_decrypt_name_what_they_did(run, project):
    run("env", "set", "A_KEY", "x")
    assert run("env", "encrypt", "NO").code == 1
    found = run("env", "encrypt")
    assert "encrypted A_KEY in .coaia-env\n" in found.err and "dotenvx does not read" in found.err
    assert run("env", "encrypt").err == "nothing to encrypt in .coaia-env\n"
    assert run("env", "decrypt").err == "A_KEY in .coaia-env is plain text now\n"
    assert run("env", "decrypt").err == "nothing in .coaia-env is encrypted\n"
    assert run("env", "rotate").code == 1


@pytest.mark.parametrize(
    "name", ["DOTENV_PRIVATE_KEY", "DOTENV_PRIVATE_KEY_X", "DOTENV_PUBLIC_KEY"]
)
def test_no_key_becomes_a_variable_of_an_environment(run, project, name):
    found = run("env", "set", name, PAIR.private)
    assert found.code == 2 and PAIR.private not in found.err and ".env.keys" in found.err
    assert os.listdir(".") == []


def test_the_private_key_is_nowhere_but_in_its_file(run, sealed, project, home, monkeypatch):
    monkeypatch.setenv("DOTENV_PRIVATE_KEY_OTHER", PAIR.private)
    said = ""
    for line in """
        env list|env list --reveal|env get API_TOKEN|env source|env source --export|env encrypt
        env rotate|env keypair|env decrypt NO|env get NO|config show --all|config check|trust --list
        fuse traces create t|--debug env get API_TOKEN --name no|--debug env decrypt
        run -- coaia-is-no-command|pipeline create simple-trace --var trace_name=x|nonsense
    """.replace("\n", "|").split("|"):
        found = run(*line.split())
        said += found.out + found.err
    (project / ".env.keys").rename(home / "keys")
    for text in [said.encode("utf-8")] + [
        content
        for path, content in everything_in(project.parent).items()
        if path != str(home / "keys")
    ]:
        assert sealed.encode() not in text and PAIR.private.encode() not in text


def test_init_has_git_ignore_the_keys_of_a_project(run, project):
    (project / ".git").mkdir()
    assert run("env", "init", "--global").err.count("gitignore") == 0
    found = run("env", "init")
    assert found.err == "created .coaia-env\nadded .env.keys to .gitignore\n"
    assert (project / ".gitignore").read_text() == ".env.keys\n"
    assert "gitignore" not in run("env", "init", "--force").err


@pytest.mark.parametrize(
    "path, text",
    [
        (
            ".env",
            "DOTENV_PUBLIC_KEY={public}\nLANGFUSE_PUBLIC_KEY=pk\nLANGFUSE_SECRET_KEY={sealed}\n",
        ),
        ("coaia.json", '{{"langfuse_public_key": "pk", "langfuse_secret_key": "{sealed}"}}'),
    ],
)
def test_settings_may_be_encrypted(run, project, monkeypatch, path, text):
    (project / path).write_text(text.format(public=PAIR.public, sealed=SEALED))
    found = run("config", "check")
    assert found.code == 3 and found.err.count("\n") <= 2
    assert "there is no private key for it: set DOTENV_PRIVATE_KEY" in found.out + found.err
    shown = run("config", "show", "--all")
    assert shown.code == 0 and "****" in shown.out and "encrypted:B" not in shown.out
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", PAIR.private)
    assert run("config", "check").code == 0
    from coaiapy.config import redaction, settings

    assert settings.load().secret_key == "sk-lf-of-this-test"
    assert redaction.without_secrets("a sk-lf-of-this-test b") == "a **** b"


def test_a_file_of_other_programs_keeps_all_its_lines(run, project):
    text = (
        "# about\nmy-key=1\nno variable\nLANGFUSE_SECRET_KEY=sk-of-this-test\n\nA.B=x\nCITY=Paris\n"
    )
    (project / ".env").write_text(text)
    assert run("env", "encrypt", "LANGFUSE_SECRET_KEY", "--file", ".env").code == 0
    lines = (project / ".env").read_text().splitlines()
    assert [one for one in lines if "encrypted:" not in one and "DOTENV_" not in one] == [
        one for one in text.splitlines() if "of-this-test" not in one
    ]
    assert run("config", "show").code == 0
    assert run("env", "rotate", "--file", ".env").code == 0
    assert run("env", "keypair", "--file", ".env").out.startswith("DOTENV_PUBLIC_KEY=")
    assert run("env", "decrypt", "--file", ".env").code == 0
    assert (project / ".env").read_text().startswith(text.split("sk-of")[0])
    assert run("env", "encrypt", "--file", ".env", "--name", "dev").code == 2
    (project / "coaia.json").write_text('{"github": {"token": "x"}}')
    found = run("env", "encrypt", "--file", "coaia.json")
    assert found.code == 6 and "github must be a text" in found.err


def test_scripts_that_read_settings_get_them_decrypted(project, monkeypatch):
    from coaiapy import coaiamodule

    (project / ".env").write_text("DB_PASSWORD={}\nCITY=Paris\n".format(SEALED))
    with pytest.raises(ConfigError):
        coaiamodule.load_env_file()
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", PAIR.private)
    assert coaiamodule.load_env_file() == {"DB_PASSWORD": "sk-lf-of-this-test", "CITY": "Paris"}


def test_the_key_file_is_no_environment(run, sealed):
    words = ("list", "--explain", "DOTENV_PRIVATE_KEY", "--name", "keys", "--dotenv", "--reveal")
    found = run("env", *(words + ("--json",)))
    assert ".env.keys" not in [row["place"] for row in json.loads(found.out)]
    assert sealed not in found.out + run("env", "list", "--dotenv", "--reveal").out


def test_an_encrypted_address_of_a_setting_is_masked_and_checked(run, project, monkeypatch):
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", PAIR.private)
    values = {
        "langfuse_base_url": cipher.encrypt(PAIR.public, "http://evil.example"),
        "run.capture": 1,
    }
    (project / "coaia.json").write_text(json.dumps(values))
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk")
    assert "evil" not in run("config", "show").out
    found = run("fuse", "health")
    assert found.code == 3 and "run coaia trust" in found.err


def test_without_the_package_its_name_is_said(run, sealed, monkeypatch):
    monkeypatch.setitem(sys.modules, "ecies", None)
    monkeypatch.setitem(sys.modules, "coincurve", None)
    for words in (("get", "API_TOKEN"), ("rotate",), ("encrypt",)):
        found = run("env", *words)
        assert found.code == 3 and found.err.count("\n") == 1
        assert "install it with: pip install 'coaiapy[crypto]'" in found.err
    assert run("env", "list").code == 0 and run("env", "get", "CITY").out == "Paris\n"


def test_the_package_is_loaded_for_an_encrypted_value_alone_and_says_nothing(tmp_path, sealed):
    _, foreign = loaded(tmp_path, "env", "get", "CITY")
    assert foreign <= {"dotenv"}
    _, foreign = loaded(tmp_path, "env", "get", "API_TOKEN")
    assert "ecies" in foreign
    assert finish("env", "get", "API_TOKEN") == (0, "of this test\n", "")
