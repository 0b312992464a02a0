"""What a Langfuse server is: its version and generation, what it lacks, and its health."""

import json
import re
import time
from contextlib import contextmanager
from typing import Any, Iterator, NamedTuple, Optional, Tuple

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, ConfigError, NotFoundError
from coaiapy.langfuse.client import project
from coaiapy.langfuse.client.errors import WrongDialectError, clean, error_for, no_langfuse
from coaiapy.langfuse.client.features import Feature
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records.body import Body
from coaiapy.util.deadlines import Deadline
from coaiapy.util.http.answers import Answer, parsed_object

# The values of ``Server.mode``. Spans are written to the last two, ingestion events to the others.
MODES = ("v2", "v3", "v4-legacy", "v4-dual", "v4-events_only")
KEPT_SECONDS = 86400.0
HEALTH = "/api/public/health"
SESSIONS = "/api/public/sessions"
METRICS = "/api/public/v2/metrics"
# A legacy server of v4 may answer the route of observations, with nothing: only a valid query of the
# metrics tells whether it has any.
_COUNT = json.dumps(
    {
        "view": "observations",
        "metrics": [{"measure": "count", "aggregation": "count"}],
        "dimensions": [],
        "filters": [],
        "fromTimestamp": "2026-01-01T00:00:00.000Z",
        "toTimestamp": "2026-01-01T00:00:01.000Z",
    }
)
# The results of ``_probe``.
_KNOWN, _OTHER_MODE, _UNKNOWN = "known", "of another mode", "unknown"


class Server(NamedTuple):
    """A Langfuse server: its version (empty if it does not tell) and one of ``MODES``."""

    version: str
    mode: str

    @property
    def keeps_spans(self) -> bool:
        """Whether traces are written as OTLP spans, which have hex ids; else they are events."""
        return self.mode in ("v4-dual", "v4-events_only")

    @property
    def keeps_runs(self) -> bool:
        """Whether it has runs of datasets; else it makes them of the traces of an experiment."""
        return self.mode != "v4-events_only"

    @property
    def generation(self) -> str:
        """The name of that: ``v4`` where the server keeps spans, else ``legacy``."""
        return "v4" if self.keeps_spans else "legacy"

    def has(self, feature: Feature) -> bool:
        """Tell whether the server can do what a feature names (see ``features``).

        If the version is not known, a low estimate is made from the mode.
        """
        numbers = _numbers(self.version)
        if numbers is None:
            numbers = (4, 16) if self.mode.startswith("v4") else (int(self.mode[1]), 0)
        return numbers >= (feature.major, feature.minor)


def detect(http: LangfuseHttp, deadline: Optional[Deadline] = None) -> Server:
    """Ask the server of ``http`` and return what it is.

    Raises ``NetworkError`` if there is no response, ``ConfigError`` if it is not Langfuse or
    refuses the keys.
    """
    version = version_of(http, deadline)
    project.ask(http, deadline)  # raises for wrong keys
    return Server(version, _mode(http, version, deadline))


def server_for(http: LangfuseHttp, journal: Any, deadline: Optional[Deadline] = None) -> Server:
    """Return the server from the journal, or ask it and save the answer."""
    known = recall(journal, http.base_url)
    if known is None:
        known = detect(http, deadline)
        remember(journal, http.base_url, known)
    return known


def remember(journal: Journal, base_url: str, server: Server) -> None:
    """Save in the journal which server is at ``base_url``."""
    with journal.transaction(durable=False) as db:
        db.execute(
            "INSERT OR REPLACE INTO servers (base_url, version, generation, checked_at)"
            " VALUES (?, ?, ?, ?)",
            (base_url, server.version, server.mode, time.time()),
        )


def recall(journal: Journal, base_url: str) -> Optional[Server]:
    """Return the server that was saved less than a day ago, or ``None``."""
    sql = "SELECT version, generation, checked_at FROM servers WHERE base_url = ?"
    for row in journal.rows(sql, base_url):
        if 0 <= time.time() - row["checked_at"] < KEPT_SECONDS and row["generation"] in MODES:
            return Server(row["version"], row["generation"])
    return None


