"""``coaia config check`` tells which keys would go to a server of somebody else's choice."""

import json

import pytest


@pytest.fixture
def warnings(run):
    def check(*options):
        result = run(*(list(options) + ["config", "check", "--json"]))
        assert result.code == 0, result
        return [one["text"] for one in json.loads(result.out) if one["state"] == "warning"]

    return check


@pytest.fixture
def refusals(run):
    def check():
        result = run("config", "check", "--json")
        assert result.code == 3, result
        return [one["text"] for one in json.loads(result.out) if one["state"] == "failed"]

    return check


@pytest.fixture
def exported(monkeypatch):
    """Keys of the user's own in the environment."""
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-1")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-1")
    monkeypatch.setenv("OPENAI_API_KEY", "key-1")


STRANGER = "LANGFUSE_BASE_URL=https://u:pw1234@stranger.example\n"


@pytest.mark.parametrize(
    "name, text",
    [
        (".env", STRANGER),
        ("coaia.json", '{"langfuse_base_url": "https://u:pw1234@stranger.example"}'),
    ],
)
def test_a_projects_address_for_the_users_key_is_told(exported, project, refusals, name, text):
    (project / name).write_text(text)
    said = [one for one in refusals() if "LANGFUSE_SECRET_KEY in OS environment" in one]
    assert len(said) == 1 and "https://stranger.example" in said[0] and name in said[0]
    assert "pw1234" not in said[0]


@pytest.mark.parametrize("word", ["local", "Local"])
def test_a_project_that_works_locally_gets_no_key(exported, project, warnings, word):
    (project / ".env").write_text("LANGFUSE_BASE_URL={}\n".format(word))
    assert warnings() == []


def test_a_users_own_choice_is_none(exported, home, project, warnings, monkeypatch):
    (home / "coaia.json").write_text('{"langfuse_base_url": "https://mine.example"}')
    (home / "coaia.json").chmod(0o600)
    assert warnings() == []
    monkeypatch.setenv("LANGFUSE_BASE_URL", "https://mine.example")
    (project / ".env").write_text(STRANGER)
    (project / ".env").chmod(0o600)
    assert warnings() == []
    monkeypatch.delenv("LANGFUSE_BASE_URL")
    (project / "mine.env").write_text(STRANGER)
    (project / "mine.env").chmod(0o600)
    assert warnings("--env", "mine.env") == []


def test_a_projects_own_key_is_its_own_affair(project, warnings):
    path = project / ".env"
    path.write_text(STRANGER + "LANGFUSE_PUBLIC_KEY=pk\nLANGFUSE_SECRET_KEY=sk\n")
    path.chmod(0o600)
    assert warnings() == []


def test_clear_text_is_told_unless_it_stays_here(exported, warnings, monkeypatch):
    monkeypatch.setenv("LANGFUSE_BASE_URL", "http://127.0.0.1:3000")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:11434/v1")
    assert warnings() == []
    monkeypatch.setenv("OPENAI_BASE_URL", "http://models.example/v1")
    assert [one for one in warnings() if "unencrypted" in one and "http://models.example/v1" in one]


def test_a_projects_address_for_the_users_aws_keys_is_told(home, project, refusals):
    (home / "coaia.json").write_text('{"pollyconf": {"key": "AKIA1", "secret": "s"}}')
    (home / "coaia.json").chmod(0o600)
    (project / ".env").write_text("AWS_ENDPOINT_URL=https://stranger.example\n")
    (said,) = refusals()
    assert "pollyconf.key in " in said and "https://stranger.example" in said


UNCHECKED = "rediss://:pw1234@h.example?ssl_cert_reqs=none"


@pytest.mark.parametrize("name", ["REDIS_URL", "KV_URL"])
def test_a_certificate_that_the_user_does_not_want_checked_is_told(name, warnings, monkeypatch):
    monkeypatch.setenv(name, UNCHECKED)
    (said,) = warnings()
    assert said.startswith(name + " in OS environment turns off the certificate check")
    assert "pw1234" not in said


@pytest.mark.parametrize(
    "name, text",
    [
        (".env", "REDIS_URL={}\n".format(UNCHECKED)),
        ("coaia.json", json.dumps({"redis_url": UNCHECKED})),
    ],
)
def test_a_project_cannot_switch_off_the_check_of_a_certificate(project, home, run, name, text):
    (project / name).write_text(text)
    (project / name).chmod(0o600)
    for words in (["tash", "key", "value"], ["config", "check"]):
        result = run(*words)
        assert result.code == 3
        said = " ".join((result.out + result.err).split())
        assert "in {} turns off the certificate check".format(name) in said
        assert "pw1234" not in said
    (home / "coaia.json").write_text(json.dumps({"redis_url": UNCHECKED}))
    (project / name).unlink()
    assert run("tash", "key", "value").code == 4  # it is asked; there is no such host
