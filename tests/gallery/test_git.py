"""How git is run: without asking, in time, with output of any length."""

import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading

import pytest
from bad_servers import misbehaving, silent

from coaiapy.gallery import git
from coaiapy.util import files

SOURCE = "../gallery"


@pytest.fixture
def served(gallery):
    """The gallery behind git's own web service and a password."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            if self.headers.get("Authorization") != "Basic dXNlcjpwNHNzdzByZA==":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            path, _, query = self.path.partition("?")
            variables = dict(
                os.environ,
                GIT_HTTP_EXPORT_ALL="1",
                PATH_TRANSLATED=str(gallery.path / ".git") + path.partition("x.git")[2],
                REQUEST_METHOD=self.command,
                QUERY_STRING=query,
                CONTENT_TYPE=self.headers.get("Content-Type", ""),
                HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                GIT_PROTOCOL=self.headers.get("Git-Protocol", ""),
            )
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            words = ["git", "-c", "safe.directory=*", "http-backend"]
            done = subprocess.run(words, input=body, env=variables, stdout=subprocess.PIPE)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            self.wfile.write(b"HTTP/1.0 200 OK\r\n" + head + b"\r\n\r\n" + content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield "127.0.0.1:{}/x.git".format(server.server_port)
    server.shutdown()
    server.server_close()


def everything(folder):
    found = b""
    for base, _, names in os.walk(str(folder)):
        for name in names:
            with open(os.path.join(base, name), "rb") as stream:
                found += stream.read()
    return found.decode("utf-8", "replace")


def test_a_password_is_used_and_kept_nowhere(served, run, project, home):
    result = run("pipeline", "install", "http://user:p4ssw0rd@" + served)
    assert result.code == 0, result.err
    listed = run("pipeline", "list", "--installed", "--json")
    kept = result.out + result.err + listed.out + everything(project) + everything(home)
    assert "p4ssw0rd" not in kept and "dXNlcjp" not in kept
    assert json.loads(listed.out)[0]["source"] == "http://{}#templates".format(served)


def test_where_nobody_can_answer_git_does_not_ask(served, run):
    result = run("pipeline", "install", "http://" + served)
    assert result.code == 5 and "could not read Username" in result.err, result.err


def test_a_silent_server_has_the_time_of_the_command(run):
    with misbehaving(silent) as port:
        address = "git://127.0.0.1:{}/x".format(port)
        result = run("pipeline", "install", address, "--timeout", "3")
    assert result.code == 4 and "git did not end within 3 s" in result.err, result.err


def test_a_repository_of_any_size_is_no_harm(gallery, run, monkeypatch):
    monkeypatch.setattr(git, "LARGEST", 1 << 20)
    (gallery.path / "video.bin").write_bytes(os.urandom(8 << 20))
    gallery.commit()
    result = run("pipeline", "install", SOURCE)
    assert result.code == 6 and "is larger than 1 MB" in result.err, result.err


def test_what_is_too_large_is_not_waited_for(gallery, run, monkeypatch, tmp_path):
    monkeypatch.setattr(git, "LARGEST", 1 << 20)
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" fetch "*) head -c 2000000 /dev/zero >part; exec sleep 1000;; esac\n'
        'exec {} "$@"\n'.format(shutil.which("git"))
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(slow.parent) + os.pathsep + os.environ["PATH"])
    result = run("pipeline", "install", SOURCE)
    assert result.code == 6 and "is larger than 1 MB" in result.err, result.err


def test_what_git_is_told_and_says_is_of_any_length():
    """More than pipes hold, in both directions at once."""
    with git.empty_repository() as folder:
        words = ["cat-file", "--batch-check"]
        said = git.run(words, folder, given=b"0" * 40 + b"\n" + (b"x" * 99 + b"\n") * 20000)
    assert said.code == 0 and said.out.count(b" missing\n") == 20001


def test_what_killed_processes_have_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("coaia-git-left", "coaia-git-used", "coaia-git-new", "other"):
        (tmp_path / name / "objects").mkdir(parents=True)
        if name != "coaia-git-new":
            os.utime(str(tmp_path / name), (1, 1))
    with files.locked(str(tmp_path / "coaia-git-used" / "coaia")):
        with git.empty_repository() as own:
            left = set(os.listdir(str(tmp_path))) - {os.path.basename(own), "home", "project"}
    assert left == {"coaia-git-used", "coaia-git-new", "other"}


def test_without_git_the_message_says_so(gallery, run, monkeypatch):
    monkeypatch.setenv("PATH", "")
    result = run("pipeline", "install", SOURCE)
    assert result.code == 3 and "git cannot be run" in result.err
