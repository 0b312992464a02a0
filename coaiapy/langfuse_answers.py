"""How the answer of a Langfuse server says that it speaks another dialect."""

import re
from typing import Any, Mapping

from coaiapy.http_answers import is_html, text_of

# How a v4 server says that an endpoint belongs to the other write mode.
_OTHER_MODE = re.compile(r"(not|only) available .*(events_only|v4 write mode)", re.DOTALL)


def is_other_generation(status: int, body: bytes) -> bool:
    """Whether the server does not know what was asked, so that another dialect must be spoken.

    Unknown routes are HTML 404 (before any check of keys); v4 servers answer old routes, and old
    ones new routes, with a JSON 404 that names the mode.
    """
    if status == 405:
        return True
    return status == 404 and (is_html(body) or bool(_OTHER_MODE.search(text_of(body))))


def is_event_type_refusal(error: Mapping[str, Any]) -> bool:
    """Whether an entry of a 207 refuses its event because of the server's mode, not its content."""
    return error.get("message") == "Event type not accepted"
