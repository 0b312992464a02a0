"""Starts real ``coaia`` processes, for tests that need one."""

import os
import subprocess
import sys
from pathlib import Path

import coaiapy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(coaiapy.__file__)))
COAIA = [sys.executable, "-m", "coaiapy"]

# Runs one command line and writes its peak memory in bytes to the file named by the first argument.
# The command is not started by the tests' own process, because the memory of the starting process
# counts for the peak of the new one.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call([sys.executable, "-m", "coaiapy"] + sys.argv[2:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
with open(sys.argv[1], "w") as stream:
    stream.write(str(peak if sys.platform == "darwin" else peak * 1024))
sys.exit(code)
"""


def environment(**more):
    """Return the environment for a child process that has to import this package."""
    return dict(os.environ, PYTHONPATH=ROOT, **more)


class Process(subprocess.Popen):
    """A process for which a ``with`` block does not wait for ever after a failure in it."""

    def __exit__(self, kind, *error):
        if kind is not None:
            self.terminate()
        super().__exit__(kind, *error)


def start(*words, **options):
    """Start ``coaia WORD...``."""
    options.setdefault("env", environment())
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return Process(COAIA + [str(word) for word in words], **options)


def finish(*words, **options):
    """Run ``coaia WORD...`` to its end; return its code, stdout and stderr."""
    content = options.pop("input", None)
    if content is not None:
        options["stdin"] = subprocess.PIPE
    process = start(*words, **options)
    out, err = process.communicate(content, timeout=200)
    return process.returncode, out.decode("utf-8"), err.decode("utf-8")


def bash(script, *options):
    """Run a script in bash, which stops at the first failure; return its standard output."""
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(
        ["bash"] + list(options) + ["-c", "set -eu\n" + script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(PATH=path),
    )
    assert done.returncode == 0, done.stderr.decode("utf-8")
    return done.stdout.decode("utf-8")


def peak_memory(report, *words, **options):
    """Run ``coaia WORD...`` and return its exit code and its peak memory in bytes."""
    command = [sys.executable, "-c", MEASURE, str(report)] + [str(word) for word in words]
    code = subprocess.call(command, env=environment(), stderr=subprocess.DEVNULL, **options)
    return code, int(report.read_text())


def command_lines():
    """Return the command line of every process of this machine, each on a line."""
    if os.path.isdir("/proc/self"):
        return "\n".join(map(_command_line, Path("/proc").glob("[0-9]*/cmdline")))
    return subprocess.check_output(["ps", "-A", "-ww", "-o", "args"]).decode("utf-8", "replace")


def _command_line(path):
    try:
        return path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""  # the process has ended meanwhile
