"""Transfers to and from a storage that answers late, in part, or with what cannot be unpacked."""

import gc
import threading
import warnings

import pytest
import trustme
from web_server import serving

from coaiapy import patience
from coaiapy.errors import NetworkError, RefusedError
from coaiapy.langfuse.media import files as media_files
from coaiapy.langfuse.media import transfer as media_transfer
from coaiapy.util.http import retry

REASON = b"<Error><Code>AccessDenied</Code><Message>no\n entry</Message></Error>"
CUT = [b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<Error><Code>Acc"]
BROKEN = 403, b"this is no gzip", {"Content-Encoding": "gzip"}
PACKED_TWICE = 403, b"x", {"Content-Encoding": "gzip, gzip"}


@pytest.fixture(autouse=True)
def brief_pauses(monkeypatch):
    monkeypatch.setattr(retry, "backoff", lambda attempt: 0.01)


@pytest.fixture(params=["upload", "download"])
def transfer(request, project):
    """Return a function that sends a file to an address, or fetches one of 10 bytes from it."""
    (project / "notes.txt").write_bytes(b"0123456789")
    file = media_files.examine(str(project / "notes.txt"), None)

    def go(url):
        if request.param == "download":
            return media_transfer.download(url, 10)
        done = media_transfer.upload(url, file)
        if done.error:
            raise media_transfer.failure(url, "upload", done.status, done.error)
        return b"0123456789"

    return go


def answering(*answers):
    """Give these answers one after the other, and the last one for ever."""
    left = list(answers)
    return lambda asked, url: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("answer", [CUT, BROKEN, PACKED_TWICE])
def test_a_refusal_that_cannot_be_read_is_no_answer(transfer, answer):
    with serving(answering(answer)) as server:
        with pytest.raises(NetworkError, match="failed: the answer (was|is)"):
            transfer(server.url + "/file")
        assert len(server.asked) == patience.STORAGE.tries
    with serving(answering(answer, (200, b"0123456789", {}))) as server:
        assert transfer(server.url + "/file") == b"0123456789"


def test_a_refusal_says_why(transfer):
    with serving(answering((403, REASON, {}))) as server:
        with pytest.raises(RefusedError, match="answered 403 to the (up|down)load: no entry$"):
            transfer(server.url + "/file")
        assert len(server.asked) == 1
    with serving(answering((404, b"", {}))) as server:
        with pytest.raises(RefusedError, match="answered 404 .*: without a reason$"):
            transfer(server.url + "/file")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_may_be_different_next_time_is_tried_again(transfer, status):
    with serving(answering((status, REASON, {}))) as server:
        with pytest.raises(NetworkError, match="answered {} ".format(status)):
            transfer(server.url + "/file")
        assert len(server.asked) == patience.STORAGE.tries


def test_a_storage_that_asks_for_an_hour_is_not_waited_for(transfer):
    with serving(answering((503, REASON, {"Retry-After": "3600"}))) as server:
        with pytest.raises(NetworkError, match="answered 503"):
            transfer(server.url + "/file")
        assert len(server.asked) == 1


def test_a_certificate_is_not_tried_again(transfer):
    accepted = []

    class Certificate:
        def configure_cert(self, context):
            trustme.CA().issue_cert("localhost").configure_cert(context)
            context.set_servername_callback(lambda *hello: accepted.append(hello))

    with serving(answering((200, b"", {})), Certificate()) as server:
        with pytest.raises(NetworkError, match="could not be reached safely: certificate"):
            transfer(server.url + "/file")
    assert len(accepted) == 1


def test_an_answer_that_drips_is_given_up(transfer, monkeypatch):
    monkeypatch.setattr(patience, "STORAGE", patience.STORAGE._replace(whole=0.5))
    ended = threading.Event()

    def drip(asked, url):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"
        while not ended.wait(0.05):
            yield b"x"

    with serving(drip) as server:
        with pytest.raises(NetworkError, match="too slow: the transfer was not complete after"):
            transfer(server.url + "/file")
        ended.set()
        assert len(server.asked) == 1


def test_more_than_was_asked_for_is_not_read_to_its_end(monkeypatch):
    sent = []

    def endless(asked, url):
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        for _ in range(1000):
            sent.append(1)
            yield b"x" * 65536

    with serving(endless) as server:
        assert len(media_transfer.download(server.url + "/file", 10)) < 1000000
    assert len(sent) < 500


def test_every_connection_is_closed(transfer):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with serving(answering((503, REASON, {}), (403, REASON, {}))) as server:
            with pytest.raises(RefusedError):
                transfer(server.url + "/file")
        gc.collect()
    assert not [one for one in said if issubclass(one.category, ResourceWarning)]


@pytest.mark.parametrize("url", ["ftp://host/file", "nothing", "http://h:port/?Signature=s", ""])
def test_what_is_no_address_is_not_asked(transfer, url):
    with pytest.raises(
        RefusedError, match="the storage that the server names is not valid"
    ) as caught:
        transfer(url)
    assert "Signature" not in str(caught.value)
