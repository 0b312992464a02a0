"""The stand-in of Langfuse as a server: its paths, its keys, many clients, a process of its own."""

import json
import os
import subprocess
import sys
import threading
import urllib.request

import langfuse_server
import pytest
from langfuse_server import KINDS
from langfuse_server.client import Client
from server_talk import INGESTION, Start, event

pytestmark = pytest.mark.once


def test_a_prefix_belongs_to_every_path(langfuse: Start) -> None:
    server = langfuse("v3", prefix="/langfuse/")
    assert server.url.endswith("/langfuse")
    assert Client(server)("GET", "/api/public/health").status == 200
    bare = Client(server)
    bare.prefix = ""
    assert bare("GET", "/api/public/health").status == 404
    assert server.requests[0].path == "/api/public/health"


def test_keys_and_project_are_its_own(langfuse: Start) -> None:
    server = langfuse("v3", public_key="pk", secret_key="sk", project_id="p", project_name="P")
    (project,) = Client(server)("GET", "/api/public/projects").body["data"]
    assert (project["id"], project["name"]) == ("p", "P")


def test_resources_that_are_not_played_say_so(langfuse: Start) -> None:
    result = Client(langfuse("v3"))("GET", "/api/public/models/name")
    assert result.status == 501


def test_many_clients_at_once(langfuse: Start) -> None:
    server = langfuse("v3")

    def work(number: int) -> None:
        client = Client(server)
        for one in range(20):
            name = "%d-%d" % (number, one)
            client("POST", INGESTION, {"batch": [event("e" + name, "trace-create", id=name)]})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.traces()) == 160 == len(server.requests)
    assert {server.accepted_count(trace_id) for trace_id in server.traces()} == {1}
    assert {request.status for request in server.requests} == {207}


def test_it_runs_in_a_process_of_its_own() -> None:
    folder = os.path.dirname(os.path.dirname(langfuse_server.__file__))
    command = [sys.executable, "-m", "langfuse_server", "v3"]
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True
    )
    url = process.stdout.readline().strip()
    with urllib.request.urlopen(url + "/api/public/health") as answer:
        assert json.loads(answer.read().decode("utf-8"))["version"] == KINDS["v3"].version
    process.communicate()
    assert process.returncode == 0
