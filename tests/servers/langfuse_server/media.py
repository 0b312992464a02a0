"""Media: a client asks for an upload URL, sends the file to another host, and reports the result.

One recorded 2.x server has no storage: it checks the request and then fails. The other has one, and
gives media random ids; newer servers make the id from the content. It is recorded that a
file which is stored already need not be uploaded again, and that a file whose upload was not
reported cannot be read; the message of the latter follows Langfuse's source.
"""

import base64
import binascii
import uuid
from typing import Any, Dict, List

from . import zod as z
from .messages import Answer, RefusedError, invalid_request, not_found
from .request import Request
from .tables import Body
from .times import now_iso

OLD_TYPES = (
    "image/png image/jpeg image/jpg image/webp audio/mpeg audio/mp3 audio/wav text/plain "
    "application/pdf"
).split()
OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES = (
    (
        "image/png image/jpeg image/jpg image/webp image/gif image/svg+xml image/tiff image/bmp "
        "image/avif image/heic audio/mpeg audio/mp3 audio/wav audio/ogg audio/oga audio/aac audio/mp4 "
        "audio/flac audio/opus audio/webm video/mp4 video/webm video/ogg video/mpeg video/quicktime "
        "video/x-msvideo video/x-matroska text/plain text/html text/css text/csv text/markdown "
        "text/x-python application/javascript text/x-typescript application/x-yaml application/pdf "
        "application/msword application/vnd.ms-excel {0}spreadsheetml.sheet application/zip "
        "application/json application/xml application/octet-stream {0}wordprocessingml.document "
        "{0}presentationml.presentation application/rtf application/x-ndjson "
        "application/vnd.apache.parquet application/gzip application/x-tar application/x-7z-compressed"
    )
    .format(OFFICE)
    .split()
)
NEITHER = (
    "Provide either traceId with field input/output/metadata, or datasetId + datasetItemId with "
    "field input/expectedOutput/metadata."
)
NO_STORAGE = "Media upload to blob storage not enabled or no bucket configured"
LARGEST = 1000000000
UPLOADED = (200, 201)


def create(server: Any, request: Request) -> Answer:
    """Register a file; `uploadUrl` is null when its content is stored already."""
    body = request.json()
    check(server, body)
    if not server.stores_media:
        raise RefusedError(500, {"message": NO_STORAGE, "error": "InternalServerError"})
    digest = body["sha256Hash"]
    media_id = id_of(server, digest)
    media = server.media.get(media_id)
    if media is None:
        media = {"mediaId": media_id, "contentType": body["contentType"], "sha256Hash": digest}
        media.update(contentLength=body["contentLength"], uploadHttpStatus=None)
        server.media[media_id] = media
    link = {name: body.get(name) for name in ("traceId", "observationId", "field")}
    if dict(link, mediaId=media_id) not in server.media_links:
        server.media_links.append(dict(link, mediaId=media_id))
    url = None if media["uploadHttpStatus"] in UPLOADED else server.storage.upload_url(media)
    return Answer(201, {"uploadUrl": url, "mediaId": media_id})


def id_of(server: Any, digest: str) -> str:
    if server.kind.otlp:
        return digest.replace("+", "-").replace("/", "_")[:22]
    same = [one["mediaId"] for one in server.media.values() if one["sha256Hash"] == digest]
    return same[0] if same else str(uuid.uuid4())


def check(server: Any, body: Any) -> None:
    if not isinstance(body, dict):
        raise invalid_request([server.zod.wrong_type("object", body, [])])
    checks: Dict[str, z.Check] = {
        "contentLength": z.number(1, whole=True),
        "traceId": z.text(1),
        "field": z.choice("input", "output", "metadata"),
    }
    issues = content_type_issues(server.zod, body)
    for name, one in checks.items():
        issues += one(server.zod, body.get(name, z.MISSING), [name])
    if not is_sha256(body.get("sha256Hash")):
        issues.append(server.zod.custom(["sha256Hash"], "Must be a 44 character base64 SHA-256"))
    if not issues and body["contentLength"] > LARGEST:
        issues = [server.zod.custom(["contentLength"], "File size must be less than %d" % LARGEST)]
    if issues:
        raise invalid_request(issues)


def content_type_issues(zod: z.Zod, body: Body) -> List[z.Issue]:
    """The issues of a refused type in the wording of each generation."""
    types = OLD_TYPES if zod.old else TYPES
    given = body.get("contentType")
    if given in types:
        return []
    issue = zod.bad_choice(types, given, ["contentType"])
    issue["message"] = "Invalid content type. Only supporting " + ", ".join(types)
    if zod.old:
        return [issue]
    other = [issue]
    for name in ("datasetId", "datasetItemId"):
        other.append(zod.wrong_type("string", z.MISSING, [name]))
    other.append(zod.wrong_type("null", body.get("traceId"), ["traceId"]))
    errors = [[issue], other]
    return [{"code": "invalid_union", "errors": errors, "path": [], "message": NEITHER}]


def is_sha256(text: Any) -> bool:
    try:
        return len(text) == 44 and len(base64.b64decode(text, validate=True)) == 32
    except (TypeError, ValueError, binascii.Error):
        return False


def known(server: Any, media_id: str) -> Body:
    if media_id not in server.media:
        raise not_found("Media asset not found")
    media: Body = server.media[media_id]
    return media


def update(server: Any, request: Request, media_id: str) -> Answer:
    """Store the result of an upload, as the client reports it."""
    body = request.json()
    if not isinstance(body, dict):
        raise invalid_request([server.zod.wrong_type("object", body, [])])
    checks = {"uploadedAt": z.datetime, "uploadHttpStatus": z.number(whole=True)}
    issues: List[z.Issue] = []
    for name, one in checks.items():
        issues += one(server.zod, body.get(name, z.MISSING), [name])
    optional = {"uploadHttpError": z.text(), "uploadTimeMs": z.number()}
    issues += z.check_fields(server.zod, body, optional, [])
    if issues:
        raise invalid_request(issues)
    known(server, media_id).update(body)
    return Answer(200, {"message": "OK"})


def get(server: Any, request: Request, media_id: str) -> Answer:
    media = known(server, media_id)
    if not media["uploadHttpStatus"]:
        raise not_found("Media not yet uploaded")
    if media["uploadHttpStatus"] not in UPLOADED:
        raise not_found("Media upload failed with status %s" % media["uploadHttpStatus"])
    shown = {name: media[name] for name in ("mediaId", "contentType", "contentLength")}
    shown.update(uploadedAt=media["uploadedAt"], url=server.storage.download_url(media))
    return Answer(200, dict(shown, urlExpiry=now_iso()))
