"""Filters for listings of traces, observations and sessions."""

from typing import Any, List, NamedTuple, Optional, Tuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats.json_values import plain_text
from coaiapy.util.text.wording import kind_of

# The orders of a listing of traces.
ORDERS = ("timestamp.desc", "timestamp.asc")
# Langfuse's name for the environment of records that have none.
DEFAULT_ENVIRONMENT = "default"


class TraceFilter(NamedTuple):
    """Conditions on traces; a trace must meet all of them. Times are ISO 8601 text in UTC."""

    user_id: Optional[str] = None
    session_id: Optional[str] = None
    name: Optional[str] = None
    tags: Tuple[str, ...] = ()
    environment: Optional[str] = None
    from_time: Optional[str] = None
    to_time: Optional[str] = None
    order: str = ORDERS[0]
    version: Optional[str] = None
    release: Optional[str] = None

    @property
    def newest_first(self) -> bool:
        """Whether the latest trace comes first."""
        return self.order.endswith(".desc")

    def accepts(self, trace: Body) -> bool:
        """Tell whether ``trace`` meets every condition."""
        wanted = {
            "userId": self.user_id,
            "sessionId": self.session_id,
            "name": self.name,
            "version": self.version,
            "release": self.release,
        }
        started = trace.get("timestamp", "")
        return (
            all(value is None or trace.get(key) == value for key, value in wanted.items())
            and _is_of(trace, self.environment)
            and set(self.tags) <= set(trace.get("tags") or ())
            and (self.from_time is None or started >= self.from_time)
            and (self.to_time is None or started < self.to_time)
        )


class ObservationFilter(NamedTuple):
    """Conditions on observations; one must meet all of them. Ids may be in any form.

    ``user_id`` is a condition on the trace, which ``accepts`` cannot see.
    """

    trace_id: Optional[str] = None
    name: Optional[str] = None
    type: Optional[str] = None
    environment: Optional[str] = None
    user_id: Optional[str] = None
    parent_id: Optional[str] = None
    from_time: Optional[str] = None
    to_time: Optional[str] = None
    version: Optional[str] = None

    def accepts(self, observation: Body) -> bool:
        """Tell whether ``observation`` meets every condition."""
        return (
            self.trace_id in (None, observation["traceId"])
            or ids.span_trace_id(self.trace_id or "") == ids.span_trace_id(observation["traceId"])
        ) and (
            self.name in (None, observation.get("name"))
            and self.type in (None, observation.get("type", "EVENT"))
            and self.version in (None, observation.get("version"))
            and _is_of(observation, self.environment)
            and (self.parent_id is None or self._is_below(observation.get("parentObservationId")))
            and (self.from_time is None or observation["startTime"] >= self.from_time)
            and (self.to_time is None or observation["startTime"] < self.to_time)
        )

    def _is_below(self, parent: Optional[str]) -> bool:
        return parent is not None and ids.span_id(parent) == ids.span_id(str(self.parent_id))


class SessionFilter(NamedTuple):
    """Conditions on sessions; a session must meet all of them. It begins with its first trace."""

    environment: Optional[str] = None
    from_time: Optional[str] = None
    to_time: Optional[str] = None

    def accepts(self, session: Body) -> bool:
        """Tell whether ``session`` began in the time; the readers check the environment."""
        began = session.get("createdAt") or ""
        return (self.from_time is None or began >= self.from_time) and (
            self.to_time is None or began < self.to_time
        )


class Page(NamedTuple):
    """A page of a listing, and the cursor of the next page, ``None`` if it is the last."""

    rows: List[Body]
    cursor: Optional[str] = None


def checked(wanted: Any) -> Any:
    """Return a filter after a check that its conditions are texts; else ``UsageError``."""
    given = {name: value for name, value in zip(wanted._fields, wanted) if value is not None}
    for name, value in given.items():
        if name in ("trace_id", "observation_id"):
            given[name] = ids.check_given(value, name[: -len("_id")])
            continue
        for text in value if isinstance(value, tuple) else (value,):
            if not isinstance(text, str):
                raise UsageError("{}: must be text, not {}".format(name, kind_of(text)))
            try:
                plain_text(text)
            except ValueError as error:
                raise UsageError("{}: {}".format(name, error)) from error
    return wanted._replace(**given)


def tags_of(given: Any) -> Tuple[str, ...]:
    """Return tags as a tuple; they may be given as a list, as one text, or as ``None``."""
    if given is None or isinstance(given, str):
        return () if given is None else (given,)
    try:
        return tuple(given)
    except TypeError as error:
        raise UsageError("tags: must be a list of texts, not {}".format(kind_of(given))) from error


def _is_of(body: Body, environment: Optional[str]) -> bool:
    return environment in (None, body.get("environment", DEFAULT_ENVIRONMENT))


EVERY_TRACE = TraceFilter()
EVERY_SESSION = SessionFilter()
