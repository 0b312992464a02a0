"""The names that scripts import from coaiamodule, and what these have always done."""

import json
import subprocess
import sys

import pytest
import redis
from redis_for_tests import free_port, running

from coaiapy import coaiacli, coaiamodule
from coaiapy.config import settings
from coaiapy.config import values as config_values
from coaiapy.errors import CoaiaError, ConfigError, UsageError

BINARY = bytes(range(256))


@pytest.fixture(autouse=True)
def fresh(home, monkeypatch):
    """What one test has read of its settings is nothing to the next."""
    monkeypatch.setattr(coaiamodule, "config", None)
    monkeypatch.setattr(coaiamodule, "_loaded_env_path", None)
    monkeypatch.setattr(config_values, "_chosen", None)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("redis"), password="pw") as one:
        yield one


@pytest.fixture
def configured(server, monkeypatch):
    monkeypatch.setenv("REDIS_URL", server.url)
    return redis.Redis("127.0.0.1", server.port, password="pw")


class DictRedis:
    """The least that a script may put in the place of ``redis.Redis``."""

    def __init__(self, *args, **options):
        self.options = options
        self.values = {}

    def set(self, key, value):
        self.values[key] = value

    def get(self, key):
        return self.values.get(key)


def test_settings_are_read_once_until_config_is_none(home, project):
    (home / "coaia.json").write_text('{"model": "one", "mine": {"a": 1}}')
    first = coaiamodule.read_config()
    assert (first["model"], first["mine"]) == ("one", {"a": 1})
    (home / "coaia.json").write_text('{"model": "two"}')
    assert coaiamodule.read_config() is first
    assert coaiamodule.config is first
    coaiamodule.config = None
    assert coaiamodule.read_config()["model"] == "two"


def test_another_path_is_read_anew(project):
    (project / "a.env").write_text("LANGFUSE_SECRET_KEY=a\n")
    (project / "b.env").write_text("LANGFUSE_SECRET_KEY=b\n")
    assert coaiamodule.read_config(env_path="a.env")["langfuse_secret_key"] == "a"
    assert coaiamodule.read_config(env_path="b.env")["langfuse_secret_key"] == "b"
    assert coaiamodule.read_config()["langfuse_secret_key"] == "b"


def test_the_path_that_is_read_counts_for_every_function(openai, project, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY")
    text = "OPENAI_BASE_URL={}\nOPENAI_API_KEY={}\nLANGFUSE_BASE_URL=local\nMODEL=m\n"
    (project / "some.env").write_text(text.format(openai.url, openai.key))
    (project / "coaia.json").write_text('{"langfuse_public_key": "half a pair"}')
    coaiamodule.read_config(env_path="some.env")
    assert "user: hello" in coaiamodule.llm("hello")
    assert "user: hello" in coaiamodule.abstract_process_send("dictkore", "hello")
    assert settings.load().is_local
    coaiamodule.config = None
    coaiamodule.read_config()
    with pytest.raises(ConfigError):
        coaiamodule.llm("hello")


@pytest.mark.parametrize("broken", ["missing.env", "open-quote.env", "no-host.env"])
def test_a_path_that_cannot_be_read_leaves_the_one_before_in_place(project, broken):
    text = "LANGFUSE_PUBLIC_KEY=good\nLANGFUSE_SECRET_KEY=s\n"
    (project / "good.env").write_text(text)
    (project / "open-quote.env").write_text("REDIS_URL='open\n")
    (project / "no-host.env").write_text("REDIS_URL=redis://\n")
    coaiamodule.read_config(env_path="good.env")
    with pytest.raises(CoaiaError):
        coaiamodule.read_config(env_path=broken)
    assert settings.load().public_key == "good"
    assert coaiamodule.read_config()["langfuse_public_key"] == "good"


def test_the_environment_comes_before_the_file_before_coaia_json(project, monkeypatch):
    (project / "coaia.json").write_text('{"openai_api_key": "json", "langfuse_public_key": "j"}')
    (project / ".env").write_text("OPENAI_API_KEY=dotenv\nGH_TOKEN=dotenv\n")
    monkeypatch.setenv("OPENAI_API_KEY", "os")
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "")
    config = coaiamodule.read_config()
    assert config["openai_api_key"] == "os"
    assert config["github"]["api_token"] == "dotenv"
    assert config["langfuse_public_key"] == "j"


