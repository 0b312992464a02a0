"""Runs the test server in a process of its own, until its standard input ends:

    python -m langfuse_server KIND

(with tests/servers/ on the module path). The first line on standard output is the server's URL; the keys
are those of LangfuseServer.
"""

import sys

from .kinds import KINDS
from .server import LangfuseServer


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in KINDS:
        sys.exit("usage: python -m langfuse_server {%s}" % ",".join(KINDS))
    with LangfuseServer(sys.argv[1]) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        sys.stdin.read()


main()
