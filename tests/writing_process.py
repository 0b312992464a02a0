"""A process that writes and sends records through ``coaiapy.traces`` until it is told to stop.

    python writing_process.py

Each line on standard input is a JSON object: ``home``, ``url``, ``first`` (number of the first
trace), ``writes``, ``size`` (records per write), ``seconds`` (per write) and ``timeout`` (per
request). For each line it prints a ``b`` when a write begins, and a line end after the last.
"""

import json
import os
import sys

from delivering import records_of, settings_for

from coaiapy import traces


class Server:
    public_key = "pk-test"
    secret_key = "sk-test"

    def __init__(self, url):
        self.url = url


def main():
    for line in iter(sys.stdin.readline, ""):
        task = json.loads(line)
        os.environ["COAIA_HOME"] = task["home"]
        settings = settings_for(Server(task["url"]), timeout=task["timeout"])
        for number in range(task["first"], task["first"] + task["writes"]):
            sys.stdout.write("b")
            sys.stdout.flush()
            traces.submit(settings, records_of(task["size"], number), task["seconds"])
        sys.stdout.write("\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
