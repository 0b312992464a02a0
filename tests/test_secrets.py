"""Canaries: a secret that nobody else knows in every setting, and then nothing may sing.

Every setting that is secret, and every address with a password, gets a value of its own. Real
processes run the commands of every group against servers that repeat what they are told, refuse,
break or are not there; then all that was printed and all files that were written are searched.
"""

import base64
import json
import os
import stat
import subprocess
import sys
from urllib.parse import quote

import pytest
from processes import environment
from redis_for_tests import free_port
from web_server import serving

from coaiapy.config_schema import KEYS
from coaiapy.redaction import without_secrets

PUBLIC = "pk-lf-public"
DRIVER = """
import json, sys
from coaiapy.coaiacli import main
for words in json.load(sys.stdin):
    sys.stderr.write("$ " + " ".join(words) + "\\n")
    sys.stderr.write("= {}\\n".format(int(main(words))))
    sys.stdout.flush()
"""


def canary(name):
    """A value for the setting ``name``: nothing in it needs quoting anywhere."""
    return "canary0" + "".join(letter for letter in name.lower() if letter.isalnum()) + "0end"


SECRET = [key for key in KEYS if key.secret]
URLS = ["langfuse_base_url", "openai_base_url", "github.base_url", "pollyconf.endpoint_url"]
ADDRESS = "canary0address0end"
TOKENS = {key.name: canary(key.name) for key in SECRET if not key.name.endswith("_url")}
# What stands in the settings, and must stand nowhere else.
CANARIES = sorted(TOKENS.values()) + [ADDRESS]
PAIR = base64.b64encode("{}:{}".format(PUBLIC, TOKENS["langfuse_secret_key"]).encode()).decode()

ASKING = [
    "fuse doctor",
    "fuse health",
    "fuse projects",
    "fuse traces",
    "fuse traces trace-view t",
    "fuse sessions list",
    "fuse prompts get p",
    "fuse datasets get d",
    "fuse scores get s",
    "fuse score-configs get c",
    "fuse comments list",
    "fuse media get m",
    "gh issues list --owner o --repo r",
    "gh issues get o/r#1",
    "summarize text",
    "p dictkore text",
    "transcribe sound.wav",
]
# Amazon's client tries them again and again while a server breaks.
ASKING_AWS = ["synthesize words.txt", "config check --online"]
WRITING = [
    "fuse traces create t -n name --timeout 0.3",
    "fuse traces add-observation t -n step --timeout 0.3",
    "pipeline create simple-trace --var trace_name=x --export-env --timeout 0.3",
    "fuse outbox flush --timeout 0.3",
]
LOCAL = [
    "config show",
    "config show --all --json",
    "config check",
    "env set MY_API_TOKEN {}".format(canary("kept")),
    "env list",
    "env list --json",
    "fuse outbox status --json",
    "fuse outbox list",
    "fuse outbox list --json",
    "fuse outbox export -o waiting.jsonl",
    "fuse outbox show 1",
    "help variables",
    "nonsense",
    "fuse traces --limit {}".format(canary("mistyped")),
]
STASHING = ["tash key value", "fetch key", "stash list", "tash key value --verbose"]


def settings_for(url, redis_url):
    """Every secret and every address, by the key in coaia.json."""
    address = url.replace("://", "://user:{}@".format(ADDRESS))
    values = dict(TOKENS, langfuse_public_key=PUBLIC, langfuse_timeout="1", openai_timeout="1")
    values.update({name: address for name in URLS}, redis_url=redis_url, kv_url=redis_url)
    values.update({"pollyconf.region": "eu-west-1", "transcribeconf.bucket": "b"})
    return values


def as_variables(values):
    """The same as variables, each under its first name."""
    names = {key.name: key.variables[0] for key in KEYS if key.variables}
    return {names[name]: value for name, value in values.items()}


def as_file(values):
    """The same as coaia.json."""
    nested = {}
    for name, value in values.items():
        *folders, last = name.split(".")
        inner = nested
        for folder in folders:
            inner = inner.setdefault(folder, {})
        inner[last] = value
    return json.dumps(nested)


def plant(place, values, home, project, monkeypatch):
    """Write the settings where ``place`` says; return the options that commands need, and paths."""
    lines = "".join("{}='{}'\n".format(*pair) for pair in as_variables(values).items())
    if place == "environment":
        for name, value in as_variables(values).items():
            monkeypatch.setenv(name, value)
        return [], []
    path = {"file": home / "coaia.json", ".env": project / ".env", "--env": project / "my.env"}
    path = path[place]
    path.write_text(as_file(values) if place == "file" else lines)
    path.chmod(0o600)
    return (["--env", str(path)] if place == "--env" else []), [str(path)]


def sing(commands, more=()):
    """Run command lines in one real process; return what was printed, tracebacks and all."""
    lines = [list(more) + words.split() + ["--debug"] for words in commands]
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    out, err = process.communicate(json.dumps(lines).encode("utf-8"), timeout=100)
    assert process.returncode == 0, err
    return (out + err).decode("utf-8")


