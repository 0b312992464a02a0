"""Which Redis is meant, in every form that hosting services hand out."""

import pytest

from coaiapy.config import redis as redis_settings
from coaiapy.config import values as config_values
from coaiapy.errors import ConfigError


@pytest.fixture
def find(monkeypatch):
    def find_with(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return redis_settings.find(config_values.load())

    return find_with


def test_nothing_names_none(find):
    assert find() is None


@pytest.mark.parametrize(
    "url, expected",
    [
        ("redis://h", ("h", 6379, "", "", 0, False)),
        ("redis://h:1/2", ("h", 1, "", "", 2, False)),
        ("rediss://:p%40@h", ("h", 6379, "", "p@", 0, True)),
        ("rediss://u:p%2F@h:7?db=3", ("h", 7, "u", "p/", 3, True)),
        ("redis://[::1]:8", ("::1", 8, "", "", 0, False)),
    ],
)
@pytest.mark.parametrize("variable", ["REDIS_URL", "KV_URL"])
def test_urls(find, variable, url, expected):
    server = find(**{variable: url})
    found = (server.host, server.port, server.username, server.password, server.db, server.ssl)
    assert found == expected
    assert server.origin == variable + " in OS environment"


@pytest.mark.parametrize("prefix", ["UPSTASH_REDIS_REST", "KV_REST_API"])
def test_rest_addresses_are_the_same_host_over_tls(find, prefix):
    server = find(**{prefix + "_URL": "https://h.upstash.io", prefix + "_TOKEN": "t"})
    assert (server.host, server.port, server.password, server.ssl) == (
        "h.upstash.io",
        6379,
        "t",
        True,
    )
    assert find(**{prefix + "_URL": "https://h:9999"}).port == 9999


def test_an_address_without_its_token(find):
    with pytest.raises(ConfigError, match="UPSTASH_REDIS_REST_TOKEN is not"):
        find(UPSTASH_REDIS_REST_URL="https://h")


def test_fields(find):
    server = find(REDIS_HOST="h", REDIS_PORT="1", REDIS_PASSWORD="p", REDIS_DB="2", REDIS_SSL="1")
    assert server[:6] == ("h", 1, "", "p", 2, True)


def test_upstash_fields_come_before_the_others_and_speak_tls(find):
    server = find(
        REDIS_HOST="h", REDIS_PASSWORD="p", UPSTASH_HOST="u.upstash.io", UPSTASH_PASSWORD="up"
    )
    assert (server.host, server.password, server.ssl) == ("u.upstash.io", "up", True)
    assert find(REDIS_SSL="false").ssl is False


@pytest.mark.parametrize(
    "variables", [{"REDIS_PORT": "7"}, {"REDIS_PASSWORD": "p"}, {"REDIS_HOST": "localhost"}]
)
def test_one_field_is_enough(find, variables):
    assert find(**variables).host == "localhost"


def test_a_port_in_the_file_names_nobody(find, project):
    (project / "coaia.json").write_text('{"jtaleconf": {"port": 6379, "ssl": false}}')
    assert find() is None


def test_fields_are_completed_from_weaker_places(find, project):
    (project / "coaia.json").write_text('{"jtaleconf": {"host": "127.0.0.1", "port": 7}}')
    server = find(REDIS_PASSWORD="p")
    assert (server.host, server.port, server.password) == ("127.0.0.1", 7, "p")


def test_the_stronger_place_wins_whatever_its_form(find, project):
    (project / "coaia.json").write_text('{"jtaleconf": {"host": "json"}}')
    (project / ".env").write_text("REDIS_URL=redis://dotenv\n")
    assert find().host == "dotenv"
    assert find(REDIS_HOST="os").host == "os"
    assert find(KV_URL="redis://os-url").host == "os-url"
    assert find(UPSTASH_REDIS_REST_URL="https://rest", UPSTASH_REDIS_REST_TOKEN="t").host == "rest"


@pytest.mark.parametrize(
    "variables",
    [
        {"REDIS_URL": "http://h:secret"},
        {"REDIS_URL": "redis://"},
        {"REDIS_URL": "redis://:secret@h:99999"},
        {"REDIS_URL": "redis://:secret@h:port"},
        {"REDIS_URL": "redis://:secret@h/db"},
        {"REDIS_URL": "redis://:secret@h?retries=3"},
        {"REDIS_URL": "redis://[::1"},
        {"REDIS_URL": "redis://:abc@secret#xyz@127.0.0.1:6379"},
        {"REDIS_URL": "redis://:secret#xyz@h:6379"},
        {"REDIS_URL": "redis://:abc@secret?xyz@h:6379"},
        {"REDIS_URL": "redis://:abc@secret/x@h:6379"},
        {"REDIS_URL": "redis://:6379/secret@h:6379"},
        {"REDIS_URL": "redis://:[secret@h:6379"},
        {"KV_URL": "rediss://user:a?b=secret@h:6379"},
        {"UPSTASH_REDIS_REST_URL": "h.upstash.io", "UPSTASH_REDIS_REST_TOKEN": "secret"},
        {"REDIS_HOST": "tcp://10.0.0.1:6379"},
        {"REDIS_HOST": "redis://:secret@h"},
        {"REDIS_HOST": "h:6379"},
        {"REDIS_HOST": "h", "REDIS_PORT": "tcp"},
        {"REDIS_HOST": "h", "REDIS_PORT": "0"},
        {"REDIS_HOST": "h", "REDIS_DB": "x"},
        {"REDIS_HOST": "h", "REDIS_SSL": "perhaps"},
        {"REDIS_HOST": "h", "REDIS_TIMEOUT": "0"},
    ],
)
def test_what_makes_no_sense_names_the_setting_and_no_secret(find, run, variables):
    with pytest.raises(ConfigError) as caught:
        find(**variables)
    assert any(name in str(caught.value) for name in variables)
    assert "secret" not in str(caught.value)
    result = run("tash", "key", "value")
    assert (result.code, result.out) == (3, "")


def test_the_address_for_people(find):
    assert find(REDIS_URL="rediss://u:secret@h:1/2").shown == "rediss://h:1/2"
    assert find(REDIS_URL="redis://[::1]").shown == "redis://[::1]:6379"


@pytest.mark.parametrize("protocol", ["tcp", "udp", "sctp"])
@pytest.mark.parametrize("address", ["10.0.0.1:6379", "[fd00::1]:6379"])
def test_what_kubernetes_sets_beside_a_service_is_no_setting(find, project, protocol, address):
    port = "{}://{}".format(protocol, address)
    (project / ".env").write_text("REDIS_PORT={}\n".format(port))
    assert find() is None
    assert find(REDIS_PORT=port, REDIS_SERVICE_HOST="10.0.0.1") is None
    assert find(REDIS_PORT=port, REDIS_HOST="h")[:2] == ("h", 6379)
