"""Makes new ids, and converts the user's ids to the form that v4 servers need.

On a v4 server a trace id is 32 and an observation id 16 lowercase hex digits. Any other id is
converted in the way that Langfuse's SDK converts a seed: to the first bytes of its SHA-256. The
same text therefore gives the same id in every process and every client.
"""

import os
import re
from functools import lru_cache
from typing import Any, List, Set

from coaiapy.errors import UsageError
from coaiapy.util.formats import json_values
from coaiapy.util.text.wording import kind_of

_HEX32 = re.compile(r"[0-9a-f]{32}\Z")
_HEX16 = re.compile(r"[0-9a-f]{16}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")

# The trace ids that this process has made.
_made_here: Set[str] = set()


def check_given(given: Any, what: str) -> str:
    """Return the id of a ``what`` ("trace") as text; ``UsageError`` for an invalid one.

    An empty one is refused, because servers would return any record for it.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if not isinstance(given, str):
        kind = kind_of(given)
        raise UsageError("the id of the {} must be text, not {}".format(what, kind))
    if not given:
        raise UsageError("the id of the {} is empty: name one".format(what))
    try:
        return checked_text(given)
    except ValueError as error:
        raise UsageError("the id of the {} {}".format(what, error)) from error


def checked_text(text: str) -> str:
    """Return an id that consists of characters which every server keeps; else ``ValueError``."""
    for character, name in (("\r", "carriage return"), ("\0", "NUL character")):
        if character in text:
            raise ValueError("must not contain a {}".format(name))
    return json_values.plain_text(text)


def new_trace_id() -> str:
    """Return a random trace id of 32 hex digits, valid on every server generation."""
    made = os.urandom(16).hex()
    _made_here.add(made)
    return made


def is_made_here(trace_id: str) -> bool:
    """Tell whether this process has made a trace id, so that no server can have the trace yet."""
    return trace_id in _made_here


def new_observation_id() -> str:
    """Return a random observation id of 16 hex digits, valid on every server generation."""
    return os.urandom(8).hex()


def new_id() -> str:
    """Return a random id for a record that is neither a trace nor an observation."""
    return os.urandom(16).hex()


@lru_cache(maxsize=256)
def span_trace_id(trace_id: str) -> str:
    """Return the 32 hex digits of a trace id on a v4 server."""
    text = trace_id.lower()
    if _UUID.match(text):
        text = text.replace("-", "")
    if _HEX32.match(text) and text.strip("0"):
        return text
    return _digest(trace_id)[:16].hex()


def span_id(observation_id: str) -> str:
    """Return the 16 hex digits of an observation id on a v4 server."""
    text = observation_id.lower()
    if _HEX16.match(text) and text.strip("0"):
        return text
    return _digest(observation_id)[:8].hex()


def _digest(text: str) -> bytes:
    """Return the hash of a text, also of one with a lone surrogate, which a user may ask for."""
    from hashlib import sha256  # not at the top: ids that are made here need none

    return sha256(text.encode("utf-8", "surrogatepass")).digest()


@lru_cache(maxsize=256)
def root_span_id(trace_id: str) -> str:
    """Return the id of the root span that represents the trace itself."""
    return span_id("root of " + span_trace_id(trace_id))


def known_forms(trace_id: str) -> List[str]:
    """Return the forms of its id under which a trace may be stored, the user's own first."""
    kept = span_trace_id(trace_id)
    forms = [trace_id] if kept == trace_id else [trace_id, kept]
    if trace_id.lower().replace("-", "") == kept:
        dashed = "-".join((kept[:8], kept[8:12], kept[12:16], kept[16:20], kept[20:]))
        forms += [dashed] if dashed not in forms else []
    return forms


def derived_observation_id(*parts: str) -> str:
    """Return an observation id that is a hash of ``parts``, also of text that cannot be stored."""
    return _digest("\x1f".join(parts))[:8].hex()


def known_observation_forms(observation_id: str) -> List[str]:
    """Return the forms of its id under which an observation may be stored, the user's first."""
    other = span_id(observation_id)
    return [observation_id] if other == observation_id else [observation_id, other]
