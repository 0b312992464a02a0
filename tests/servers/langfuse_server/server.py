"""The test server: starting and stopping it, faults, and a look at what it has got and stored."""

import threading
import time
from typing import Any, Callable, Dict, List, Optional

from .faults import Fault, Faults
from .kinds import KINDS
from .legacy_rows import propagate
from .request import Request
from .storage import Storage
from .store import Store
from .tables import Body
from .transport import Listener
from .zod import Zod


class LangfuseServer:
    """A Langfuse server on loopback, as strict as the real ones in the recordings.

    `kind` is v2, v3, v4-legacy, v4-dual or v4-events_only. What is written becomes readable
    `visible_after` seconds later (2.x servers: at once). `prefix` is the path before all routes,
    such as "/langfuse". `stores_media`: has a storage for media (2.x servers: by default not).
    `previews_rows`: a legacy one of 4.x answers the routes of rows, but has none. `traces_itself`
    shows in the job of an export (3.x servers: by default not). Use it in a `with` block; leaving the block fails when the test server
    itself has had an error.
    """

    def __init__(
        self,
        kind: str,
        visible_after: float = 0.0,
        public_key: str = "pk-test",
        secret_key: str = "sk-test",
        project_id: str = "test-project",
        project_name: str = "Test Project",
        prefix: str = "",
        stores_media: Optional[bool] = None,
        previews_rows: bool = False,
        traces_itself: Optional[bool] = None,
    ) -> None:
        self.kind = KINDS[kind]
        self.zod = Zod(self.kind.zod)
        self.public_key = public_key
        self.secret_key = secret_key
        self.project_id = project_id
        self.project_name = project_name
        self.organization = {"id": "test-org", "name": "Test Org"}
        self.prefix = prefix.rstrip("/")
        self.stores_media = self.kind.otlp if stores_media is None else stores_media
        self.previews_rows = previews_rows
        self.traces_itself = self.kind.checks_spans if traces_itself is None else traces_itself
        self.store = Store(self.kind, visible_after)
        self.faults = Faults()
        self.errors: List[str] = []
        self.score_configs: Dict[str, Body] = {}  # by id, the oldest first
        self.prompts: Dict[str, List[Body]] = {}  # the versions of each name, the oldest first
        self.datasets: Dict[str, Body] = {}  # by name, the oldest first
        self.dataset_items: Dict[str, Body] = {}  # by id, the oldest first
        self.dataset_runs: Dict[str, Dict[str, Body]] = {}  # by dataset and name
        self.comments: Dict[str, Body] = {}  # by id
        self.media: Dict[str, Body] = {}  # by id
        self.media_links: List[Body] = []  # mediaId with traceId, observationId and field
        self.storage = Storage()
        self.clock_offset = 0.0  # seconds by which the server's clock is ahead
        self.running = False
        self.port = 0
        self._requests: List[Request] = []
        self._lock = threading.Lock()
        self._listener: Optional[Listener] = None

    # Life

    def __enter__(self) -> "LangfuseServer":
        self.running = True
        self.start_listening()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.stop()
        if self.errors and exception[0] is None:
            raise AssertionError("the stand-in failed:\n" + "\n".join(self.errors))

    @property
    def url(self) -> str:
        return "http://127.0.0.1:%d%s" % (self.port, self.prefix)

    def start_listening(self) -> None:
        """Accept connections; again on the same port after `stop_listening`."""
        if self._listener is not None:
            return
        self._listener = Listener(self, self.port)
        self.port = self._listener.server_address[1]
        serve = threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True)
        serve.start()

    def stop_listening(self) -> None:
        """Refuse connections and close the open ones; stored data is kept."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown()
            listener.server_close()
            listener.close_connections()

    def stop(self) -> None:
        self.running = False
        self.faults.clear()
        self.stop_listening()
        self.storage.stop()

    # Faults

    def fail(
        self,
        kind: str,
        times: Optional[int] = 1,
        path: Optional[str] = None,
        method: Optional[str] = None,
        after: int = 0,
        **options: Any,
    ) -> None:
        """Play a fault on the next `times` requests (None: on all) whose path contains `path` and
        whose method is `method`, after letting `after` of them pass. With the option `share` it is
        played on this share of them only, drawn from the option `seed`.

        Carried out, but answered badly: "reset" (in mid-body), "answer lost" (no byte comes),
        "drip" (option `delay`, seconds per byte), "truncated json", "half refused" (option
        `status`, 400 or 500), "changed" (option `change`: body -> body). "hang" waits for `release`
        or `heal`; then the request is carried out and answered if the client still waits, else not.
        Not carried out: "429" (options `retry_after`, `shape` "json" or "text"), "401",
        "403" (quota), "404 html", "408", "413", "422", "500", "502 html", "503", "200 html".
        "refuse" stops listening at once, for all requests, until `start_listening` or `heal` or for
        the option `seconds`; the other options have no effect on it.
        """
        if kind != "refuse":
            self.faults.add(Fault(kind, times, path, method, after, options))
            return
        self.stop_listening()
        if options.get("seconds") is not None:
            timer = threading.Timer(options["seconds"], self._listen_again)
            timer.daemon = True
            timer.start()

    def _listen_again(self) -> None:
        if self.running:
            self.start_listening()

    def release(self) -> None:
        """Let the requests that hang now continue; later ones hang as planned."""
        self.faults.release()

    def heal(self) -> None:
        """End all faults: remove the planned ones, release hanging requests, listen."""
        self.faults.clear()
        self.start_listening()

    # What happened

    def arrived(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    @property
    def requests(self) -> List[Request]:
        """What has arrived so far, in order (a copy; the entries get their status later)."""
        with self._lock:
            return list(self._requests)

    @property
    def open_connections(self) -> int:
        """How many connections of clients are open now."""
        listener = self._listener
        return 0 if listener is None else len(listener.connections)

    def wait_until(self, condition: Callable[[], Any], seconds: float = 200.0) -> None:
        """Poll until `condition()` holds; fail the test when it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("waited %g s in vain; arrived: %r" % (seconds, self.requests))
            time.sleep(0.005)

    def forget_requests(self) -> None:
        with self._lock:
            self._requests = []

    # What is stored, readable through the API yet or not

    def traces(self) -> Dict[str, Body]:
        """Traces by id; on events_only servers made from the trace's spans."""
        with self.store.lock:
            if self.kind.legacy:
                return self._records("trace")
            return {
                trace: _trace_of(rows) for trace, rows in self.store.stored.rows_by_trace.items()
            }

    def observations(self) -> Dict[str, Body]:
        """Observations by id; on events_only servers the newest row of each id."""
        with self.store.lock:
            if self.kind.legacy:
                return self._records("observation")
            return {row["id"]: dict(row) for row in self.store.stored.rows}

    def rows(self) -> List[Body]:
        """The rows of the v4 events table in the order of arrival, duplicates included."""
        with self.store.lock:
            return [dict(row) for row in self.store.stored.rows]

    def scores(self) -> Dict[str, Body]:
        with self.store.lock:
            return self._records("score")

    def _records(self, entity: str) -> Dict[str, Body]:
        records = self.store.stored.records[entity]
        return {record_id: dict(record.value) for record_id, record in records.items()}

    def accepted_count(self, record_id: str) -> int:
        """How often a write of this trace, observation, span or score id was accepted. An
        ingestion event that repeats an earlier event id is skipped and not counted."""
        with self.store.lock:
            return self.store.accepted[record_id]

    def event_count(self, event_id: str) -> int:
        """How often an ingestion event with this event id was acknowledged, repeats included."""
        with self.store.lock:
            return self.store.events[event_id]

    # What time does on real servers, at once

    def merge(self) -> None:
        """The background merge of v4: of equal rows the newest stays."""
        self.store.merge()

    def propagate(self) -> None:
        """On a dual server: legacy writes, and spans that came without the ingestion version
        header, appear in the v4 reads. On real servers that takes 10 to 15 minutes."""
        propagate(self.store)

    def show_all(self) -> None:
        """Make everything accepted readable now, whatever `visible_after` says."""
        self.store.show_all()


def _trace_of(rows: List[Body]) -> Body:
    roots = [row for row in rows if row["isRootObservation"]]
    row = (roots or rows)[-1]
    trace = {key: row[key] for key in ("userId", "sessionId", "tags", "environment", "metadata")}
    trace.update(id=row["traceId"], name=row["traceName"], input=row["input"])
    trace.update(output=row["output"], timestamp=min(one["startTime"] for one in rows))
    return trace
