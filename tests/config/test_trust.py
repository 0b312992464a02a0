"""A key does not follow an address that somebody else wrote, until the user trusts the file."""

import json
import os
import re
import stat

import pytest

from coaiapy.config import trust
from coaiapy.config.files import put_key
from coaiapy.config.schema import KEY_OF_VARIABLE
from coaiapy.config.values import ConfigValues, Layer
from coaiapy.env import untrusted

STRANGER = "https://stranger.example"
KEYS = {"LANGFUSE_PUBLIC_KEY": "pk-1", "LANGFUSE_SECRET_KEY": "sk-secret-1"}
CREATE = ("fuse", "traces", "create", "t", "--timeout", "0.1")


@pytest.fixture(params=["environment", "home"])
def keys(request, home, monkeypatch):
    """Keys of the user's own."""
    if request.param == "environment":
        for name, value in KEYS.items():
            monkeypatch.setenv(name, value)
    else:
        put(home / "coaia.json", json.dumps({name.lower(): value for name, value in KEYS.items()}))


def put(path, text):
    path.write_text(text)
    path.chmod(0o600)


def named(name, url):
    """The text of a project's file that names a Langfuse server."""
    if name == "coaia.json":
        return json.dumps({"langfuse_base_url": url})
    return "LANGFUSE_BASE_URL={}\n".format(url)


@pytest.mark.parametrize("name", [".env", "coaia.json"])
def test_a_projects_address_gets_the_users_key_only_with_trust(run, project, keys, name):
    put(project / name, named(name, STRANGER))
    result = run(*CREATE)
    assert (result.code, result.out) == (3, "")
    assert name in result.err and STRANGER in result.err and "run coaia trust" in result.err
    assert "sk-secret-1" not in result.err and result.err.count("\n") == 1
    assert run("trust", "--yes").code == 0
    result = run(*CREATE)
    assert result.code == 0 and result.err.count("in {} says".format(name)) == 1
    put(project / name, named(name, STRANGER + "/other"))
    assert run(*CREATE).code == 3


def test_trust_ends_when_the_user_says_so(run, project, keys):
    put(project / ".env", named(".env", STRANGER))
    assert run("trust", ".env", "--yes").code == 0
    assert run(*CREATE).code == 0
    result = run("untrust", ".env")
    assert result.code == 0 and "1 file" in result.err
    assert run(*CREATE).code == 3
    assert run("untrust").code == 1


def test_without_a_yes_nothing_is_trusted(run, project, keys):
    put(project / ".env", named(".env", STRANGER))
    result = run("trust")
    assert result.code == 3 and "--yes" in result.err and STRANGER in result.err
    assert run(*CREATE).code == 3


def test_an_address_like_the_users_own_needs_no_trust_and_no_word(run, home, project, keys):
    path = home / "coaia.json"
    own = json.loads(path.read_text()) if path.exists() else {}
    put(path, json.dumps(dict(own, langfuse_base_url=STRANGER + ":443/")))
    put(project / ".env", named(".env", STRANGER))
    result = run(*CREATE)
    assert result.code == 0 and ".env" not in result.err
    put(project / ".env", named(".env", "http://stranger.example"))
    assert run(*CREATE).code == 3


def test_loopback_needs_no_trust_but_a_word(run, project, keys):
    put(project / ".env", named(".env", "http://127.0.0.1:9"))
    result = run(*CREATE)
    assert result.code == 0 and result.err.count("as LANGFUSE_BASE_URL in .env says") == 1


def test_a_projects_own_keys_are_its_own_affair(run, project):
    text = named(".env", STRANGER) + "".join("{}={}\n".format(*pair) for pair in KEYS.items())
    put(project / ".env", text)
    result = run(*CREATE)
    assert result.code == 0 and "says" not in result.err
    (project / ".env").unlink()
    put(project / "coaia.json", json.dumps({name.lower(): value for name, value in KEYS.items()}))
    put(project / ".env", named(".env", STRANGER))
    assert run(*CREATE).code == 0


def test_a_link_to_the_users_file_does_not_make_its_keys_the_projects(run, project, tmp_path):
    put(tmp_path / "other.json", json.dumps({name.lower(): value for name, value in KEYS.items()}))
    (project / "coaia.json").symlink_to("../other.json")
    put(project / ".env", named(".env", STRANGER))
    assert run(*CREATE).code == 3


def test_what_the_user_has_named_is_the_users_choice(run, project, keys, monkeypatch):
    put(project / "mine.env", named("mine.env", STRANGER))
    assert run("--env", "mine.env", *CREATE).code == 0
    monkeypatch.setenv("COAIAPY_ENV_PATH", "mine.env")
    assert run(*CREATE).code == 0


def test_the_home_is_no_project(run, home, keys, monkeypatch):
    monkeypatch.chdir(str(home))
    put(home / ".env", named(".env", STRANGER))
    assert run(*CREATE).code == 0


