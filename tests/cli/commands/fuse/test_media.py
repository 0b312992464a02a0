"""The commands ``coaia fuse media upload``, ``get`` and ``download``, with a storage of its own."""

import base64
import hashlib
import json

import pytest
from langfuse_server import KINDS
from langfuse_server.client import Client

from coaiapy.config import settings
from coaiapy.errors import ExitCode, NotFoundError, RefusedError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.media import media, transfer
from coaiapy.langfuse.media.files import token
from coaiapy.util.http import retry

KINDS_WITH_STORAGE = sorted(set(KINDS) - {"v2"})
BOTH = ["v3", "v4-events_only"]
CONTENT = b"\x89PNG not really a picture \x00\xff" * 40
MEDIA_ID = base64.urlsafe_b64encode(hashlib.sha256(CONTENT).digest()).decode()[:22]
TOKEN = token(MEDIA_ID, "image/png")
TRACE = "4e2b1c1a-2a46-4f53-9d0c-1f3b9a0c7a11"
START, END = "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:07.000Z"


@pytest.fixture(autouse=True)
def brief_pauses(monkeypatch):
    monkeypatch.setattr(retry, "backoff", lambda attempt: 0.01)


@pytest.fixture
def picture(project):
    path = project / "picture.png"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def trace(run):
    """Return a function that writes a trace with one generation and shows both."""

    def write():
        words = [TRACE, "-n", "run", "-u", "john", "-s", "s1", "-i", "question", "--tag", "a"]
        words += ["-m", '{"k": "v"}', "--timestamp", START]
        assert run("fuse", "traces", "create", *words).code == 0
        words = ["step", TRACE, "-tg", "-n", "think", "--start-time", START, "--end-time", END]
        words += ["-i", '[{"role": "user", "content": "hi"}]', "--model", "m1"]
        words += ["--usage", '{"input": 3, "output": 4}', "-o", '{"answer": 1}']
        result = run("fuse", "traces", "add-observation", *words)
        assert result.code == 0, result.err
        return shown(run)

    return write


def shown(run):
    found = json.loads(run("fuse", "traces", "trace-view", TRACE, "--json").out)
    return found, found.pop("observations")[0]


@pytest.mark.parametrize("kind", KINDS_WITH_STORAGE)
def test_a_file_goes_up_and_comes_down_and_nothing_else_changes(
    run, use, trace, picture, project, kind
):
    server = use(kind)
    before, step_before = trace()
    result = run("fuse", "media", "upload", "picture.png", TRACE)
    assert (result.code, result.out) == (0, MEDIA_ID + "\n"), result.err
    assert server.storage.files[MEDIA_ID] == CONTENT
    found, step = shown(run)
    assert found == dict(before, input="question\n" + TOKEN)
    assert step == step_before
    result = run("fuse", "media", "upload", "picture.png", TRACE, "-o", "step", "-f", "output")
    assert result.code == 0, result.err
    found, step = shown(run)
    assert found == dict(before, input="question\n" + TOKEN)
    assert step == dict(step_before, output={"answer": 1, "media": TOKEN})
    assert len([one for one in server.storage.requests if one[0] == "PUT"]) == 1
    kept = [(one["observationId"] is not None, one["field"]) for one in server.media_links]
    assert kept == [(False, "input"), (True, "output")]
    assert {one["traceId"] for one in server.media_links} <= set(server.traces())
    about = json.loads(run("fuse", "media", "get", MEDIA_ID, "--json").out)
    assert (about["contentType"], about["contentLength"]) == ("image/png", len(CONTENT))
    assert "image/png" in run("fuse", "media", "get", TOKEN).out
    result = run("fuse", "media", "download", TOKEN)
    assert (result.code, result.out) == (0, MEDIA_ID + ".png\n")
    assert (project / (MEDIA_ID + ".png")).read_bytes() == CONTENT
    assert run("fuse", "media", "download", MEDIA_ID, "-O", "other").out == "other\n"
    assert (project / "other").read_bytes() == CONTENT


@pytest.mark.parametrize("kind", KINDS_WITH_STORAGE)
def test_metadata_and_lists_are_added_to(run, use, trace, picture, kind):
    use(kind)
    before, step_before = trace()
    for words in (("-f", "metadata"), ("-o", "step"), ("-o", "step", "-f", "metadata")):
        for _ in range(2):
            result = run("fuse", "media", "upload", "picture.png", TRACE, *words)
            assert result.code == 0, result.err
    found, step = shown(run)
    assert found == dict(before, metadata={"k": "v", "media": TOKEN})
    with_media = step_before["input"] + [TOKEN]
    assert step == dict(step_before, input=with_media, metadata={"media": TOKEN})


