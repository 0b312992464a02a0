"""Recognises the responses of a Langfuse server of another generation than expected."""

from typing import Any, Mapping

from coaiapy.util.http.answers import is_html, text_of

# The message of a v4 server about an endpoint that belongs to the other write mode has one of each.
_OTHER_MODE = (("not available ", "only available "), ("events_only", "v4 write mode"))


def is_other_generation(status: int, body: bytes) -> bool:
    """Tell whether a response means that this server's generation does not have the endpoint.

    An unknown route is answered with 405, or with 404 and an HTML page, before the keys are
    checked. A route of the other write mode is answered with a JSON 404 that names the mode.
    """
    if status == 405:
        return True
    said = text_of(body)
    is_mode = all(any(words in said for words in choice) for choice in _OTHER_MODE)
    return status == 404 and (is_html(body) or is_mode)


def is_event_type_refusal(error: Mapping[str, Any]) -> bool:
    """Tell whether an error in a 207 response is about the server's mode, not the event itself."""
    return error.get("message") == "Event type not accepted"