@pytest.mark.parametrize(
    "variables, settings, words",
    [
        ({"OPENAI_API_KEY": "k"}, {"openai_base_url": STRANGER}, ("p", "summarizer", "text")),
        ({"OPENAI_API_KEY": "k"}, {"openai_api_url": STRANGER}, ("p", "summarizer", "text")),
        (
            {"GH_TOKEN": "k"},
            {"github": {"base_url": STRANGER}},
            ("gh", "issues", "list", "--owner", "a", "--repo", "b"),
        ),
        ({"REDIS_PASSWORD": "k"}, {"jtaleconf": {"host": "stranger.example"}}, ("fetch", "k")),
        (
            {"UPSTASH_REDIS_REST_TOKEN": "k"},
            {"upstash_redis_rest_url": STRANGER},
            ("fetch", "k"),
        ),
        ({}, {"pollyconf": {"endpoint_url": STRANGER}}, ("synthesize", "text", "-O", "x.mp3")),
        (
            {"AWS_KEY_ID": "a", "AWS_SECRET_KEY": "k"},
            {"pollyconf": {"endpoint_url": STRANGER}},
            ("synthesize", "text", "-O", "x.mp3"),
        ),
    ],
)
def test_no_service_gets_a_key_at_a_strangers_address(
    run, project, monkeypatch, variables, settings, words
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    put(project / "coaia.json", json.dumps(settings))
    result = run(*words)
    assert result.code == 3 and "run coaia trust" in result.err, result.err
    assert "stranger.example" in result.err and "coaia.json" in result.err
    checked = run("config", "check", "--json")
    assert checked.code == 3 and "run coaia trust" in checked.out


REDIS = {"REDIS_HOST": "redis.example", "REDIS_SSL": "true", "REDIS_PASSWORD": "k"}
REST = {"UPSTASH_REDIS_REST_URL": "https://redis.example", "UPSTASH_REDIS_REST_TOKEN": "k"}


@pytest.mark.parametrize(
    "own, way",
    [
        (REDIS, {"ssl": False}),
        (REDIS, {"port": 6380}),
        (REDIS, {"ssl_ca_certs": "ca.pem"}),
        (REST, {"ssl_ca_certs": "ca.pem"}),
        ({"REDIS_URL": "rediss://:secret-1@redis.example"}, {"ssl_ca_certs": "ca.pem"}),
    ],
)
def test_nobody_else_decides_how_a_key_is_sent_to_the_users_own_server(
    run, project, home, own, way
):
    settings = {}
    for name, value in own.items():
        put_key(settings, KEY_OF_VARIABLE[name].name, value)
    put(home / "coaia.json", json.dumps(settings))
    put(project / "coaia.json", json.dumps({"jtaleconf": way}))
    result = run("fetch", "k", "--timeout", "0.1")
    assert result.code == 3 and "changes how" in result.err and "run coaia trust" in result.err
    assert "redis.example" in result.err and "secret-1" not in result.err
    shown = run("trust", "--yes")
    assert shown.code == 0 and "jtaleconf.{}".format(*way) in shown.err
    assert "run coaia trust" not in run("fetch", "k", "--timeout", "0.1").err


def test_what_changes_nothing_about_how_a_key_is_sent_needs_no_trust(run, project, monkeypatch):
    for name, value in REDIS.items():
        monkeypatch.setenv(name, value)
    put(project / "coaia.json", '{"jtaleconf": {"ssl": true, "port": 6379}}')
    result = run("fetch", "k", "--timeout", "0.1")
    assert "trust" not in result.err and "says" not in result.err
    put(project / "coaia.json", "{}")
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    put(project / ".env", "REDIS_PORT=9\n")
    assert run("fetch", "k", "--timeout", "0.1").code != 3


def test_the_list_says_what_has_changed(run, project, home, keys):
    for name in (".env", "coaia.json"):
        put(project / name, named(name, STRANGER))
    (project / ".coaia" / "templates").mkdir(parents=True)
    put(project / ".coaia" / "templates" / "t.json", "{}")
    assert run("trust", "--yes").code == 0
    put(project / ".env", "")
    (project / "coaia.json").unlink()
    rows = json.loads(run("trust", "--list", "--json").out)
    states = {os.path.relpath(row["path"], str(project)): row["state"] for row in rows}
    expected = {".env": "changed", "coaia.json": "missing", ".coaia/templates/t.json": "trusted"}
    assert states == expected
    store = home / ".coaia" / trust.FOLDER
    assert stat.S_IMODE(store.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.iterdir()} == {0o600}
    assert run("untrust", ".").code == 0
    assert json.loads(run("trust", "--list", "--json").out) == []


def test_a_damaged_store_trusts_nothing(run, project, home, keys):
    put(project / ".env", named(".env", STRANGER))
    run("trust", "--yes")
    for path in (home / ".coaia" / trust.FOLDER).iterdir():
        path.write_text('{"path": 1}')
    assert run(*CREATE).code == 3
    assert run("trust", "--yes").code == 0
    assert run(*CREATE).code == 0


RISKY = (
    "PATH LD_PRELOAD DYLD_INSERT_LIBRARIES BASH_ENV ENV PYTHONPATH PYTHONSTARTUP PROMPT_COMMAND "
    "GIT_SSH_COMMAND IFS http_proxy HTTPS_PROXY ALL_PROXY PS1 PS4 ZDOTDIR PERL5OPT NODE_OPTIONS "
    "EDITOR GIT_PAGER LESSOPEN BROWSER COAIA_HOME COAIAPY_ENV_PATH REQUESTS_CA_BUNDLE "
    "SSL_CERT_FILE AWS_CONFIG_FILE JAVA_TOOL_OPTIONS fish_user_paths HOME MAILPATH OPENAI_API_BASE"
).split()
FREE = "COAIA_TRACE_ID DEBUG FEATURE_FLAGS NODE_ENV MANAGER GOAL USER_ID APP_INIT PORT LANG".split()
REDIRECTING = (
    "LANGFUSE_BASE_URL",
    "LANGFUSE_HOST",
    "OPENAI_BASE_URL",
    "GITHUB_API_URL",
    "REDIS_HOST",
    "REDIS_SSL",
    "REDIS_SSL_CA_CERTS",
)


def words_in(text):
    return set(re.findall(r"\w+", text))


@pytest.mark.parametrize("shell", ["posix", "fish", "powershell"])
def test_variables_that_start_programs_are_left_out_until_trusted(run, project, shell):
    names = RISKY + list(REDIRECTING) + FREE
    lines = "".join("{}=stranger.example\n".format(name) for name in names)
    put(project / ".coaia-env", lines)
    words = ("env", "source", "--export", "--shell", shell)
    result = run(*words)
    assert result.code == 0
    set_here, left_out = words_in(result.out), words_in(result.err)
    for name in RISKY + list(REDIRECTING):
        assert name in left_out and name not in set_here
    for name in FREE:
        assert name in set_here and name not in left_out
    assert run("trust", "--yes").code == 0
    result = run(*words)
    assert "left out" not in result.err and words_in(result.out).issuperset(names)


def test_an_address_with_its_key_and_one_of_this_machine_are_not_held_back():
    values = {"LANGFUSE_BASE_URL": STRANGER, "LANGFUSE_SECRET_KEY": "k"}
    assert untrusted.risky(values) == []
    assert untrusted.risky({"LANGFUSE_BASE_URL": STRANGER, "X": "k"}) == ["LANGFUSE_BASE_URL"]
    assert untrusted.risky({"OPENAI_BASE_URL": "http://localhost:11434/v1"}) == []
    assert untrusted.risky({"PATH": ""}) == []


def test_what_coaia_writes_itself_does_not_end_trust_and_gives_none(run, project):
    put(project / ".coaia-env", "PATH=/strangers\n")
    assert run("env", "set", "A", "b").code == 0
    assert "PATH" not in run("env", "source", "--export").out
    assert run("trust", "--yes").code == 0
    assert run("env", "set", "A", "c").code == 0
    run("pipeline", "create", "simple-trace", "--var", "trace_name=x", "--export-env")
    assert "PATH='/strangers'" in run("env", "source", "--export").out
    put(project / ".coaia-env", "PATH=/others\n")
    assert "PATH" not in run("env", "source", "--export").out


def test_what_the_user_sets_needs_no_trust(run, home, project):
    assert run("env", "set", "PATH", "/mine").code == 0
    assert "PATH='/mine'" in run("env", "source", "--export").out
    assert run("env", "set", "PATH", "/mine", "--global").code == 0
    assert "PATH='/mine'" in run("env", "source", "--global", "--export").out


def test_scripts_do_not_get_them_either(project, monkeypatch):
    from coaiapy.environment import EnvironmentManager

    monkeypatch.setenv("LD_LIBRARY_PATH", "/mine")
    put(project / ".coaia-env", "LD_LIBRARY_PATH=/strangers\nA=b\n")
    monkeypatch.setenv("A", "a")
    assert EnvironmentManager().source_environment() == {"A": "b"}
    assert (os.environ["LD_LIBRARY_PATH"], os.environ["A"]) == ("/mine", "b")
    assert EnvironmentManager().export_shell_commands() == ["export A='b';"]


def test_settings_of_no_folder_are_outside_of_every_project():
    layers = [Layer("a", {"X": 1}, False), Layer(".env", {"X": 2}, False, True)]
    assert [layer.name for layer in ConfigValues(layers).outside_project().layers] == ["a"]


def test_the_store_is_asked_by_path_and_content(project):
    path = str(project / "t.json")
    assert not trust.is_trusted(path, trust.digest(b"x"))
    trust.trust(path, trust.digest(b"x"))
    assert trust.is_trusted("t.json", trust.digest(b"x"))
    assert not trust.is_trusted(path, trust.digest(b"y")) and not trust.is_trusted(path, None)
    assert [one.path for one in trust.listed()] == [os.path.realpath(path)]
    assert trust.untrust(path) == 1 and trust.untrust(path) == 0


def test_trust_in_a_file_is_none_in_a_link_to_it(project):
    """The link may lead elsewhere later."""
    (project / "file").write_text("a")
    os.symlink("file", str(project / "link"))
    trust.trust("file", trust.digest(b"a"))
    assert trust.is_trusted("file", trust.digest(b"a"))
    assert not trust.is_trusted("link", trust.digest(b"a"))
