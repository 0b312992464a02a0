"""Runs the command many times in one process: ``python many_runs.py SEED ROUNDS <CALLS``.

CALLS is a JSON list of command lines. The output is JSON: for every call its number, exit code,
stdout and stderr, and in the end what has changed in the process.
"""

import gc
import io
import json
import locale
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings

from coaiapy.coaiacli import main


class Interrupted(io.StringIO):
    """A stdin that raises ``KeyboardInterrupt``, as after Ctrl-C."""

    def read(self, size=-1):
        raise KeyboardInterrupt


def state():
    """Return what a command must not change; objects that are compared by identity as their id."""
    loggers = [logging.getLogger(name) for name in (None, "coaiapy", "urllib3")]
    return {
        "environment": dict(os.environ, _=id(os.environ)),
        "folder": os.getcwd(),
        "words": list(sys.argv),
        "paths": list(sys.path),
        "finders": [id(one) for one in sys.meta_path + sys.path_hooks],
        "threads": [thread.name for thread in threading.enumerate()],
        "signals": [str(signal.getsignal(number)) for number in range(1, signal.NSIG)],
        "files": sorted(open_files()),
        "warnings": [str(one) for one in warnings.filters],
        "logging": [(one.level, one.disabled, str(one.handlers)) for one in loggers],
        "locale": locale.setlocale(locale.LC_ALL),
        "hooks": [id(one) for one in (sys.excepthook, sys.displayhook, sys.gettrace())],
        "limits": [sys.getrecursionlimit(), socket.getdefaulttimeout()],
        "random": hash(random.getstate()),
        "umask": umask(),
        "databases": sum(type(one).__module__ == "sqlite3" for one in gc.get_objects()),
    }


def open_files():
    """Yield the target of each open file descriptor; each socket has a unique name."""
    folder = "/proc/self/fd"
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        try:
            yield os.readlink(os.path.join(folder, name))
        except OSError:
            pass  # the descriptor for listing the folder, closed since


def umask():
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def call(words):
    """Run one command line on the streams of the process, as a script does."""
    known = sys.stdin, sys.stdout, sys.stderr
    is_interrupted = words[:1] == ["Ctrl-C"]
    given = Interrupted() if is_interrupted else io.StringIO()
    sys.stdin, sys.stdout, sys.stderr = streams = given, io.StringIO(), io.StringIO()
    before = list(words)
    try:
        code = main(words[1:] if is_interrupted else words)
        assert (sys.stdin, sys.stdout, sys.stderr) == streams and words == before
        return int(code), streams[1].getvalue(), streams[2].getvalue()
    finally:
        sys.stdin, sys.stdout, sys.stderr = known


def changes(before, after):
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}


def run(calls, seed, rounds):
    for words in calls:
        call(words)  # first load all modules, which stay loaded
    gc.collect()
    gc.disable()  # resources must be released without it
    numbers = list(range(len(calls))) * rounds
    random.Random(seed).shuffle(numbers)
    before = state()
    results = [(number,) + call(calls[number]) for number in numbers]
    return {"results": results, "changes": changes(before, state())}


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin), int(sys.argv[1]), int(sys.argv[2]))))