@pytest.mark.parametrize("kind", KINDS_WITH_STORAGE)
def test_what_was_written_elsewhere_keeps_its_fields(run, use, trace, picture, home, kind):
    use(kind)
    before, step_before = trace()
    (home / ".coaia" / "coaia.db").unlink()
    result = run("fuse", "media", "upload", "picture.png", TRACE, "-o", "step", "--json")
    assert result.code == 0, result.err
    answer = json.loads(result.out)
    assert answer["success"] is True and answer["media_token"] == TOKEN
    result = run("fuse", "media", "upload", "picture.png", TRACE, "-f", "output")
    assert result.code == 0, result.err
    found, step = shown(run)
    assert step == dict(step_before, input=step_before["input"] + [TOKEN])
    assert found == dict(before, output=TOKEN)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("words", [(), ("-o", "step")])
def test_a_second_file_stays_beside_the_first_while_the_server_lags(
    run, use, trace, picture, project, kind, words
):
    server = use(kind, visible_after=1000)
    trace()
    server.show_all()
    (project / "notes.txt").write_bytes(b"notes")
    tokens = []
    for name in ("picture.png", "notes.txt"):
        result = run("fuse", "media", "upload", name, TRACE, "--json", *words)
        assert result.code == 0, result.err
        tokens.append(json.loads(result.out)["media_token"])
    server.show_all()
    found, step = shown(run)
    text = json.dumps(step["input"] if words else found["input"])
    assert all(one in text for one in tokens)


@pytest.mark.parametrize("kind", BOTH)
def test_no_key_goes_to_the_storage(run, use, trace, picture, home, kind):
    server = use(kind)
    (home / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    (home / ".netrc").chmod(0o600)
    trace()
    assert run("fuse", "media", "upload", "picture.png", TRACE).code == 0
    assert run("fuse", "media", "download", MEDIA_ID).code == 0
    assert [one[0] for one in server.storage.requests] == ["PUT", "GET"]
    for _, _, headers in server.storage.requests:
        assert "authorization" not in headers
        assert not [name for name in headers if name.startswith("x-langfuse")]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("status, code", [(503, 4), (403, 5), (0, 4), (307, 5)])
def test_a_storage_that_fails_is_no_success(run, use, trace, picture, kind, status, code):
    server = use(kind)
    before, _ = trace()
    server.storage.fail(status, 10)
    result = run("fuse", "media", "upload", "picture.png", TRACE)
    assert (result.code, result.out) == (code, ""), result.err
    assert result.err.count("\n") == 1 and "127.0.0.1" in result.err
    assert "Signature" not in result.err
    assert shown(run)[0] == before
    assert run("fuse", "media", "get", MEDIA_ID).code == ExitCode.FAILED
    told = [one.body["uploadHttpStatus"] for one in server.requests if one.method == "PATCH"]
    assert told == ([status] if status else [])
    server.storage.planned_nothing()
    assert run("fuse", "media", "upload", "picture.png", TRACE).code == 0
    assert shown(run)[0]["input"] == "question\n" + TOKEN


def test_a_storage_that_fails_for_a_moment_is_asked_again(run, use, trace, picture):
    server = use("v3")
    trace()
    server.storage.fail(503)
    server.storage.fail(0)
    assert run("fuse", "media", "upload", "picture.png", TRACE).code == 0
    server.storage.fail(503)
    assert run("fuse", "media", "download", MEDIA_ID).code == 0


def test_a_server_that_does_not_confirm_is_no_success(run, use, trace, picture, short_waits):
    server = use("v3")
    before, _ = trace()
    server.fail("500", times=None, path="/media/", method="PATCH")
    known = settings.load()
    http = LangfuseHttp(known, seconds=60.0)
    file = media.files.examine("picture.png")
    with pytest.raises(transfer.NetworkError):
        media.store(http, file, media.Slot(TRACE))
    assert shown(run)[0] == before
    server.heal()
    media.store(http, file, media.Slot(TRACE))
    server.media[MEDIA_ID]["contentLength"] = 7
    with pytest.raises(RefusedError):
        media.store(http, file, media.Slot(TRACE))


def test_a_reference_that_waits_is_no_success(run, use, trace, picture):
    server = use("v3")
    trace()
    server.fail("503", times=None, path="/ingestion")
    words = ["picture.png", TRACE, "--json", "--timeout", "1"]
    result = run("fuse", "media", "upload", *words)
    assert result.code == ExitCode.NETWORK
    answer = json.loads(result.out)
    assert answer["success"] is False and "outbox" in answer["error"]
    server.heal()
    assert run("fuse", "outbox", "flush").code == 0
    assert shown(run)[0]["input"] == "question\n" + TOKEN


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT), b""])
def test_other_bytes_than_were_uploaded_are_not_kept(run, use, trace, picture, project, content):
    server = use("v3")
    trace()
    run("fuse", "media", "upload", "picture.png", TRACE)
    server.storage.corrupt(MEDIA_ID, content)
    result = run("fuse", "media", "download", MEDIA_ID, "-O", "down.png")
    assert (result.code, result.out) == (ExitCode.REFUSED, "")
    assert MEDIA_ID in result.err
    assert not (project / "down.png").exists()


