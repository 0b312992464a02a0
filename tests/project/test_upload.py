"""tools/upload.py with the real twine, against an index on loopback."""

import base64
import html
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
from places import ROOT
from processes import command_lines
from web_server import serving

pytestmark = pytest.mark.once

SOURCES = ("bump.py", "setup.py", "pyproject.toml", "coaiapy/__init__.py", "tools/upload.py")
PASSWORD = "s3cret $HOME <b>&</b> 'word'"
METADATA = "Metadata-Version: 2.1\nName: coaiapy\nVersion: {}\n"


@pytest.fixture(autouse=True)
def tree(project, monkeypatch):
    """What upload.py needs of the tree, at version 3.2.1, with a dist/ that fits."""
    for name in [name for name in os.environ if name.startswith("TWINE_")]:
        monkeypatch.delenv(name)
    for name in SOURCES:
        (project / name).parent.mkdir(exist_ok=True)
        shutil.copy(str(ROOT / name), str(project / name))
    subprocess.check_output([sys.executable, "bump.py", "3.2.1"])
    (project / "dist").mkdir()
    make_dist(project / "dist", "3.2.1")
    return project


def make_dist(dist, version):
    metadata = METADATA.format(version).encode("ascii")
    with zipfile.ZipFile(str(dist / "coaiapy-{}-py3-none-any.whl".format(version)), "w") as wheel:
        wheel.writestr("coaiapy-{}.dist-info/METADATA".format(version), metadata)
        wheel.writestr("coaiapy-{}.dist-info/WHEEL".format(version), "Wheel-Version: 1.0\n")
    with tarfile.open(str(dist / "coaiapy-{}.tar.gz".format(version)), "w:gz") as sdist:
        for name, content in (("PKG-INFO", metadata), ("setup.py", b"")):
            entry = tarfile.TarInfo("coaiapy-{}/{}".format(version, name))
            entry.size = len(content)
            sdist.addfile(entry, io.BytesIO(content))


