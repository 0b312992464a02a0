"""Steps of a script, recorded as they happen: true times, nesting, errors.

The script matters more than its record: whatever is wrong with the record is logged, never raised,
and no step waits for a server, unless the settings say so.
"""

from contextlib import contextmanager
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from coaiapy import patience
from coaiapy.config import redaction, settings
from coaiapy.config import values as config_values
from coaiapy.config.schema import BACKGROUND
from coaiapy.errors import CoaiaError, UsageError
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.content import content
from coaiapy.langfuse.records.fields import checked
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.send.outcome import Outcome
from coaiapy.langfuse.traces import current, traces
from coaiapy.langfuse.traces.observe import log
from coaiapy.langfuse.traces.observing import open_steps
from coaiapy.util import deadlines, times
from coaiapy.util.formats import json_values

# Characters of a value that JSON cannot hold: it is recorded as Python shows it.
LONGEST_SHOWN = 10000
_JSON_FIELDS = ("input", "output", "metadata", "model_parameters")
_CONTENT = ("input", "output")
_MAKE: Dict[str, Callable[..., Any]] = {"trace": trace_from, "observation": observation_from}
# The attributes of a step, which are fields of its observation.
_RECORDED = (
    "id",
    "trace_id",
    "name",
    "type",
    "input",
    "output",
    "metadata",
    "model",
    "model_parameters",
    "usage",
    "cost",
    "level",
    "status_message",
    "completion_start_time",
)


class Plan(NamedTuple):
    """What is known of a step before it begins; with ``capture`` a function is recorded with its
    arguments and with what it returns.
    """

    name: Optional[str] = None
    type: str = "SPAN"
    input: Any = None
    metadata: Optional[Mapping[str, Any]] = None
    model: Optional[str] = None
    model_parameters: Optional[Mapping[str, Any]] = None
    trace_id: Optional[str] = None
    capture: bool = True


class Step:
    """A step that is going on. What is set on it is recorded when it ends.

    ``id`` and ``trace_id`` say where it is. ``usage`` is numbers of tokens by name, or the usage
    object of a model service; ``cost`` is US dollars, in total or by name; ``level`` is ``DEBUG``,
    ``DEFAULT``, ``WARNING`` or ``ERROR``. ``completion_start_time`` is when a streamed answer began.
    """

    output: Any = None
    usage: Optional[Mapping[str, Any]] = None
    cost: Union[None, float, Mapping[str, float]] = None
    level: Optional[str] = None
    status_message: Optional[str] = None
    completion_start_time: Any = None

    def __init__(self, plan: Plan, trace_id: str) -> None:
        self.id = ids.new_observation_id()
        self.trace_id = trace_id
        self.name = plan.name or "step"
        self.type = plan.type
        self.input = plan.input
        self.metadata = plan.metadata
        self.model = plan.model
        self.model_parameters = plan.model_parameters


class Run:
    """One run of a step, from its beginning to ``close``."""

    def __init__(self, plan: Plan) -> None:
        self._start = times.now()
        parent = _position(plan.trace_id)
        self._parent_id = parent.parent_id if parent else None
        self._opens_trace = parent is None
        self.step = Step(plan, parent.trace_id if parent else ids.new_trace_id())
        self.step.input = storable(plan.input)
        self.position = current.Position(self.step.trace_id, self.step.id)
        self._name = self.step.name
        self._rows: Sequence[int] = ()  # in the journal
        with _harmless(self._name), deadlines.limit(patience.RECORDING, ""):
            records = _made(self._values(), self._name, is_told=False)
            self._rows = open_steps.begin(settings.load(), records)

    def close(self, error: Optional[BaseException] = None) -> None:
        """Record the end of the step; ``error`` is what has ended it."""
        with _harmless(self.step.name), deadlines.limit(patience.RECORDING, ""):
            ended = {"end_time": max(self._start, times.now())}
            records = _made(self._values(**dict(ended, **_failure(error))), self.step.name)
            if self._rows:
                changes = {row: one.body() for row, one in zip(self._rows, records)}
                _tell(open_steps.close(settings.load(), changes), self.step.name)
            else:
                _submit(records, self.step.name)

    def _values(self, **more: Any) -> List[Tuple[str, Dict[str, Any]]]:
        """Return the records, by kind: of the trace, if it begins with this step, and of the step."""
        values = {name: getattr(self.step, name) for name in _RECORDED}
        values.update(start_time=self._start, parent_id=self._parent_id, **more)
        records = [("observation", values)]
        if self._opens_trace:
            trace = {"id": self.step.trace_id, "name": self._name, "timestamp": self._start}
            trace.update(input=values["input"], output=values["output"])
            records.insert(0, ("trace", trace))
        return records


