"""Metadata on its way to a server and back, with what a server has no place for.

A v4 server keeps metadata as text per key and reads each back as JSON when it can, adds entries
of its own to every span, and mixes the trace's into its observations'. ``sent`` writes metadata so
that ``received`` gives back what was written: a text that looks like JSON is quoted, a key that
the server uses itself is moved aside. Fields of a record that a server cannot keep travel as
``coaia_<field>`` ("own" fields); ``coaia_trace_keys`` names the keys that an observation only
repeats of its trace.
"""

import json
from functools import lru_cache
from typing import Any, Dict, Mapping, Set, Tuple

from coaiapy import json_values
from coaiapy.record_fields import FIELDS, Body
from coaiapy.wire import to_text

# The name under which our spans are sent.
SCOPE = "coaia"
OWN_PREFIX = "coaia_"
_ASIDE = "coaia_metadata."
_TRACE_KEYS = OWN_PREFIX + "trace_keys"
_OWN = {OWN_PREFIX + field.attribute for fields in FIELDS.values() for field in fields}
_OWN.add(_TRACE_KEYS)
# Entries that a server adds to what came through OTLP.
_ADDED = ("attributes", "resourceAttributes", "scope")
_RESERVED = _ADDED + ("__proto__",)
_JSON_STARTS = tuple('{["-0123456789tfnNI')


def as_text(value: Any) -> str:
    """Return text from which ``from_text`` makes the same value: JSON, or plain text as it is."""
    if isinstance(value, str) and not _is_json(value):
        return value
    return str(value) if type(value) is int else to_text(value)


def from_text(value: Any) -> Any:
    """Return the value of a text made by ``as_text``; anything but text is returned unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return json_values.parse(value)
    except ValueError:
        return value


def sent(metadata: Mapping[str, Any], own: Mapping[str, Any]) -> Dict[str, str]:
    """Return the texts under which a span carries metadata and own fields."""
    texts = {aside(key): as_text(value) for key, value in metadata.items()}
    texts.update((OWN_PREFIX + field, as_text(value)) for field, value in own.items())
    return texts


def repeated(trace: Mapping[str, Any], metadata: Mapping[str, Any]) -> Dict[str, str]:
    """Return the text that tells which keys on an observation's span are its trace's alone."""
    keys = sorted(set(trace) - set(metadata)) if trace else []
    return {_TRACE_KEYS: to_text(keys)} if keys else {}


def received(metadata: Mapping[str, Any]) -> Tuple[Body, Body]:
    """Return (the user's metadata, own fields by attribute) of what a server of any kind shows.

    Values that the server has left as text are expected to be final; entries that it added by
    itself are left out.
    """
    is_span = any(_head(key) == "resourceAttributes" for key in metadata)
    left_out = _trace_keys(metadata) | {_TRACE_KEYS}
    user: Body = {}
    own: Body = {}
    for key, value in metadata.items():
        if key in left_out or is_span and is_added(key):
            continue
        if key in _OWN:
            own[key[len(OWN_PREFIX) :]] = value
        else:
            user[key[len(_ASIDE) :] if key.startswith(_ASIDE) else key] = value
    return user, own


def of_trace(metadata: Mapping[str, Any]) -> Body:
    """Return what an observation's span of ours only repeats of its trace's metadata."""
    repeats = _trace_keys(metadata) | {OWN_PREFIX + "trace_id"}
    return {key: value for key, value in metadata.items() if key in repeats}


def _trace_keys(metadata: Mapping[str, Any]) -> Set[str]:
    keys = metadata.get(_TRACE_KEYS)
    return {aside(key) for key in keys if isinstance(key, str)} if isinstance(keys, list) else set()


# Most records of a program have the same few keys.
@lru_cache(maxsize=1024)
def aside(key: str) -> str:
    """Return the key under which a user's metadata key travels: itself, if that is safe."""
    taken = key in _OWN or key.startswith(_ASIDE) or _head(key) in _RESERVED or not key
    return _ASIDE + key if taken else key


def is_ours(metadata: Mapping[str, Any]) -> bool:
    """Whether what a v4 server shows of a span's metadata says that this program has sent it."""
    return metadata.get("scope.name") == SCOPE


def is_added(key: str) -> bool:
    """Whether a key of a span's metadata is one that servers add by themselves."""
    return _head(key) in _ADDED


def _head(key: str) -> str:
    return key.split(".", 1)[0]


def _is_json(text: str) -> bool:
    """Whether a JSON parser would take the text for something else than itself."""
    if not text.lstrip().startswith(_JSON_STARTS):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    except RecursionError:
        return True
    return True
