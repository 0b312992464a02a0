"""Where the service of language models is, and which key it gets."""

import json

import pytest

from coaiapy.config import openai as openai_settings
from coaiapy.config import values as config_values
from coaiapy.errors import ConfigError


def service_of(monkeypatch, project, base=None, config=None):
    if base:
        monkeypatch.setenv("OPENAI_BASE_URL", base)
    if config:
        (project / "coaia.json").write_text(config)
    return openai_settings.find(config_values.load())


@pytest.mark.parametrize(
    "base, config, expected",
    [
        (None, None, "https://api.openai.com/v1/chat/completions"),
        ("http://localhost:8000/v1/", None, "http://localhost:8000/v1/chat/completions"),
        ("http://h/v1/?v=1", None, "http://h/v1/chat/completions?v=1"),
        (None, '{"openai_api_url": "http://a/x/chat?v=1"}', "http://a/x/chat?v=1"),
        (None, '{"openai_api_url": "http://a:1/v1"}', "http://a:1/v1/chat/completions"),
        (None, '{"openai_api_url": "http://a:1"}', "http://a:1/v1/chat/completions"),
        ("http://b/v1", '{"openai_api_url": "http://a/x"}', "http://b/v1/chat/completions"),
        (
            None,
            '{"openai_api_url": "http://a/x", "openai_base_url": "http://b/v1"}',
            "http://a/x",
        ),
    ],
)
def test_where_the_service_is(monkeypatch, project, base, config, expected):
    assert service_of(monkeypatch, project, base, config).chat_url == expected


def test_a_complete_address_of_transcriptions_leaves_the_others_alone(monkeypatch, project):
    config = '{"openai_transcription_api_url": "http://whisper:9/v1/audio/transcriptions"}'
    service = service_of(monkeypatch, project, None, config)
    assert service.transcription_url == "http://whisper:9/v1/audio/transcriptions"
    assert service.chat_url.startswith("https://api.openai.com/")


def test_an_address_with_a_password_is_not_shown(monkeypatch, project):
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL") as caught:
        service_of(monkeypatch, project, "ftp://me:secret@host/v1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://[::1/v1", "http://host:port/v1", "localhost:8000", "http://a b"]
)
def test_an_address_that_is_none(monkeypatch, project, url):
    with pytest.raises(ConfigError, match="is not an http"):
        service_of(monkeypatch, project, url)


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-a b", "sk-é"])
def test_a_key_that_is_none_is_not_sent_and_not_shown(project, key):
    (project / "coaia.json").write_text(json.dumps({"openai_api_key": key}))
    with pytest.raises(
        ConfigError, match="openai_api_key in .*coaia.json is not a valid key"
    ) as caught:
        openai_settings.find(config_values.load())
    assert key not in str(caught.value)
