"""A key of the stash as listings show it, without its value."""

from typing import NamedTuple, Optional


class Entry(NamedTuple):
    """One key of the stash: ``size`` in bytes, ``ttl`` in seconds or ``None`` without a limit."""

    key: str
    size: int
    ttl: Optional[int]
