"""coaia init and coaia config: a file to fill in, what counts, what is wrong."""

import json
import os
import pty
import stat
import subprocess
import sys
import time

import pytest
from redis_for_tests import running
from web_server import serving

from coaiapy import coaiamodule
from coaiapy.config import files as config_files
from coaiapy.config import settings
from coaiapy.config.schema import KEYS, PATTERNS

SECRET = "sk-very-secret"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def leaf(values, path):
    for step in path.split("."):
        values = values[step]
    return values


def test_a_new_file_has_every_key_with_a_word_on_it_and_nothing_set(run, home):
    result = run("init")
    assert (result.code, result.out) == (0, "")
    path = home / "coaia.json"
    assert str(path) in result.err
    assert mode(path) == 0o600
    values = json.loads(path.read_text(encoding="utf-8"))
    for key in KEYS:
        assert leaf(values, key.name) in ("", None)
        assert key.description in values["_help"][key.name]
        for variable in key.variables:
            assert variable in values["_help"][key.name]
    for pattern in PATTERNS:
        assert pattern.name in values["_help"]


def test_a_new_file_changes_nothing(run, monkeypatch):
    before = settings.load()
    monkeypatch.setattr(coaiamodule, "config", None)
    config = coaiamodule.read_config()
    assert run("init").code == 0
    assert run("init", "--project").code == 0
    monkeypatch.setattr(coaiamodule, "config", None)
    assert coaiamodule.read_config() == config
    assert settings.load() == before
    assert run("config", "check").code == 0


def test_an_empty_project_file_hides_nothing_of_the_home(run, home):
    (home / "coaia.json").write_text('{"jtaleconf": {"host": "h"}, "model": "m"}')
    assert run("init", "--project").code == 0
    shown = {row["key"]: row for row in json.loads(run("config", "show", "--json").out)}
    assert shown["jtaleconf.host"]["value"] == "h"
    assert shown["model"]["source"] == "model in {}".format(home / "coaia.json")


@pytest.mark.parametrize("words", [(), ("--interactive",), ("--project",)])
def test_a_file_that_is_there_stays_as_it_is(run, home, project, words):
    path = (project if "--project" in words else home) / "coaia.json"
    path.write_text("{mine")
    result = run("init", *words, stdin="pk\nsk\n")
    assert result.code == 0
    assert "was not changed" in result.err
    assert path.read_text() == "{mine"


def test_a_link_to_nowhere_stays_too(run, home):
    (home / "coaia.json").symlink_to(home / "elsewhere")
    assert run("init").code == 0
    assert not (home / "elsewhere").exists()


def test_a_folder_that_takes_no_file_is_an_error(run, home, monkeypatch):
    monkeypatch.setenv("HOME", str(home / "file" / "below"))
    (home / "file").write_text("")
    result = run("init")
    assert result.code == 6
    assert result.err.count("\n") == 1


def test_answers_are_written_and_only_what_was_given_is_tested(run, home, use, tmp_path):
    server = use("v3")
    with running(tmp_path, password=SECRET) as redis_server:
        answers = [server.public_key, server.secret_key, server.url] + [""] * 6
        answers += [redis_server.url, ""]
        result = run("init", "--interactive", stdin="\n".join(answers) + "\n")
    assert (result.code, result.out) == (0, "")
    assert "Langfuse: {} answers and can be used".format(server.url) in result.err
    assert "Redis: redis://127.0.0.1:{} answers".format(redis_server.port) in result.err
    assert "GitHub:" not in result.err and "AWS:" not in result.err
    assert SECRET not in result.err
    path = home / "coaia.json"
    assert mode(path) == 0o600
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["langfuse_secret_key"] == server.secret_key
    assert values["redis_url"] == redis_server.url
    assert values["model"] == ""


def test_a_service_that_does_not_answer_is_said_and_the_file_is_kept(run, home):
    answers = [""] * 9 + ["redis://127.0.0.1:1"]
    result = run("init", "--interactive", stdin="\n".join(answers) + "\n")
    assert result.code == 4
    assert "Redis: Redis at redis://127.0.0.1:1 refused" in result.err
    assert json.loads((home / "coaia.json").read_text())["redis_url"] == "redis://127.0.0.1:1"


def test_nothing_is_required(run, home):
    assert run("init", "--interactive", stdin="").code == 0
    assert json.loads((home / "coaia.json").read_text())["model"] == ""


