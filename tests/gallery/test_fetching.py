"""Archives and single templates from a real web server, with TLS: what is downloaded, and what is sent."""

import hashlib
import os
from urllib.parse import quote

import pytest
import trustme
from git_galleries import BASE, CHILD
from packed import zipped
from web_server import serving

from coaiapy.gallery import archives

ZIP = zipped([("x-1.0/templates/base.yaml", BASE), ("x-1.0/templates/child.yaml", CHILD)])
SHA256 = hashlib.sha256(ZIP).hexdigest()
SIGNED = "Basic dXNlcjpwNHNzdzByZA=="


def answer(asked, url):
    """An archive; a path that begins with /to/ is a redirection to the rest of it."""
    if asked.path.startswith("/to/"):
        return 302, b"", {"Location": asked.path[4:]}
    if asked.path == "/away.zip":
        return 302, b"", {"Location": asked.query["to"]}
    if asked.path == "/private.zip" and asked.headers.get("authorization") != SIGNED:
        return 401, b"", {"WWW-Authenticate": "Basic realm=x"}
    return (200, ZIP, {}) if asked.path.endswith(".zip") else (404, b"", {})


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority):
    with serving(answer, authority.issue_cert("localhost")) as running:
        yield running


@pytest.fixture(autouse=True)
def trusted(server, authority, tmp_path, monkeypatch):
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    del server.asked[:]


def with_password(url):
    return url.replace("://", "://user:p4ssw0rd@", 1)


def test_an_archive_is_installed_and_its_hash_recorded(server, run, locked, installed):
    source = server.url + "/x.zip"
    result = run("pipeline", "install", source, "child", "--sha256", SHA256.upper())
    assert result.code == 0, result.err
    assert installed("base.yaml").read_text() == BASE and installed("child.yaml").exists()
    assert locked()["child"]["archive_sha256"] == SHA256
    assert locked()["child"]["source"] == source
    assert "0 outdated" in run("pipeline", "outdated").err


def test_another_hash_than_the_one_asked_for_is_refused(server, run, project):
    result = run("pipeline", "install", server.url + "/x.zip", "--sha256", "0" * 64)
    assert result.code == 5 and SHA256 in result.err
    assert not (project / ".coaia").exists()


def test_a_certificate_that_nobody_vouches_for_is_refused(server, run, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    result = run("pipeline", "install", server.url + "/x.zip")
    assert result.code == 4 and "certificate" in result.err and server.asked == []


def test_another_machine_gets_the_archive_again(server, run, home, installed):
    assert run("pipeline", "install", server.url + "/x.zip").code == 0
    for name in os.listdir(str(home / ".coaia" / "templates-cache")):
        (home / ".coaia" / "templates-cache" / name).unlink()
    installed("base.yaml").unlink()
    assert run("pipeline", "install").code == 0
    assert installed("base.yaml").read_text() == BASE


def test_a_password_is_for_its_own_host_alone(server, authority, run, project):
    with serving(answer, authority.issue_cert("localhost")) as other:
        source = with_password(server.url + "/away.zip?to=" + other.url + "/x.zip")
        assert run("pipeline", "install", source).code == 0
        assert [asked.path for asked in other.asked] == ["/x.zip"]
        assert "authorization" not in other.asked[0].headers
    assert server.asked[0].headers["authorization"] == SIGNED
    source = with_password(server.url + "/to//private.zip")
    result = run("pipeline", "install", source, "--force")
    assert result.code == 0 and server.asked[-1].headers["authorization"] == SIGNED, result.err
    lock = (project / ".coaia" / "templates.lock").read_text()
    assert "p4ssw0rd" not in lock + result.out + result.err


def test_a_redirection_names_no_password(server, run):
    to = quote(with_password(server.url) + "/private.zip")
    result = run("pipeline", "install", server.url + "/away.zip?to=" + to)
    assert result.code == 5 and "HTTP status 401" in result.err


def test_no_redirection_leaves_https(server, run):
    with serving(answer) as plain:
        for to in (plain.url + "/x.zip", "file:///etc/passwd", "http:x.zip"):
            result = run("pipeline", "install", server.url + "/away.zip?to=" + to)
            assert result.code == 5 and "no address with https" in result.err, (to, result.err)
        assert plain.asked == []
        there_and_back = server.url + "/away.zip?to=" + plain.url + "/x.zip"
        result = run("pipeline", "install", plain.url + "/away.zip?to=" + there_and_back)
        assert result.code == 5 and "no address with https" in result.err, result.err
        assert run("pipeline", "install", plain.url + "/to//x.zip").code == 0


def test_redirections_in_a_circle_end(server, run):
    source = server.url + "/to/" + "/to/" * 20 + "x.zip"
    result = run("pipeline", "install", source)
    assert result.code == 5 and "redirect" in result.err, result.err
    assert len(server.asked) < 10


def test_no_more_is_read_than_an_archive_may_have(run, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST", 100000)

    def endless():
        yield b"HTTP/1.0 200 OK\r\n\r\n"
        for _ in range(1000):
            yield b"\0" * 100000

    with serving(lambda asked, url: endless()) as server:
        result = run("pipeline", "install", server.url + "/x.zip")
    assert result.code == 5 and "larger than" in result.err


def test_what_is_not_there_is_said(server, run):
    result = run("pipeline", "install", server.url + "/x.yaml")
    assert result.code == 1 and "there is no https://localhost" in result.err
