"""A secret that nobody else knows in every setting: no command prints it or writes it down.

Real processes run every command against servers that repeat what they are told, refuse, break or
are not there; then all that was printed and all files that were written are searched.
"""

import os
import re
import runpy
import stat
import subprocess
import sys

import pytest
from canaries import (
    ADDRESS,
    AWS,
    COMMANDS,
    LANGFUSE,
    LOCAL,
    OTHERS,
    STASHING,
    TOKENS,
    WRITING,
    as_variables,
    assert_files_are_silent,
    assert_silent,
    echo,
    lines,
    make_files,
    plant,
    settings_for,
    sing,
)
from places import TOOLS
from processes import environment
from redis_for_tests import free_port
from web_server import serving

REFUSALS = [
    ("environment", 401, "json"),
    pytest.param("file", 403, "page", marks=pytest.mark.once),
    pytest.param(".env", 404, "text", marks=pytest.mark.once),
    pytest.param("environment", 200, "page", marks=pytest.mark.once),
    ("--env", 302, "json"),
    ("file", 400, "events"),
    (".env", 500, "json"),
]


@pytest.fixture(autouse=True)
def few_tries(monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def files(project):
    """What the command lines read."""
    make_files(project)


def test_every_command_is_run():
    tool = TOOLS / "make_cli_docs.py"
    for command in runpy.run_path(str(tool), run_name="tool")["commands"]():
        words = command["name"].split(" ", 1)[1:]
        if not command["commands"] and words not in (
            ["help"],
            ["run"],
        ):  # test_run has a canary of its own
            assert [line for line in COMMANDS if (line + " ").startswith(words[0] + " ")], words


@pytest.mark.parametrize("place, status, kind", REFUSALS)
def test_a_server_that_repeats_what_it_hears_is_not_repeated(
    home, project, monkeypatch, tmp_path, place, status, kind
):
    # Nobody waits as long as this server asks for.
    headers = {"Retry-After": "86400", "Location": "http://u:{}@127.0.0.1:1/".format(ADDRESS)}
    redis_url = "redis://user:{}@127.0.0.1:{}/0".format(ADDRESS, free_port())
    with serving(echo(status, kind, headers)) as server:
        values = settings_for(server.url, redis_url)
        more, planted = plant(place, values, home, project, monkeypatch)
        texts = [WRITING, AWS if status < 500 else "", LANGFUSE, OTHERS, STASHING, LOCAL]
        commands = [line for text in texts for line in lines(text)]
        said = sing(commands, more)
        assert len(server.asked) > 60
    assert said.count("\n= ") == len(commands)
    # The command lines are right: only what is meant to be wrong is.
    wrong = re.findall(r"^\$ (?:--env \S+ )?(.*)(?:\n(?![$=] ).*)*\n= 2$", said, re.MULTILINE)
    assert [line.split()[0] for line in wrong] == ["nonsense", "fuse"], wrong
    assert "Traceback" in said
    assert_silent(said, "what was printed")
    assert assert_files_are_silent(tmp_path, planted) >= 4


def test_nobody_is_there(home, project, monkeypatch, tmp_path):
    nowhere = "127.0.0.1:{}".format(free_port())
    values = settings_for("http://" + nowhere, "redis://u:{}@{}".format(ADDRESS, nowhere))
    more, planted = plant("file", values, home, project, monkeypatch)
    said = sing(lines(WRITING) + lines(STASHING) + lines(LOCAL) + ["fuse doctor"], more)
    assert "refused" in said
    assert_silent(said, "what was printed")
    assert assert_files_are_silent(tmp_path, planted) >= 2


BROKEN = {
    "langfuse_base_url": ["ftp://u:{}@h", "http://u:{}@h:port", "u:{}@h"],
    "redis_url": ["redis://u:{}@", "redis://u:{}@h:x", "redis://:1/{}@h", "redis://u:12?{}=1@h"],
    "openai_base_url": ["ftp://u:{}@h", "http://u:{}@h:99999", "http://u:{}@[::1"],
    "github.base_url": ["ftp://u:{}@h", "http://u:{}@h:port", "http://u:{}@[::1"],
    "pollyconf.endpoint_url": ["ftp://u:{}@h", "http://u:{}@h:port", "http://u:{}@[::1"],
}
ASKED_BY = {
    "langfuse_base_url": "fuse health",
    "redis_url": "tash key value",
    "openai_base_url": "summarize text",
    "github.base_url": "gh issues list --owner o --repo r",
    "pollyconf.endpoint_url": "synthesize words.txt -O words.mp3",
}


def test_settings_that_make_no_sense_are_not_repeated(home, project, monkeypatch, tmp_path, run):
    values = settings_for("http://127.0.0.1:1", "redis://u:{}@h".format(ADDRESS))
    plant("environment", values, home, project, monkeypatch)
    variables = as_variables({name: name for name in BROKEN})
    for variable, name in sorted(variables.items()):
        for shape in BROKEN[name]:
            asking = [ASKED_BY[name], "config check", "config show", "fuse doctor"]
            with monkeypatch.context() as patch:
                patch.setenv(variable, shape.format(ADDRESS))
                for words in asking:
                    result = run("--debug", *words.split())
                    assert_silent(result.out + result.err, "{} with {}".format(words, shape))
    assert_files_are_silent(tmp_path, [])


@pytest.mark.parametrize(
    "broken",
    [
        '{{"langfuse_secret_key": "{0}"',
        '{{"langfuse_secret_key": ["{0}"]}}',
        '{{"redis_url": "{0}", "langfuse_timeout": "x"}}',
        '{{"jtaleconf": {{"password": "{0}", "port": "x"}}}}',
        '{{"langfuse_secret_keyy": "{0}"}}',
        '{{"openai_api_key": "{0}\\nX-Injected: 1"}}',
        '{{"github": {{"api_token": "{0}\\r\\nX-Injected: 1"}}}}',
    ],
)
def test_a_broken_file_of_settings_is_not_repeated(home, monkeypatch, run, broken):
    secret = TOKENS["langfuse_secret_key"]
    (home / "coaia.json").write_text(broken.format(secret))
    monkeypatch.setenv("COAIA_DEBUG", "1")
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    for words in ("config check", "config show", "fuse projects", "tash k v", "summarize t"):
        result = run(*words.split())
        assert_silent(result.out + result.err, words)
    result = run("gh", "issues", "list", "--owner", "o", "--repo", "r")
    assert_silent(result.out + result.err, "gh")


def test_a_proxys_password_is_not_repeated(home, project, monkeypatch, tmp_path):
    with serving(echo(407, "page")) as proxy:
        address = proxy.url.replace("://", "://user:{}@".format(ADDRESS))
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, address)
        values = settings_for("http://langfuse.invalid", "redis://127.0.0.1:1")
        plant("environment", values, home, project, monkeypatch)
        said = sing(["fuse doctor", "gh issues list --owner o --repo r", "summarize text"])
        assert proxy.asked
    assert_silent(said, "what was printed")
    assert_files_are_silent(tmp_path, [])