def forget(journal: Journal, base_url: str) -> None:
    """Delete a saved server, because a response contradicts it."""
    with journal.transaction(durable=False) as db:
        db.execute("DELETE FROM servers WHERE base_url = ?", (base_url,))


def version_of(http: LangfuseHttp, deadline: Optional[Deadline] = None) -> str:
    """Return the version that the health endpoint reports; empty if it reports none.

    Raises ``ConfigError`` if there is no Langfuse at the address.
    """
    try:
        answer = http.request("GET", HEALTH, deadline=deadline)
    except (NotFoundError, WrongDialectError) as error:
        raise no_langfuse(http.settings) from error
    return str(answer.get("version", "")).lstrip("v")


def _mode(http: LangfuseHttp, version: str, deadline: Optional[Deadline]) -> str:
    """Return one of ``MODES``.

    An old route is probed first, since its 404 in the other mode comes before a check of keys.
    """
    numbers = _numbers(version)
    if numbers and numbers[0] < 3:
        return "v2"
    if _probe(http, SESSIONS, {"limit": 1}, deadline) == _OTHER_MODE:
        return "v4-events_only"
    if numbers and numbers[0] == 3:
        # A v3 server may have previews of v4 switched on, but has the old routes all the same.
        return "v3"
    found = _probe(http, METRICS, {"query": _COUNT}, deadline)
    if found == _KNOWN:
        return "v4-dual"
    if numbers or found == _OTHER_MODE:
        return "v4-legacy"
    return "v2"


def _probe(http: LangfuseHttp, path: str, query: Body, deadline: Optional[Deadline]) -> str:
    """Return ``_KNOWN``, ``_OTHER_MODE`` (exists, but not in this mode) or ``_UNKNOWN``."""
    try:
        http.request("GET", path, query=query, deadline=deadline)
    except WrongDialectError as error:
        return _UNKNOWN if error.is_unknown_route else _OTHER_MODE
    return _KNOWN


def _numbers(version: str) -> Optional[Tuple[int, int]]:
    match = re.match(r"([0-9]{1,9})\.([0-9]{1,9})", version)
    return (int(match.group(1)), int(match.group(2))) if match else None


def check_health(settings: Settings) -> Body:
    """Return ``{"url", "status", "version", "milliseconds"}``; asks once, without retries.

    Raises ``NetworkError`` if there is no response or the server reports a problem,
    ``ConfigError`` in local mode or if the server is not Langfuse.
    """
    if not settings.has_server:
        raise ConfigError(
            "there is no server in local mode: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
        )
    with LangfuseHttp(settings, seconds=settings.timeout) as http:
        started = time.monotonic()
        said = parsed_object(ask_health(http).body)
        milliseconds = int((time.monotonic() - started) * 1000)
    return {
        "url": http.shown_url,
        "status": _said(said.get("status"), settings),
        "version": _said(said.get("version"), settings),
        "milliseconds": milliseconds,
    }


def ask_health(http: LangfuseHttp) -> Answer:
    """Return the response of a healthy server; asks once, without retries.

    Raises ``NetworkError`` if there is no response, if the server reports a problem or if a web
    page answers in its place, ``ConfigError`` if it is not Langfuse.
    """
    answer = http.look(HEALTH)
    if answer.status == 404:
        raise no_langfuse(http.settings)
    if answer.status != 200 or not parsed_object(answer.body):
        raise error_for(answer, "GET " + HEALTH, http.settings)
    return answer


def _said(value: Any, settings: Settings) -> Any:
    return clean(value, settings) if isinstance(value, str) else value


@contextmanager
def needing(http: LangfuseHttp, feature: Feature) -> Iterator[None]:
    """Make a ``WrongDialectError`` in the block say which version of the server is needed."""
    try:
        yield
    except WrongDialectError as error:
        version = _version(http)
        if version and Server(version, "").has(feature):
            raise  # the server is new enough: there is another reason
        raise WrongDialectError(
            "this Langfuse server{} cannot {}: it needs {}.{} or newer".format(
                " ({})".format(version) if version else "",
                feature.what,
                feature.major,
                feature.minor,
            )
        ) from error


def _version(http: Any) -> str:
    try:
        return version_of(http)
    except CoaiaError:
        return ""
