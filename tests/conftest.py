"""Fixtures of all tests: each runs in its own home and project folder."""

import io
import os
import signal
from typing import NamedTuple

import pytest
from hypothesis import settings

from coaiapy.cli_common import Context
from coaiapy.coaiacli import main

# How long one example takes says more of the machine, and of what else it does, than of the code.
# The suite tries the same few each time, so that it is short and says the same twice; to look for
# more: make test ARGS=--hypothesis-profile=thorough
settings.register_profile("suite", deadline=None, max_examples=30, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=300, derandomize=False)
settings.load_profile("suite")

# Every parser asks for translations of argparse's words, and looks for them in several folders. The
# first language that it tries is then the one that needs no file.
os.environ["LANGUAGE"] = "C"

# A shell starts what runs in the background deaf to Ctrl-C, and every child would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["langfuse_server.fixtures", "servers", "openai_server", "aws_server"]

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
)


class Result(NamedTuple):
    """The output of one command line, and its exit code."""

    code: int
    out: str
    err: str


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
