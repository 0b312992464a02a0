"""The client of OpenAI-compatible services: every answer becomes a value or one sentence."""

import os
import re
import socket
import threading
import time

import pytest
from openai_server import KEY

from coaiapy import patience
from coaiapy.config import openai as openai_settings
from coaiapy.config import values as config_values
from coaiapy.errors import ConfigError, NetworkError, RefusedError
from coaiapy.llm.openai import OpenaiHttp, Upload
from coaiapy.llm.shared_pause import SharedPause

BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def http(openai, pauses):
    return client(openai, pauses)


def client(server, pauses, timeout=20.0, key=KEY):
    service = openai_settings.OpenaiService(
        server.url + "/chat/completions",
        server.url + "/audio/transcriptions",
        server.url + "/images/generations",
        key,
        timeout,
    )
    return OpenaiHttp(service, pauses.append)


def chat(http):
    return http.post(http.service.chat_url, BODY)


def test_a_good_answer_is_a_value_and_the_key_is_sent(http, openai):
    assert chat(http)["choices"][0]["message"]["content"].startswith("user: hello")
    (asked,) = openai.requests
    assert asked.headers["authorization"] == "Bearer " + KEY
    assert asked.headers["user-agent"].startswith("coaia/")
    assert asked.body == BODY


def slowly(listening, step, pause, asked):
    """Read a request ``step`` bytes at a time, as a slow line does, and answer it."""
    connection = listening.accept()[0]
    with connection:
        head, _, rest = connection.recv(step).partition(b"\r\n\r\n")
        left = int(re.search(rb"(?i)content-length: (\d+)", head).group(1)) - len(rest)
        while left > 0:
            time.sleep(pause)
            left -= len(connection.recv(min(step, left)))
        asked.append(head)
        answer = b'{"text": "heard"}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer))


def test_an_upload_on_a_slow_line_takes_the_time_of_the_request(pauses, monkeypatch):
    monkeypatch.setattr(patience, "OPENAI", patience.OPENAI._replace(connect=0.5))
    asked = []
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        line = threading.Thread(target=slowly, args=(listening, 1 << 18, 0.03, asked), daemon=True)
        line.start()
        url = "http://127.0.0.1:{}".format(listening.getsockname()[1])
        http = OpenaiHttp(openai_settings.OpenaiService(url, url, url, KEY, 60.0), pauses.append)
        file = Upload("talk.wav", b"\0" * (12 << 20), "audio/wav")
        assert http.post_form(url, {"model": "m"}, file) == {"text": "heard"}
        line.join(200)
    assert len(asked) == 1 and not pauses


def test_a_local_server_needs_no_key(openai, pauses):
    openai.key = None
    assert chat(client(openai, pauses, key=""))
    assert "authorization" not in openai.requests[0].headers


def test_a_netrc_is_not_asked_for_another_key(openai, pauses, home):
    (home / ".netrc").write_text("machine 127.0.0.1 login somebody password something\n")
    (home / ".netrc").chmod(0o600)
    openai.key = None
    chat(client(openai, pauses, key=""))
    assert "authorization" not in openai.requests[0].headers


def test_the_official_service_is_not_asked_without_a_key():
    service = openai_settings.find(config_values.load())
    with pytest.raises(ConfigError, match="api.openai.com needs a key: set OPENAI_API_KEY"):
        OpenaiHttp(service).post(service.chat_url, BODY)


@pytest.mark.parametrize("fault", ["500", "html_502", "hang_up", "truncated"])
def test_what_may_be_different_next_time_is_tried_again(http, openai, pauses, fault):
    openai.faults = [fault, fault]
    assert chat(http)
    assert len(openai.requests) == 3
    assert len(pauses) == 2
    assert 0 < pauses[0] <= pauses[1] * 2 <= 4


def test_a_service_says_how_long_to_wait(http, openai, pauses):
    openai.faults = ["429"]
    assert chat(http)
    assert pauses == [7.0]


@pytest.mark.parametrize("fault, seconds", [("429", 7.0), ("429_long", 60.0)])
def test_other_commands_of_an_experiment_wait_as_well(http, openai, monkeypatch, fault, seconds):
    with SharedPause() as pause:
        for name, path in pause.environment.items():
            monkeypatch.setenv(name, path)
        assert pause.left == 0
        openai.faults = [fault]
        begun = time.time()
        try:
            chat(http)
        except NetworkError:
            pass
        end = os.stat(path).st_mtime
        assert seconds <= end - begun <= seconds + time.time() - begun
        assert pause.left <= end - begun
    assert not os.path.exists(path)


