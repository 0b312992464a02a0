"""What a process of the fault suite does: it writes and sends records until it is killed."""

import os

from delivering import records_of, settings_for

from coaiapy import patience
from coaiapy.langfuse.traces import traces
from coaiapy.util import deadlines


class Server:
    public_key = "pk-test"
    secret_key = "sk-test"

    def __init__(self, url):
        self.url = url


def write(connection):
    """Carry out one task after the other, each a dict.

    It holds ``home``, ``url``, ``first`` (number of the first trace), ``writes``, ``size`` (records
    per write), ``seconds`` (per write, and for what the others have written) and ``timeout`` (per
    request). Sends "begun" before each write and "done" after the last one.
    """
    while True:
        task = connection.recv()
        os.environ["COAIA_HOME"] = task["home"]
        settings = settings_for(Server(task["url"]), timeout=task["timeout"])
        patience.BACKLOG = task["seconds"]  # a request that it cuts short has to be sent again
        for number in range(task["first"], task["first"] + task["writes"]):
            connection.send("begun")
            with deadlines.limit(task["seconds"]):
                traces.submit(settings, records_of(task["size"], number))
        connection.send("done")
