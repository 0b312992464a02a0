"""The names that scripts import: keywords, JSON texts, and failures that raise."""

import json

import pytest
from langfuse_server import LangfuseServer
from reading import EVERY

from coaiapy import cofuse
from coaiapy.config import settings
from coaiapy.errors import ConfigError, RefusedError, UsageError
from coaiapy.langfuse.records.records import trace_from
from coaiapy.langfuse.traces import traces


@pytest.fixture(params=["local", "v3", "v4-events_only"])
def place(request, monkeypatch):
    """Work locally or against a server of each generation; give the server or ``None``."""
    if request.param == "local":
        yield None
        return
    with LangfuseServer(request.param) as server:
        point_to(server, monkeypatch)
        yield server


def point_to(server, monkeypatch, secret="sk-test"):
    monkeypatch.setenv("LANGFUSE_BASE_URL", server.url)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-test")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", secret)


def write_two(place):
    cofuse.add_trace("run-1", user_id="john", session_id="s-1", name="Run", input_data={"q": 0})
    return cofuse.add_observation(
        "step-1", "run-1", observation_type="SPAN", name="Load", start_time="260131120000"
    )


def test_a_write_answers_like_an_ingestion(place):
    answer = json.loads(write_two(place))
    status = 201 if place else 202
    assert answer == {"successes": [{"id": "step-1", "status": status}], "errors": []}


def test_what_was_written_is_read_back(place, capsys):
    write_two(place)
    cofuse.patch_trace_output("run-1", False)
    trace = json.loads(cofuse.get_trace_with_observations("run-1"))
    assert (trace["name"], trace["userId"], trace["input"]) == ("Run", "john", {"q": 0})
    assert trace["output"] is False
    [step] = trace["observations"]
    assert (step["id"], step["startTime"]) == ("step-1", "2026-01-31T12:00:00.000Z")
    assert json.loads(cofuse.get_observation("step-1"))["name"] == "Load"
    assert [row["id"] for row in json.loads(cofuse.list_traces(user_id="john"))] == ["run-1"]
    assert json.loads(cofuse.list_traces(user_id="jane")) == []
    assert [row["id"] for row in json.loads(cofuse.list_sessions())["data"]] == ["s-1"]
    assert json.loads(cofuse.list_sessions(1, 50, None, "2020-01-01"))["data"] == []
    assert json.loads(cofuse.get_session("s-1"))["traces"][0]["id"] == "run-1"
    rows = json.loads(cofuse.list_observations_v2(trace_id="run-1"))["data"]
    assert "step-1" in [row["id"] for row in rows]
    assert "Load" in cofuse.format_trace_tree(trace)
    assert "Total traces: 1" in cofuse.format_traces_table(cofuse.list_traces())
    assert capsys.readouterr().out == ""


def test_reads_that_name_an_error_key_do_not_raise(place):
    assert "nope" in json.loads(cofuse.get_trace_with_observations("nope"))["error"]
    assert "nope" in json.loads(cofuse.get_observation("nope"))["error"]


def test_a_batch_is_checked_whole(place):
    good = [{"id": "a", "name": "one"}, {"name": "two", "type": "SPAN"}]
    with pytest.raises(UsageError, match="item 2"):
        cofuse.add_observations_batch("run-2", [good[0], {"name": 2}])
    preview = json.loads(cofuse.add_observations_batch("run-2", good, dry_run=True))
    assert preview["total_observations"] == 2
    answer = json.loads(cofuse.add_observations_batch("run-2", json.dumps(good)))
    assert answer["successes"][0]["id"] == "a" and len(answer["successes"]) == 2
    assert preview["observations_preview"][1]["id"] == answer["successes"][1]["id"]


def test_a_yaml_batch(place):
    answer = cofuse.add_observations_batch("run-3", "- name: one\n- name: two\n", "yaml")
    assert len(json.loads(answer)["successes"]) == 2


def test_wrong_keys_raise(monkeypatch):
    with LangfuseServer("v3") as server:
        point_to(server, monkeypatch, secret="wrong")
        with pytest.raises(ConfigError):
            cofuse.add_trace("run-1")


def test_a_refusal_raises(monkeypatch):
    with LangfuseServer("v3") as server:
        point_to(server, monkeypatch)
        server.fail("half refused", times=None, status=400)
        with pytest.raises(RefusedError):
            cofuse.add_observations_batch("run-1", [{"name": "one"}, {"name": "two"}])


def test_a_server_that_is_down_keeps_the_write(monkeypatch):
    with LangfuseServer("v3") as server:
        point_to(server, monkeypatch)
        cofuse.add_trace("run-1")
        server.fail("refuse")
        monkeypatch.setattr("coaiapy.patience.DELIVERY", 0.5)
        answer = json.loads(cofuse.add_trace("run-2"))
        assert answer["successes"] == [{"id": "run-2", "status": 202}]
        server.heal()
        for name in ("DELIVERY", "BRIEF", "BRIEF_REST", "BACKLOG"):
            monkeypatch.setattr("coaiapy.patience." + name, 60.0)
        cofuse.add_trace("run-3")
        assert set(server.traces()) == {"run-1", "run-2", "run-3"}


def test_projects(monkeypatch):
    with LangfuseServer("v3") as server:
        point_to(server, monkeypatch)
        assert json.loads(cofuse.list_projects())["data"][0]["id"] == "test-project"


def test_event_ids_give_way_to_the_record_s_own():
    text = json.dumps({"successes": [{"id": "x-event", "status": 201}], "errors": []})
    assert json.loads(cofuse.process_langfuse_response(text, "x"))["successes"][0]["id"] == "x"
    for text in ("not JSON", '{"successes": ["a"]}', '{"successes": 5}', "[]", '"successes"'):
        assert cofuse.process_langfuse_response(text, "x") == text


@pytest.mark.parametrize("kind", ["local"] + EVERY)
def test_traces_of_one_version_or_release(use, kind):
    use(kind)
    for name in ("1", "2"):
        given = {"id": "t" + name, "version": "v" + name, "release": "r" + name}
        traces.submit(settings.load(), [trace_from(given)])
    for chosen in ({"version": "v1"}, {"release": "r1"}, {"version": "v1", "release": "r1"}):
        for limit in (1, 50):
            found = json.loads(cofuse.list_traces(limit=limit, **chosen))
            assert [trace["id"] for trace in found] == ["t1"]
    assert json.loads(cofuse.list_traces(version="v1", release="r2")) == []
    assert json.loads(cofuse.list_traces(version="v1", page=2, limit=1)) == []


@pytest.mark.parametrize("wrong", [{"page": 0}, {"limit": 0}, {"limit": "5"}, {"page": -1}])
def test_a_page_that_cannot_be_is_refused(wrong):
    for function in (cofuse.list_traces, cofuse.list_sessions):
        with pytest.raises(UsageError, match=list(wrong)[0]):
            function(**wrong)


def test_times():
    assert cofuse.parse_tlid_to_iso("2601311200") == "2026-01-31T12:00:00Z"
    with pytest.raises(ValueError):
        cofuse.parse_tlid_to_iso("261331120000")
    assert cofuse.detect_and_parse_datetime("") is None
    with pytest.raises(UsageError):
        cofuse.detect_and_parse_datetime("yesterday")
