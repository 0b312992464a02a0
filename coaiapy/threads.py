"""Starts the threads of coaia; what they need is imported before, in the thread that starts them.

An import in a thread can wait for ever for one in another thread: several locks are held meanwhile,
and packages take them in any order.
"""

import threading
from typing import Callable, Optional

from coaiapy import deadlines
from coaiapy.packages import require


def start(
    work: Callable[[], None], name: str, makes_requests: bool = True
) -> Optional[threading.Thread]:
    """Run ``work`` in a daemon thread, which does not keep the program from ending.

    The limit of the thread that calls this (see ``deadlines``) is that of the new one as well.

    Without ``makes_requests`` it uses other packages, which are imported already. Returns ``None``
    if the system allows no further thread: the caller does the work itself.
    """
    if makes_requests:
        prepare()
    limit = deadlines.current()

    def run() -> None:
        with deadlines.handed_on(limit):
            work()

    thread = threading.Thread(target=run, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def prepare(url: str = "") -> None:
    """Import what a request to ``url`` uses; a thread for requests to any other does not need that.

    ``requests`` imports the rest of what it needs itself, but not what a host that is not ASCII
    takes: of a URL for the codec and a table, of a proxy for the codec.
    """
    require("requests")
    require("encodings.punycode")
    if any(ord(character) > 127 for character in url):
        require("idna.uts46data", "idna")
