"""What a service says is read whole in linear time, masked, and only then cut."""

import json
import time

import pytest
from web_server import serving

from coaiapy.config.settings import Settings
from coaiapy.langfuse.client.errors import clean, is_other_generation
from coaiapy.util.http.answers import Answer, message_of, parsed, retry_after

SECRET = "sk-lf-SECRETSECRETSECRETSECRET1234"
SETTINGS = Settings(
    base_url="http://127.0.0.1:9", public_key="pk-lf-test", secret_key=SECRET, timeout=1.0
)


@pytest.mark.parametrize(
    "body",
    [
        b"<title" * 200000,
        b"<title " + b"a" * 1200000,
        b"not available " * 90000,
        b'{"message": "' + b"only available " * 80000 + b'"}',
        b" " * 1200000,
        b'{"message": "' + b"\\ud83d" * 200000 + b'"}',
        b"[" * 1200000,
        b'{"error": [' + b"{}," * 300000 + b"1]}",
    ],
)
def test_a_long_page_is_read_in_no_time(body):
    start = time.process_time()
    assert len(clean(message_of(body), SETTINGS)) < 700
    is_other_generation(404, body)
    assert time.process_time() - start < 20


@pytest.mark.parametrize("before", range(560, 606))
def test_a_key_at_the_cut_is_masked(before):
    for said in (SECRET, "x" + SECRET, "Basic " + _basic()):
        for body in (
            json.dumps({"message": "y" * before + said}),
            "y" * before + " " + said,
            " " * 5000 + "y " * (before // 2) + said,
        ):
            shown = clean(message_of(body.encode("utf-8")), SETTINGS)
            assert "SECRET" not in shown and _basic()[:20] not in shown


def _basic():
    from coaiapy.util.masking import basic

    return basic(SETTINGS.public_key, SECRET)


@pytest.mark.parametrize(
    "text, value",
    [
        (r'"\ud83d"', "\ufffd"),
        (r'"a\ude00\ud83dz"', "a\ufffd\ufffdz"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\\ud83d"', "\\ud83d"),
        (r'{"\uDBFF": ["\\\udfff"]}', {"\ufffd": ["\\\ufffd"]}),
    ],
)
def test_half_a_character_is_replaced(text, value):
    assert parsed(text.encode("ascii")) == value


@pytest.mark.parametrize("body", [b"[" * 250 + b"]" * 250, b'{"a":' * 250 + b"1" + b"}" * 250])
def test_deep_nesting_is_no_answer(body):
    with pytest.raises(ValueError, match="nested"):
        parsed(body)


@pytest.mark.parametrize(
    "header",
    [
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Wed, 21 Oct 2026 07:28:00 +999999",
        "1 Jan 0000 00:00:00 GMT",
        "nan",
        "1e999",
        "-1",
        "",
        "soon",
    ],
)
def test_a_time_to_wait_that_does_not_exist(header):
    assert retry_after(Answer(429, {"retry-after": header}, b"")) in (None, 0.0)


def test_a_key_behind_a_letter_is_masked(run, monkeypatch):
    """A service may quote a key in a word of its own, whole or shortened with stars."""
    said = "Incorrect API key provided: xsk-proj-abc123456 and psk-ab***********wxyz"
    with serving(lambda asked, url: (400, {"error": {"message": said}}, {})) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-proj-abc123456")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        result = run("summarize", "hello")
    assert "abc123456" not in result.err and "wxyz" not in result.err


def test_a_line_of_a_stream_that_does_not_end_is_given_up(run, monkeypatch):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: "
    with serving(lambda asked, url: [head] + [b"x" * 65536] * 4) as server:
        monkeypatch.setattr("coaiapy.llm.openai._LONGEST_LINE", 1 << 17)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        result = run("summarize", "hello", "--stream")
    assert result.code == 4 and "a line of the stream" in result.err
