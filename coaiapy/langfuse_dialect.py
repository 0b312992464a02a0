"""Recognises the responses of a Langfuse server of another generation than expected."""

import re
from typing import Any, Mapping

from coaiapy.http_answers import is_html, text_of

# The message of a v4 server about an endpoint that belongs to the other write mode.
_OTHER_MODE = re.compile(r"(not|only) available .*(events_only|v4 write mode)", re.DOTALL)


def is_other_generation(status: int, body: bytes) -> bool:
    """Tell whether a response means that this server's generation does not have the endpoint.

    An unknown route is answered with 405, or with 404 and an HTML page, before the keys are
    checked. A route of the other write mode is answered with a JSON 404 that names the mode.
    """
    if status == 405:
        return True
    return status == 404 and (is_html(body) or bool(_OTHER_MODE.search(text_of(body))))


def is_event_type_refusal(error: Mapping[str, Any]) -> bool:
    """Tell whether an error in a 207 response is about the server's mode, not the event itself."""
    return error.get("message") == "Event type not accepted"
