"""Records calls of models and services as observations of the active trace.

The call matters more than its record: a failure to record is reported as a note, never raised.
"""

import logging
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple, TypeVar

from coaiapy import patience
from coaiapy.config import settings
from coaiapy.config import values as config_values
from coaiapy.errors import CoaiaError
from coaiapy.langfuse.records.content import content
from coaiapy.langfuse.records.records import observation_from
from coaiapy.langfuse.traces import current, traces
from coaiapy.util import deadlines, times

T = TypeVar("T")


class Call(NamedTuple):
    """A call that is about to be made; ``prompt`` is the name and version of the prompt behind it.

    ``facts`` become metadata. They are recorded even where content is kept out of traces, so that
    they hold sizes, formats and names, never texts of the user.
    """

    name: str
    type: str = "GENERATION"
    input: Any = None
    model: Optional[str] = None
    parameters: Mapping[str, Any] = {}
    facts: Mapping[str, Any] = {}
    prompt: Optional[Tuple[str, int]] = None


class Seen(NamedTuple):
    """The result of a call: ``usage`` is numbers of units by name, ``first_at`` the time of the
    first part of a streamed answer (ISO 8601).
    """

    output: Any = None
    model: Optional[str] = None
    usage: Mapping[str, int] = {}
    facts: Mapping[str, Any] = {}
    first_at: Optional[str] = None


class Place(NamedTuple):
    """Where observations go: a trace and, optionally, the parent observation in it."""

    trace_id: str
    parent_id: Optional[str] = None
    with_content: bool = True


def log(text: str) -> None:
    """Log a sentence about a record, where nobody else is to be told."""
    logging.getLogger("coaiapy").warning(text)


class Recorder:
    """Records calls at ``place``; with ``None`` it records nothing.

    ``note`` gets a sentence about each record that was not delivered; by default that is logged.
    """

    def __init__(
        self,
        place: Optional[Place],
        env_file: Optional[str] = None,
        note: Callable[[str], None] = log,
    ) -> None:
        self.place = place
        self.env_file = env_file
        self.note = note

    def observe(self, call: Call, func: Callable[[], T], seen: Callable[[T], Seen]) -> T:
        """Return what ``func`` returns, and record the call or its failure.

        ``seen`` makes the recorded ``Seen`` from the result.
        """
        if self.place is None:
            return func()
        start = times.now()
        try:
            value = func()
        except BaseException as error:
            self._write(self.place, call, start, _failure(error, self.place.with_content))
            raise
        try:
            fields = _success(call, seen(value), self.place.with_content)
        except Exception as error:
            self._not_written(call, error)
        else:
            self._write(self.place, call, start, fields)
        return value

    def observe_step(self, name: str, facts: Mapping[str, Any], func: Callable[[], T]) -> T:
        """Return what ``func`` returns, and record it as a step of the workflow (a ``SPAN``)."""
        return self.observe(Call(name, "SPAN", facts=facts), func, lambda value: Seen())

    def _write(self, place: Place, call: Call, start: str, outcome: Dict[str, Any]) -> None:
        try:
            values = dict(
                name=call.name,
                type=call.type,
                start_time=start,
                end_time=max(start, times.now()),
                parent_id=place.parent_id,
                model=call.model,
                model_parameters=dict(call.parameters) or None,
                input=content(call.input, place.with_content),
                metadata=dict(call.facts) or None,
            )
            if call.prompt:
                values["prompt_name"], values["prompt_version"] = call.prompt
            values.update(outcome)
            observation = observation_from(values, place.trace_id)
            known = settings.load(self.env_file)
            with deadlines.limit(patience.RECORDING, ""):
                self._report(call, traces.add_observation(known, observation))
        except Exception as error:
            self._not_written(call, error)

    def _report(self, call: Call, outcome: Any) -> None:
        if outcome.rejected:
            self.note(
                "coaia: the server refused the observation of {}: {}; it is kept: "
                "coaia fuse outbox list".format(call.name, outcome.rejected[0].reason)
            )
        elif outcome.waiting:
            self.note(
                "coaia: the observation of {} waits in the outbox{}; nothing is lost: "
                "coaia fuse outbox flush".format(
                    call.name, " ({})".format(outcome.problem) if outcome.problem else ""
                )
            )

    def _not_written(self, call: Call, error: Exception) -> None:
        kind = "" if isinstance(error, CoaiaError) else type(error).__name__ + ": "
        self.note("coaia: {} is not in the trace: {}{}".format(call.name, kind, error))


def recorder(
    trace_id: Optional[str] = None,
    enabled: bool = True,
    env_file: Optional[str] = None,
    note: Callable[[str], None] = log,
) -> Recorder:
    """Return a recorder for ``trace_id``, else for the active trace, else one that does nothing.

    ``enabled=False`` records nothing. An error in the settings is noted, not raised.
    """
    place = None
    if enabled:
        try:
            place = _place(trace_id, env_file)
        except CoaiaError as error:
            note("coaia: nothing is recorded: {}".format(error))
    return Recorder(place, env_file, note)


def _place(trace_id: Optional[str], env_file: Optional[str]) -> Optional[Place]:
    here = current.position(trace_id or None)
    if here is None:
        return None
    return Place(
        trace_id=here.trace_id,
        parent_id=here.parent_id,
        with_content=config_values.load(env_file).get("trace_content"),
    )


def _success(call: Call, seen: Seen, with_content: bool) -> Dict[str, Any]:
    facts = dict(call.facts)
    facts.update(seen.facts)
    return {
        "output": content(seen.output, with_content),
        "model": seen.model or call.model,
        "usage": dict(seen.usage) or None,
        "metadata": facts or None,
        "completion_start_time": seen.first_at,
    }


def _failure(error: BaseException, with_content: bool) -> Dict[str, Any]:
    """Return the fields of a call that failed.

    Without content only the error's type is recorded, since its message may quote the text sent.
    """
    said = str(error) if with_content and isinstance(error, CoaiaError) else ""
    return {"level": "ERROR", "status_message": said or type(error).__name__}
