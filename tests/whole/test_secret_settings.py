"""Every setting that may hold a secret, under each of its names, against each place it may leak to.

``COVERED`` is the list of them: it fails for a new setting that nobody has thought about.
"""

import os
from typing import NamedTuple

import pytest
from canaries import (
    PUBLIC,
    as_file,
    assert_files_are_silent,
    assert_silent,
    echo,
    make_files,
)
from processes import command_lines, finish
from redis_for_tests import free_port
from web_server import serving

from coaiapy import patience
from coaiapy.config.schema import KEYS
from coaiapy.util import masking

SECRET = "canary0of0this0test0end"
KEEPS_NO_SECRET = """
    langfuse_public_key langfuse_tracing_environment langfuse_release langfuse_timeout
    langfuse_tracing_enabled env.dotenv
    journal_keep_days delivery trace_content run.capture run.capture_bytes run.redact model default_temperature default_size
    default_preprompt_instruction openai_timeout openai_transcription_model
    openai_transcription_max_bytes pollyconf.region transcribeconf.bucket
    jtaleconf.host jtaleconf.port jtaleconf.username jtaleconf.db jtaleconf.ssl
    jtaleconf.ssl_ca_certs jtaleconf.timeout
""".split()
# Where a secret could turn up, besides the requests that it is for.
OUTPUTS = ("what is printed, with --debug", "files", "command lines of processes")

# Which commands use a setting, and what they need beside it. URL is the address of a server, HOST
# and PORT are its parts.
LANGFUSE = {"LANGFUSE_PUBLIC_KEY": PUBLIC, "LANGFUSE_SECRET_KEY": "s", "LANGFUSE_BASE_URL": "URL"}
AWS = {"AWS_KEY_ID": "k", "AWS_SECRET_KEY": "s", "AWS_ENDPOINT_URL": "URL"}
SPEAK = ["synthesize -F words.txt -O words.mp3"]
TASH = ["tash key value --verbose", "stash list"]
USED_BY = {
    "langfuse": (LANGFUSE, ["fuse health", "fuse projects", "fuse doctor"]),
    "openai": ({"OPENAI_BASE_URL": "URL"}, ["summarize text", "p dictkore text"]),
    "openai_api_url": ({}, ["summarize text", "summarize text --stream"]),
    "openai_transcription_api_url": ({}, ["transcribe sound.wav"]),
    "dalle_api_endpoint": ({}, ["summarize text"]),
    "pollyconf": (AWS, SPEAK),
    "github": ({"GITHUB_API_URL": "URL"}, ["gh issues list --owner o --repo r"]),
    "redis_url": ({}, TASH),
    "kv_url": ({}, TASH),
    "upstash": ({"UPSTASH_REDIS_REST_URL": "URL", "UPSTASH_REDIS_REST_TOKEN": "t"}, TASH),
    "kv_rest": ({"KV_REST_API_URL": "URL", "KV_REST_API_TOKEN": "t"}, TASH),
    "galleries": ({}, ["pipeline search text --timeout 0", "pipeline install team"]),
    "jtaleconf": ({"REDIS_HOST": "HOST", "REDIS_PORT": "PORT"}, TASH),
}
CHECKS = ["config show --all", "config check --online", "env list"]


class Planted(NamedTuple):
    """A secret in a setting: the name it is given by, and how its value holds the secret."""

    setting: str
    spelling: str
    form: str


FORMS = {
    "the value": "{secret}",
    "a password": "{scheme}://user:{secret}@{host}:{port}/v1",
    "a parameter": "{scheme}://{host}:{port}/v1?api-key={secret}",
    "a parameter of any name": "{scheme}://{host}:{port}/v1?x={secret}",
}


def forms_of(key):
    if masking.names_address(key.name):
        return [form for form in FORMS if form != "the value"]
    return ["the value"] if key.secret else []


COVERED = [
    Planted(key.name, spelling, form)
    for key in KEYS
    if key.name not in KEEPS_NO_SECRET
    for spelling in key.variables + (key.name,)
    for form in forms_of(key)
]