def test_secrets_are_not_echoed(home):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "coaiapy", "init", "--interactive"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        preexec_fn=become_terminal(follower),
    )
    os.close(follower)
    seen = b""
    answers = {"github.api_token": b"", "langfuse_secret_key": SECRET.encode("ascii")}
    for key in ("langfuse_public_key", "langfuse_secret_key", "langfuse_base_url"):
        seen += read_until(leader, key.encode("ascii") + b" - ", b": ")
        os.write(leader, answers.get(key, b"") + b"\n")
    while process.poll() is None:
        os.write(leader, b"\n")
        seen += read_some(leader)
    os.close(leader)
    assert SECRET.encode("ascii") not in seen
    written = json.loads((home / "coaia.json").read_text(encoding="utf-8"))
    assert written["langfuse_secret_key"] == SECRET


def become_terminal(descriptor):
    def change():
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)

    return change


def read_until(descriptor, *marks):
    seen = b""
    deadline = time.monotonic() + 200
    while True:
        position = 0
        for mark in marks:
            position = seen.find(mark, position)
            if position < 0:
                break
        else:
            return seen
        assert time.monotonic() < deadline, seen
        seen += read_some(descriptor)


def read_some(descriptor):
    import select

    if not select.select([descriptor], [], [], 0.2)[0]:
        return b""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_show_tells_values_and_places_and_masks_secrets(run, home, project, monkeypatch):
    (home / "coaia.json").write_text(
        json.dumps({"jtaleconf": {"password": SECRET, "host": "h"}, "mine_instruction": "Do."})
    )
    (project / ".env").write_text("OPENAI_API_KEY={}\n".format(SECRET))
    monkeypatch.setenv("REDIS_PORT", "7")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:{}@127.0.0.1/v1".format(SECRET))
    result = run("config", "show", "--json")
    assert result.code == 0
    shown = {row["key"]: (row["value"], row["source"]) for row in json.loads(result.out)}
    in_home = " in {}".format(home / "coaia.json")
    assert shown["jtaleconf.host"] == ("h", "jtaleconf.host" + in_home)
    assert shown["jtaleconf.port"] == ("7", "REDIS_PORT in OS environment")
    assert shown["openai_api_key"] == ("****", "OPENAI_API_KEY in .env")
    assert shown["mine_instruction"] == ("Do.", "mine_instruction" + in_home)
    assert shown["pollyconf.region"] == ("us-east-1", "default")
    assert "redis_url" not in shown
    for words in (("show",), ("show", "--all"), ("check",), ("check", "--json")):
        said = run("config", *words)
        assert SECRET not in said.out + said.err
    assert "redis_url" in run("config", "show", "--all").out


def test_a_good_configuration_has_no_findings(run):
    result = run("config", "check")
    assert (result.code, result.out) == (0, "")
    assert "the settings are valid" in result.err
    assert json.loads(run("config", "check", "--json").out) == []


def findings(run, *words):
    result = run("config", "check", "--json", *words)
    return result.code, json.loads(result.out)


@pytest.mark.parametrize(
    "values, text",
    [
        ({"openai_api_keys": "x"}, "did you mean 'openai_api_key'?"),
        ({"jtaleconf": {"pasword": "x"}}, "did you mean 'jtaleconf.password'?"),
        ({"jtaleconf": {"port": "x"}}, "jtaleconf.port 'x' is not a whole number"),
        ({"trace_content": "perhaps"}, "trace_content 'perhaps' is not true or false"),
        ({"model": 5}, "model 5 is not a text"),
        ({"mine_temperature": "hot"}, "mine_temperature 'hot' is not a number"),
        ({"langfuse_public_key": "pk"}, "LANGFUSE_SECRET_KEY is not"),
        ({"langfuse_base_url": "nowhere"}, "LANGFUSE_BASE_URL 'nowhere' is not an http(s) address"),
        ({"langfuse_host": "tcp://h:1"}, "LANGFUSE_HOST 'tcp://h:1' is not an http(s) address"),
        ({"redis_url": "http://x"}, "redis_url is not an address"),
    ],
)
def test_what_is_wrong_is_found(run, project, values, text):
    path = project / "coaia.json"
    path.write_text(json.dumps(values))
    path.chmod(0o600)
    code, found = findings(run)
    assert code == 3
    assert [one["state"] for one in found] == ["failed"]
    assert text in found[0]["text"]


def test_a_key_of_another_program_is_no_failure(run, project):
    (project / "coaia.json").write_text('{"something": 1, "_note": "x", "//": "y"}')
    code, found = findings(run)
    assert (code, [one["state"] for one in found]) == (0, ["warning"])
    assert list(found[0]) == ["state", "place", "text", "code"]
    assert "'something'" in found[0]["text"]


def test_every_mistake_is_told_at_once(run, home, project):
    (home / "coaia.json").write_text('{"modell": "x", "jtaleconf": {"port": []}}')
    (project / "coaia.json").write_text("{")
    code, found = findings(run)
    assert code == 3
    assert len([one for one in found if one["state"] == "failed"]) == 3


