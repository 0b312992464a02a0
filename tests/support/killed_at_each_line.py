"""Writes records in child processes, each of which is killed at another line of the core.

    python killed_at_each_line.py URL N

Only every Nth line is used. Prints a JSON list of [line, number of the trace, whether the child was
not killed].
"""

import json
import os
import signal
import sys

from delivering import records_of, submit

from coaiapy.langfuse.journal import claims, destinations, outbox
from coaiapy.langfuse.journal import db as journal_db
from coaiapy.langfuse.send import chunk_sender, delivery
from coaiapy.langfuse.traces import traces

SIZE = 3
CORE = (journal_db, claims, outbox, chunk_sender, delivery, destinations, traces)
FILES = {module.__file__ for module in CORE}


class Server:
    public_key = "pk-test"
    secret_key = "sk-test"
    url = sys.argv[1] if len(sys.argv) > 1 else ""


def follow(on_line):
    """Call ``on_line`` before every line of the core that this thread executes."""

    def trace(frame, event, argument):
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            on_line("{}:{}".format(os.path.basename(frame.f_code.co_filename), frame.f_lineno))
        return trace

    sys.settrace(trace)


def in_child(trace, on_line):
    """Write a trace in a forked child process; return whether it was not killed."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        follow(on_line)
        submit(Server, records_of(SIZE, trace), seconds=100)
        sys.settrace(None)
        os._exit(0)
    finally:
        os._exit(1)


def lines_of_a_write(trace):
    reader, writer = os.pipe()
    seen = set()

    def note(line):
        if line not in seen:
            seen.add(line)
            os.write(writer, line.encode() + b"\n")

    assert in_child(trace, note)
    os.close(writer)
    with os.fdopen(reader) as stream:
        return stream.read().split()


def main():
    __import__("requests")
    kills = []
    for number, line in enumerate(lines_of_a_write(0)[:: int(sys.argv[2])], 1):

        def kill(reached, line=line):
            if reached == line:
                os.kill(os.getpid(), signal.SIGKILL)

        lived = in_child(number, kill)
        kills.append([line, number, lived])
    assert in_child(len(kills) + 1, lambda line: None)
    json.dump(kills, sys.stdout)


if __name__ == "__main__":
    main()