def test_without_any_settings_every_key_has_its_default():
    config = coaiamodule.read_config()
    assert config["langfuse_secret_key"] == ""
    assert config["langfuse_base_url"] == "https://cloud.langfuse.com"
    assert config["pollyconf"]["region"] == "us-east-1"
    known = {"host": "localhost", "port": 6379, "db": 0, "password": "", "ssl": False}
    assert known.items() <= config["jtaleconf"].items()


def test_an_address_fills_the_fields_that_programs_read(monkeypatch):
    monkeypatch.setenv("UPSTASH_REDIS_REST_URL", "https://some.upstash.io")
    monkeypatch.setenv("UPSTASH_REDIS_REST_TOKEN", "token")
    conf = coaiamodule.read_config()["jtaleconf"]
    assert {"host": "some.upstash.io", "port": 6379, "password": "token", "ssl": True}.items() <= (
        conf.items()
    )


def test_load_env_file(project):
    (project / "some.env").write_text("# note\nA=1\nexport B='two words'\nC=\"x=y\"\n")
    assert coaiamodule.load_env_file("some.env") == {"A": "1", "B": "two words", "C": "x=y"}
    assert coaiamodule.load_env_file("missing.env") == {}
    assert coaiamodule.load_env_file() == {}


def test_small_names(home, project):
    assert coaiamodule.merge_configs({"a": {"b": 1}}, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
    assert coaiamodule.find_existing_config() is None
    assert coaiamodule.initial_setup() is True
    assert coaiamodule.find_existing_config() == str(home / "coaia.json")
    assert coaiamodule.initial_setup() is False
    text = "a\nPlaceholder for b\n Placeholder c\n"
    assert coaiamodule.remove_placeholder_lines(text) == "a\n Placeholder c\n"
    assert coaiamodule.render_markdown("*a*") == "<p><em>a</em></p>"


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "markdown", None)
    with pytest.raises(ConfigError, match="pip install Markdown"):
        coaiamodule.render_markdown("*a*")


@pytest.mark.parametrize("value", ["text é", BINARY])
def test_tash_returns_the_bytes_read_back(configured, capsys, value):
    expected = value.encode("utf-8") if isinstance(value, str) else value
    assert coaiamodule.tash("key", value) == expected
    assert configured.get("key") == expected
    assert configured.ttl("key") == -1
    assert coaiamodule.tash("key", value, ttl=60) == expected
    assert 10 <= configured.ttl("key") <= 60
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("words", [("key", "value", -5), ("", "value"), ("key", 5)])
@pytest.mark.parametrize("has_redis", [True, False])
def test_what_no_stash_takes_is_refused_with_redis_and_without(request, has_redis, words):
    if has_redis:
        request.getfixturevalue("configured")
    with pytest.raises(UsageError):
        coaiamodule.tash(*words)


def test_tash_tells_when_it_is_not_quiet_and_only_on_stderr(configured, capsys):
    coaiamodule.tash("key", "value", None, False, verbose=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert "stashed under key" in said.err
    assert "pw" not in said.err


def test_tash_returns_none_when_nothing_was_kept(monkeypatch, capsys):
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(free_port()))
    assert coaiamodule.tash("key", "value", quiet=False) is None
    said = capsys.readouterr()
    assert said.out == ""
    assert "refused the connection" in said.err
    assert "stashed" not in said.err


def test_without_a_redis_library_and_command_share_one_stash(run, capsys):
    assert coaiamodule.tash("key", "value", 100) == b"value"
    assert run("fetch", "key").out == "value"
    coaiamodule.fetch_key_val("key")
    assert capsys.readouterr().out == "value\n"
    with pytest.raises(UsageError):
        coaiamodule.tash("key", 12)


def test_fetch_prints_or_writes(configured, capsys, project):
    configured.set("key", "välue")
    coaiamodule.fetch_key_val("key")
    assert capsys.readouterr().out == "välue\n"
    coaiamodule.fetch_key_val("key", output_file="out")
    assert (project / "out").read_text(encoding="utf-8") == "välue"
    assert capsys.readouterr().out == ""


