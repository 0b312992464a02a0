"""Fixtures of all tests: each runs in its own home and project folder."""

import importlib
import io
import os
import signal
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from places import ROOT, TESTS

from coaiapy import patience
from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main

# No deadline for an example: the time depends more on the load of the machine than on the code. The
# suite tries the same few examples each time, so that it is fast and repeatable; to try more: make
# test ARGS=--hypothesis-profile=thorough
HOWEVER_SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("suite", max_examples=30, derandomize=True, **HOWEVER_SLOW)
settings.register_profile("thorough", max_examples=300, derandomize=False, **HOWEVER_SLOW)
settings.load_profile("suite")

# Every parser looks for translations of argparse's words in several folders; that takes time. For the
# language C no file is needed.
os.environ["LANGUAGE"] = "C"

# A shell makes background processes ignore SIGINT and SIGQUIT, and nohup makes them ignore SIGHUP;
# their child processes inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for name in ("SIGHUP", "SIGQUIT"):
    if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, name), signal.SIG_DFL)

pytest_plugins = [
    "langfuse_server.fixtures",
    "servers",
    "openai_server",
    "aws_server",
    "browser",
    "dotenvx_program",
    "experiment_runs",
]

OWN_VARIABLES = (
    "LANGFUSE_",
    "COAIA",
    "OPENAI_",
    "REDIS_",
    "UPSTASH_",
    "KV_",
    "AWS_",
    "GH_",
    "GITHUB_",
    "DOTENV",
)


class Result(NamedTuple):
    """The output of one command line, and its exit code."""

    code: int
    out: str
    err: str


def pytest_sessionstart(session):
    """Let each process of the whole suite begin with other modules.

    In a new tree pytest compiles every module, which takes ten seconds, and keeps the result. If all
    processes went through the modules in the same order, each of them would compile them all.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None or session.config.option.file_or_dir:
        return
    paths = (path.relative_to(ROOT).with_suffix("") for path in TESTS.rglob("test_*.py"))
    names = sorted(".".join(path.parts) for path in paths)
    first = len(names) * int(worker[2:]) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for name in names[first:] + names[:first]:
        try:
            importlib.import_module(name)
        except (Exception, pytest.skip.Exception):
            pass  # the collection says what is wrong


def pytest_collection_modifyitems(items):
    """Begin with the tests that have a longer limit: none of them should be the last to end."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Point HOME into ``tmp_path`` and work in an empty project folder; return the home."""
    for name in list(os.environ):
        if name.startswith(OWN_VARIABLES):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    project = tmp_path / "project"
    folder.mkdir()
    project.mkdir()
    # What a user's expressions may take: a busy machine may leave it to a test for as long at once.
    monkeypatch.setattr(patience, "EXPRESSIONS", 60.0)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("COAIA_HOME", str(folder / ".coaia"))
    monkeypatch.chdir(str(project))
    return folder


@pytest.fixture
def project(home):
    """The folder that a test's commands run in."""
    return home.parent / "project"


@pytest.fixture
def run():
    """Run ``coaia WORD...`` in this process and return its code, stdout and stderr."""

    def run_command(*words, **options):
        stdin = io.StringIO(options.get("stdin", ""))
        out, err = io.StringIO(), io.StringIO()
        code = main([str(word) for word in words], Context(stdin, out, err))
        return Result(code, out.getvalue(), err.getvalue())

    return run_command
