"""Encodes metadata for a server and decodes it again, with fields that servers do not have.

A v4 server stores metadata as one text for each key and reads it as JSON if possible. It adds its
own entries to every span, and mixes the trace's metadata into that of its observations. ``sent``
encodes metadata so that ``received`` returns it unchanged: a text that looks like JSON is quoted,
and a key that the server itself uses is renamed. Fields of a record that a server does not have are
stored as ``coaia_<field>`` ("own" fields). ``coaia_trace_keys`` lists the keys in an observation's
metadata that come only from its trace.
"""

import json
from functools import lru_cache
from typing import Any, Dict, Mapping, Set, Tuple

from coaiapy.langfuse.client.wire import to_text
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import FIELDS
from coaiapy.util.formats import json_values

# The instrumentation scope of our spans.
SCOPE = "coaia"
OWN_PREFIX = "coaia_"
_ASIDE = "coaia_metadata."
_TRACE_KEYS = OWN_PREFIX + "trace_keys"
_OWN = {OWN_PREFIX + field.attribute for fields in FIELDS.values() for field in fields}
_OWN.add(_TRACE_KEYS)
# Entries that a server adds to the metadata of spans.
_ADDED = ("attributes", "resourceAttributes", "scope")
_RESERVED = _ADDED + ("__proto__",)
_JSON_STARTS = tuple('{["-0123456789tfnNI')


def as_text(value: Any) -> str:
    """Return a value as text for ``from_text``: as JSON, or unchanged if it is a plain text."""
    if isinstance(value, str):
        return kept_text(value)
    return str(value) if type(value) is int else to_text(value)


def kept_text(text: str) -> str:
    """Return a text for a server that reads texts as JSON: in quotes if it is JSON itself."""
    return to_text(text) if _is_json(text) else text


def from_text(value: Any) -> Any:
    """Return the value of a text from ``as_text``; other types are returned unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return json_values.parse(value)
    except ValueError:
        return value


def sent(metadata: Mapping[str, Any], own: Mapping[str, Any]) -> Dict[str, str]:
    """Return a span's metadata as texts: the user's metadata and the own fields."""
    texts = {aside(key): as_text(value) for key, value in metadata.items()}
    for field, value in own.items():
        texts[OWN_PREFIX + field] = as_text(value)
    return texts


def repeated(trace: Mapping[str, Any], metadata: Mapping[str, Any]) -> Dict[str, str]:
    """Return the entry that lists the metadata keys that only the observation's trace has."""
    keys = sorted(set(trace) - set(metadata))
    return {_TRACE_KEYS: to_text(keys)} if keys else {}


def received(metadata: Mapping[str, Any]) -> Tuple[Body, Body]:
    """Return (the user's metadata, own fields by attribute) from metadata that a server returns.

    The values must be decoded already. Entries that the server has added are left out.
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
    """Return the part of the metadata of one of our observations that is its trace's."""
    repeats = _trace_keys(metadata) | {OWN_PREFIX + "trace_id"}
    return {key: value for key, value in metadata.items() if key in repeats}


def _trace_keys(metadata: Mapping[str, Any]) -> Set[str]:
    keys = metadata.get(_TRACE_KEYS)
    return {aside(key) for key in keys if isinstance(key, str)} if isinstance(keys, list) else set()


# Cached, because most records of a program have the same few keys.
@lru_cache(maxsize=1024)
def aside(key: str) -> str:
    """Return the key for a user's metadata key: the same one, or a renamed one if it is taken."""
    taken = key in _OWN or key.startswith(_ASIDE) or _head(key) in _RESERVED or not key
    return _ASIDE + key if taken else key


def is_ours(metadata: Mapping[str, Any]) -> bool:
    """Tell from a span's metadata, as a v4 server returns it, whether coaia has sent the span."""
    return metadata.get("scope.name") == SCOPE


def is_added(key: str) -> bool:
    """Tell whether a key in a span's metadata is one that servers add."""
    return _head(key) in _ADDED


def _head(key: str) -> str:
    return key.split(".", 1)[0]


def _is_json(text: str) -> bool:
    """Tell whether a text is valid JSON, so that it would not be read back as the same text."""
    if not text.lstrip().startswith(_JSON_STARTS):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    except RecursionError:
        return True
    return True