class TraceRun:
    """A trace that a script has opened. ``output`` and ``metadata`` are recorded when it ends."""

    output: Any = None

    def __init__(self, name: Optional[str], **given: Any) -> None:
        self.id: str = given.pop("id") or ids.new_trace_id()
        self.metadata: Optional[Mapping[str, Any]] = given.get("metadata")
        self._name = name or "trace"
        self._given = dict(given, name=name)

    def __enter__(self) -> "TraceRun":
        """Write the trace, and make it the active one."""
        self._write(timestamp=times.now(), **self._given)
        self._inside = current.Inside(current.Position(self.id))
        self._inside.__enter__()
        return self

    def __exit__(self, kind: Any, error: Optional[BaseException], place: Any) -> None:
        """Record what was set on the trace."""
        self._inside.__exit__(None, None, None)
        metadata = dict(self.metadata or {})
        failed = _failure(error).get("status_message")
        if failed:
            metadata["error"] = failed
        self._write(output=self.output, metadata=metadata or None)

    def _write(self, **values: Any) -> None:
        with _harmless(self._name), deadlines.limit(patience.RECORDING, ""):
            _submit(_made([("trace", dict(values, id=self.id))], self._name), self._name)


@contextmanager
def _harmless(name: Any) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        kind = "" if isinstance(error, CoaiaError) else type(error).__name__ + ": "
        log("coaia: {} is not in the trace: {}{}".format(name, kind, error))


def _position(trace_id: Optional[str]) -> Optional[current.Position]:
    with _harmless("the step around this one"):
        return current.position(trace_id)
    return current.Position(trace_id) if trace_id else None


def _submit(records: Sequence[Any], name: str) -> None:
    """Write records; a sender in the background sends them (see ``delivery``)."""
    known = settings.load()
    _tell(traces.submit(known._replace(delivery=known.delivery or BACKGROUND), records), name)


def _tell(outcome: Outcome, name: str) -> None:
    for rejected in outcome.rejected:
        log("coaia: the server refused a part of {}: {}".format(name, rejected.reason))


def _made(
    records: Sequence[Tuple[str, Dict[str, Any]]], name: str, is_told: bool = True
) -> List[Any]:
    """Return records of these kinds and values.

    A wrong value is left out, which is logged if ``is_told``.
    """
    tell = log if is_told else lambda text: None
    with_content = config_values.load().get("trace_content")
    return [_MAKE[kind](_sound(kind, values, with_content, name, tell)) for kind, values in records]


def _sound(
    kind: str, values: Dict[str, Any], with_content: bool, name: str, tell: Callable[[str], None]
) -> Dict[str, Any]:
    """Return the values that can be recorded."""
    sound: Dict[str, Any] = {}
    for field, value in values.items():
        if field in _JSON_FIELDS:
            value = storable(value)
        if field in _CONTENT:
            value = content(value, with_content)
        try:
            sound.update(checked({field: value}, kind))
        except UsageError as error:
            tell("coaia: a part of {} is not in the trace: {}".format(name, error))
    return sound


def storable(value: Any) -> Any:
    """Return a copy of a value as JSON holds it; what JSON cannot hold becomes a text."""
    try:
        return json_values.plain(value)
    except Exception:  # the value's own code may raise anything
        try:
            shown = repr(value)
        except Exception:
            shown = "<{}>".format(type(value).__name__)
        return shown[:LONGEST_SHOWN].encode("utf-8", "replace").decode("utf-8")


def _failure(error: Optional[BaseException]) -> Dict[str, str]:
    """Return the fields that say how a step has failed.

    Its type only, where content is kept out of traces, since the message may quote some.
    """
    is_end = isinstance(error, SystemExit) and error.code in (None, 0)
    if error is None or is_end or isinstance(error, GeneratorExit):
        return {}
    kind = type(error).__name__
    with _harmless(kind):
        said = storable(str(error))
        if said and config_values.load().get("trace_content"):
            kind = "{}: {}".format(kind, redaction.without_secrets(said)[:LONGEST_SHOWN])
    return {"level": "ERROR", "status_message": kind}
