"""The stand-in for Langfuse is held to recordings of real servers: every recorded request is sent
to it in order, and its answers must have the recorded status, content type and shape."""

import json
from typing import Any, Dict, List

import pytest
from langfuse_server import KINDS, LangfuseServer
from langfuse_server.client import Client, Result
from langfuse_server.shapes import differences
from places import DATA

pytestmark = pytest.mark.once

RECORDINGS = DATA / "langfuse"

NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
# Exchanges that are not compared, by name. Most of them belong to resources that the stand-in does
# not play; the tests below fail when it does, and when an exchange is neither here nor played.
NOT_PLAYED = {
    "models": ["models list", "model create"],
    "annotation queues": ["annotation-queues list", "annotation-queue create"],
}
NOT_COMPARED = {name for names in NOT_PLAYED.values() for name in names}
# Aggregations over data from before the recording.
OF_OTHER_DATA = {
    "v3-more": {
        "metrics of observations by name",
        "metrics of traces by name",
        "metrics of tokens by model and day",
    },
    "v4": {
        "metrics v2",
        "v2/metrics of observations by name",
        "v2/metrics of tokens by model and day",
    },
}


def recording(name: str) -> Dict[str, Any]:
    return json.loads((RECORDINGS / (name + ".json")).read_text(encoding="utf-8"))


def compared_of(name: str) -> List[Dict[str, Any]]:
    left_out = NOT_COMPARED.union(OF_OTHER_DATA.get("v4" if name.startswith("v4") else name, ()))
    return [one for one in recording(name)["exchanges"] if one["name"] not in left_out]


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
    lay_in_prompts_and_datasets(probes, client)
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


def lay_in_prompts_and_datasets(probes: Dict[str, Any], client: Client) -> None:
    """What the recorded listings hold beyond what their exchanges make: two prompts, a dataset.

    Prompts are listed by name. Where the first does not look like one of these two (versions 1
    and 2, two labels), the page is full of older ones.
    """
    rows = probes["prompts list"]["shape"]["data"]
    ours_first = len(rows[0]["versions"]) == len(rows[0]["labels"])
    for number, row in enumerate(rows[2:] if ours_first else rows):
        labels = ["label-%d" % one for one in range(len(row["labels"]) - 1)]
        body = {"name": "%s/%d" % ("old" if ours_first else "earlier", number), "prompt": "p"}
        body["tags"] = ["t" for _ in row["tags"]]
        for _ in row["versions"]:
            client("POST", "/api/public/v2/prompts", dict(body, labels=labels))
            labels = []
    for number in range(len(probes["datasets list"]["shape"]["data"]) - 1):
        client("POST", "/api/public/v2/datasets", {"name": "old/%d" % number})


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


def learn_run_id(exchange: Dict[str, Any], result: Result, ids: Dict[str, str]) -> None:
    """A run is made by its first item, whose recorded shape does not keep the run's id."""
    if exchange["name"] in ("dataset run item create", "dataset-run-item create"):
        ids["the run"] = result.body["datasetRunId"]
    elif exchange["name"] in ("dataset runs", "dataset runs list") and "shape" in exchange:
        recorded = exchange["shape"]["data"][0]["id"]
        ids[recorded[len("id:") :]] = ids["the run"]


def learn_media_id(name: str, result: Result, ids: Dict[str, str]) -> None:
    """The recorded id is in the path of a later request only."""
    paths = {one["name"]: one["request"]["path"] for one in recording(name)["exchanges"]}
    ids[paths["media patch"].rsplit("/", 1)[-1]] = result.body["mediaId"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_versions_are_the_recorded_ones(kind: str) -> None:
    assert recording(kind)["version"] == KINDS[kind].version


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_the_recorded_ones(name: str) -> None:
    kind = name.replace("-more", "")
    ids: Dict[str, str] = {}
    found: List[str] = []
    exchanges = compared_of(name)
    options = {"stores_media": True, "traces_itself": True} if name != kind else {}
    with LangfuseServer(kind, **options) as server:
        client = Client(server)
        if name == kind:
            lay_in_what_was_there(kind, server, client)
        for exchange in exchanges:
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
            learn_run_id(exchange, result, ids)
            if name != kind and exchange["name"] == "media create":
                learn_media_id(name, result, ids)
            found += compare(exchange, result, ids)
    assert not found, "\n".join(found)
    assert len(exchanges) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_compared_is_what_is_not_played(name: str) -> None:
    with LangfuseServer(name.replace("-more", "")) as server:
        client = Client(server)
        for exchange in recording(name)["exchanges"]:
            request = exchange["request"]
            played = client(request["method"], request["path"]).status != 501
            assert played == (exchange["name"] not in NOT_COMPARED), exchange["name"]


def test_every_exchange_that_is_not_compared_was_recorded() -> None:
    names = {one["name"] for name in NAMES for one in recording(name)["exchanges"]}
    assert names >= NOT_COMPARED.union(*OF_OTHER_DATA.values())