def test_what_holds_secrets_is_for_our_eyes_only(home, project, run):
    """Whatever the umask is, and however many folders have to be made on the way."""
    mask = os.umask(0)
    try:
        assert run("init").code == 0
        assert run("env", "set", "MY_API_TOKEN", "x").code == 0
        assert run("env", "set", "MY_API_TOKEN", "x", "--global").code == 0
        assert run("env", "save", "--name", "n").code in (0, 1)
        assert run("pipeline", "init", "mine", "--location", "user").code == 0
        assert run("fuse", "traces", "create", "t").code == 0
        assert run("tash", "key", "value").code == 0
        assert run("fuse", "outbox", "export", "-o", "waiting.jsonl").code == 0
    finally:
        os.umask(mask)
    modes = {}
    for base, folders, names in os.walk(str(home)):
        for name in folders + names:
            path = os.path.join(base, name)
            modes[os.path.relpath(path, str(home))] = stat.S_IMODE(os.stat(path).st_mode)
    for name in (".coaia-env", "waiting.jsonl"):
        modes[name] = stat.S_IMODE(os.stat(str(project / name)).st_mode)
    assert {"coaia.json", ".coaia", ".coaia/coaia.db", ".coaia/templates"} <= set(modes)
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def test_the_state_folder_is_private_even_if_something_deep_in_it_comes_first(home, run):
    mask = os.umask(0)
    try:
        assert run("pipeline", "init", "mine", "--location", "user").code == 0
    finally:
        os.umask(mask)
    assert stat.S_IMODE(os.stat(str(home / ".coaia")).st_mode) == 0o700


def test_of_an_address_only_what_may_be_secret_is_hidden(monkeypatch, run):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://h/v1?api-version=2026-01-01&code=abcdefghij&n=12")
    assert run("env", "set", "LINK", "http://h/page?branch=development").code == 0
    assert run("env", "set", "LINK_URL", "http://h/page?token=abcd").code == 0
    listed = run("env", "list").out
    assert "branch=development" in listed and "abcd" not in listed
    assert "abcdefghij" not in run("config", "show").out


def test_the_folder_before_the_last_cd_is_no_secret(home, project):
    (home / ".coaia").mkdir()
    broken = home / ".coaia" / "global.env"
    broken.write_text("{")
    words = [sys.executable, "-m", "coaiapy", "env", "get", "A"]
    done = subprocess.run(
        ["bash", "-c", 'cd "$0"; cd "$1"; shift; "$@"', str(home), str(project)] + words,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert done.returncode == 6
    assert str(broken) in done.stderr.decode("utf-8")
