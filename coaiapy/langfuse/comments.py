"""Comments of a Langfuse server: on a trace, an observation, a session or a version of a prompt.

A server accepts a comment only on what it shows already, so that posting waits for an object that
this machine has just written.
"""

import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.errors import NetworkError, NotFoundError, UsageError
from coaiapy.langfuse.client import online
from coaiapy.langfuse.client.errors import UnavailableError
from coaiapy.langfuse.client.http import LangfuseHttp, quoted
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.client.pages import MOST_ROWS
from coaiapy.langfuse.client.project import current_project
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import Journal, open_to_read
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.prompts import prompts
from coaiapy.langfuse.prompts.content import LATEST
from coaiapy.langfuse.read import pending
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.util import deadlines
from coaiapy.util.http.page_watch import PageWatch
from coaiapy.util.http.retry import backoff
from coaiapy.util.text.parsing import whole_number

COMMENTS = "/api/public/comments"
TRACE, OBSERVATION, SESSION, PROMPT = OBJECT_TYPES = ("TRACE", "OBSERVATION", "SESSION", "PROMPT")
LONGEST = 5000
COLUMNS = {
    "createdAt": "Created",
    "objectType": "On",
    "objectName": "Id",
    "content": "Comment",
    "authorUserId": "Author",
    "id": "Comment id",
}


class Target(NamedTuple):
    """The object that a comment is on: one of ``OBJECT_TYPES``, and its id.

    For a prompt that is the id of a version, and ``name`` is ``NAME@VERSION``.
    """

    object_type: str
    object_id: str
    name: str = ""

    def forms(self) -> List[str]:
        """Return the forms of the id to try: server generations store it differently."""
        if self.object_type == TRACE:
            return ids.known_forms(self.object_id)
        if self.object_type == OBSERVATION:
            return ids.known_observation_forms(self.object_id)
        return [self.object_id]


def target(object_type: str, object_id: str) -> Target:
    """Return a checked target; ``UsageError`` for an unknown type or an empty id."""
    kind = object_type.upper()
    if kind not in OBJECT_TYPES:
        raise UsageError(
            "{!r} cannot have comments: choose one of {}".format(
                object_type, ", ".join(OBJECT_TYPES)
            )
        )
    if not object_id:
        raise UsageError("the id of the {} to comment on is empty".format(kind.lower()))
    return Target(kind, object_id)


def prompt_target(settings: Settings, name: str) -> Target:
    """Return the prompt version named ``NAME`` (the latest), ``NAME@VERSION`` or ``NAME@LABEL``.

    ``NotFoundError`` if there is none.
    """
    stem, at, selector = name.rpartition("@")
    if not at:
        stem, selector = name, ""
    version = whole_number(selector)
    label = None if version else selector or LATEST
    online.require_server(settings, "comments")
    found = prompts.get_prompt(settings, stem, label=label, version=version, resolve=False)
    return Target(PROMPT, found.get("id", ""), "{}@{}".format(stem, found["version"]))


def list_comments(
    settings: Settings, on: Optional[Target] = None, author: Optional[str] = None
) -> List[Body]:
    """Return the comments on one object, or all of the project, the oldest first.

    Each has ``id``, ``objectType``, ``objectId``, ``content``, ``authorUserId``, ``createdAt`` and
    ``objectName``, which is the object's id, or ``NAME@VERSION`` if ``on`` is a prompt. Ids of
    traces and observations are those that the user chose, if this machine knows them.
    """
    found: Dict[str, Body] = {}
    with client_for(settings, "comments") as http:
        for query in _queries(on and on.object_type, on and on.object_id, author):
            found.update((row["id"], row) for row in _pages(http, query))
    rows = sorted(found.values(), key=lambda row: (str(row.get("createdAt")), row["id"]))
    with open_to_read(settings.is_local) as journal:
        destination = destination_of(journal, settings)
        return [_named(journal, destination, row, on) for row in rows]


def _named(journal: Journal, destination: int, row: Body, on: Optional[Target]) -> Body:
    kind, object_id = row.get("objectType"), str(row.get("objectId"))
    if on is not None:
        object_id = on.object_id
    elif kind == TRACE:
        known = journal_reads.trace(journal, destination, object_id)
        object_id = known["id"] if known else object_id
    elif kind == OBSERVATION:
        for body in journal_reads.find_observations(journal, destination, object_id):
            object_id = body["id"]
    return dict(row, objectId=object_id, objectName=on.name if on and on.name else object_id)


def list_page(
    settings: Settings,
    object_type: Optional[str] = None,
    object_id: Optional[str] = None,
    author: Optional[str] = None,
    page: int = 1,
    limit: int = MOST_ROWS,
) -> Body:
    """Return one page as the server gives it: ``data`` and, except from v2 servers, ``meta``.

    ``UsageError`` for an object of an unknown type.
    """
    queries = _queries(object_type, object_id, author)
    found: Body = {}
    with client_for(settings, "comments") as http:
        for query in queries:
            found = _page(http, query, page, limit)
            if found["data"]:
                break
    return found


