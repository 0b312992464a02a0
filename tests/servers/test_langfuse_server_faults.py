"""The faults of the stand-in, seen with a plain HTTP client."""

import http.client
import json
import socket
import threading
import time
from typing import Any, Callable, Dict, List

import pytest
from langfuse_server import LangfuseServer
from langfuse_server.client import Client

pytestmark = pytest.mark.once

INGESTION = "/api/public/ingestion"
NOW = "2026-03-01T10:00:00.000Z"


def batch(*ids: str) -> Dict[str, Any]:
    events = [
        {"id": "event-" + one, "type": "trace-create", "timestamp": NOW, "body": {"id": one}}
        for one in ids
    ]
    return {"batch": events}


@pytest.fixture
def server(langfuse: Callable[..., LangfuseServer]) -> LangfuseServer:
    return langfuse("v3")


def test_reset_comes_in_mid_body_after_the_work_is_done(server: LangfuseServer) -> None:
    server.fail("reset")
    client = Client(server)
    connection = client.connection
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        client("POST", INGESTION, batch("one"))
    connection.close()
    assert server.accepted_count("one") == 1
    assert server.requests[0].fault == "reset"
    assert server.requests[0].status is None


def test_reset_ends_with_a_reset_and_not_with_an_orderly_end(server: LangfuseServer) -> None:
    server.fail("reset")
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as plain:
        plain.sendall(b"GET /api/public/health HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        with pytest.raises(ConnectionResetError):
            while True:
                data = plain.recv(1000)
                assert data, "an orderly end"
                received += data
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert 0 < len(body) < length


def test_answer_lost_means_accepted_but_not_a_byte_back(server: LangfuseServer) -> None:
    server.fail("answer lost", path="/ingestion")
    client = Client(server)
    with pytest.raises(http.client.RemoteDisconnected):
        client("POST", INGESTION, batch("one"))
    assert server.accepted_count("one") == 1
    assert client("POST", INGESTION, batch("one")).status == 207
    assert server.accepted_count("one") == 1
    assert server.event_count("event-one") == 2


def test_refuse_and_listen_again_on_the_same_port(server: LangfuseServer) -> None:
    client = Client(server)
    assert client("GET", "/api/public/health").status == 200
    port = server.port
    server.fail("refuse")
    with pytest.raises(OSError):
        client("GET", "/api/public/health")
    with pytest.raises(ConnectionRefusedError):
        Client(server)("GET", "/api/public/health")
    server.heal()
    assert server.port == port
    assert Client(server)("GET", "/api/public/health").status == 200


def test_refuse_for_some_time(server: LangfuseServer) -> None:
    client = Client(server)
    assert client("GET", "/api/public/health").status == 200
    server.fail("refuse", seconds=0.05)
    with pytest.raises(ConnectionError):  # the connection was closed
        client("GET", "/api/public/health")

    def answers() -> bool:
        try:
            return Client(server)("GET", "/api/public/health").status == 200
        except ConnectionError:
            return False

    server.wait_until(answers)


def test_hang_lasts_until_released(server: LangfuseServer) -> None:
    server.fail("hang")
    statuses: List[int] = []
    client = Client(server)
    thread = threading.Thread(
        target=lambda: statuses.append(client("POST", INGESTION, batch("one")).status)
    )
    thread.start()
    server.wait_until(lambda: [one.fault for one in server.requests] == ["hang"])
    assert server.accepted_count("one") == 0 and statuses == []
    server.release()
    thread.join(200)
    assert statuses == [207]
    assert server.accepted_count("one") == 1


def test_a_request_that_hung_is_not_done_when_its_client_has_left(server: LangfuseServer) -> None:
    server.fail("hang")
    client = Client(server, timeout=0.05)
    with pytest.raises(socket.timeout):
        client("POST", INGESTION, batch("one"))
    client.connection.close()
    server.wait_until(lambda: [one.fault for one in server.requests] == ["hang"])
    server.heal()
    assert Client(server)("POST", INGESTION, batch("two")).status == 207
    assert server.accepted_count("one") == 0


def test_hang_does_not_outlive_the_server() -> None:
    with LangfuseServer("v3") as server:
        server.fail("hang")
        client = Client(server, timeout=60)
        client.connection.request("GET", "/api/public/health")
        server.wait_until(lambda: [one.fault for one in server.requests] == ["hang"])
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.connection.getresponse()
    client.connection.close()


def test_drip_is_slow_but_whole(server: LangfuseServer) -> None:
    server.fail("drip", delay=0.001)
    start = time.monotonic()
    result = Client(server)("POST", INGESTION, batch("one"))
    assert result.body["successes"] == [{"id": "event-one", "status": 201}]
    assert time.monotonic() - start > 0.1  # more than a hundred bytes


@pytest.mark.parametrize("shape", ["json", "text"])
def test_429_tells_when_to_come_back(server: LangfuseServer, shape: str) -> None:
    server.fail("429", times=2, retry_after=7, shape=shape)
    client = Client(server)
    for _ in range(2):
        result = client("POST", INGESTION, batch("one"))
        assert result.status == 429
        assert result.headers["Retry-After"] == "7"
    if shape == "json":
        assert result.body["code"] == "rate_limited"
        assert result.body["details"]["retryAfterSeconds"] == 7
    else:
        assert result.body == "429 - rate limit exceeded"
    assert server.accepted_count("one") == 0
    assert client("POST", INGESTION, batch("one")).status == 207


@pytest.mark.parametrize(
    "fault, status, is_html",
    [
        ("401", 401, False),
        ("403", 403, False),
        ("404 html", 404, True),
        ("408", 408, False),
        ("413", 413, False),
        ("500", 500, False),
        ("502 html", 502, True),
        ("503", 503, False),
        ("200 html", 200, True),
    ],
)
def test_answers_instead_of_work(
    server: LangfuseServer, fault: str, status: int, is_html: bool
) -> None:
    server.fail(fault)
    client = Client(server)
    result = client("POST", INGESTION, batch("one"))
    assert result.status == status == server.requests[0].status
    assert ("<html" in str(result.body)) == is_html
    assert server.accepted_count("one") == 0
    assert client("POST", INGESTION, batch("one")).status == 207  # the same connection goes on


def test_truncated_json_is_whole_http(server: LangfuseServer) -> None:
    server.fail("truncated json")
    client = Client(server)
    with pytest.raises(json.JSONDecodeError):
        client("POST", INGESTION, batch("one"))
    assert server.accepted_count("one") == 1
    assert client("GET", "/api/public/health").status == 200


@pytest.mark.parametrize("status", [400, 500])
def test_half_refused(server: LangfuseServer, status: int) -> None:
    server.fail("half refused", status=status)
    result = Client(server)("POST", INGESTION, batch("a", "b", "c", "d"))
    assert result.status == 207
    assert [one["id"] for one in result.body["successes"]] == ["event-a", "event-c"]
    refused = [(one["id"], one["status"]) for one in result.body["errors"]]
    assert refused == [("event-b", status), ("event-d", status)]
    assert sorted(server.traces()) == ["a", "c"]


def test_faults_choose_their_requests(server: LangfuseServer) -> None:
    server.fail("500", times=1, path="/ingestion", method="POST", after=1)
    client = Client(server)
    assert client("GET", "/api/public/projects").status == 200
    assert client("POST", INGESTION, batch("a")).status == 207
    assert client("POST", INGESTION, batch("b")).status == 500
    assert client("POST", INGESTION, batch("b")).status == 207
    server.fail("503", times=None)
    assert [client("GET", "/api/public/health").status for _ in range(3)] == [503] * 3
    server.heal()
    assert client("GET", "/api/public/health").status == 200


def test_an_unknown_fault_is_refused(server: LangfuseServer) -> None:
    with pytest.raises(ValueError, match="no fault 'earthquake'"):
        server.fail("earthquake")


def test_faults_are_counted_exactly_between_threads(server: LangfuseServer) -> None:
    server.fail("500", times=20)
    statuses: List[int] = []

    def work(number: int) -> None:
        client = Client(server)
        for one in range(10):
            body = batch("trace-%d-%d" % (number, one))
            statuses.append(client("POST", INGESTION, body).status)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [207] * 40 + [500] * 20
    assert len(server.traces()) == 40


def test_half_a_request_is_no_request(server: LangfuseServer) -> None:
    body = json.dumps(batch("one")).encode("utf-8")
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        head = "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (INGESTION, len(body))
        plain.sendall(head.encode("ascii") + body[:-5])
    assert Client(server)("GET", "/api/public/health").status == 200
    assert [request.path for request in server.requests] == ["/api/public/health"]


def test_a_failure_of_the_stand_in_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="the stand-in failed"):
        with LangfuseServer("v3") as server:
            server.store = None  # type: ignore[assignment]
            assert Client(server)("GET", "/api/public/traces").status == 500
