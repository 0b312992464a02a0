"""Media under the names that scripts import.

Functions that return JSON text return ``{"error": ...}`` after a failure. Functions that return a
dict have ``success`` in it, which is true only when storage and server have confirmed the upload.
An error from a server is never raised.
"""

import os
from typing import Any, Callable, Dict, Optional

from coaiapy.config import settings
from coaiapy.errors import CoaiaError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.media import files as media_files
from coaiapy.langfuse.media import media
from coaiapy.langfuse.media import transfer as media_transfer
from coaiapy.langfuse.media.files import SUPPORTED_CONTENT_TYPES
from coaiapy.langfuse.records.display import fields
from coaiapy.legacy.json_text import for_people, or_error, parsed
from coaiapy.legacy.traces import written

__all__ = [
    "SUPPORTED_CONTENT_TYPES",
    "attach_media_token_to_observation",
    "attach_media_token_to_trace",
    "calculate_sha256",
    "create_langfuse_media_token",
    "detect_content_type",
    "format_media_display",
    "get_media",
    "get_media_upload_url",
    "patch_media_upload_status",
    "upload_and_attach_media",
    "upload_media_to_url",
    "validate_content_type",
]


def calculate_sha256(file_path: str) -> str:
    """Return a file's SHA-256 as base64 text of 44 characters.

    ``StateError`` if it cannot be read.
    """
    return media_files.file_sha256(file_path)


def detect_content_type(file_path: str) -> str:
    """Return the type for a file name's extension, else ``application/octet-stream``."""
    return media_files.detect_content_type(file_path)


def validate_content_type(content_type: str) -> Dict[str, Any]:
    """Return ``{"valid", "message"}``: whether Langfuse supports files of this type."""
    valid = content_type in SUPPORTED_CONTENT_TYPES
    return {"valid": valid, "message": "" if valid else media_files.unsupported(content_type)}


def get_media_upload_url(
    trace_id: str,
    content_type: str,
    content_length: int,
    sha256_hash: str,
    field: str = "input",
    observation_id: Optional[str] = None,
) -> str:
    """Register a file and return ``{"mediaId", "uploadUrl"}``, or ``{"error": ...}``.

    ``uploadUrl`` is ``null`` if the server has the file already. ``content_length`` is in bytes,
    ``sha256_hash`` as ``calculate_sha256`` returns it.
    """
    file = media_files.MediaFile("", content_type, sha256_hash, content_length)
    slot = media.Slot(trace_id, observation_id, field)
    return _asked(lambda http: media.upload_url(http, file, slot))


def upload_media_to_url(
    upload_url: str, file_path: str, content_type: str, sha256_hash: Optional[str] = None
) -> Dict[str, Any]:
    """PUT a file to an upload URL; return ``{success, status_code, message, upload_time_ms}``.

    ``status_code`` is 0 if there was no response.
    """
    try:
        digest = sha256_hash or media_files.file_sha256(file_path)
        size = os.path.getsize(file_path)
        transfer = media_transfer.upload(
            upload_url, media_files.MediaFile(file_path, content_type, digest, size)
        )
    except (CoaiaError, OSError) as error:
        return {"success": False, "status_code": 0, "message": str(error), "upload_time_ms": 0}
    return {
        "success": not transfer.error,
        "status_code": transfer.status,
        "message": transfer.error or "uploaded",
        "upload_time_ms": transfer.milliseconds,
    }


def patch_media_upload_status(
    media_id: str, status_code: int, upload_time_ms: int, error: Optional[str] = None
) -> str:
    """Tell the server the result of an upload; return its response, or ``{"error": ...}``."""
    transfer = media_transfer.Transfer(status_code, error or "", upload_time_ms)
    return _asked(lambda http: media.tell(http, media_id, transfer))


def get_media(media_id: str) -> str:
    """Return the server's description of a file with its ``url``, or ``{"error": ...}``."""
    return or_error(lambda: media.get_media(settings.load(), media_id))


def create_langfuse_media_token(media_id: str, content_type: str, source: str = "file") -> str:
    """Return the text that refers to a file, in Langfuse's format."""
    return media_files.token(media_id, content_type, source)


def attach_media_token_to_trace(trace_id: str, media_token: str, field: str = "input") -> str:
    """Add a reference to a field of a trace; return what ``add_trace`` returns."""
    return _attached(media.Slot(trace_id, None, field), media_token)


def attach_media_token_to_observation(
    observation_id: str, trace_id: str, media_token: str, field: str = "input"
) -> str:
    """Add a reference to a field of an observation; return what ``add_trace`` returns."""
    return _attached(media.Slot(trace_id, observation_id, field), media_token)


def upload_and_attach_media(
    file_path: str,
    trace_id: str,
    field: str = "input",
    observation_id: Optional[str] = None,
    content_type: Optional[str] = None,
) -> Dict[str, Any]:
    """Upload a file and add a reference to it to a trace or observation.

    Returns ``{success, media_id, media_token, media_data, message, upload_time_ms}``, or
    ``{"success": False, "error": ...}``.
    """
    slot = media.Slot(trace_id, observation_id, field)
    try:
        attached = media.upload_and_attach(settings.load(), file_path, slot, content_type)
    except CoaiaError as error:
        return {"success": False, "error": str(error)}
    return media.summary(attached)


@for_people
def format_media_display(media_json: Any) -> str:
    """Return what ``get_media`` returned with one field on each line."""
    return fields(parsed(media_json))


def _attached(slot: media.Slot, token: str) -> str:
    def attach() -> Any:
        outcome = media.attach(settings.load(), token, slot)
        return parsed(written(outcome, [slot.observation_id or slot.trace_id]))

    return or_error(attach)


def _asked(ask: Callable[[LangfuseHttp], Any]) -> str:
    def answer() -> Any:
        with client_for(settings.load(), "media") as http:
            return ask(http)

    return or_error(answer)