def _queries(
    object_type: Optional[str], object_id: Optional[str], author: Optional[str]
) -> List[Body]:
    """Return the queries to make: for one object one for each form that its id may have."""
    forms: Sequence[Optional[str]] = [object_id]
    if object_type and object_id:
        forms = target(object_type, object_id).forms()
    kind = object_type.upper() if object_type else None
    return [{"objectType": kind, "objectId": form, "authorUserId": author} for form in forms]


def _pages(http: LangfuseHttp, query: Body) -> Iterator[Body]:
    """Yield the rows of every page, until one is not full: v2 servers do not say how many exist."""
    page = 1
    watch = PageWatch(http.shown_url)
    while True:
        rows = _page(http, query, page, MOST_ROWS, received=watch.received)["data"]
        watch.is_new(row["id"] for row in rows)
        for row in rows:
            yield row
        if len(rows) < MOST_ROWS:
            return
        page += 1


def _page(http: LangfuseHttp, query: Body, page: int, limit: int, **more: Any) -> Body:
    answer: Body = http.request("GET", COMMENTS, dict(query, page=page, limit=limit), **more)
    return answer


def get_comment(settings: Settings, comment_id: str) -> Body:
    """Return one comment; ``NotFoundError`` if there is none with this id."""
    with client_for(settings, "comments") as http:
        try:
            found: Body = http.request("GET", COMMENTS + "/" + quoted(comment_id))
        except NotFoundError as error:
            raise NotFoundError(
                "no comment {!r}: coaia fuse comments list shows them".format(comment_id)
            ) from error
    return found


def post_comment(
    settings: Settings,
    on: Target,
    content: str,
    author: Optional[str] = None,
    wait: Optional[float] = None,
) -> str:
    """Post a comment and return its id.

    While the server does not show the object, tries again for ``wait`` seconds. The default is
    ``patience.COMMENTED_OBJECT`` if this machine has just written the object, else 0. ``author`` is
    the user id of a member of the organization. Raises ``NotFoundError`` if the object does not
    appear. A lost response raises ``NetworkError`` and is not retried: a second copy of the comment
    could not be deleted.
    """
    text = content.strip()
    if not 1 <= len(text) <= LONGEST:
        raise UsageError(
            "a comment has 1 to {} characters, this one has {}".format(LONGEST, len(text))
        )
    online.require_server(settings, "comments")
    body = {"projectId": current_project(settings).id, "objectType": on.object_type}
    body["content"] = text
    if author:
        body["authorUserId"] = author
    if wait is None:
        wait = patience.COMMENTED_OBJECT if _is_fresh(settings, on) else 0.0
    with client_for(settings, "comments") as http:
        return _posted_when_shown(http, on, body, wait)


def _posted_when_shown(http: LangfuseHttp, on: Target, body: Body, wait: float) -> str:
    deadline = deadlines.after(wait)
    attempt = 0
    while True:
        for form in on.forms():
            posted = _posted(http, dict(body, objectId=form))
            if posted is not None:
                return posted
        pause = min(backoff(attempt), deadline.left)
        if pause <= 0:
            raise _not_shown(on, wait)
        time.sleep(pause)
        attempt += 1


def _posted(http: LangfuseHttp, body: Body) -> Optional[str]:
    """Post once; return the comment's id, or ``None`` if the server does not show the object."""
    try:
        posted: str = http.request("POST", COMMENTS, json=body)["id"]
        return posted
    except NotFoundError:
        return None
    except UnavailableError as error:
        if error.unsent or error.status == 429:
            raise
        raise NetworkError(
            "it is not known whether the comment was posted, so look before you post it again "
            "(coaia fuse comments list): {}".format(error)
        ) from error


def _not_shown(on: Target, wait: float) -> NotFoundError:
    kind = on.object_type.lower()
    if wait:
        return NotFoundError(
            "no {} {!r} on the server after {:g} seconds: was it sent "
            "(coaia fuse outbox list)?".format(kind, on.object_id, wait)
        )
    return NotFoundError(
        "no {} {!r} on the server: check the id, or wait for what was just written "
        "with --wait SECONDS".format(kind, on.object_id)
    )


def _is_fresh(settings: Settings, on: Target) -> bool:
    """Tell whether this machine has written the object and the server may not show it yet."""
    if on.object_type == PROMPT:
        return False
    with open_to_read(settings.is_local) as journal:
        destination = destination_of(journal, settings)
        trace_id = on.object_id if on.object_type == TRACE else None
        for kind, body in pending.records(journal, destination, trace_id):
            if on.object_type == TRACE:
                return True
            if on.object_type == SESSION and body.get("sessionId") == on.object_id:
                return True
            is_observation = on.object_type == kind.upper() == OBSERVATION
            if is_observation and ids.span_id(body["id"]) == ids.span_id(on.object_id):
                return True
    return False
