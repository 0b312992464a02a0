"""Answers and errors of routes, and error texts that several routes share."""

import json
from typing import Any, Dict, List, NamedTuple, Optional

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"

NOT_FOUND_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/>'
    "<title>404: This page could not be found</title></head><body></body></html>"
)
EVENTS_ONLY_MESSAGE = (
    "This endpoint is not available on deployments running in Langfuse v4 events_only mode. "
    "Learn more about Langfuse v4 at: https://langfuse.com/docs/v4"
)
NO_ROWS_MESSAGE = (
    "The observations v2 API is only available in a Langfuse v4 write mode. "
    "Learn more at: https://langfuse.com/docs/v4"
)
NO_METRICS_MESSAGE = NO_ROWS_MESSAGE.replace("observations", "metrics")
BAD_KEY_MESSAGE = "Invalid credentials. Confirm that you've configured the correct host."
NO_KEY_MESSAGE = "No authorization header"


class Answer(NamedTuple):
    """One HTTP answer; `body` is any JSON value, or text when `content_type` is not JSON."""

    status: int
    body: Any
    content_type: Optional[str] = JSON_TYPE
    headers: Dict[str, str] = {}

    def payload(self) -> bytes:
        if self.content_type == JSON_TYPE:
            try:
                return json.dumps(self.body, ensure_ascii=False).encode("utf-8")
            except UnicodeEncodeError:
                return json.dumps(self.body).encode("utf-8")
        return str(self.body).encode("utf-8")


class RefusedError(Exception):
    """Raised by any code of a route: the request is answered with this error."""

    def __init__(self, status: int, body: Any, content_type: Optional[str] = JSON_TYPE) -> None:
        super().__init__(status, body)
        self.answer = Answer(status, body, content_type)


def plain_text(status: int, text: str) -> RefusedError:
    """An error of the body parser, which runs before every route: text without a Content-Type."""
    return RefusedError(status, text, None)


def invalid_request(issues: List[Dict[str, Any]]) -> RefusedError:
    return RefusedError(400, {"message": "Invalid request data", "error": issues})


def domain_error(
    message: str, status: int = 400, name: str = "InvalidRequestError"
) -> RefusedError:
    return RefusedError(status, {"message": message, "error": name})


def not_found(message: str) -> RefusedError:
    return RefusedError(404, {"message": message, "error": "LangfuseNotFoundError"})
