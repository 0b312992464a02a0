"""What stands in the way of an answer, as one of a few kinds and in a few words."""

import socket
import threading
import time

import pytest
import requests
from web_server import serving

from coaiapy.errors import ExitCode, NetworkError
from coaiapy.util import deadlines
from coaiapy.util.http.exchange import answer_of, opened
from coaiapy.util.http.failures import BadAddressError, NoAnswerError, translated


def asked(url, seconds=60.0, timeout=(5.0, 5.0)):
    deadline = deadlines.after(seconds)
    return answer_of(lambda: opened(requests, "GET", url, timeout), "the service", deadline)


def failure_of(url, **limits):
    with pytest.raises(NoAnswerError) as caught:
        asked(url, **limits)
    assert str(caught.value) == "the request to the service failed: " + caught.value.reason
    return caught.value


@pytest.fixture
def gate():
    opened_gate = threading.Event()
    yield opened_gate
    opened_gate.set()


def test_nobody_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = failure_of("http://127.0.0.1:{}".format(taken.getsockname()[1]))
    assert (error.reason, error.is_unsent) == ("connection refused", True)
    assert not error.is_slow and not error.is_overtime


def test_a_server_that_says_nothing_is_slow(gate):
    def hang(request, url):
        gate.wait(200)
        return []

    with serving(hang) as server:
        error = failure_of(server.url, timeout=(5.0, 0.2))
        gate.set()
    assert (error.reason, error.is_slow) == ("it did not answer in time", True)
    assert not error.is_unsent and not error.is_overtime


def test_an_answer_that_drips_takes_too_long(gate):
    def drip(request, url):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        while not gate.wait(0.05):
            yield b"x"

    with serving(drip) as server:
        started = time.monotonic()
        error = failure_of(server.url, seconds=0.3)
        assert time.monotonic() - started < 30
        gate.set()
    assert (error.reason, error.is_overtime) == ("it did not answer in time", True)
    assert not error.is_unsent and not error.is_slow


@pytest.mark.parametrize("raw", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"", b"\0"])
def test_half_an_answer_is_none(raw):
    with serving(lambda request, url: [raw]) as server:
        error = failure_of(server.url)
    assert error.reason in ("the answer was cut off", "the connection was lost")
    assert not error.is_unsent


@pytest.mark.parametrize(
    "url", ["nothing", "ftp://host/", "http://a..b/", "http://host:99999/", "http://[::1/"]
)
def test_an_address_that_is_none(url):
    with pytest.raises(BadAddressError, match="the address of the service is not valid"):
        asked(url)


def test_a_server_without_tls_is_not_trusted():
    with serving(lambda request, url: (200, b"", {})) as server:
        with pytest.raises(NetworkError, match="could not be reached safely") as caught:
            asked(server.url.replace("http:", "https:"))
    assert not isinstance(caught.value, NoAnswerError)
    assert caught.value.exit_code == ExitCode.NETWORK


def test_other_errors_stay_what_they_are():
    with pytest.raises(KeyError):
        with translated("the service"):
            raise KeyError("ours")
