"""Writes a pipeline down while it runs: the start of each step before it starts, its end after it."""

from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional

from coaiapy.config.schema import BACKGROUND
from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, StateError
from coaiapy.langfuse.journal.db import Journal, Written
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.journal.observers import Observer
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.records import Trace, observation_from
from coaiapy.langfuse.send import delivery
from coaiapy.running.pipelines.earlier_run import DONE, EVENT, MARK, STARTED, EarlierRun, key_of
from coaiapy.running.pipelines.recorded_content import RecordedContent
from coaiapy.running.pipelines.steps import FAILED, SKIPPED, SUCCEEDED, Step
from coaiapy.util import times

# What a trace is told of by its template, which may hold secrets.
_OF_TEMPLATE = ("name", "input", "output", "metadata", "tags")
_LEVELS = {FAILED: "ERROR", SKIPPED: "WARNING"}


class StepRecords:
    """The open trace and observations of one run; a context manager.

    Trouble with the journal is told with ``note``, once, and never stops a step. ``plan`` is what
    has to be known to go on later; ``past`` is an earlier run that goes on. ``parent_id`` is the
    observation that all hangs below.
    """

    def __init__(
        self,
        known: Settings,
        trace: Trace,
        contents: RecordedContent,
        note: Callable[[str], None],
        plan: Body,
        past: Optional[EarlierRun] = None,
        parent_id: Optional[str] = None,
    ) -> None:
        self._settings = known
        self._parent_id = parent_id
        told = contents.fields({name: getattr(trace, name) for name in _OF_TEMPLATE})
        self._trace = trace._replace(**told)
        self.contents = contents
        self._note = note
        self._plan = plan
        self._past = past
        self._journal: Optional[Journal] = None
        self._observer: Optional[Observer] = None
        self._rows: Dict[str, int] = {}

    def __enter__(self) -> "StepRecords":
        if self._past:
            self._open()
            self._reopen_trace(self._past)
        else:
            self._tried(self._begin_trace)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._journal:
            self._journal.__exit__(*exc)
        if self._observer:
            self._observer.__exit__(*exc)

    def _open(self) -> None:
        journal = Journal()
        observer = Observer()
        observer.__enter__()
        self._journal, self._observer = journal, observer

    def _begin_trace(self) -> None:
        self._open()
        self._begin(self._trace, self._plan)

    def _reopen_trace(self, past: EarlierRun) -> None:
        if not self._reopened(self._trace.id, past.row, self._plan):
            self.__exit__()
            raise StateError(
                "the run of the trace {!r} still goes on: wait for it, or end it".format(
                    self._trace.id
                )
            )

    def _reopened(self, record_id: str, row: int, state: Optional[Body] = None) -> bool:
        if not self._journal or not self._observer:
            return False
        self._rows[record_id] = row
        return self._journal.reopen(row, self._observer.token, state)

    def _tried(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (CoaiaError, OSError) as error:
            self._note("not recorded: {}".format(error))
            return None

    def breathe(self) -> None:
        """Note that this process still lives; to be called every few seconds."""
        if self._observer:
            self._observer.breathe()

    def begin(self, step: Step) -> None:
        """Write that a step starts, which is known to have done so at ``step.started``."""
        record = observation_from(self._fields(step), self._trace.id)
        kind = _kind(step)
        state = {"key": self._key(step), "kind": kind} if kind else None
        self._tried(lambda: self._begin(record, state))

    def reopen(self, step: Step) -> None:
        """Go on with a mark of an earlier run."""
        row = step.earlier.row if step.earlier else 0
        self._tried(lambda: self._reopened(step.id, row))

    def _key(self, step: Step) -> str:
        return key_of(self._trace.id, step.name)

    def _fields(self, step: Step) -> Body:
        fields: Body = dict(step.rendered.fields) if step.rendered else {"name": step.name}
        if step.command:
            fields.pop("output", None)  # it stands for what nobody has run
            fields["metadata"] = dict(fields["metadata"], command=step.command.shown)
            fields["type"] = "SPAN" if fields["type"] == "EVENT" else fields["type"]
        return dict(
            self.contents.fields(fields),
            id=step.id,
            start_time=_moment(step.started),
            parent_id=step.parent.id if step.parent else self._parent_id,
            environment=self._trace.environment or self._settings.environment,
        )

    def _begin(self, record: Any, state: Optional[Body]) -> None:
        if self._journal and self._observer:
            destination = destination_of(self._journal, self._settings)
            token = self._observer.token
            written = self._journal.begin(destination, [record], token, state=state)
            self._rows[record.id] = written.rows[0]

    def end(self, step: Step) -> None:
        """Write what became of a step."""
        changes: Body = {}
        ended = step.started if step.state == SKIPPED else step.ended
        if ended is not None:
            changes["endTime"] = _moment(ended)
        if step.state in _LEVELS:
            changes["level"] = _LEVELS[step.state]
            skipped = "skipped: " if step.state == SKIPPED else ""
            changes["statusMessage"] = skipped + self.contents.reason(step.reason)
        if step.command and step.state != SKIPPED:
            attempts = [
                dict(one, reason=one["reason"] and self.contents.reason(one["reason"]))
                for one in step.attempts
            ]
            changes["metadata"] = {"exit_code": step.exit_code, "attempts": attempts}
            if step.output is not None:
                changes["output"] = self.contents.output(step.output)
        if (
            step.earlier and changes and step.state == SUCCEEDED
        ):  # it may have been called a failure
            changes.update(level="DEFAULT", statusMessage="succeeded once the run went on")
        self._close(step.id, changes, self._state(step))

    def _state(self, step: Step) -> Optional[Body]:
        if not step.command or step.state != SUCCEEDED:
            return None
        state = {"key": self._key(step), "kind": DONE, "exit_code": step.exit_code}
        return dict(state, **self.contents.kept(step.output))

    def end_trace(self, status: str, steps: List[Step]) -> None:
        """Write what became of all."""
        states = {self.contents.text(step.name): step.state for step in steps}
        result = {"status": status, "steps": states}
        self._close(self._trace.id, {} if self._trace.output is not None else {"output": result})

    def _close(self, record_id: str, changes: Body, state: Optional[Body] = None) -> None:
        journal, row = self._journal, self._rows.get(record_id)
        if journal and row is not None:
            states = {row: state} if state else None
            self._tried(lambda: journal.close_records({row: changes}, states))  # type: ignore[union-attr]

    def deliver(self) -> Optional[delivery.Outcome]:
        """Have what was written sent, in the background unless the settings say otherwise.

        ``None`` if nothing could be written.
        """
        journal = self._journal
        if journal is None:
            return None
        rows: List[int] = sorted(self._rows.values())
        outcome: delivery.Outcome = delivery.deliver(
            journal, self._settings, Written(rows, len(rows)), BACKGROUND
        )
        return outcome


def _kind(step: Step) -> Optional[str]:
    """Return what a later run has to know of a step that begins."""
    if step.state in (SKIPPED, FAILED):
        return None
    if step.command:
        return STARTED
    return EVENT if step.rendered is None or step.rendered.type == "EVENT" else MARK


def _moment(seconds: Optional[float]) -> Optional[str]:
    if seconds is None:
        return None
    return times.to_text(datetime.fromtimestamp(seconds, timezone.utc))