def test_every_setting_is_covered_or_known_to_hold_no_secret():
    assert {key.name for key in KEYS} == {one.setting for one in COVERED} | set(KEEPS_NO_SECRET)
    assert not [key.name for key in KEYS if key.secret and key.name in KEEPS_NO_SECRET]
    spellings = {name for key in KEYS if key.secret for name in key.variables}
    assert spellings <= {one.spelling for one in COVERED}
    assert {"LANGFUSE_HOST", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "REDIS_PASSWORD"} <= {
        one.spelling for one in COVERED
    }


def used_by(setting):
    """What the commands of a setting need, and the commands."""
    (name,) = [name for name in USED_BY if setting.startswith(name)][-1:]
    return USED_BY[name]


def plant(planted, url, home, monkeypatch):
    """Set the one secret, and what its commands need; return the path of coaia.json."""
    host, port = url.split("://")[1].split(":")
    needed, commands = used_by(planted.setting)
    parts = {"URL": url, "HOST": host, "PORT": port}
    others = [key for key in KEYS if key.name == planted.setting][0].variables
    for name, value in needed.items():
        if name not in others:
            monkeypatch.setenv(name, parts.get(value, value))
    scheme = "redis" if planted.setting in ("redis_url", "kv_url") else "http"
    value = FORMS[planted.form].format(secret=SECRET, scheme=scheme, host=host, port=port)
    if planted.setting == "galleries":
        value = "team=" + value
    path = home / "coaia.json"
    if planted.spelling == planted.setting:
        path.write_text(as_file({planted.setting: value}), "utf-8")
        path.chmod(0o600)
    else:
        monkeypatch.setenv(planted.spelling, value)
    return str(path), commands + CHECKS


@pytest.fixture(autouse=True)
def quick(short_waits, monkeypatch, project):
    make_files(project)
    monkeypatch.setattr(patience, "AWS", patience.AWS._replace(tries=1))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize("planted", COVERED, ids=" ".join)
def test_it_is_neither_printed_nor_written_down(planted, home, tmp_path, monkeypatch, run, capfd):
    for url in ("http://127.0.0.1:{}".format(free_port()), None):
        with serving(echo(403, "json")) as server:
            with monkeypatch.context() as patch:
                path, commands = plant(planted, url or server.url, home, patch)
                for words in commands:
                    result = run("--debug", *words.split())
                    said = result.out + result.err + "".join(capfd.readouterr())
                    assert_silent(said, words, [SECRET])
    assert assert_files_are_silent(tmp_path, [path], [SECRET]) > 0


def test_it_is_in_no_command_line_of_a_process(home, project, monkeypatch):
    """A key as coaia and whatever it starts could hand it on: in plain sight of ``ps``."""
    seen = []

    def look(asked, url):
        seen.append(command_lines())
        return echo(403, "json")(asked, url)

    with serving(look) as server:
        for planted in COVERED:
            if planted.form == "the value" and planted.spelling != planted.setting:
                plant(planted, server.url, home, monkeypatch)
        commands = ["fuse health", "summarize text", "transcribe sound.wav"] + SPEAK
        commands += ["gh issues list --owner o --repo r"]
        for words in commands:
            finish(*words.split())
            assert "coaiapy " + words.split()[0] in seen[-1], words
    assert len(seen) >= len(commands)
    assert_silent("\n".join(seen), "a list of processes", [SECRET])


def test_the_settings_of_init_interactive_are_not_shown(home, tmp_path, run):
    """Each question gets a secret for an answer, where the answer may be one."""
    from coaiapy.cli.commands.config import QUESTIONS

    with serving(echo(403, "json")) as server:
        host, port = server.url.split("://")[1].split(":")
        answers = []
        for name in QUESTIONS:
            key = [key for key in KEYS if key.name == name][0]
            form = (forms_of(key) + [""])[0]
            scheme = "redis" if name == "redis_url" else "http"
            value = FORMS.get(form, "").format(secret=SECRET, scheme=scheme, host=host, port=port)
            answers.append(value or ("pk" if name == "langfuse_public_key" else ""))
        result = run("--debug", "init", "--interactive", stdin="\n".join(answers) + "\n")
    assert {asked.path for asked in server.asked} >= {"/v1/models", "/v1/api/public/projects"}
    assert_silent(result.out + result.err, "init --interactive", [SECRET])
    planted = [str(home / "coaia.json")]
    assert SECRET in (home / "coaia.json").read_text("utf-8")
    assert_files_are_silent(tmp_path, planted, [SECRET])
    assert os.stat(planted[0]).st_mode & 0o077 == 0