def test_a_wrong_variable_is_found(run, monkeypatch):
    monkeypatch.setenv("REDIS_DB", "first")
    code, found = findings(run)
    assert code == 3
    assert "REDIS_DB 'first' is not a whole number" in found[0]["text"]


def test_secrets_that_others_may_read_are_a_warning(run, project):
    for name, text in (("coaia.json", '{"openai_api_key": "x"}'), (".env", "GH_TOKEN=x\n")):
        (project / name).write_text(text)
        (project / name).chmod(0o644)
    code, found = findings(run)
    assert (code, [one["place"] for one in found]) == (0, ["coaia.json", ".env"])
    assert "chmod 600" in found[0]["text"]


def test_online_asks_what_is_configured(run, monkeypatch, tmp_path, use):
    use("v4-events_only")
    monkeypatch.setenv("GH_TOKEN", "t")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with running(tmp_path) as redis_server, serving(lambda *asked: (200, {}, {})) as web:
        monkeypatch.setenv("REDIS_URL", redis_server.url)
        monkeypatch.setenv("GITHUB_API_URL", web.url)
        monkeypatch.setenv("OPENAI_BASE_URL", web.url + "/v1")
        code, found = findings(run, "--online")
    assert code == 0
    assert [(one["place"], one["state"]) for one in found] == [
        ("Langfuse", "ok"),
        ("Redis", "ok"),
        ("language model", "ok"),
        ("GitHub", "ok"),
    ]
    assert [(one.path, one.headers["authorization"]) for one in web.asked] == [
        ("/v1/models", "Bearer k"),
        ("/user", "Bearer t"),
    ]


@pytest.mark.parametrize("word", ["local", "Local", " LOCAL "])
def test_nobody_is_asked_in_local_mode_however_it_is_written(run, monkeypatch, use, word):
    server = use("v3")
    monkeypatch.setenv("LANGFUSE_BASE_URL", word)
    code, found = findings(run, "--online")
    assert (code, server.requests) == (0, [])
    assert [(one["place"], one["state"], one["text"]) for one in found] == [
        ("Langfuse", "ok", "local mode: there is no server to check")
    ]


def test_an_address_of_langfuse_that_is_none_is_said_while_it_is_asked_for(run, home):
    result = run("init", "--interactive", stdin="pk\nsk\nnowhere\n")
    assert result.code == 3
    assert "Langfuse: LANGFUSE_BASE_URL 'nowhere' is not an http(s) address" in result.err


def test_online_says_who_does_not_answer_or_lets_nobody_in(run, monkeypatch, use):
    monkeypatch.setattr("coaiapy.util.http.retry.backoff", lambda attempt: 0.0)
    use("v3")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    with serving(lambda *asked: (401, {"message": "Bad credentials"}, {})) as web:
        monkeypatch.setenv("GITHUB_API_URL", web.url)
        monkeypatch.setenv("GH_TOKEN", "t")
        code, found = findings(run, "--online")
    assert code == 4
    assert [one["code"] for one in found] == [3, 4, 4, 3]
    assert {one["state"] for one in found} == {"failed"}


def test_online_asks_the_redis_that_a_port_alone_names(run, monkeypatch):
    monkeypatch.setenv("REDIS_PORT", "1")
    code, found = findings(run, "--online")
    assert (code, [one["place"] for one in found]) == (4, ["Redis"])
    assert "redis://localhost:1" in found[0]["text"]


def test_without_services_there_is_nobody_to_ask(run):
    result = run("config", "check", "--online")
    assert result.code == 0
    assert "so none was asked" in result.err


def test_the_sample_is_never_half_written(home):
    assert config_files.create(str(home / "coaia.json"), {"model": "m"})
    assert not config_files.create(str(home / "coaia.json"), {"model": "n"})
    assert json.loads((home / "coaia.json").read_text())["model"] == "m"
    assert os.listdir(str(home)) == ["coaia.json"]


def test_half_a_pair_of_aws_keys_is_said_without_asking_anybody(run, monkeypatch):
    monkeypatch.setenv("AWS_KEY_ID", "AKIAEXAMPLE")
    code, found = findings(run, "--online")
    assert code == 3
    assert [one["place"] for one in found] == ["AWS"]
    assert "AWS_SECRET_KEY" in found[0]["text"]


def test_online_asks_aws_whose_keys_these_are(run, aws):
    code, found = findings(run, "--online")
    assert code == 0
    assert [(one["place"], one["state"]) for one in found] == [("AWS", "ok")]
    assert "account 123456789012 in us-east-1" in found[0]["text"]
