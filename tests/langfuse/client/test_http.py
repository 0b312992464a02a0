"""Requests over real sockets: what is sent, what is retried, and every error as a sentence."""

import base64
import threading
import time

import pytest

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError, NotFoundError
from coaiapy.langfuse.client.errors import (
    UnavailableError,
    WrongDialectError,
)
from coaiapy.langfuse.client.http import LangfuseHttp, quoted
from coaiapy.langfuse.client.wire import Request
from coaiapy.util import deadlines
from coaiapy.util.http.answers import retry_after

PROJECTS = "/api/public/projects"
TRACES = "/api/public/traces"
SCORES = "/api/public/scores"
INGESTION = "/api/public/ingestion"


class Pauses(list):
    """Stands for ``time.sleep``: remembers the pauses and makes none."""

    def __call__(self, seconds):
        self.append(seconds)


def client(server, **options):
    sleep = options.pop("sleep", time.sleep)
    values = dict({"public_key": "pk-test", "secret_key": "sk-test", "timeout": 20.0}, **options)
    values.setdefault("base_url", server.url if server else "")
    return LangfuseHttp(Settings(**values), sleep)


def test_a_request_names_its_client_and_its_keys(langfuse):
    server = langfuse("v3")
    answer = client(server).request("GET", PROJECTS)
    assert answer["data"][0]["id"] == "test-project"
    sent = {name.lower(): value for name, value in server.requests[0].headers.items()}
    assert sent["authorization"] == "Basic " + base64.b64encode(b"pk-test:sk-test").decode()
    assert sent["user-agent"].startswith("coaia/")
    assert sent["x-langfuse-sdk-name"] == "coaia"


def test_lists_repeat_in_the_query_and_none_is_left_out(langfuse):
    server = langfuse("v3")
    query = {"tags": ["a", "b c"], "limit": 1, "name": None}
    assert client(server).request("GET", TRACES, query)["data"] == []
    assert server.requests[0].target.endswith("?tags=a&tags=b+c&limit=1")


def test_a_base_url_may_have_a_path(langfuse):
    server = langfuse("v3", prefix="/langfuse")
    assert server.url.endswith("/langfuse")
    assert client(server).request("GET", PROJECTS)["data"]


def test_a_name_with_a_slash_is_one_step_of_the_path(langfuse):
    with pytest.raises(NotFoundError, match="folder/x"):
        client(langfuse("v3")).request("GET", "/api/public/traces/" + quoted("folder/x"))


def test_wrong_keys_are_a_matter_of_configuration(langfuse):
    with pytest.raises(ConfigError) as caught:
        client(langfuse("v3"), secret_key="sk-wrong").request("GET", PROJECTS)
    said = str(caught.value)
    assert "Invalid credentials" in said and "LANGFUSE_SECRET_KEY" in said
    assert "sk-wrong" not in said


def test_mode_404s_mean_the_wrong_dialect(langfuse):
    with pytest.raises(WrongDialectError, match="events_only") as caught:
        client(langfuse("v4-events_only")).request("GET", "/api/public/sessions", {"limit": 1})
    assert not caught.value.is_unknown_route
    with pytest.raises(WrongDialectError) as caught:
        client(langfuse("v2")).request("GET", "/api/public/v2/observations")
    assert caught.value.is_unknown_route


# Faults and retries


@pytest.mark.parametrize("fault", ["500", "502 html", "503", "reset", "answer lost", "408"])
def test_a_read_is_tried_again_after_a_passing_fault(langfuse, fault):
    server, pauses = langfuse("v3"), Pauses()
    server.fail(fault, times=2)
    assert client(server, sleep=pauses).request("GET", PROJECTS)["data"]
    assert len(pauses) == 2 and 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1


def test_a_cut_off_answer_is_asked_for_again(langfuse):
    server, pauses = langfuse("v3"), Pauses()
    server.fail("truncated json")
    assert client(server, sleep=pauses).request("GET", PROJECTS)["data"]
    assert len(pauses) == 1


@pytest.mark.parametrize("fault", ["500", "reset", "answer lost"])
def test_a_write_that_may_have_happened_is_not_repeated(langfuse, fault):
    server, pauses = langfuse("v3"), Pauses()
    server.fail(fault)
    score = {"id": "s", "name": "q", "value": 1, "traceId": "t"}
    with pytest.raises(UnavailableError):
        client(server, sleep=pauses).request("POST", SCORES, json=score)
    assert len(server.requests) == 1 and not pauses


def test_a_write_is_repeated_when_the_caller_says_so(langfuse):
    server = langfuse("v3")
    server.fail("answer lost")
    score = {"id": "s", "name": "q", "value": 1, "traceId": "t"}
    answer = client(server, sleep=Pauses()).request("POST", SCORES, json=score, retry=True)
    assert answer == {"id": "s"} and list(server.scores()) == ["s"]