def test_mistakes_are_said_before_anything_is_sent(run, use, trace, picture, project):
    server = use("v3")
    trace()
    (project / "empty.txt").write_bytes(b"")
    server.forget_requests()
    for words, code, said in [
        (("none.png", TRACE), ExitCode.STATE, "none.png"),
        (("empty.txt", TRACE), ExitCode.USAGE, "empty.txt"),
        (("picture.png", TRACE, "-c", "image/pgn"), ExitCode.USAGE, "image/png"),
        (("picture.png", TRACE, "-f", "name"), ExitCode.USAGE, "name"),
        (("picture.png", "nope"), ExitCode.FAILED, "'nope'"),
        (("picture.png", TRACE, "-o", "nope"), ExitCode.FAILED, "'nope'"),
    ]:
        result = run("fuse", "media", "upload", *words)
        assert (result.code, result.out) == (code, ""), words
        assert said in result.err and result.err.count("\n") == 1
    assert not [one for one in server.requests if one.method != "GET"]
    assert not server.storage.requests
    with pytest.raises(NotFoundError):
        media.get_media(settings.load(), "nope")


def test_a_server_without_storage_says_so(run, use, trace, picture):
    use("v2")
    before, _ = trace()
    result = run("fuse", "media", "upload", "picture.png", TRACE)
    assert (result.code, result.out) == (ExitCode.REFUSED, "")
    assert "no storage for media" in result.err
    assert shown(run)[0] == before


@pytest.mark.parametrize("words", [("upload", "picture.png", "t"), ("get", "m"), ("download", "m")])
def test_local_mode_has_no_media(run, picture, words):
    result = run("fuse", "media", *words)
    assert (result.code, result.out) == (ExitCode.CONFIG, "")
    assert "media" in result.err and "LANGFUSE_PUBLIC_KEY" in result.err


def test_the_storage_checks_what_it_is_given(use):
    """The stand-in itself: what was signed for, and nothing else, is taken."""
    server = use("v3")
    client = Client(server)
    digest = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    body = {"contentType": "image/png", "contentLength": len(CONTENT), "sha256Hash": digest}
    url = client("POST", "/api/public/media", dict(body, field="input", traceId="t")).body
    requests = transfer.require("requests")
    good = {"Content-Type": "image/png", "x-amz-checksum-sha256": digest}
    for headers, content, status in [
        (dict(good, **{"Content-Type": "image/gif"}), CONTENT, 403),
        ({"Content-Type": "image/png"}, CONTENT, 403),
        (dict(good, Authorization="Basic x"), CONTENT, 400),
        (good, CONTENT[:-1], 403),
        (good, b"x" * len(CONTENT), 400),
        (good, CONTENT, 200),
    ]:
        assert requests.put(url["uploadUrl"], content, headers=headers).status_code == status
    assert client("GET", "/api/public/media/" + url["mediaId"]).status == 404


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_file_is_downloaded_as_it_was_uploaded(use, run, project, kind):
    server = use(kind, stores_media=True)
    (project / "p.png").write_bytes(CONTENT)
    assert run("fuse", "traces", "create", "t").code == 0
    assert run("fuse", "media", "upload", "p.png", "t").code == 0
    (media_id,) = server.media
    result = run("fuse", "media", "download", media_id, "-O", "q.png")
    assert result.code == 0, result
    assert (project / "q.png").read_bytes() == CONTENT