def test_a_service_that_asks_for_an_hour_is_not_waited_for(http, openai, pauses):
    openai.faults = ["429_long"]
    with pytest.raises(NetworkError, match="answered 429: .*Rate limit reached.*try again later"):
        chat(http)
    assert pauses == []


def test_it_gives_up_in_the_end(http, openai, pauses):
    openai.faults = ["500"] * 10
    with pytest.raises(NetworkError, match="answered 500: .*The server had an error"):
        chat(http)
    assert len(openai.requests) == patience.OPENAI.tries


@pytest.mark.parametrize(
    "fault, kind, words",
    [
        ("401", ConfigError, "answered 401: .*check OPENAI_API_KEY"),
        ("400", RefusedError, "answered 400: .*Unsupported value: 'temperature'"),
        ("quota", RefusedError, "answered 429: .*exceeded your current quota"),
        ("html", NetworkError, "answered with Sign in, .*check OPENAI_BASE_URL"),
        ("list", NetworkError, "something that is not a JSON object"),
        ("redirect", ConfigError, "answered 302; set OPENAI_BASE_URL"),
    ],
)
def test_a_no_is_said_once_and_in_one_sentence(http, openai, pauses, fault, kind, words):
    openai.faults = [fault]
    with pytest.raises(kind, match=words) as caught:
        chat(http)
    assert len(openai.requests) == 1
    assert pauses == []
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_an_answer_that_does_not_come_is_not_waited_for_again(openai, pauses, fault):
    openai.faults = [fault]
    with pytest.raises(NetworkError, match="in time; raise OPENAI_TIMEOUT .2 s"):
        chat(client(openai, pauses, timeout=2.0))
    assert len(openai.requests) == 1


def test_nobody_there(openai, pauses):
    openai.server_close()
    with pytest.raises(NetworkError, match="failed: connection refused"):
        chat(client(openai, pauses))
    assert len(pauses) == patience.OPENAI.tries - 1


def test_a_form_carries_fields_and_a_file(http, openai):
    file = Upload("memo.mp3", b"\xff\xfb\x00binary", "audio/mpeg")
    answer = http.post_form(http.service.transcription_url, {"model": "whisper-1"}, file)
    assert answer == {"text": "9 bytes"}
    (asked,) = openai.requests
    assert asked.fields == {"model": "whisper-1"}
    assert asked.file == {"name": "memo.mp3", "type": "audio/mpeg", "content": file.content}


def test_a_form_is_sent_whole_again(http, openai):
    openai.faults = ["500"]
    file = Upload("memo.mp3", b"content", "audio/mpeg")
    http.post_form(http.service.transcription_url, {"model": "whisper-1"}, file)
    assert [asked.file["content"] for asked in openai.requests] == [b"content", b"content"]


def streamed(http):
    return list(http.stream(http.service.chat_url, dict(BODY, stream=True)))


def test_events_come_one_by_one(http):
    events = streamed(http)
    parts = [
        event["choices"][0]["delta"].get("content", "") for event in events if event["choices"]
    ]
    assert "".join(parts) == "user: hello | temperature None"
    assert len(parts) > 3
    assert events[-1]["usage"]["total_tokens"] == 18


def test_a_stream_is_opened_again_before_its_first_event(http, openai, pauses):
    openai.faults = ["429", "500"]
    assert streamed(http)
    assert pauses[0] == 7.0 and len(pauses) == 2


def test_a_stream_without_an_end_mark_is_whole_if_the_model_finished(http, openai):
    openai.faults = ["stream_not_done"]
    assert len(streamed(http)) == 1


@pytest.mark.parametrize(
    "fault, kind, words",
    [
        ("stream_ends", NetworkError, "before its answer was complete: the stream ended"),
        ("stream_error", RefusedError, "answered with an error: the model is overloaded"),
        ("html", NetworkError, "check OPENAI_BASE_URL"),
        ("401", ConfigError, "check OPENAI_API_KEY"),
    ],
)
def test_a_stream_that_breaks_off_is_an_error(http, openai, fault, kind, words):
    openai.faults = [fault]
    with pytest.raises(kind, match=words):
        streamed(http)
    assert len(openai.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "the reason"},
        {"object": "error", "message": "the reason", "code": 404},
        {"choices": [{"error": {"message": "the reason"}, "message": {"content": ""}}]},
        {"success": False, "errors": [{"message": "the reason"}], "result": None},
        {"base_resp": {"status_code": 1004, "status_msg": "the reason"}, "choices": None},
        {"detail": "the reason"},
    ],
)
def test_a_failure_in_a_successful_answer_is_told_in_every_spelling(http, openai, answer):
    openai.faults = [answer]
    with pytest.raises(RefusedError, match="answered with an error: the reason"):
        chat(http)
