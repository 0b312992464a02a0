"""Why a request got no whole answer, in the few words that mean something to its reader.

What ``requests`` raises is an exception wrapped in others, and what it does not raise is an answer
that ended in mid-body.
"""

import re
from typing import Any

from coaiapy.langfuse_answers import Answer


def whole_answer(response: Any) -> Answer:
    """Return the answer of a ``requests`` response; ``EOFError`` if it was cut off."""
    body = response.content
    headers = {name.lower(): value for name, value in response.headers.items()}
    promised = headers.get("content-length", "")
    # Not every urllib3 notices by itself that a connection ended in mid-body.
    if promised.isdigit() and response.raw.tell() < int(promised):
        raise EOFError("the answer was cut off")
    return Answer(response.status_code, headers, body)


def never_connected(error: Exception) -> bool:
    """Whether the request certainly never reached a server."""
    return bool(re.search(r"NewConnectionError|NameResolutionError|Failed to resolve", repr(error)))


def cause(error: Exception) -> str:
    """Return the few words of a nested exception that mean something."""
    text = repr(error)
    if "timed out" in text or "Timeout" in text:
        return "it did not answer in time"
    secure = re.search(r"certificate verify failed[^'\"(]*|WRONG_VERSION_NUMBER", text)
    if secure:
        return secure.group().strip().lower().replace("_", " ")
    system = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    if system:
        return system.group(1).strip().lower()
    if "Connection" in text and ("reset" in text or "aborted" in text or "closed" in text):
        return "the connection was lost"
    return str(error) if isinstance(error, EOFError) else "the answer was cut off"
