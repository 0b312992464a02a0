"""A release from a bare tree with make, rehearsed against a package index on this machine."""

import base64
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
import source_tree

CACHE = os.path.expanduser("~/.cache/pip")
OF_CALLERS = ("MAKE", "MFLAGS", "VERSION", "PYTHON", "ARGS", "JOBS", "TWINE_", "LC_", "LANG")
PASSWORD = "top $ecret"
TARGETS = """
    demo test test-all lint format bench docs
    clean bump build dist upload upload-test test-release
""".split()

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not shutil.which("make"), reason="there is no make"),
]


@pytest.fixture
def tree(tmp_path):
    """The tree as a stranger has it, in a folder that needs quotes; nothing is installed yet."""
    return source_tree.copy_to(tmp_path / "a bare tree")


def make(tree, *words, **settings):
    """Run ``make WORD...`` with this Python, an empty home and nothing of a make around us."""
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith(OF_CALLERS)
    }
    environment.update(PIP_CACHE_DIR=CACHE, no_proxy="127.0.0.1", **settings)
    result = subprocess.run(
        ["make", "--no-print-directory", "PYTHON=" + sys.executable] + list(words),
        cwd=str(tree),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert PASSWORD not in result.stdout + result.stderr
    return result


def version_of(tree):
    return re.search(
        r'__version__ = "(.*)"', (tree / "coaiapy" / "__init__.py").read_text("utf-8")
    ).group(1)


def after(version):
    major, minor, patch = version.split(".")
    return "{}.{}.{}".format(major, minor, int(patch) + 1)


def names(version):
    return {"coaiapy-{}-py3-none-any.whl".format(version), "coaiapy-{}.tar.gz".format(version)}


@contextmanager
def package_index(folder):
    """Yield the address of a pypiserver that keeps what jane uploads below ``folder``."""
    packages = folder / "packages"
    packages.mkdir(parents=True)
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode("utf-8")).digest()).decode("ascii")
    (folder / "htpasswd").write_text("jane:{SHA}" + digest + "\n", "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port)]
    command += ["-P", str(folder / "htpasswd"), "-a", "update", "--disable-fallback", str(packages)]
    with open(str(folder / "log"), "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    url = "http://127.0.0.1:{}/".format(port)
    try:
        wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait()


def wait_for(url, server):
    for _ in range(600):
        assert server.poll() is None
        try:
            urlopen(url).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the index does not answer")


def listed(url):
    """The files of coaiapy that the index offers."""
    with urlopen(url + "simple/coaiapy/") as page:
        return set(re.findall(r">(coaiapy-[^<]+)</a>", page.read().decode("utf-8")))


@pytest.mark.timeout(400)
def test_a_release_and_a_second_one_of_the_same_version(tree, home, tmp_path):
    first = version_of(tree)
    new = after(first)
    with package_index(tmp_path / "index") as url:
        refused = make(tree, "test-release", TWINE_REPOSITORY_URL=url)
        assert refused.returncode == 2
        assert "upload: no TWINE_USERNAME and no TWINE_PASSWORD for testpypi" in refused.stderr
        assert (version_of(tree), (tree / "dist").exists()) == (first, False)

        (home / ".env").write_text("TWINE_USERNAME=jane\nTWINE_PASSWORD='%s'\n" % PASSWORD, "utf-8")
        released = make(tree, "test-release", TWINE_REPOSITORY_URL=url)
        assert released.returncode == 0, released.stdout + released.stderr
        assert version_of(tree) == new
        assert released.stdout.startswith(new + "\n")
        assert released.stdout.count("PASSED") == 2
        assert listed(url) == names(new) == set(os.listdir(str(tree / "dist")))
        assert fetched(url, new, tmp_path) == (tree / "dist" / wheel(new)).read_bytes()

        again = make(tree, "test-release", "VERSION=" + new, TWINE_REPOSITORY_URL=url)
        assert again.returncode == 2
        assert "upload: {} is on the index already".format(new) in again.stderr
        assert "run make bump" in again.stderr
        assert "Traceback" not in again.stdout + again.stderr
        assert (version_of(tree), listed(url)) == (new, names(new))


def wheel(version):
    return "coaiapy-{}-py3-none-any.whl".format(version)


def fetched(url, version, tmp_path):
    """What pip gets from the index."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-cache-dir"]
    what = ["--isolated", "--index-url", url + "simple/", "coaiapy==" + version]
    subprocess.check_call(pip + ["-d", str(tmp_path / "fetched")] + what)
    return (tmp_path / "fetched" / wheel(version)).read_bytes()


def test_clean_removes_what_a_build_leaves_and_nothing_else(tree):
    before = set(os.listdir(str(tree)))
    for name in ("build/lib", "dist", "coaiapy.egg-info", ".venv/3.9"):
        (tree / name).mkdir(parents=True)
    (tree / "dist" / "coaiapy-0.0.1.tar.gz").write_text("old", "utf-8")
    (tree / ".venv" / "3.9" / ".installed").write_text("", "utf-8")
    assert make(tree, "clean").returncode == 0
    assert set(os.listdir(str(tree))) == before | {".venv"}
    assert make(tree, "clean").returncode == 0
    assert os.listdir(str(tree / ".venv" / "3.9")) == [".installed"]


def test_an_editable_install_that_needs_the_egg_info_is_repeated_after_clean(tree):
    packages = tree / ".venv" / "3.6" / "lib" / "python3.6" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "coaiapy.egg-link").write_text("", "utf-8")
    for name in (".installed", ".installed-test"):
        (tree / ".venv" / "3.6" / name).write_text("", "utf-8")
    assert make(tree, "clean").returncode == 0
    assert os.listdir(str(tree / ".venv" / "3.6")) == ["lib"]


def test_bump_takes_a_version_from_the_command_line_alone(tree):
    old = version_of(tree)
    assert make(tree, "bump", VERSION="7.7.7").stdout == after(old) + "\n"
    assert make(tree, "bump", "VERSION=7.7.7").stdout == "7.7.7\n"
    result = make(tree, "bump", "VERSION=7.7.8; touch intruder; $$(touch intruder)")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("bump: '7.7.8; touch intruder; $(touch intruder)' is not")
    assert version_of(tree) == "7.7.7"
    assert not (tree / "intruder").exists()


def test_every_target_is_there_and_explained(tree):
    text = make(tree).stdout
    assert re.findall(r"^make (\S+)", text, re.MULTILINE) == [
        name for name in TARGETS if name != "dist"
    ]
    assert "make dist" in text
    for name in TARGETS:
        (tree / name).mkdir(exist_ok=True)  # a folder of that name is no reason to do nothing
        planned = make(tree, "-n", name)
        assert planned.returncode == 0 or "needs Python 3.10" in planned.stderr, planned.stderr
        assert planned.stdout.strip(), name


def test_the_guide_names_targets_that_exist(tree):
    guide = (tree / "docs" / "releasing.md").read_text("utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", guide))
    assert {"test-release", "upload"} <= named <= set(TARGETS)


def test_linters_ask_for_a_python_that_has_them(tree):
    result = make(tree, "lint", "PYTHON_VERSION=3.6")
    assert result.returncode == 2
    assert "make lint needs Python 3.10 or newer, not 3.6: name one with PYTHON=" in result.stderr


def test_a_python_that_does_not_run_is_named(tree):
    result = make(tree, "build", "PYTHON=no-python")
    assert result.returncode == 2
    assert '"no-python" does not run: name a Python 3.6 or newer with PYTHON=' in result.stderr


@pytest.fixture
def installers(tmp_path):
    """The programs of pipx and uv, from an environment of their own."""
    if sys.version_info < (3, 10):
        pytest.skip("pipx and uv need a newer Python")
    folder = tmp_path / "installers"
    subprocess.check_call([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--cache-dir", CACHE]
    if subprocess.call(pip + ["--no-compile", "pipx", "uv"]):
        pytest.skip("pipx and uv cannot be installed: is there a network?")
    return folder / "bin"


@pytest.mark.timeout(400)
def test_what_is_released_installs_into_an_environment_of_its_own(tree, tmp_path, installers):
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path / "dist")]
    subprocess.check_call(pip + [str(tree)])
    wheel_file = str(next((tmp_path / "dist").glob("coaiapy-*.whl")))
    for program, *words in (["pipx", "install"], ["uv", "tool", "install"]):
        folder = tmp_path / program
        own = {
            "HOME": folder,
            "PIPX_HOME": folder,
            "PIPX_BIN_DIR": folder / "bin",
            "PIPX_MAN_DIR": folder / "man",
            "PIPX_DEFAULT_PYTHON": sys.executable,
            "UV_TOOL_DIR": folder / "tools",
            "UV_TOOL_BIN_DIR": folder / "bin",
            "UV_PYTHON": sys.executable,
            "UV_NO_PROGRESS": "1",
            "UV_SYSTEM_CERTS": "1",  # as pip trusts them
        }
        environment = dict(os.environ, **{name: str(value) for name, value in own.items()})
        command = [str(installers / program)] + words + [wheel_file]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
        )
        assert done.returncode == 0, done.stdout.decode("utf-8", "replace")
        shown = subprocess.check_output(
            [str(folder / "bin" / "coaia"), "--version"], env=environment
        )
        assert shown.decode("utf-8") == "coaia {}\n".format(version_of(tree))
