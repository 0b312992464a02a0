"""Lists, searches, figures and comparisons of traces, for scripts.

They are what ``coaia fuse traces list``, ``search``, ``stats`` and ``diff`` show; docs/figures.md
defines the figures.
"""

from typing import Any, Dict, List, Optional, Sequence

Body = Dict[str, Any]


def list_traces(
    *,
    name: Optional[str] = None,
    user_id: Optional[str] = None,
    session_id: Optional[str] = None,
    tags: Sequence[str] = (),
    environment: Optional[str] = None,
    from_time: Any = None,
    to_time: Any = None,
    limit: Optional[int] = 50,
) -> List[Body]:
    """Return the traces that meet every condition, the latest first, as ``create_trace`` does.

    Their start is at or after ``from_time`` and before ``to_time``, which are in any form that
    ``add_observation`` takes. At most ``limit`` are returned; ``None`` means all.

    >>> import coaiapy
    >>> for number in (1, 2, 3):
    ...     trace = coaiapy.create_trace("Take {}".format(number), user_id="jane")
    >>> [trace["name"] for trace in coaiapy.list_traces(user_id="jane", limit=2)]
    ['Take 3', 'Take 2']

    Raises ``UsageError`` for an invalid condition or limit, ``NetworkError`` when the server does
    not answer, ``ConfigError`` for wrong settings or keys, and ``RefusedError`` when the server
    refuses.
    """
    from coaiapy.config import settings
    from coaiapy.langfuse.traces import reads

    wanted = _filter(name, user_id, session_id, tags, environment, from_time, to_time)
    return reads.list_traces(settings.load(), wanted, limit)


def trace_stats(
    by: Optional[str] = None,
    *,
    name: Optional[str] = None,
    user_id: Optional[str] = None,
    session_id: Optional[str] = None,
    tags: Sequence[str] = (),
    environment: Optional[str] = None,
    from_time: Any = None,
    to_time: Any = None,
) -> List[Body]:
    """Return the figures of all observations together, or of each group of them.

    ``by`` is ``name``, ``model``, ``type``, ``level``, ``environment``, ``day``, ``hour``, ``user``,
    ``session``, ``tag`` or ``metadata.KEY``; the group stands under that name in each row. A row
    has ``count``, ``errors``, ``errorRate`` (0 to 1), ``p50Latency``, ``p95Latency`` and
    ``p99Latency`` in milliseconds (``None`` without a duration), ``inputTokens``, ``outputTokens``,
    ``cachedTokens`` and ``totalCost`` in US dollars. The conditions are those of ``list_traces``;
    times and the environment are those of the observations.

    >>> import coaiapy
    >>> trace = coaiapy.create_trace("Interview", user_id="stats")
    >>> for level in ("DEFAULT", "ERROR"):
    ...     step = coaiapy.add_observation(trace["id"], "Answer", level=level)
    >>> [(row["name"], row["count"], row["errorRate"]) for row in coaiapy.trace_stats("name")]
    [('Answer', 2, 0.5)]

    Raises ``UsageError`` for an invalid group or condition, and what ``list_traces`` raises.
    """
    from coaiapy.config import settings
    from coaiapy.langfuse.read.figures.groups import Wanted
    from coaiapy.langfuse.traces.figures import stats

    wanted = _filter(name, user_id, session_id, tags, environment, from_time, to_time)
    return stats.stats(settings.load(), Wanted(by, wanted))


def search_traces(
    text: str,
    *,
    name: Optional[str] = None,
    user_id: Optional[str] = None,
    session_id: Optional[str] = None,
    tags: Sequence[str] = (),
    environment: Optional[str] = None,
    from_time: Any = None,
    to_time: Any = None,
    limit: Optional[int] = 50,
) -> List[Body]:
    """Return the traces that contain a text, the latest first, as ``list_traces`` does.

    The text is looked for in names, inputs, outputs, status messages and metadata of traces and of their
    observations, whatever the case of its letters. The conditions are those of ``list_traces``.

    >>> import coaiapy
    >>> trace = coaiapy.create_trace("Interview", input="How do otters sleep?")
    >>> other = coaiapy.create_trace("Interview", input="And cats?")
    >>> [found["id"] == trace["id"] for found in coaiapy.search_traces("OTTERS")]
    [True]

    Raises what ``list_traces`` raises.
    """
    from coaiapy.config import settings
    from coaiapy.langfuse.traces import reads

    wanted = _filter(name, user_id, session_id, tags, environment, from_time, to_time)
    return reads.list_traces(settings.load(), wanted, limit, query=text)


def diff_traces(a: str, b: str) -> Body:
    """Return what differs between two traces, given by their ids.

    ``total`` compares them as a whole, and ``steps`` are all observations in the order of ``b``.
    A step has its ``path`` (the names down to it), a ``status`` (``same``, ``changed``, ``only in
    a``, ``only in b``), figures on either side in ``a`` and ``b`` (duration in milliseconds, cost in US
    dollars), ``slower`` and ``dearer``, the ratios of b to a, and ``changes``: the values of each field
    on either side, and of texts also the words.

    >>> import coaiapy
    >>> first, second = coaiapy.create_trace("Take 1"), coaiapy.create_trace("Take 2")
    >>> for trace, output in ((first, "good day"), (second, "good night")):
    ...     step = coaiapy.add_observation(trace["id"], "Answer", output=output)
    >>> (step,) = coaiapy.diff_traces(first["id"], second["id"])["steps"]
    >>> step["status"], step["changes"]["output"]["words"]
    ('changed', [['=', 'good '], ['-', 'day'], ['+', 'night']])

    Raises what ``get_trace`` raises.
    """
    from coaiapy.config import settings
    from coaiapy.langfuse.traces import reads
    from coaiapy.langfuse.traces.figures import diff

    known = settings.load()
    return diff.diff(reads.get_trace(known, a), reads.get_trace(known, b))


def _filter(
    name: Optional[str],
    user_id: Optional[str],
    session_id: Optional[str],
    tags: Sequence[str],
    environment: Optional[str],
    from_time: Any,
    to_time: Any,
) -> Any:
    from coaiapy.langfuse.read.filters import TraceFilter, tags_of
    from coaiapy.util import times

    return TraceFilter(
        name=name,
        user_id=user_id,
        session_id=session_id,
        tags=tags_of(tags),
        environment=environment,
        from_time=None if from_time is None else times.parse_time(from_time),
        to_time=None if to_time is None else times.parse_time(to_time),
    )
