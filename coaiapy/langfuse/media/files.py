"""Media files: their content type, their SHA-256, and the text that refers to one.

The reference is put into the input, output or metadata of a trace or observation; Langfuse's web
page shows the file in its place. A file's id is the beginning of its SHA-256.
"""

import base64
import hashlib
import json
import os
import re
from typing import Any, Dict, NamedTuple, Optional

from coaiapy.errors import StateError, UsageError
from coaiapy.util.files import reason
from coaiapy.util.paths import open_regular
from coaiapy.util.text.wording import did_you_mean

_OFFICE = "application/vnd.openxmlformats-officedocument."
# The content types that current servers accept, from Langfuse's API document; older accept fewer.
SUPPORTED_CONTENT_TYPES = (
    (
        "image/png image/jpeg image/jpg image/webp image/gif image/svg+xml image/tiff image/bmp "
        "image/avif image/heic audio/mpeg audio/mp3 audio/wav audio/ogg audio/oga audio/aac audio/mp4 "
        "audio/flac audio/opus audio/webm video/mp4 video/webm video/ogg video/mpeg video/quicktime "
        "video/x-msvideo video/x-matroska text/plain text/html text/css text/csv text/markdown "
        "text/x-python application/javascript text/x-typescript application/x-yaml application/pdf "
        "application/msword application/vnd.ms-excel application/zip application/json application/xml "
        "application/octet-stream application/rtf application/x-ndjson application/vnd.apache.parquet "
        "application/gzip application/x-tar application/x-7z-compressed "
        "{0}spreadsheetml.sheet {0}wordprocessingml.document {0}presentationml.presentation"
    )
    .format(_OFFICE)
    .split()
)
_UNKNOWN_TYPE = "application/octet-stream"
_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg jpeg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/svg+xml": "svg",
    "image/tiff": "tiff tif",
    "image/bmp": "bmp",
    "image/avif": "avif",
    "image/heic": "heic",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg oga",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "audio/flac": "flac",
    "audio/opus": "opus",
    "audio/webm": "weba",
    "video/mp4": "mp4 m4v",
    "video/webm": "webm",
    "video/ogg": "ogv",
    "video/mpeg": "mpeg mpg",
    "video/quicktime": "mov",
    "video/x-msvideo": "avi",
    "video/x-matroska": "mkv",
    "text/plain": "txt text log",
    "text/html": "html htm",
    "text/css": "css",
    "text/csv": "csv",
    "text/markdown": "md markdown",
    "text/x-python": "py",
    "application/javascript": "js mjs",
    "text/x-typescript": "ts",
    "application/x-yaml": "yaml yml",
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    _OFFICE + "spreadsheetml.sheet": "xlsx",
    _OFFICE + "wordprocessingml.document": "docx",
    _OFFICE + "presentationml.presentation": "pptx",
    "application/zip": "zip",
    "application/json": "json",
    "application/xml": "xml",
    "application/rtf": "rtf",
    "application/x-ndjson": "ndjson jsonl",
    "application/vnd.apache.parquet": "parquet",
    "application/gzip": "gz",
    "application/x-tar": "tar",
    "application/x-7z-compressed": "7z",
    _UNKNOWN_TYPE: "bin",
}
_TYPE_OF = {ending: name for name, endings in _ENDINGS.items() for ending in endings.split()}
_TOKEN = re.compile(r"@@@langfuseMedia:type=[^|]*\|id=([A-Za-z0-9_-]+)\|source=[^|]*@@@\Z")
_BLOCK = 1 << 20

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class MediaFile(NamedTuple):
    """A file to upload; ``sha256`` is in base64, ``size`` in bytes."""

    path: str
    content_type: str
    sha256: str
    size: int


def examine(path: str, content_type: Optional[str] = None) -> MediaFile:
    """Return what a server needs to know about a file.

    Raises ``UsageError`` for an empty file or an unsupported type, ``StateError`` for a file that
    cannot be read.
    """
    found = content_type or detect_content_type(path)
    if found not in SUPPORTED_CONTENT_TYPES:
        raise UsageError(unsupported(found))
    digest, size = _digest(path)
    if not size:
        raise UsageError("{} is empty: there is nothing to upload".format(path))
    return MediaFile(path, found, to_base64(digest), size)


def file_sha256(path: str) -> str:
    """Return the SHA-256 of a file as base64 text of 44 characters."""
    return to_base64(_digest(path)[0])


def _digest(path: str) -> Any:
    digest, size = hashlib.sha256(), 0
    with open_regular(path) as stream:
        try:
            for block in iter(lambda: stream.read(_BLOCK), b""):
                digest.update(block)
                size += len(block)
        except OSError as error:
            raise StateError("cannot read {}: {}".format(path, reason(error))) from error
    return digest.digest(), size


def to_base64(digest: bytes) -> str:
    """Return a digest in base64, as servers expect it."""
    return base64.b64encode(digest).decode("ascii")


def is_id_of(media_id: str, content: bytes) -> bool:
    """Tell whether a file's id fits its bytes; the UUIDs of v2 servers fit any."""
    return bool(_UUID.match(media_id)) or media_id == id_of(content)


def id_of(content: bytes) -> str:
    """Return the id that a server gives to a file with these bytes."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return digest.decode("ascii")[:22]


def detect_content_type(path: str) -> str:
    """Return the type for a file name's extension, else ``application/octet-stream``."""
    ending = os.path.splitext(path)[1][1:].lower()
    return _TYPE_OF.get(ending, _UNKNOWN_TYPE)


def ending_of(content_type: str) -> str:
    """Return the file name extension for a content type, with its dot."""
    return "." + _ENDINGS.get(content_type, _ENDINGS[_UNKNOWN_TYPE]).split()[0]


def unsupported(content_type: str) -> str:
    """Return the error message for an unsupported content type."""
    return "{!r} is not a content type that Langfuse accepts{}".format(
        content_type, did_you_mean(content_type, SUPPORTED_CONTENT_TYPES)
    )


def token(media_id: str, content_type: str, source: str = "file") -> str:
    """Return the text that refers to a file, in Langfuse's format."""
    return "@@@langfuseMedia:type={}|id={}|source={}@@@".format(content_type, media_id, source)


def id_in(text: str) -> str:
    """Return the id in a reference; any other text is an id already."""
    match = _TOKEN.match(text)
    return match.group(1) if match else text


def with_reference(value: Any, reference: str) -> Any:
    """Return ``value`` with a reference to a file added, unless it is in there already.

    A text gets another line, a list another item, an object the key ``media``. Any other value
    becomes the first item of a list with the reference.
    """
    if value is None or value == "":
        return reference
    if reference in json.dumps(value, ensure_ascii=False, default=str):
        return value
    if isinstance(value, str):
        return "{}\n{}".format(value, reference)
    if isinstance(value, dict):
        changed: Dict[str, Any] = dict(value, media=with_item(value.get("media"), reference))
        return changed
    return with_item(value, reference)


def with_item(value: Any, item: str) -> Any:
    """Return ``item`` if ``value`` is ``None``, else a list of what is there and ``item``."""
    if value is None:
        return item
    return (value if isinstance(value, list) else [value]) + [item]
