"""``coaia env guard`` in real git repositories: what it stops, and what it lets through."""

import json
import subprocess
import sys

import pytest
from places import ROOT

from coaiapy.checks import guard
from coaiapy.errors import StateError

KEY = "3b" * 32
ENCRYPTED = "API_TOKEN='encrypted:BO7+jdHS5TU='\n"


def found_in(path, text):
    return [(one.line, one.rule) for one in guard.problems([guard.Content(path, text)])]


@pytest.fixture
def git(project, monkeypatch):
    """A repository; runs git in it."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv("GIT_{}_NAME".format(name), "a")
        monkeypatch.setenv("GIT_{}_EMAIL".format(name), "a@example.org")

    def run_git(*words):
        done = subprocess.run(
            ("git",) + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200
        )
        return done.returncode, done.stdout.decode("utf-8")

    assert run_git("init", "-q")[0] == 0
    return run_git


@pytest.mark.parametrize(
    "path, text, expected",
    [
        (".coaia-env", "CITY=Paris\nAPI_TOKEN=x\n", [(2, "plain-secret")]),
        (".coaia-env", '{\n  "A": "b",\n  "DB_PASSWORD": "x"\n}', [(3, "plain-secret")]),
        (".coaia-env.live", ENCRYPTED, []),
        (".coaia-env.live", "API_TOKEN=first\n" + ENCRYPTED, [(1, "plain-secret")]),
        ("app/.env", "export SECRET_KEY='two\nlines'\nB=\n", [(1, "plain-secret")]),
        (".env", "API_TOKEN=\nOTHER_TOKEN=$API\nA_KEY='${B:-x}'\nC_KEY=op://v/i/f\n", []),
        (".env", "OPEN_TOKEN_PLAIN=x\nPUBLIC_KEY=x\nMAX_TOKENS=3\n", []),
        (".env", "DB=postgres://user:pass@host/db\nURL=https://host\n", [(1, "plain-secret")]),
        (".env", "REDIS_URL=redis://localhost\nno variable\n", []),
        (".env.example", "API_TOKEN=your-token\n", []),
        (".coaia-env.schema.json", '{"properties": {"API_TOKEN": {"secret": true}}}', []),
        ("prod.env", "API_TOKEN=x\n", [(1, "plain-secret")]),
        ("notes.txt", "API_TOKEN=x\n", []),
        (".env.keys", "", [(1, "key-file")]),
        ("app/.env.keys.bak", "x", [(1, "key-file")]),
        (".env", "DOTENV_PRIVATE_KEY={}\n".format(KEY), [(1, "private-key")]),
        ("ci.yml", "env:\n  DOTENV_PRIVATE_KEY_CI: '{}'\n".format(KEY), [(2, "private-key")]),
        ("a.json", '{{"DOTENV_PRIVATE_KEY": "{}"}}'.format(KEY), [(1, "private-key")]),
        ("ci.yml", "DOTENV_PRIVATE_KEY: ${{ secrets.KEY }}\n", []),
        (
            "coaia.json",
            '{"langfuse_secret_key": "sk",\n "openai_timeout": 3}',
            [(1, "plain-secret")],
        ),
        ("coaia.json", '{\n"github": {\n"token": "x"}}', [(3, "plain-secret")]),
        ("coaia.json", '{"langfuse_secret_key": "encrypted:x", "openai_api_key": ""}', []),
    ],
)
def test_what_is_stopped(path, text, expected):
    assert found_in(path, text) == expected


def test_without_a_repository_there_is_one_sentence(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    result = run("env", "guard")
    assert result.code == 2 and "not a git repository" in result.err
    assert "usage" not in result.err and len(result.err) < 300


def test_what_is_staged_counts_and_not_what_is_on_disk(run, git, project):
    (project / ".env").write_text("API_TOKEN=of-this-test\n")
    (project / "ci.yml").write_text("DOTENV_PRIVATE_KEY: {}\n".format(KEY))
    (project / "caf\u00e9 x").write_text("DOTENV_PRIVATE_KEY: {}\n".format(KEY))
    (project / "large.txt").write_text("harmless\n" * 10)
    assert run("env", "guard").code == 0
    assert git("add", "-A")[0] == 0
    (project / ".env").write_text(ENCRYPTED)
    (project / "ci.yml").unlink()
    found = run("env", "guard", "--json")
    assert found.code == 2 and KEY not in found.out and "of-this-test" not in found.out
    assert [(one["path"], one["rule"]) for one in json.loads(found.out)] == [
        (".env", "plain-secret"),
        ("caf\u00e9 x", "private-key"),
        ("ci.yml", "private-key"),
    ]
    git("rm", "-q", "--cached", "ci.yml", "caf\u00e9 x"), git("add", ".env")
    assert run("env", "guard").code == 0


@pytest.mark.once
def test_a_hook_of_git_refuses_the_commit_and_then_lets_the_encrypted_one_through(
    run, git, project
):
    hook = project / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    command = "PYTHONPATH='{}' exec '{}' -m coaiapy env guard".format(ROOT, sys.executable)
    hook.write_text("#!/bin/sh\n{}\n".format(command))
    hook.chmod(0o755)
    run("env", "init", "--format", "env"), run("env", "set", "API_TOKEN", "of-this-test")
    git("add", "-A")
    code, said = git("commit", "-qm", "first")
    assert code and ".coaia-env:" in said and "API_TOKEN is a secret in plain text" in said
    assert run("env", "encrypt").code == 0
    git("add", "-A")
    assert git("commit", "-qm", "first") == (0, "no secret and no key in plain text\n")
    assert git("ls-files")[1].split() == [".coaia-env", ".gitignore"]
    git("add", "-f", ".env.keys")
    code, said = git("commit", "-qm", "second")
    assert code and ".env.keys:1:1: this file holds private keys" in said


def test_without_a_repository_it_asks_for_files(run, project):
    found = run("env", "guard")
    assert found.code == 2 and "name the files to check" in found.err
    (project / "coaia.json").write_text("{")
    assert run("env", "guard", "coaia.json").code == 6
    for form in ("github", "sarif"):
        (project / ".env").write_text("API_TOKEN=x\n")
        assert "plain-secret" in run("env", "guard", ".env", "--format", form).out


def test_a_private_key_of_this_machine_is_known_by_itself(run, git, project):
    (project / ".env.keys").write_text("DOTENV_PRIVATE_KEY='{}'\n".format(KEY))
    (project / "notes.txt").write_text("a\nthe key is {}, write it down\n".format(KEY.upper()))
    (project / "hashes.txt").write_text("ab" * 32 + "\n" + KEY + "0\n")
    git("add", "notes.txt", "hashes.txt")
    found = run("env", "guard")
    assert found.code == 2 and "notes.txt:2:12: this is a private key" in found.out
    assert "hashes" not in found.out and KEY not in found.out + found.err


def test_what_is_staged_is_found_from_a_folder_in_the_repository(run, git, project, monkeypatch):
    (project / "app").mkdir()
    (project / "app" / ".env").write_text("LICENCE=of-this-test\n")
    schema = '{"properties": {"LICENCE": {"secret": true}}}'
    (project / "app" / ".coaia-env.schema.json").write_text(schema)
    (project / "other").mkdir()
    git("add", "-A")
    monkeypatch.chdir(str(project / "other"))
    found = run("env", "guard")
    assert found.code == 2 and "../app/.env:1:1: LICENCE" in found.out


def test_what_the_schema_beside_a_file_calls_secret_is_one(project):
    (project / "app").mkdir()
    (project / "app" / ".coaia-env.schema.json").write_text(
        '{"properties": {"LICENCE": {"secret": true}, "CITY": {}}}'
    )
    text = "LICENCE=of-this-test\nCITY=Paris\nLICENCE=\nLICENCE=encrypted:abc\n"
    (found,) = guard.problems([guard.Content("app/.env.live", text)])
    assert (found.line, found.rule) == (1, "plain-secret") and "LICENCE" in found.message
    assert guard.problems([guard.Content(".env.live", text)]) == []


def test_a_link_to_a_device_is_not_read(project):
    (project / ".env").symlink_to("/dev/zero")
    with pytest.raises(StateError, match="it is a device"):
        guard.named([".env"])
