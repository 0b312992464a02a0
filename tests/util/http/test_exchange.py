"""One request, and answers that are no whole ones: cut off, endless, packed to fill the memory."""

import gzip

import pytest
import requests
from web_server import serving

from coaiapy.util.http import exchange
from coaiapy.util.http.exchange import bearer, opened, whole_answer


def asked(body, headers):
    with serving(lambda request, url: (200, body, headers)) as server:
        return whole_answer(requests.get(server.url, stream=True))


def test_a_whole_answer_has_status_headers_and_unpacked_body():
    answer = asked(gzip.compress(b"hello"), {"Content-Encoding": "gzip", "X-Name": "Value"})
    assert (answer.status, answer.body, answer.headers["x-name"]) == (200, b"hello", "Value")


@pytest.mark.parametrize("unpacked", [3 << 20, 30 << 20])
def test_a_small_answer_that_unpacks_to_much_ends_early(monkeypatch, unpacked):
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", 2 << 20)
    packed = gzip.compress(b"\0" * unpacked)
    assert len(packed) < 40000
    with pytest.raises(EOFError, match="more than 2 MB"):
        asked(packed, {"Content-Encoding": "gzip"})


def test_what_is_packed_twice_is_not_unpacked():
    packed = gzip.compress(gzip.compress(b"\0" * 100000))
    with pytest.raises(EOFError, match="more than once"):
        asked(packed, {"Content-Encoding": "gzip, gzip"})


@pytest.mark.parametrize("length", [b"\xb2", b"-5", b"5, 5", b"9" * 5000])
def test_a_length_that_is_no_number_promises_nothing(length):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: " + length
    with serving(lambda request, url: [head, b"\r\n\r\nhello"]) as server:
        try:
            assert whole_answer(requests.get(server.url, stream=True)).body == b"hello"
        except requests.RequestException:
            pass  # some releases of urllib3 refuse it themselves


def test_an_answer_that_is_cut_off_is_none():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    with serving(lambda request, url: [head, b"hello"]) as server:
        with pytest.raises((EOFError, requests.RequestException)):
            whole_answer(requests.get(server.url, stream=True))


def test_a_redirect_is_an_answer_like_any_other():
    with serving(lambda request, url: (302, b"", {"Location": url + "/there"})) as server:
        answer = whole_answer(opened(requests, "GET", server.url, (9, 9)))
        assert (answer.status, len(server.asked)) == (302, 1)


def test_a_token_is_sent_and_without_one_nothing_is(home):
    netrc = home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password from-netrc\n")
    netrc.chmod(0o600)
    with serving(lambda request, url: (200, b"", {})) as server:
        for token in ("abc", ""):
            whole_answer(opened(requests, "GET", server.url, (9, 9), auth=bearer(token)))
        said = [one.headers.get("authorization") for one in server.asked]
    assert said == ["Bearer abc", None]


@pytest.mark.parametrize("place", ["http://[bad", "//", "/elsewhere", "https://u:p@[::1/x"])
def test_where_a_redirection_leads_is_not_looked_at(monkeypatch, place):
    def endless():
        yield "HTTP/1.1 302 Found\r\nLocation: {}\r\n\r\n".format(place).encode("ascii")
        while True:
            yield b"x" * 65536

    monkeypatch.setattr(exchange, "LARGEST_ANSWER", 1 << 20)
    with serving(lambda request, url: endless()) as server:
        for session in (requests, requests.Session()):
            response = exchange.opened(session, "GET", server.url, (9, 9))
            assert response.status_code == 302
            with pytest.raises(EOFError, match="more than 1 MB"):
                whole_answer(response)
