"""Says what a server does not keep of the records that were just written to it."""

import itertools
import time
from typing import Any, Iterator, List, Optional, Sequence, Set, Tuple

from coaiapy.config.settings import Settings
from coaiapy.langfuse.client import features
from coaiapy.langfuse.client.server import Server, recall
from coaiapy.langfuse.journal.claims import among
from coaiapy.langfuse.journal.damage import whole
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records.body import Body
from coaiapy.util import times
from coaiapy.util.formats.json_values import inexact_numbers

# The records of one query.
_STEP = 1000
_WRITTEN = "SELECT seq, kind, body, CAST(body AS BLOB) AS text, written_at FROM records WHERE "
# Only scores can lose anything, and what has a whole number of 16 digits or more, which is a row of
# zeros once all digits are zeros. A pattern would be tried at each digit, which took a tenth of the
# time of a batch.
_ALL_ZERO = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 16
# A score that was made just now needs no timestamp of its own. Seconds.
_JUST_NOW = 60.0


def messages(journal: Journal, settings: Settings, rows: Sequence[int]) -> Tuple[str, ...]:
    """Return sentences about what the server does not keep of the records in ``rows``."""
    server = recall(journal, settings.base_url)
    if server is None:
        return ()
    lost: Set[str] = set()
    rounded: List[str] = []
    for row, body in _suspects(journal, rows):
        if row["kind"] == "score" and not server.has(features.SCORE_FIELDS):
            lost.update(_lost(body, row["written_at"]))
        number = _rounded(row["kind"], body, server)
        if number is not None:
            rounded.append("{} of {} {!r}".format(number, row["kind"], body["id"]))
    return tuple(_score_messages(lost)) + tuple(_number_messages(rounded))


def _suspects(journal: Journal, rows: Sequence[int]) -> Iterator[Tuple[Any, Body]]:
    """Yield the records that may lose anything, with their bodies."""
    for start in range(0, len(rows), _STEP):
        written = journal.rows(_WRITTEN + among("seq", rows[start : start + _STEP]))
        for found in whole(journal, filter(_is_suspect, written)):
            yield found


def _is_suspect(row: Any) -> bool:
    return row["kind"] == "score" or _LONG_NUMBER in row["text"].translate(_ALL_ZERO)


def _lost(score: Body, written_at: Optional[float]) -> Iterator[str]:
    """Yield the fields of a score that a v2 server drops; its timestamp becomes the server's time."""
    for name in ("environment", "metadata"):
        if score.get(name):
            yield name
    moment = times.epoch_milliseconds(score["timestamp"]) / 1000
    if abs((written_at or time.time()) - moment) > _JUST_NOW:
        yield "timestamp"


def _rounded(kind: str, body: Body, server: Server) -> Optional[int]:
    """Return a number that the server rounds: a v4 server keeps those in inputs and outputs."""
    is_span = server.keeps_spans and kind != "score"
    return next(inexact_numbers(body.get("metadata") if is_span else body), None)


def _score_messages(lost: Set[str]) -> Iterator[str]:
    if lost:
        *others, last = sorted(lost)
        names = "{} and {}".format(", ".join(others), last) if others else last
        yield "this server (v2) does not keep the {} of scores".format(names)


def _number_messages(rounded: List[str]) -> Iterator[str]:
    for first in itertools.islice(rounded, 1):
        others = len(rounded) - 1
        more = " and those of {} more records".format(others) if others else ""
        yield (
            "the server rounds whole numbers above 2^53: {}{}; a text keeps every digit".format(
                first, more
            )
        )
