"""The names for media, comments and session files that scripts import."""

import base64
import hashlib
import json

import pytest
from langfuse_server import LangfuseServer
from servers import point_at

from coaiapy import cofuse
from coaiapy.errors import ConfigError, NotFoundError, UsageError

CONTENT = b"some words\n"


@pytest.fixture(params=["v3", "v4-events_only"])
def server(request, monkeypatch, project):
    (project / "words.txt").write_bytes(CONTENT)
    with LangfuseServer(request.param) as running:
        point_at(monkeypatch, running)
        cofuse.add_trace("run-1", user_id="john", session_id="s-1", name="Run", input_data={"q": 0})
        cofuse.add_observation("step-1", "run-1", observation_type="SPAN", name="Load")
        yield running


def trace():
    return json.loads(cofuse.get_trace_with_observations("run-1"))


def test_upload_and_attach(server, capsys):
    before = trace()
    done = cofuse.upload_and_attach_media("words.txt", "run-1")
    assert done["success"] is True and done["upload_time_ms"] >= 0
    assert set(done) == {
        "success",
        "media_id",
        "media_token",
        "media_data",
        "message",
        "upload_time_ms",
    }
    assert done["media_data"]["contentLength"] == len(CONTENT)
    found = trace()
    assert found == dict(before, input={"q": 0, "media": done["media_token"]})
    again = cofuse.upload_and_attach_media(
        "words.txt", "run-1", field="output", observation_id="step-1", content_type="text/markdown"
    )
    assert again["success"] is True and again["media_id"] == done["media_id"]
    step = trace()["observations"][0]
    assert step == dict(before["observations"][0], output=again["media_token"])
    shown = cofuse.format_media_display(cofuse.get_media(done["media_id"]))
    assert "text/plain" in shown
    assert capsys.readouterr().out == ""


def test_a_failed_upload_is_no_success(server):
    server.storage.fail(403)
    done = cofuse.upload_and_attach_media("words.txt", "run-1")
    assert done["success"] is False and "403" in done["error"]
    assert cofuse.upload_and_attach_media("none.txt", "run-1")["success"] is False
    assert "nope" in cofuse.upload_and_attach_media("words.txt", "nope")["error"]
    assert "error" in json.loads(cofuse.get_media("nope"))
    assert trace()["input"] == {"q": 0}


def test_the_steps_of_an_upload(server):
    digest = cofuse.calculate_sha256("words.txt")
    assert digest == base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    kind = cofuse.detect_content_type("words.txt")
    assert cofuse.validate_content_type(kind) == {"valid": True, "message": ""}
    assert kind in cofuse.SUPPORTED_CONTENT_TYPES
    wrong = cofuse.validate_content_type("text/plane")
    assert wrong["valid"] is False and "text/plain" in wrong["message"]
    asked = json.loads(cofuse.get_media_upload_url("run-1", kind, len(CONTENT), digest))
    done = cofuse.upload_media_to_url(asked["uploadUrl"], "words.txt", "image/png", digest)
    assert (done["success"], done["status_code"]) == (False, 403)
    assert cofuse.upload_media_to_url("ftp://x", "words.txt", kind)["status_code"] == 0
    assert cofuse.upload_media_to_url(asked["uploadUrl"], "none", kind)["success"] is False
    done = cofuse.upload_media_to_url(asked["uploadUrl"], "words.txt", kind)
    assert (done["success"], done["status_code"]) == (True, 200)
    assert "error" in json.loads(cofuse.get_media(asked["mediaId"]))
    cofuse.patch_media_upload_status(asked["mediaId"], 200, done["upload_time_ms"])
    assert json.loads(cofuse.get_media(asked["mediaId"]))["contentType"] == kind
    again = cofuse.get_media_upload_url("run-1", kind, len(CONTENT), digest)
    assert json.loads(again)["uploadUrl"] is None
    token = cofuse.create_langfuse_media_token(asked["mediaId"], kind)
    written = json.loads(cofuse.attach_media_token_to_trace("run-1", token, "metadata"))
    assert written["successes"] == [{"id": "run-1", "status": 201}]
    written = cofuse.attach_media_token_to_observation("step-1", "run-1", token)
    assert json.loads(written)["successes"][0]["id"] == "step-1"
    found = trace()
    assert found["metadata"] == {"media": token}
    assert found["observations"][0]["input"] == token
    assert "error" in json.loads(cofuse.attach_media_token_to_trace("nope", token))
    assert "error" in json.loads(cofuse.attach_media_token_to_trace("run-1", token, "name"))
    assert "error" in json.loads(cofuse.get_media_upload_url("t", "x/y", 1, digest))


def test_comments(server, capsys):
    posted = json.loads(cofuse.post_comment("hello", "trace", "run-1"))["id"]
    assert json.loads(cofuse.get_comment_by_id(posted))["content"] == "hello"
    json.loads(cofuse.post_comment("step", object_type="OBSERVATION", object_id="step-1"))
    found = json.loads(cofuse.get_comments("TRACE", "run-1"))
    assert [one["id"] for one in found["data"]] == [posted]
    assert found["meta"]["totalItems"] == 1
    assert len(json.loads(cofuse.get_comments())["data"]) == 2
    assert len(json.loads(cofuse.get_comments(object_type="observation"))["data"]) == 1
    assert len(json.loads(cofuse.get_comments(page=2, limit=1))["data"]) == 1
    assert json.loads(cofuse.get_comments("TRACE", "nope"))["data"] == []
    with pytest.raises(NotFoundError):
        cofuse.post_comment("hello", "TRACE", "nope")
    with pytest.raises(UsageError):
        cofuse.post_comment("hello", "DATASET", "nope")
    assert capsys.readouterr().out == ""


def test_session_files(server, project):
    made = json.loads(cofuse.create_session_and_save("my.yml", "s-2", "john", session_name="Work"))
    assert made["successes"] == [{"id": "s-2", "status": 201}]
    cofuse.add_trace_node_and_save("my.yml", "s-2", "t-2", "john", node_name="Node")
    session = {"session_id": "s-2", "nodes": [{"trace_id": "t-2", "name": "Node"}]}
    assert cofuse.load_session_file("my.yml") == session
    cofuse.save_session_file("copy.yml", session)
    assert (project / "copy.yml").read_bytes() == (project / "my.yml").read_bytes()
    names = {one["name"] for one in json.loads(cofuse.get_session("s-2"))["traces"]}
    assert names == {"Work", "Node"}
    (project / "bad.yml").write_text("- a\n")
    nothing = {"session_id": None, "nodes": []}
    assert cofuse.load_session_file("bad.yml") == cofuse.load_session_file("no.yml") == nothing


def test_without_a_server(project):
    (project / "words.txt").write_bytes(CONTENT)
    assert "error" in json.loads(cofuse.get_media("m"))
    assert cofuse.upload_and_attach_media("words.txt", "t")["success"] is False
    with pytest.raises(ConfigError):
        cofuse.get_comments()
    made = json.loads(cofuse.create_session_and_save("my.yml", "s", "john"))
    assert made["successes"] == [{"id": "s", "status": 202}]
