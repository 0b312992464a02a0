"""Media: files in the storage of a Langfuse server, with references to them in traces.

An upload has three steps: the server returns an upload URL, the file is sent there, and the server
is told of the result. When the server then shows the file, the reference is written to the record,
through the journal like every write.
"""

from typing import NamedTuple, Optional, Tuple

from coaiapy.config.schema import WAIT
from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, NotFoundError, RefusedError, UsageError
from coaiapy.langfuse.client import online
from coaiapy.langfuse.client import server as servers
from coaiapy.langfuse.client.errors import UnavailableError
from coaiapy.langfuse.client.http import LangfuseHttp, quoted
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.journal.db import Journal, open_to_read
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.media import files
from coaiapy.langfuse.media import transfer as media_transfer
from coaiapy.langfuse.media.files import MediaFile
from coaiapy.langfuse.media.transfer import Transfer
from coaiapy.langfuse.read import pending
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces
from coaiapy.util import times

MEDIA = "/api/public/media"
FIELDS = ("input", "output", "metadata")
LARGEST_FILE = 1 << 30


class Slot(NamedTuple):
    """Where a file belongs: a field of a trace, or of one of its observations."""

    trace_id: str
    observation_id: Optional[str] = None
    field: str = "input"


class Stored(NamedTuple):
    """A file that the server has confirmed.

    ``media`` is the server's description, ``token`` the text that refers to the file,
    ``milliseconds`` the time of the upload, 0 if the file ``was_there`` already.
    """

    media: Body
    token: str
    milliseconds: int = 0
    was_there: bool = False


class Attached(NamedTuple):
    """A file that the server has confirmed, and the delivery of the reference to it."""

    stored: Stored
    outcome: delivery.Outcome


def get_media(settings: Settings, media_id: str) -> Body:
    """Return the server's description of a file.

    It has ``mediaId``, ``contentType``, ``contentLength``, ``uploadedAt``, ``url``, ``urlExpiry``.
    ``media_id`` may be a whole reference. Raises ``NotFoundError`` if there is no such file, or its
    upload is not finished.
    """
    known = files.id_in(media_id)
    with client_for(settings, "media") as http:
        return _get(http, known)


def download(settings: Settings, media_id: str) -> Tuple[Body, bytes]:
    """Return the server's description of a file, and its bytes.

    Raises ``RefusedError`` if their number or SHA-256 differs from what the server has registered. The
    random ids of a v2 server say nothing about the bytes: there only their number is checked.
    """
    found = get_media(settings, media_id)
    size = _size(found)
    content = media_transfer.download(found["url"], size)
    if len(content) != size or not files.is_id_of(found["mediaId"], content):
        raise RefusedError(
            "the storage {} returned other bytes for media {!r} than were uploaded: nothing was "
            "saved".format(media_transfer.place(found["url"]), found["mediaId"])
        )
    return found, content


def _size(media: Body) -> int:
    """Return the size of a file in bytes; ``RefusedError`` if it is missing or too large."""
    size = media.get("contentLength")
    known = isinstance(size, int) and 0 <= size <= LARGEST_FILE
    if not known or not all(isinstance(media.get(name), str) for name in ("url", "mediaId")):
        raise RefusedError("the server's answer does not describe a file that can be downloaded")
    return int(size or 0)


def upload_and_attach(
    settings: Settings,
    path: str,
    slot: Slot,
    content_type: Optional[str] = None,
) -> Attached:
    """Upload a file and add a reference to it to a record; nothing else of the record changes.

    Raises ``NotFoundError``, before anything is sent, if the trace or observation does not exist,
    and what ``store`` raises.
    """
    _check_field(slot)
    online.require_server(settings, "media")
    file = files.examine(path, content_type)
    record = _record(settings, slot)
    with client_for(settings, "media") as http:
        stored = store(http, file, _as_kept(http, slot, record))
    return Attached(stored, attach(settings, stored.token, slot, record))


def attach(
    settings: Settings,
    token: str,
    slot: Slot,
    record: Optional[Body] = None,
) -> delivery.Outcome:
    """Add a reference to a field of a trace or observation, if it is not there already.

    ``record`` is the trace or observation, if the caller has read it. The server has the file
    already, so that the reference to it is sent at once, whatever the settings say of delivery.
    """
    _check_field(slot)
    settings = settings._replace(delivery=WAIT)
    body = _record(settings, slot) if record is None else record
    value = body.get(slot.field)
    if slot.field == "metadata":
        value = {} if value is None else value
    contents = {slot.field: files.with_reference(value, token)}
    if slot.observation_id is None:
        return traces.patch_trace(settings, slot.trace_id, contents)
    return traces.patch_observation(settings, slot.trace_id, slot.observation_id, contents)


def store(http: LangfuseHttp, file: MediaFile, slot: Slot) -> Stored:
    """Upload a file, unless the server has it already, and return what the server has stored.

    Raises ``NetworkError`` or ``RefusedError`` if the storage or the server does not confirm it.
    """
    asked = upload_url(http, file, slot)
    media_id, url = str(asked["mediaId"]), asked.get("uploadUrl")
    milliseconds = 0
    if url:
        transfer = media_transfer.upload(url, file)
        tell(http, media_id, transfer)
        if transfer.error:
            raise media_transfer.failure(url, "upload", transfer.status, transfer.error)
        milliseconds = transfer.milliseconds
    media = _confirmed(http, media_id, file)
    token = files.token(media_id, str(media["contentType"]))
    return Stored(media, token, milliseconds, not url)