def upload(*words, **settings):
    """Run it; return its code, stdout and stderr."""
    result = subprocess.run(
        [sys.executable, "-m", "tools.upload"] + list(words or ["testpypi"]),
        env=dict(os.environ, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=200,
    )
    assert PASSWORD not in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    return result.returncode, result.stdout, result.stderr


def write_env(home, **more):
    settings = dict({"TWINE_USERNAME": "jane-the-user", "TWINE_PASSWORD": PASSWORD}, **more)
    quoted = {name: text.replace("'", "\\'") for name, text in settings.items()}
    lines = ["export {}='{}'\n".format(*item) for item in quoted.items()]
    (home / ".env").write_text("# keys\nOTHER=1\n" + "".join(lines), "utf-8")
    (home / ".env").chmod(0o600)


def credentials(asked):
    kind, _, code = asked.headers["authorization"].partition(" ")
    assert kind == "Basic"
    return base64.b64decode(code).decode("utf-8").split(":", 1)


def accept(asked, url):
    return 200, b"", {}


def test_credentials_come_from_the_home_and_are_shown_nowhere(home):
    write_env(home)
    processes = []

    def look(asked, url):
        processes.append(command_lines())
        return accept(asked, url)

    with serving(look) as index:
        code, out, err = upload(TWINE_REPOSITORY_URL=index.url)
    assert (code, err) == (0, "")
    assert "Uploading coaiapy-3.2.1-py3-none-any.whl" in out
    assert "Uploading coaiapy-3.2.1.tar.gz" in out
    assert "jane-the-user" not in out
    assert [credentials(asked) for asked in index.asked] == [["jane-the-user", PASSWORD]] * 2
    assert len(processes) == 2
    for lines in processes:
        assert "-m twine upload" in lines
        assert PASSWORD not in lines
        assert "jane-the-user" not in lines


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_password_that_others_may_read_is_told(home, mode):
    write_env(home)
    (home / ".env").chmod(mode)
    code, out, err = upload("--check", "testpypi")
    assert (code, out) == (0, "")
    path = str(home / ".env")
    told = "upload: other users may read {0}, and it holds TWINE_PASSWORD: run chmod 600 {0}\n"
    assert err == told.format(path)
    (home / ".env").write_text("OTHER=1\n", "utf-8")
    settings = {"TWINE_USERNAME": "jane", "TWINE_PASSWORD": "hers"}
    assert upload("--check", "testpypi", **settings) == (0, "", "")


def test_the_environment_counts_more_and_the_file_may_name_the_index(home):
    with serving(accept) as index:
        write_env(home, TWINE_REPOSITORY_URL=index.url)
        assert upload(TWINE_PASSWORD="another", TWINE_USERNAME="")[0] == 0
        assert credentials(index.asked[0]) == ["jane-the-user", "another"]


def test_a_pypirc_will_do(home):
    with serving(accept) as index:
        (home / ".pypirc").write_text(
            "[distutils]\nindex-servers = house\n\n[house]\nrepository = {}\n"
            "username = joe\npassword = {}\n".format(index.url, PASSWORD),
            "utf-8",
        )
        assert upload("house", "--check") == (0, "", "")
        assert index.asked == []
        assert upload("house")[0] == 0
        assert credentials(index.asked[0]) == ["joe", PASSWORD]
        code, _, err = upload("house", TWINE_REPOSITORY_URL=index.url)
        assert (code, err.startswith("upload: no TWINE_USERNAME and no TWINE_PASSWORD")) == (
            2,
            True,
        )


@pytest.mark.parametrize(
    "status, body",
    [
        (409, b""),
        (400, b"<pre>Package &#039;coaiapy-3.2.1-py3-none-any.whl&#039; already exists!</pre>"),
        (400, b"This filename has already been used, use a different version."),
    ],
)
def test_a_version_that_is_there_already_asks_for_another(home, status, body):
    write_env(home)
    with serving(lambda asked, url: (status, body, {})) as index:
        code, out, err = upload(TWINE_REPOSITORY_URL=index.url)
    assert code == 1
    assert err == (
        "upload: 3.2.1 is on the index already, and an index takes each version once: "
        "run make bump, then make build, and upload again\n"
    )
    assert "<" not in out
    assert len(index.asked) == 1


def test_another_refusal_is_passed_on_without_the_secrets_that_are_in_it(home):
    write_env(home)

    def echo(asked, url):
        name, password = credentials(asked)
        text = "Invalid login {}, {}, <b>{}</b>".format(name, password, html.escape(password))
        text += ", header {}".format(asked.headers["authorization"].split()[1])
        return 403, text.encode("utf-8"), {}

    with serving(echo) as index:
        url = index.url.replace("http://", "http://me:of-the-address@")
        code, out, err = upload(TWINE_REPOSITORY_URL=url)
    assert (code, err) == (1, "")
    assert "Invalid login" in out
    assert out.count("***") >= 3 and "header ***" in out
    assert "word" not in out
    assert "of-the-address" not in out
    assert "403 Forbidden" in out


@pytest.mark.parametrize(
    "settings, named",
    [
        ({}, "no TWINE_USERNAME and no TWINE_PASSWORD for testpypi"),
        ({"TWINE_USERNAME": "joe"}, "no TWINE_PASSWORD for testpypi"),
        ({"TWINE_PASSWORD": PASSWORD, "TWINE_USERNAME": ""}, "no TWINE_USERNAME for testpypi"),
    ],
)
@pytest.mark.parametrize("words", [["testpypi"], ["testpypi", "--check"]])
def test_missing_credentials_are_one_sentence(words, settings, named):
    with serving(accept) as index:
        code, out, err = upload(*words, TWINE_REPOSITORY_URL=index.url, **settings)
    assert (code, out) == (2, "")
    assert err.startswith("upload: {}: ".format(named))
    assert "~/.env" in err
    assert len(err.splitlines()) == 1
    assert index.asked == []


@pytest.mark.parametrize(
    "name, content, said",
    [
        (".env", b"TWINE_PASSWORD=\xff\xfe" + PASSWORD.encode("ascii"), "is not text in UTF-8"),
        (".pypirc", PASSWORD.encode("ascii"), "~/.pypirc is not a file of [sections]"),
        (".pypirc", b"[testpypi]\npassword = \xff", "~/.pypirc is not a file of [sections]"),
    ],
)
def test_a_broken_file_of_credentials_is_one_sentence(home, name, content, said):
    (home / name).write_bytes(content)
    code, out, err = upload("testpypi", "--check")
    assert (code, out) == (2, "")
    assert err.startswith("upload: ")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_dist_of_another_version_is_not_uploaded(home, tree):
    write_env(home)
    with serving(accept) as index:
        subprocess.check_output([sys.executable, "bump.py"])
        older = upload(TWINE_REPOSITORY_URL=index.url)
        make_dist(tree / "dist", "3.2.2")
        mixed = upload(TWINE_REPOSITORY_URL=index.url)
        shutil.rmtree(str(tree / "dist"))
        none = upload(TWINE_REPOSITORY_URL=index.url)
    assert index.asked == []
    for code, out, err in (older, mixed, none):
        assert (code, out) == (2, "")
        assert err.endswith("and not only version 3.2.2: run make build first\n")
    assert "holds coaiapy-3.2.1-py3-none-any.whl, coaiapy-3.2.1.tar.gz and" in older[2]
    assert "holds nothing and" in none[2]


@pytest.mark.parametrize("url", ["nowhere", "http://[", "ftp://index.example/"])
def test_an_index_that_is_no_address_is_said_without_a_traceback(home, url):
    write_env(home)
    code, out, err = upload(TWINE_REPOSITORY_URL=url)
    assert (code, err) == (1, "")
    assert "URL" in out
