"""Which traces a listing is to show."""

from typing import NamedTuple, Optional, Tuple

from coaiapy.record_fields import Body

# What a trace can be ordered by.
ORDERS = ("timestamp.desc", "timestamp.asc")


class TraceFilter(NamedTuple):
    """Conditions that a trace must meet, all of them; times are ISO 8601 text in UTC."""

    user_id: Optional[str] = None
    session_id: Optional[str] = None
    name: Optional[str] = None
    tags: Tuple[str, ...] = ()
    environment: Optional[str] = None
    from_time: Optional[str] = None
    to_time: Optional[str] = None
    order: str = ORDERS[0]

    def accepts(self, trace: Body) -> bool:
        """Tell whether ``trace`` meets every condition."""
        wanted = {
            "userId": self.user_id,
            "sessionId": self.session_id,
            "name": self.name,
            "environment": self.environment,
        }
        started = trace.get("timestamp", "")
        return (
            all(value is None or trace.get(key) == value for key, value in wanted.items())
            and set(self.tags) <= set(trace.get("tags") or ())
            and (self.from_time is None or started >= self.from_time)
            and (self.to_time is None or started < self.to_time)
        )


EVERY_TRACE = TraceFilter()
