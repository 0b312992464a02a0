"""The stand-in for Langfuse is held to recordings of real servers: every recorded request is sent
to it in order, and its answers must have the recorded status, content type and shape."""

import json
import pathlib
from typing import Any, Dict, List

import pytest
from langfuse_server import KINDS, LangfuseServer
from langfuse_server.client import Client, Result
from langfuse_server.shapes import differences

RECORDINGS = pathlib.Path(__file__).parent / "data" / "langfuse"

# Exchanges that are not compared, by name. All of them belong to resources that the stand-in does
# not play yet; the tests below fail when it does, and when an exchange is neither here nor played.
NOT_PLAYED = {
    "prompts": [
        "prompt create text",
        "prompt create second version",
        "prompt create chat",
        "prompt create wrong type",
        "prompts list",
        "prompt get production",
        "prompt get latest",
        "prompt get version 1",
        "prompt get missing label",
        "prompt get missing",
        "prompt label patch",
        "prompts list limit too large",
    ],
    "datasets": [
        "dataset create",
        "datasets list",
        "dataset get",
        "dataset get missing",
        "dataset item create",
        "dataset item create in a missing dataset",
        "dataset items list",
        "dataset item get",
        "dataset run item create",
        "dataset runs",
    ],
    "media": [
        "media upload url",
        "media get missing",
        "media bad content type",
        "media patch",
        "media get",
        "media upload url, same file again",
    ],
    "comments": [
        "comment create",
        "comment create lower-case type",
        "comment on a missing trace",
        "comments list",
    ],
    "metrics": ["metrics v2"],
}
NOT_COMPARED = {name for names in NOT_PLAYED.values() for name in names}


def recording(kind: str) -> Dict[str, Any]:
    return json.loads((RECORDINGS / (kind + ".json")).read_text(encoding="utf-8"))


def trace_event(trace_id: str, name: str, time: str, **body: Any) -> Dict[str, Any]:
    body = dict(body, id=trace_id, name=name, timestamp=time)
    return {"id": "event-" + trace_id, "type": "trace-create", "timestamp": time, "body": body}


def lay_in_what_was_there(kind: str, server: LangfuseServer, client: Client) -> None:
    """The recorded servers of three kinds held data from before, which two probes show."""
    if kind == "v4-events_only":
        exchanges = recording("v4-dual")["exchanges"]
        request = [one for one in exchanges if one["name"] == "otlp json tree"][0]["request"]
        client("POST", request["path"], request["body"], headers=request["headers"])
    probes = {one["name"]: one for one in recording(kind)["exchanges"]}
    made = sum(name.startswith("score-config create ") for name in probes) - 1  # one is refused
    for number in range(len(probes["score-configs list"]["shape"]["data"]) - made):
        config = {"name": "Before %d" % number, "dataType": "BOOLEAN"}
        client("POST", "/api/public/score-configs", config)
    batch = []
    for row in probes["mode probe sessions"].get("shape", {}).get("data", []):
        session = row["id"][len("id:") :]
        time = "2026-01-01T00:00:00.000Z"
        batch.append(trace_event("before", "before", time, sessionId=session))
    if kind == "v4-dual":
        row = probes["mode probe v2 observations"]["shape"]["data"][0]
        trace_id = row["id"][len("id:t-") :]
        batch.append(trace_event(trace_id, "otel", "2026-01-02T00:00:00.000Z"))
    if batch:
        client("POST", "/api/public/ingestion", {"batch": batch})
        server.propagate()


def replace_ids(value: Any, ids: Dict[str, str]) -> Any:
    """The value with the ids that this run's server gave instead of the recorded server's."""
    text = json.dumps(value)
    for recorded, given in ids.items():
        text = text.replace(recorded, given)
    return json.loads(text)


def compare(exchange: Dict[str, Any], result: Result, ids: Dict[str, str]) -> List[str]:
    content_type = result.headers.get("Content-Type")
    found = []
    if result.status != exchange["status"]:
        found.append("status %d, recorded %d" % (result.status, exchange["status"]))
    elif content_type != exchange["content_type"]:
        found.append("type %s, recorded %s" % (content_type, exchange["content_type"]))
    elif "body" in exchange:
        if result.body != replace_ids(exchange["body"], ids):
            found.append("%r\n    recorded %r" % (result.body, exchange["body"]))
    else:
        found = differences(exchange["shape"], result.body, ids)
    return ["%s: %s" % (exchange["name"], difference) for difference in found]


def learn_id(exchange: Dict[str, Any], result: Result, ids: Dict[str, str]) -> None:
    """Ids that the server makes up differ from the recorded ones: later requests need this run's."""
    shape = exchange.get("shape")
    recorded = shape.get("id", "") if isinstance(shape, dict) else ""
    if exchange["request"]["method"] == "POST" and len(recorded) > len("id:") + 8:
        if isinstance(result.body, dict) and isinstance(result.body.get("id"), str):
            ids[recorded[len("id:") :]] = result.body["id"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_answers_are_the_recorded_ones(kind: str) -> None:
    recorded = recording(kind)
    assert recorded["version"] == KINDS[kind].version
    ids: Dict[str, str] = {}
    found: List[str] = []
    compared = 0
    with LangfuseServer(kind) as server:
        client = Client(server)
        lay_in_what_was_there(kind, server, client)
        for exchange in recorded["exchanges"]:
            if exchange["name"] in NOT_COMPARED:
                continue
            request = exchange["request"]
            result = client(
                request["method"],
                replace_ids(request["path"], ids),
                replace_ids(request.get("body"), ids),
                replace_ids(request.get("query"), ids),
                request.get("headers"),
                request["auth"],
            )
            learn_id(exchange, result, ids)
            found += compare(exchange, result, ids)
            compared += 1
    assert not found, "\n".join(found)
    skipped = [one for one in recorded["exchanges"] if one["name"] in NOT_COMPARED]
    assert compared == len(recorded["exchanges"]) - len(skipped)
    assert compared >= 50


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_not_compared_is_what_is_not_played(kind: str) -> None:
    with LangfuseServer(kind) as server:
        client = Client(server)
        for exchange in recording(kind)["exchanges"]:
            request = exchange["request"]
            played = client(request["method"], request["path"]).status != 501
            assert played == (exchange["name"] not in NOT_COMPARED), exchange["name"]


def test_every_exchange_that_is_not_compared_was_recorded() -> None:
    names = {one["name"] for kind in KINDS for one in recording(kind)["exchanges"]}
    assert names >= NOT_COMPARED
