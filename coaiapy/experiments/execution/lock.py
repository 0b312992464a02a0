"""The lock that lets one process at a time work on a run of this machine."""

import os
from contextlib import contextmanager
from typing import Iterator

from coaiapy.errors import StateError
from coaiapy.experiments.plans import Plan
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.send.sender_lock import new_lock


@contextmanager
def held(journal: Journal, destination: int, plan: Plan) -> Iterator[None]:
    """Hold the lock of a run, which ends with this process; ``StateError`` if another one has it."""
    folder = os.path.dirname(os.path.abspath(journal.path))
    lock = new_lock(os.path.join(folder, "experiment-{}-{}.lock".format(destination, plan.id)))
    if not lock.take():
        lock.close()
        raise StateError(
            "another process works on the run {!r} of {!r}: wait until it has ended, or choose "
            "another --name".format(plan.name, plan.dataset)
        )
    try:
        yield
    finally:
        lock.remove()
