"""What is stashed, without the values themselves."""

from typing import NamedTuple, Optional


class Entry(NamedTuple):
    """One key of the stash: ``size`` in bytes, ``ttl`` in seconds, ``None`` for good."""

    key: str
    size: int
    ttl: Optional[int]
