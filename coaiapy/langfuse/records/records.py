"""The records that users write: ``Trace``, ``Observation``, ``Score``, the same for every server.

A record's ``body()`` has the names of Langfuse's API and only the fields that were given; it is
stored in the journal and printed by ``--json``. ``None`` means "not given"; ``0``, ``False``,
``""``, ``[]`` and ``{}`` are values.
"""

from functools import lru_cache
from typing import Any, Mapping, NamedTuple, Optional, Tuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import FIELDS, api_named, body_of, checked
from coaiapy.util import times


class Trace(NamedTuple):
    """One run of a workflow; times are ISO 8601 text in UTC."""

    id: str
    timestamp: str
    name: Optional[str] = None
    user_id: Optional[str] = None
    session_id: Optional[str] = None
    input: Any = None
    output: Any = None
    metadata: Optional[Body] = None
    tags: Optional[Tuple[str, ...]] = None
    environment: Optional[str] = None
    release: Optional[str] = None
    version: Optional[str] = None
    public: Optional[bool] = None
    experiment: Optional[Body] = None

    @property
    def kind(self) -> str:
        """The kind of record, as the journal names it."""
        return "trace"

    def body(self) -> Body:
        """Return the given fields under their API names."""
        return body_of(self)


class Observation(NamedTuple):
    """One step of a trace: an event, a span, a generation or one of the newer types.

    ``usage`` is numbers of units (tokens) by name, ``cost`` US dollars by name. The default type is
    ``EVENT`` and the default level ``DEFAULT``, unless the observation exists already.
    """

    id: str
    trace_id: str
    start_time: str
    type: Optional[str] = None
    name: Optional[str] = None
    end_time: Optional[str] = None
    parent_id: Optional[str] = None
    input: Any = None
    output: Any = None
    metadata: Optional[Body] = None
    level: Optional[str] = None
    status_message: Optional[str] = None
    model: Optional[str] = None
    model_parameters: Optional[Body] = None
    usage: Optional[Body] = None
    cost: Optional[Body] = None
    completion_start_time: Optional[str] = None
    prompt_name: Optional[str] = None
    prompt_version: Optional[int] = None
    version: Optional[str] = None
    environment: Optional[str] = None

    @property
    def kind(self) -> str:
        """The kind of record, as the journal names it."""
        return "observation"

    def body(self) -> Body:
        """Return the given fields under their API names."""
        return body_of(self)


class Score(NamedTuple):
    """An evaluation of a trace, an observation, a session or a dataset run."""

    id: str
    name: str
    value: Any
    timestamp: str
    data_type: Optional[str] = None
    trace_id: Optional[str] = None
    observation_id: Optional[str] = None
    session_id: Optional[str] = None
    dataset_run_id: Optional[str] = None
    comment: Optional[str] = None
    metadata: Optional[Body] = None
    config_id: Optional[str] = None
    environment: Optional[str] = None

    @property
    def kind(self) -> str:
        """The kind of record, as the journal names it."""
        return "score"

    def body(self) -> Body:
        """Return the given fields under their API names."""
        return body_of(self)


class Kept(NamedTuple):
    """A record that has been checked: its kind, and its fields under their API names."""

    kind: str
    fields: Body

    def body(self) -> Body:
        """Return the given fields under their API names."""
        return self.fields


def trace_from(values: Mapping[str, Any]) -> Trace:
    """Return a trace from its fields, under attribute or API names.

    A missing id or timestamp is created. Raises ``UsageError`` that names the wrong field.
    """
    return _trace_of(checked(values, "trace"))


def _trace_of(given: Body) -> Trace:
    if "id" not in given:
        given["id"] = ids.new_trace_id()
    given.setdefault("timestamp", times.now())
    return Trace(**given)


def observation_from(values: Mapping[str, Any], trace_id: Optional[str] = None) -> Observation:
    """Return an observation from its fields, under attribute or API names.

    A missing id is created; ``trace_id`` is used if the trace is missing. A missing start time is
    the current time, or the end time if that is earlier. Raises ``UsageError`` that names the wrong
    field.
    """
    given = _observation_fields(checked(values, "observation"), trace_id)
    _check_observation(given)
    return Observation(**given)