def test_fetch_of_bytes_reaches_a_pipe_whole(configured, tmp_path):
    configured.set("key", BINARY)
    program = "from coaiapy.coaiamodule import fetch_key_val; fetch_key_val('key')"
    assert subprocess.check_output([sys.executable, "-c", program]) == BINARY


@pytest.mark.parametrize("module", [coaiamodule, coaiacli])
def test_fetch_exits_with_1_for_a_missing_key(configured, module, capsys):
    with pytest.raises(SystemExit) as caught:
        module.fetch_key_val("missing")
    assert caught.value.code == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "missing" in said.err


def test_fetch_exits_with_2_when_the_server_cannot_be_reached(monkeypatch):
    monkeypatch.setenv("REDIS_PORT", str(free_port()))
    with pytest.raises(SystemExit) as caught:
        coaiamodule.fetch_key_val("key")
    assert caught.value.code == 2


def test_fetch_exits_with_2_for_a_wrong_password(server, monkeypatch, capsys):
    monkeypatch.setenv("REDIS_URL", server.url.replace("pw", "wrong"))
    with pytest.raises(SystemExit) as caught:
        coaiamodule.fetch_key_val("key")
    assert caught.value.code == 2
    assert "refused the password" in capsys.readouterr().err


def test_a_redis_that_a_script_put_in_place_is_used(monkeypatch, capsys):
    stand_in = DictRedis()
    monkeypatch.setattr(redis, "Redis", lambda *args, **options: stand_in)
    assert coaiamodule.tash("key", "value") == b"value"
    assert stand_in.values == {"key": "value"}
    coaiamodule.fetch_key_val("key")
    assert capsys.readouterr().out == "value\n"
    with pytest.raises(SystemExit) as caught:
        coaiamodule.fetch_key_val("missing")
    assert caught.value.code == 1


def test_newjtaler_can_be_replaced(monkeypatch, capsys):
    stand_in = DictRedis()
    stand_in.set("key", b"value")
    monkeypatch.setattr(coaiamodule, "_newjtaler", lambda conf: stand_in)
    coaiamodule.fetch_key_val("key")
    assert capsys.readouterr().out == "value\n"
    monkeypatch.setattr(coaiamodule, "_newjtaler", lambda conf: None)
    with pytest.raises(SystemExit) as caught:
        coaiamodule.fetch_key_val("key")
    assert caught.value.code == 2


def raising(error):
    def connect(*args, **options):
        raise error

    return connect


@pytest.mark.parametrize(
    "error, code",
    [
        (redis.ConnectionError(), 2),
        (redis.TimeoutError("Timeout reading"), 2),
        (redis.AuthenticationError("invalid password"), 2),
        (redis.ResponseError("odd"), 1),
        (RuntimeError("odd"), 1),
    ],
)
def test_what_redis_raises_decides_the_exit_code(monkeypatch, error, code):
    monkeypatch.setattr(redis, "Redis", raising(error))
    with pytest.raises(SystemExit) as caught:
        coaiamodule.fetch_key_val("key")
    assert caught.value.code == code


def test_newjtaler_takes_what_scripts_keep_in_jtaleconf(server, monkeypatch):
    conf = {"host": "127.0.0.1", "port": str(server.port), "password": "pw", "ssl": False}
    assert coaiamodule._newjtaler(conf).ping() is True
    monkeypatch.setattr(coaiamodule, "config", {"jtaleconf": conf})
    assert coaiamodule.tash("key", "value") == b"value"
    with pytest.raises(ConfigError, match="jtaleconf.port"):
        coaiamodule._newjtaler({"port": "tcp://10.0.0.1:6379"})


def test_importing_it_loads_no_package():
    program = "import sys, coaiapy.coaiamodule; print(sorted(sys.modules))"
    loaded = subprocess.check_output([sys.executable, "-c", program]).decode("utf-8")
    for package in ("redis", "requests", "markdown", "dotenv", "sqlite3"):
        assert json.dumps(package).replace('"', "'") not in loaded