def assert_silent(text, where, allowed=()):
    """No canary is in ``text``, in whatever form."""
    for secret in set(CANARIES) - set(allowed):
        forms = [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()]
        for form in forms:
            at = text.find(form)
            assert at < 0, "{} in {}: {!r}".format(form, where, text[max(0, at - 300) : at + 80])
    assert PAIR not in text, where


def assert_files_are_silent(folder, planted):
    """No file below ``folder`` holds a canary, but those that were planted."""
    seen = 0
    for base, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(base, name)
            if path not in planted:
                with open(path, "rb") as stream:
                    assert_silent(stream.read().decode("utf-8", "replace"), path)
                seen += 1
    return seen


def echo(status, kind, headers=()):
    """A server that repeats all it was told: headers as they came, decoded, as JSON, as a page."""

    def answer(asked, url):
        told = ["{}: {}".format(*pair) for pair in sorted(asked.headers.items())]
        for value in asked.headers.values():
            try:
                told.append(base64.b64decode(value.split()[-1]).decode("utf-8"))
            except ValueError:
                pass
        said = " | ".join(told)
        more = dict(headers)
        if kind == "page":
            return status, "<html><title>{}</title>{}".format(said, said).encode("utf-8"), more
        if kind == "text":
            return status, said.encode("utf-8"), more
        if kind == "events" and asked.path.endswith("/ingestion"):
            errors = [{"id": str(n), "status": 400, "message": said} for n in range(9)]
            return 207, {"successes": [], "errors": errors}, more
        if asked.path == "/":
            error = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{}</Message></Error>"
            return status, (error.format(said) + "</ErrorResponse>").encode("utf-8"), more
        return status, {"message": said, "error": {"message": said}, "version": said}, more

    return answer


REFUSALS = [
    ("environment", 401, "json"),
    ("file", 403, "page"),
    (".env", 404, "text"),
    ("environment", 200, "page"),
    ("--env", 302, "json"),
    ("file", 400, "events"),
    (".env", 500, "json"),
]


@pytest.fixture(autouse=True)
def few_tries(monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def sounds(project):
    """A recording and a text to be sent."""
    (project / "sound.wav").write_bytes(
        b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0"
    )
    (project / "words.txt").write_text("hello")


@pytest.mark.parametrize("place, status, kind", REFUSALS)
def test_a_server_that_repeats_what_it_hears_is_not_repeated(
    home, project, sounds, monkeypatch, tmp_path, place, status, kind
):
    # Nobody waits as long as this server asks for.
    headers = {"Retry-After": "86400", "Location": "http://u:{}@127.0.0.1:1/".format(ADDRESS)}
    redis_url = "redis://user:{}@127.0.0.1:{}/0".format(ADDRESS, free_port())
    with serving(echo(status, kind, headers)) as server:
        values = settings_for(server.url, redis_url)
        more, planted = plant(place, values, home, project, monkeypatch)
        commands = WRITING + (ASKING_AWS if status < 500 else []) + ASKING + STASHING + LOCAL
        said = sing(commands, more)
        assert len(server.asked) > 20
    assert said.count("\n= ") == len(commands)
    assert "Traceback" in said
    assert_silent(said, "what was printed")
    assert assert_files_are_silent(tmp_path, planted) >= 4


def test_nobody_is_there(home, project, monkeypatch, tmp_path):
    nowhere = "127.0.0.1:{}".format(free_port())
    values = settings_for("http://" + nowhere, "redis://u:{}@{}".format(ADDRESS, nowhere))
    more, planted = plant("file", values, home, project, monkeypatch)
    said = sing(WRITING + STASHING + LOCAL + ["fuse doctor"], more)
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
    "pollyconf.endpoint_url": "synthesize words.txt",
}


def test_settings_that_make_no_sense_are_not_repeated(
    home, project, sounds, monkeypatch, tmp_path, run
):
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


def test_the_last_look_at_a_message_knows_every_form_of_a_secret(monkeypatch, project):
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", PUBLIC)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", 'se"cr\\et/ü')
    monkeypatch.setenv("MY_DATABASE", "postgres://me:pass%2Fword@h/db")
    (project / ".env").write_text("OPENAI_API_KEY=from-dot-env\nPASSWORD=short\n")
    pair = base64.b64encode('{}:se"cr\\et/ü'.format(PUBLIC).encode("utf-8")).decode()
    text = '{} se"cr\\et/ü {} {} {} pass/word pass%2Fword from-dot-env short {}'
    secret = 'se"cr\\et/ü'
    text = text.format(pair, quote(secret, safe=""), json.dumps(secret), repr(secret), PUBLIC)
    assert without_secrets(text) == (
        "**** **** **** \"****\" '****' **** **** **** short " + PUBLIC
    )


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
