"""Compact JSON text for the many small values of a batch.

For each value ``json`` makes a new encoder in C, which takes longer than encoding a small value.
Here one is kept.
"""

import json
from json import encoder
from typing import Any, Callable

# Returns the JSON text of a text.
quoted = encoder.encode_basestring


def compact(allow_nan: bool) -> Callable[[Any], str]:
    """Return a function that returns the JSON text of a value, without spaces.

    Types that JSON lacks, such as dates, become text. Without ``allow_nan`` it raises
    ``ValueError`` for NaN and infinity.
    """
    plain = json.JSONEncoder(
        ensure_ascii=False,
        check_circular=False,
        allow_nan=allow_nan,
        separators=(",", ":"),
        default=str,
    )
    try:
        make: Any = getattr(encoder, "c_make_encoder", None)
        kept = make(None, str, quoted, None, ":", ",", False, False, allow_nan)
    except TypeError:  # this Python has none, or makes it in another way
        return plain.encode
    return lambda value: "".join(kept(value, 0))