@pytest.mark.parametrize("shape", ["json", "text"])
def test_a_rate_limit_says_how_long_to_wait(langfuse, shape):
    server, pauses = langfuse("v3"), Pauses()
    server.fail("429", retry_after=3, shape=shape)
    score = {"id": "s", "name": "q", "value": 1, "traceId": "t"}
    client(server, sleep=pauses).request("POST", SCORES, json=score)
    assert pauses == [3]


def test_a_wait_that_does_not_fit_is_not_begun(langfuse):
    server, pauses = langfuse("v3"), Pauses()
    server.fail("429", retry_after=60)
    with pytest.raises(UnavailableError, match="429") as caught:
        client(server, sleep=pauses).request("GET", PROJECTS, deadline=deadlines.after(50))
    assert caught.value.retry_after == 60 and not pauses


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_nothing_takes_longer_than_the_deadline(langfuse, fault):
    server = langfuse("v3")
    server.fail(fault, times=None)
    http, begin = client(server, timeout=200.0), time.monotonic()
    with pytest.raises(UnavailableError, match="did not answer in time"):
        http.request("GET", PROJECTS, deadline=deadlines.after(0.5))
    assert time.monotonic() - begin < 100
    server.heal()
    assert http.request("GET", PROJECTS)["data"]


def test_a_server_that_does_not_answer_is_given_the_timeout(langfuse):
    server = langfuse("v3")
    server.fail("hang", times=None)
    http = client(server, timeout=0.2)
    with pytest.raises(UnavailableError, match="did not answer in time"):
        http.request("GET", PROJECTS, deadline=deadlines.after(0.6))
    assert len(server.requests) >= 1


def test_what_the_server_said_is_told_when_the_deadline_ends_the_last_try(langfuse):
    server = langfuse("v3")
    server.fail("500", times=1)
    deadline = deadlines.after(100)

    def hang_to_the_end(seconds):
        server.fail("hang", times=None)
        deadline.moment = time.monotonic() + 0.5

    http = client(server, timeout=200.0, sleep=hang_to_the_end)
    with pytest.raises(UnavailableError, match="500"):
        http.request("GET", PROJECTS, deadline=deadline)


def test_a_refused_connection_is_tried_again_even_for_a_write(langfuse):
    server = langfuse("v3")
    server.fail("refuse", seconds=0.3)
    score = {"id": "s", "name": "q", "value": 1, "traceId": "t"}
    assert client(server).request("POST", SCORES, json=score) == {"id": "s"}


def test_a_dead_address_is_a_sentence_about_the_network(langfuse):
    server = langfuse("v3")
    server.fail("refuse")
    with pytest.raises(NetworkError) as caught:
        client(server, sleep=Pauses()).request("GET", PROJECTS, deadline=deadlines.after(60))
    assert caught.value.exit_code == 4
    assert "connection refused" in str(caught.value) and server.url in str(caught.value)


def test_an_unknown_host_is_a_sentence_about_the_network():
    http = client(None, base_url="http://langfuse.invalid", sleep=Pauses())
    with pytest.raises(NetworkError, match="the request to http://langfuse.invalid"):
        http.request("GET", PROJECTS, deadline=deadlines.after(0.5))


def test_a_login_page_is_no_answer_and_is_not_asked_again(langfuse):
    server, pauses = langfuse("v3"), Pauses()
    server.fail("200 html", times=None)
    with pytest.raises(NetworkError, match="login page or a proxy"):
        client(server, sleep=pauses).request("GET", PROJECTS)
    assert not pauses


def test_send_gives_every_answer_and_raises_only_without_one(langfuse):
    server = langfuse("v3")
    http = client(server)
    request = Request(INGESTION, {"Content-Type": "application/json"}, b'{"batch":[]}', [])
    assert http.send(request).status == 207
    server.fail("500")
    assert http.send(request).status == 500
    server.fail("429", retry_after=7)
    assert retry_after(http.send(request)) == 7
    server.fail("answer lost")
    with pytest.raises(UnavailableError) as caught:
        http.send(request)
    assert not caught.value.unsent
    http.close()
    assert http.send(request).status == 207


def test_many_threads_may_ask_at_once(langfuse):
    server = langfuse("v3")
    http, found = client(server), []

    def ask():
        found.append(http.request("GET", PROJECTS)["data"][0]["id"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["test-project"] * 8


def test_leaving_its_block_closes_the_connections_of_all_threads(langfuse):
    server = langfuse("v3")
    with client(server) as http:
        asking = [threading.Thread(target=http.request, args=("GET", PROJECTS)) for _ in range(3)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        http.request("GET", PROJECTS)
        open_ones = server.open_connections
    assert open_ones == 4
    server.wait_until(lambda: server.open_connections == 0)
