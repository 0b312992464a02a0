"""The real dotenvx, from npm, in a folder beside the environments of Python."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from places import ROOT

VERSION = "2.38.2"
FOLDER = ROOT / ".venv" / ("dotenvx-" + VERSION)
PROGRAM = FOLDER / "node_modules" / ".bin" / "dotenvx"


@contextmanager
def alone():
    """Let one process after the other in: all of a suite would install it at once."""
    import fcntl

    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(str(FOLDER / ".lock"), "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def dotenvx_installed():
    """Install dotenvx; skip where that cannot be done."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("dotenvx needs npm, which is not on this machine")
    with alone():
        if PROGRAM.exists():
            return
        words = "install --no-audit --no-fund --no-package-lock --ignore-scripts --prefix".split()
        done = subprocess.run(
            [npm] + words + [str(FOLDER), "@dotenvx/dotenvx@" + VERSION],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=200,
        )
    if done.returncode:
        last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
        pytest.skip("npm cannot install dotenvx: {}".format(" ".join(last)))


class Dotenvx:
    """Runs dotenvx in the current folder; it asks no server and no store of the system."""

    def __call__(self, *words, **variables):
        quiet = {"DOTENVX_NO_" + name: "true" for name in ("ARMOR", "NATIVE", "BITWARDEN")}
        done = subprocess.run(
            [str(PROGRAM)] + list(words),
            env=dict(os.environ, **dict(quiet, **variables)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr.decode("utf-8")
        return done.stdout.decode("utf-8")

    def reads(self, path, **variables):
        """Return the variables that dotenvx finds in a file, without its key and our notes."""
        found = json.loads(self("get", "-f", path, **variables))
        return {
            name: value
            for name, value in found.items()
            if not name.startswith(("DOTENV_", "_COAIA_"))
        }


@pytest.fixture
def dotenvx(dotenvx_installed):
    """The real dotenvx."""
    return Dotenvx()