def kept_observation(
    values: Mapping[str, Any], trace_id: str, is_plain: bool, start: str, id: Optional[str]
) -> Kept:
    """Return the observation of ``observation_from`` as a ``Kept``, which is faster for a batch.

    ``start`` is used if the start time is missing, ``id`` if the id is missing; ``is_plain`` is as
    in ``fields.checked``.
    """
    given = checked(values, "observation", is_plain)
    given = _observation_fields(given, trace_id, start, id)
    _check_observation(given)
    return Kept("observation", api_named(given))


def _observation_fields(
    given: Body, trace_id: Optional[str], start: Optional[str] = None, id: Optional[str] = None
) -> Body:
    """Return an observation's checked attributes with missing ones added."""
    if trace_id is not None:
        _set_trace(given, trace_id)
    if "trace_id" not in given:
        raise UsageError("trace_id: missing; an observation belongs to a trace")
    if "id" not in given:
        given["id"] = id or ids.new_observation_id()
    if "start_time" not in given:
        given["start_time"] = min(start or times.now(), given.get("end_time", times.LAST))
    return given


def _set_trace(given: Body, trace_id: str) -> None:
    """Set the trace id; ``UsageError`` if the observation itself names another trace."""
    wanted = _known_trace_id(trace_id) if isinstance(trace_id, str) else _trace_id(trace_id)
    named = given.get("trace_id", wanted)
    if named != wanted and ids.span_trace_id(named) != ids.span_trace_id(wanted):
        raise UsageError("trace_id: {!r} is a different trace from {!r}".format(named, wanted))
    given["trace_id"] = wanted


def _trace_id(trace_id: Any) -> str:
    return str(checked({"trace_id": trace_id}, "observation")["trace_id"])


_known_trace_id = lru_cache(maxsize=16)(_trace_id)


def score_from(values: Mapping[str, Any]) -> Score:
    """Return a score from its fields; ``UsageError`` names the wrong field."""
    return _score_of(checked(values, "score"))


def _score_of(given: Body) -> Score:
    for field in ("name", "value"):
        if field not in given:
            raise UsageError("{}: missing; a score needs a name and a value".format(field))
    given.setdefault("id", ids.new_id())
    given.setdefault("timestamp", times.now())
    score = Score(**given)
    targets = [score.trace_id, score.session_id, score.dataset_run_id]
    if len([target for target in targets if target]) != 1:
        raise UsageError("a score needs exactly one target: a trace, a session or a dataset run")
    if score.observation_id and not score.trace_id:
        raise UsageError("observation_id: needs the trace_id of its trace")
    return score


def _check_observation(given: Body) -> None:
    if given.get("end_time", times.LAST) < given["start_time"]:
        raise UsageError("end_time: {end_time} is before start_time {start_time}".format(**given))
    if given.get("parent_id") == given["id"]:
        raise UsageError("parent_id: an observation cannot be its own parent")
    if ("prompt_name" in given) != ("prompt_version" in given):
        raise UsageError("prompt_name and prompt_version go together: give both or neither")


def record_as_kept(kind: str, values: Mapping[str, Any]) -> Any:
    """Return a record that a server or another journal has had, however odd it is.

    Nothing is lost on its way from there: an observation may end before it starts, be of an unknown
    type or its own parent. Raises ``UsageError`` for what no journal can keep.
    """
    given = checked(values, kind, was_kept=True)
    if kind == "observation":
        return Observation(**_observation_fields(given, None))
    return _trace_of(given) if kind == "trace" else _score_of(given)


_RECORDS = {"trace": Trace, "observation": Observation, "score": Score}


def from_body(kind: str, body: Mapping[str, Any]) -> Any:
    """Return the ``Trace``, ``Observation`` or ``Score`` for a body that has been checked."""
    values = {field.attribute: body[field.api] for field in FIELDS[kind] if field.api in body}
    if "tags" in values:
        values["tags"] = tuple(values["tags"])
    return _RECORDS[kind](**values)
