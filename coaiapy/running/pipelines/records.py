"""Writes a pipeline down while it runs: the start of each step before it starts, its end after it."""

from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional

from coaiapy.config.schema import BACKGROUND
from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError
from coaiapy.langfuse.journal.db import Journal, Written
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.journal.observers import Observer
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.records import Trace, observation_from
from coaiapy.langfuse.send import delivery
from coaiapy.running.pipelines.contents import Contents
from coaiapy.running.pipelines.steps import FAILED, SKIPPED, Step
from coaiapy.util import times

# What a trace is told of by its template, which may hold secrets.
_OF_TEMPLATE = ("name", "input", "output", "metadata", "tags")
_LEVELS = {FAILED: "ERROR", SKIPPED: "WARNING"}


class StepRecords:
    """The open trace and observations of one run; a context manager.

    Trouble with the journal is told with ``note``, once, and never stops a step.
    """

    def __init__(
        self, known: Settings, trace: Trace, contents: Contents, note: Callable[[str], None]
    ) -> None:
        self._settings = known
        told = contents.fields({name: getattr(trace, name) for name in _OF_TEMPLATE})
        self._trace = trace._replace(**told)
        self.contents = contents
        self._note = note
        self._journal: Optional[Journal] = None
        self._observer: Optional[Observer] = None
        self._rows: Dict[str, int] = {}

    def __enter__(self) -> "StepRecords":
        self._tried(self._open)
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
        self._begin(self._trace)

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
        self._tried(lambda: self._begin(observation_from(self._fields(step), self._trace.id)))

    def _fields(self, step: Step) -> Body:
        fields: Body = dict(step.rendered.fields) if step.rendered else {"name": step.name}
        if step.command:
            fields["metadata"] = dict(fields["metadata"], command=step.command.shown)
            fields["type"] = "SPAN" if fields["type"] == "EVENT" else fields["type"]
        return dict(
            self.contents.fields(fields),
            id=step.id,
            start_time=_moment(step.started),
            parent_id=step.parent.id if step.parent else None,
            environment=self._trace.environment or self._settings.environment,
        )

    def _begin(self, record: Any) -> None:
        if self._journal and self._observer:
            destination = destination_of(self._journal, self._settings)
            written = self._journal.begin(destination, [record], self._observer.token)
            self._rows[record.id] = written.rows[0]

    def end(self, step: Step) -> None:
        """Write what became of a step."""
        changes: Body = {}
        if step.ended is not None:
            changes["endTime"] = _moment(step.ended)
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
        self._close(step.id, changes)

    def end_trace(self, status: str, steps: List[Step]) -> None:
        """Write what became of all."""
        states = {self.contents.text(step.name): step.state for step in steps}
        result = {"status": status, "steps": states}
        self._close(self._trace.id, {} if self._trace.output is not None else {"output": result})

    def _close(self, record_id: str, changes: Body) -> None:
        journal, row = self._journal, self._rows.get(record_id)
        if journal and row is not None:
            self._tried(lambda: journal.close_records({row: changes}))  # type: ignore[union-attr]

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


def _moment(seconds: Optional[float]) -> Optional[str]:
    if seconds is None:
        return None
    return times.to_text(datetime.fromtimestamp(seconds, timezone.utc))
