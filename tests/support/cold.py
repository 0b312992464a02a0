"""Starts commands as a user starts them: the installed script, in a process that knows nothing yet.

The command lines are the examples in the help of every command, so that none is forgotten.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from all_commands import REAL_COMMANDS, example_lines

SCRIPT = os.path.join(os.path.dirname(sys.executable), "coaia")
SITE = Path(__file__).resolve().parent.parent / "cold_site"
# Seconds that any command may take, however bad the machine is.
LONGEST = 100
AT_ONCE = 3

# Commands that end with the code of any command, or not by themselves.
ENDLESS = (["run"], ["worker"], ["fuse", "traces", "tail"])
# The variables in the examples, and what keeps a command from looking for a cloud around it.
VARIABLES = {
    "COAIA_TRACE_ID": "my-run",
    "COAIA_SESSION_ID": "session-1",
    "COAIA_LAST_OBSERVATION_ID": "step-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "https_proxy": "http://127.0.0.1:9",
}
# The files in the examples; what is missing costs these examples an error.
FILES = {
    "steps.jsonl": '{"id": "step-1", "name": "Load"}\n{"id": "step-2", "name": "Save"}\n',
    "items.jsonl": '{"id": "item-1", "input": "What is 2+2?", "expectedOutput": "4"}\n',
    "items.csv": "id,input,expectedOutput\nitem-2,What is 1+1?,2\n",
    "traces.jsonl": '{"type": "trace-create", "body": {"id": "my-run"}}\n',
    "scores.csv": "name,value,traceId\nquality,0.5,my-run\n",
    "score-configs.json": '[{"name": "Helpfulness", "dataType": "NUMERIC"}]',
    "chat.yaml": "- role: user\n  content: Hello {{name}}\n",
    "photo.png": "\x89PNG\r\n\x1a\n",
    "notes.txt": "a long text\n",
}


class Ended(NamedTuple):
    """How a command ended; ``code`` is ``None`` if it had to be killed."""

    words: list
    code: int
    err: str
    seconds: float


def examples(which=lambda parser: True):
    """Return every command line in the help of such commands once, those first that others need.

    Those of ``coaia run`` are left out, which end with the code of any command.
    """
    found = {}
    for _, parser in (one for one in REAL_COMMANDS if one[0] not in ENDLESS):
        for words in example_lines(parser.epilog or "") if which(parser) else ():
            found.setdefault(tuple(words), [os.path.expandvars(word) for word in words])
    return sorted(found.values(), key=lambda words: "create" not in words and "init" not in words)


def asks_a_server(parser):
    """Whether a command may wait for somebody: only for that are threads started."""
    return "--timeout" in parser._option_string_actions


def delivers(parser):
    """Whether a command sends records, in the way of the server's generation."""
    return any("--require-delivery" in action.option_strings for action in parser._actions)


def run(words, prepare=lambda: None, **variables):
    """Run ``coaia WORD...``; ``prepare()`` is called in its process before."""
    return ended(started(words, prepare, **variables), words)


def started(words, prepare=lambda: None, **variables):
    """Start ``coaia WORD...``."""

    def begin():
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        prepare()

    return subprocess.Popen(
        [SCRIPT] + words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(os.environ, **variables),
        preexec_fn=begin,
    )


def refuse_threads():
    """Let the system refuse every thread from now on, as it does where too many processes run.

    A thread gets a stack as large as the limit for stacks, which is more than all memory allowed.
    The limit of processes itself does not hold for root.
    """
    _, most = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (64 << 30, most))
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))


def ended(process, words, longest=LONGEST):
    """Wait for the end of a command; kill it if it takes too long."""
    begun = time.monotonic()
    try:
        _, err = process.communicate(timeout=longest)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        _, err = process.communicate()
        code = None
    return Ended(words, code, err.decode("utf-8"), time.monotonic() - begun)


def several_at_once(work, items):
    """Return ``work(item)`` for every item."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))
