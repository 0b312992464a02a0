"""What a service says is read whole in linear time, masked, and only then cut."""

import pytest
from web_server import serving

from coaiapy.util.http.answers import Answer, message_of, parsed, retry_after


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


@pytest.mark.parametrize(
    "body, message",
    [
        (b'{"error":"Invalid content type"}', "Invalid content type"),
        (b'{"message":"no","error":"InvalidRequestError"}', "no"),
        (
            b'{"message":"Invalid request data","errors":["Required"]}',
            "Invalid request data: Required",
        ),
        (
            b'{"message":"Invalid request data","error":[{"path":["body","name"],"message":"long"}]}',
            "Invalid request data: name: long",
        ),
        (b"<html><title>502 Bad\n Gateway</title></html>", "502 Bad Gateway"),
        (b"Body exceeded 4.5mb limit", "Body exceeded 4.5mb limit"),
        (b"[1]", "[1]"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"message":{"a":1},"error":{"message":"deep"}}', "deep"),
    ],
)
def test_the_servers_message_is_found_in_every_shape(body, message):
    assert message_of(body).startswith(message)


@pytest.mark.parametrize(
    "status, headers, body, seconds",
    [
        (429, {"retry-after": "12"}, b"", 12),
        (429, {}, b'{"details":{"retryAfterSeconds":4}}', 4),
        (503, {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, b"", 0),
        (429, {"retry-after": "soon"}, b"429 - rate limit exceeded", None),
        (200, {"retry-after": "5"}, b"", None),
        (400, {"retry-after": "5"}, b"", None),
    ],
)
def test_when_to_ask_again(status, headers, body, seconds):
    assert retry_after(Answer(status, headers, body)) == seconds