def upload_url(http: LangfuseHttp, file: MediaFile, slot: Slot) -> Body:
    """Register a file; return ``mediaId`` and ``uploadUrl`` (``None`` if the bytes are stored)."""
    _check_field(slot)
    body = {
        "traceId": slot.trace_id,
        "contentType": file.content_type,
        "contentLength": file.size,
        "sha256Hash": file.sha256,
        "field": slot.field,
    }
    if slot.observation_id is not None:
        body["observationId"] = slot.observation_id
    try:
        asked: Body = http.request("POST", MEDIA, json=body)
    except UnavailableError as error:
        if error.status == 500 and "not enabled" in str(error):
            raise RefusedError(
                "this Langfuse server ({}) has no storage for media: its operator has to set one up "
                "(LANGFUSE_S3_MEDIA_UPLOAD_BUCKET)".format(http.shown_url)
            ) from error
        raise
    return asked


def _check_field(slot: Slot) -> None:
    if slot.field not in FIELDS:
        raise UsageError(
            "{!r} is not a field for media: use one of {}".format(slot.field, ", ".join(FIELDS))
        )


def tell(http: LangfuseHttp, media_id: str, transfer: Transfer) -> None:
    """Tell the server the result of an upload."""
    body = {
        "uploadedAt": times.now(),
        "uploadHttpStatus": transfer.status,
        "uploadTimeMs": transfer.milliseconds,
    }
    if transfer.error:
        body["uploadHttpError"] = transfer.error
    http.request("PATCH", MEDIA + "/" + quoted(media_id), json=body, retry=True)


def _get(http: LangfuseHttp, media_id: str) -> Body:
    try:
        found: Body = http.request("GET", MEDIA + "/" + quoted(media_id))
    except NotFoundError as error:
        raise NotFoundError("no media {!r}: {}".format(media_id, error)) from error
    return found


def _confirmed(http: LangfuseHttp, media_id: str, file: MediaFile) -> Body:
    try:
        media = _get(http, media_id)
    except NotFoundError as error:
        raise RefusedError(
            "the server does not confirm the upload of {}: {}".format(file.path, error)
        ) from error
    if media.get("contentLength") != file.size:
        raise RefusedError(
            "the server has {} bytes of {}, which has {}".format(
                media.get("contentLength"), file.path, file.size
            )
        )
    return media


def _record(settings: Settings, slot: Slot) -> Body:
    """Return the trace or observation of a slot as it is now.

    That includes what this machine has just written and the server may not show yet.
    """
    trace = trace_reads.get_trace(settings, slot.trace_id)
    records = [trace] if slot.observation_id is None else trace["observations"]
    kind = "trace" if slot.observation_id is None else "observation"
    wanted = ids.span_id(slot.observation_id or "")
    with Journal() as journal:
        destination = destination_of(journal, settings)
        fresh = list(pending.records(journal, destination, slot.trace_id, kind))
    found: Body = {}
    for record in records + [body for _, body in fresh]:
        if slot.observation_id is None or ids.span_id(record["id"]) == wanted:
            found = dict(found, **record)
    if not found:
        raise NotFoundError(
            "no observation {!r} in trace {!r}".format(slot.observation_id, slot.trace_id)
        )
    return found


def _as_kept(http: LangfuseHttp, slot: Slot, record: Body) -> Slot:
    """Return a slot with the ids that the server uses for the trace and the observation."""
    with open_to_read(False) as journal:
        server = servers.server_for(http, journal)
    is_trace = slot.observation_id is None
    trace_id = str(record["id"] if is_trace else record["traceId"])
    observation_id = None if is_trace else str(record["id"])
    if server.keeps_spans:
        trace_id = ids.span_trace_id(trace_id)
        observation_id = None if observation_id is None else ids.span_id(observation_id)
    return slot._replace(trace_id=trace_id, observation_id=observation_id)


def summary(attached: Attached) -> Body:
    """Return an upload in the form that scripts know.

    ``success`` is true if the server has confirmed both the file and the reference.
    """
    stored, outcome = attached
    problem = reference_problem(outcome)
    if problem:
        return {"success": False, "error": problem, "media_id": stored.media["mediaId"]}
    return {
        "success": True,
        "media_id": stored.media["mediaId"],
        "media_token": stored.token,
        "media_data": stored.media,
        "message": "was there already" if stored.was_there else "uploaded",
        "upload_time_ms": stored.milliseconds,
    }


def reference_problem(outcome: delivery.Outcome) -> str:
    """Return why the server has not accepted a reference; an empty text if it has."""
    if outcome.rejected:
        return "the server refused the reference: " + outcome.rejected[0].reason
    problem: Optional[CoaiaError] = outcome.problem
    if outcome.waiting or problem is not None:
        return "the file is uploaded, the reference to it waits in the outbox" + (
            ": {}".format(problem) if problem else ""
        )
    return ""
