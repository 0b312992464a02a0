"""A process that observes records says that it lives."""

import os

from coaiapy.langfuse.journal import observers
from coaiapy.langfuse.journal.db import journal_path
from coaiapy.langfuse.journal.observers import Observer


def test_an_observer_says_when_it_lived_last(home):
    with Observer() as observer:
        path = os.path.join(os.path.dirname(journal_path()), "running", observer.token)
        os.utime(path, (0, 0))
        observer.breathe()
        assert observers.last_seen(observer.token) > 0
    assert observers.last_seen(observer.token) is None
