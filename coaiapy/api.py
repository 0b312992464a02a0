"""Traces and the stash for scripts: the functions that ``import coaiapy`` offers.

The functions do what the commands do, with the same settings (environment, ``.env``,
``coaia.json``). They return plain data under the names of Langfuse's API, print nothing, and raise
a ``CoaiaError`` whose message says what to do. Each imports what it needs when it is called.

Without Langfuse keys all records stay on this machine. With keys they are sent, for at most
``timeout`` seconds (default: 15). What is not sent by then waits in the outbox and is no error.
"""

from typing import Any, Dict, Iterable, Mapping, Optional, Sequence, Union

Body = Dict[str, Any]


def create_pipeline(
    template: str,
    variables: Optional[Mapping[str, Any]] = None,
    *,
    trace_id: Optional[str] = None,
    session_id: Optional[str] = None,
    user_id: Optional[str] = None,
    timeout: Optional[float] = None,
) -> Body:
    """Make a whole trace from a template, write it, and return it with its ``observations``.

    ``template`` is the name of a template of the project, of the user or of coaiapy itself.
    Variables that are not given come from the environment (``COAIA_<NAME>``) or the template.

    >>> import coaiapy
    >>> run = coaiapy.create_pipeline("data-pipeline", {"user_id": "john"}, trace_id="nightly")
    >>> run["id"], run["userId"], len(run["observations"])
    ('nightly', 'john', 5)
    >>> run["observations"][1]["name"]
    'Load Data'

    Raises ``NotFoundError`` if there is no such template, ``UsageError`` (also a ``ValueError``)
    for missing or wrong variables, ``ConfigError`` if the package Jinja2 is not installed, and what
    ``create_trace`` raises.
    """
    from coaiapy import pipeline

    made = pipeline.create(
        pipeline.load(template),
        variables,
        trace_id=trace_id,
        session_id=session_id,
        user_id=user_id,
    )
    _write([made.trace] + made.observations, timeout)
    return made.body()


def create_trace(
    name: Optional[str] = None,
    *,
    trace_id: Optional[str] = None,
    user_id: Optional[str] = None,
    session_id: Optional[str] = None,
    input: Any = None,
    output: Any = None,
    metadata: Optional[Mapping[str, Any]] = None,
    tags: Optional[Sequence[str]] = None,
    environment: Optional[str] = None,
    timeout: Optional[float] = None,
) -> Body:
    """Write a trace and return it; without ``trace_id`` it gets a new id.

    What is returned has an ``id``, a ``timestamp`` (ISO 8601 text in UTC), and what was given:
    ``name``, ``userId``, ``sessionId``, ``input``, ``output``, ``metadata``, ``tags``,
    ``environment``. Input and output are any values that JSON has. If there is a trace with this id
    already, it is changed: what is given replaces what it had, metadata is merged.

    >>> import coaiapy
    >>> trace = coaiapy.create_trace("Interview", user_id="john", tags=["radio"])
    >>> trace["name"], trace["tags"], len(trace["id"])
    ('Interview', ['radio'], 32)

    Raises ``UsageError`` for an invalid value, ``ConfigError`` for wrong settings or keys,
    ``RefusedError`` when the server refuses the trace (it is kept in the outbox) and
    ``StateError`` when the journal cannot be written.
    """
    from coaiapy.langfuse.records.records import trace_from

    values = {
        "id": trace_id,
        "name": name,
        "user_id": user_id,
        "session_id": session_id,
        "input": input,
        "output": output,
        "metadata": metadata,
        "tags": tags,
        "environment": environment,
    }
    trace = trace_from(values)
    _write([trace], timeout)
    return _as_kept(trace) if trace_id else trace.body()


def add_observation(
    trace_id: str,
    name: Optional[str] = None,
    *,
    type: Optional[str] = None,
    observation_id: Optional[str] = None,
    parent_id: Optional[str] = None,
    start_time: Any = None,
    end_time: Any = None,
    input: Any = None,
    output: Any = None,
    metadata: Optional[Mapping[str, Any]] = None,
    level: Optional[str] = None,
    status_message: Optional[str] = None,
    model: Optional[str] = None,
    model_parameters: Optional[Mapping[str, Any]] = None,
    usage: Optional[Mapping[str, int]] = None,
    cost: Union[None, float, Mapping[str, float]] = None,
    timeout: Optional[float] = None,
) -> Body:
    """Write one observation of a trace and return it.

    ``type`` is ``EVENT`` (the default), ``SPAN``, ``GENERATION`` or another type of Langfuse;
    ``level`` is ``DEBUG``, ``DEFAULT``, ``WARNING`` or ``ERROR``. Times are ISO 8601 text,
    ``yyMMddHHmmss`` or seconds since 1970; the default start is now. ``usage`` is numbers of tokens
    by name, or the usage object of a model service; ``cost`` is US dollars, in total or by name. If
    there is an observation with this id already, it is changed: what is given replaces what it had,
    metadata is merged.

    What is returned has an ``id``, ``traceId``, ``startTime``, and what was given: ``name``,
    ``type``, ``parentObservationId``, ``endTime``, ``input``, ``output``, ``metadata``, ``level``,
    ``statusMessage``, ``model``, ``modelParameters``, ``usageDetails``, ``costDetails``.

    >>> import coaiapy
    >>> trace = coaiapy.create_trace("Interview")
    >>> work = coaiapy.add_observation(trace["id"], "Answering", type="SPAN")
    >>> answer = coaiapy.add_observation(
    ...     trace["id"],
    ...     "Answer",
    ...     type="GENERATION",
    ...     parent_id=work["id"],
    ...     model="gpt-4",
    ...     usage={"input": 12, "output": 3},
    ... )
    >>> answer["parentObservationId"] == work["id"]
    True

    Raises what ``create_trace`` raises.
    """
    from coaiapy.config import settings
    from coaiapy.langfuse.records.records import observation_from
    from coaiapy.langfuse.send import delivery
    from coaiapy.langfuse.traces import traces
    from coaiapy.util import deadlines

    values = {
        "id": observation_id,
        "name": name,
        "type": type,
        "parent_id": parent_id,
        "start_time": start_time,
        "end_time": end_time,
        "input": input,
        "output": output,
        "metadata": metadata,
        "level": level,
        "status_message": status_message,
        "model": model,
        "model_parameters": model_parameters,
        "usage": usage,
        "cost": cost,
    }
    observation = observation_from(values, trace_id)
    with deadlines.limit(timeout, "timeout"):
        delivery.check(traces.add_observation(settings.load(), observation))
    return _as_kept(observation) if observation_id else observation.body()


def patch_output(trace_id: str, output: Any, *, timeout: Optional[float] = None) -> None:
    """Set the output of a trace and change nothing else of it.

    >>> import coaiapy
    >>> trace = coaiapy.create_trace("Interview")
    >>> coaiapy.patch_output(trace["id"], {"words": 1200})
    >>> coaiapy.get_trace(trace["id"])["output"]
    {'words': 1200}

    Raises ``NotFoundError`` if there is no such trace, ``UsageError`` if ``output`` is ``None``,
    and what ``create_trace`` raises.
    """
    from coaiapy.config import settings
    from coaiapy.langfuse.send import delivery
    from coaiapy.langfuse.traces import traces
    from coaiapy.util import deadlines

    with deadlines.limit(timeout, "timeout"):
        delivery.check(traces.patch_output(settings.load(), trace_id, output))


def get_trace(trace_id: str) -> Body:
    """Return a trace as ``create_trace`` does, with its ``observations`` and ``scores``.

    ``observations`` is a list of what ``add_observation`` returns, with the sums of usage and cost
    as ``total``; ``scores`` is a list of Langfuse's scores. Records that the server does not show
    yet are added from this machine's journal.

    >>> import coaiapy
    >>> trace = coaiapy.create_trace("Interview")
    >>> step = coaiapy.add_observation(trace["id"], "Answer", level="WARNING")
    >>> [(one["name"], one["level"]) for one in coaiapy.get_trace(trace["id"])["observations"]]
    [('Answer', 'WARNING')]

    Raises ``NotFoundError`` if there is no such trace, ``UsageError`` for an invalid id,
    ``NetworkError`` when the server does not answer and this machine has nothing of the trace,
    ``ConfigError`` for wrong settings or keys, and ``RefusedError`` when the server refuses.
    """
    from coaiapy.config import settings
    from coaiapy.langfuse.traces import reads as trace_reads

    return trace_reads.get_trace(settings.load(), trace_id)


def flush(timeout: float = 15.0) -> int:
    """Send what waits in the outbox, and return how many records still wait there after that.

    >>> import coaiapy
    >>> try:
    ...     waiting = coaiapy.flush()
    ... except coaiapy.ConfigError as error:
    ...     print(error)
    there is no server to send to: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY

    Gives up when the server has accepted nothing for ``timeout`` seconds. Raises ``ConfigError``
    without Langfuse keys and ``RefusedError`` when the server refuses a record.
    """
    from coaiapy.config import settings
    from coaiapy.langfuse.send import delivery

    outcome = delivery.flush(settings.load(), timeout)
    delivery.check(outcome)
    return outcome.waiting


def tash(key: str, value: Union[str, bytes], ttl: Optional[int] = None) -> None:
    """Stash a text or bytes under a key, for ``ttl`` seconds or without a limit.

    The stash is the Redis that the settings name; without one it is on this machine. When the
    function returns, the value is stored.

    >>> import coaiapy
    >>> coaiapy.tash("greeting", "hello there", ttl=3600)
    >>> coaiapy.fetch("greeting")
    b'hello there'

    Raises ``UsageError`` for an invalid key or value, ``ConfigError`` for wrong settings or if the
    package ``redis`` is not installed, ``NetworkError`` when Redis cannot be reached,
    ``RefusedError`` when it refuses, and ``StateError`` when the stash on this machine cannot be
    written.
    """
    from coaiapy.stash import stash

    with stash.open_stash() as store:
        stash.put(store, key, value, ttl)


def fetch(key: str) -> bytes:
    """Return the bytes that are stashed under a key.

    >>> import coaiapy
    >>> coaiapy.tash("greeting", "hello there")
    >>> coaiapy.fetch("greeting").decode("utf-8")
    'hello there'

    Raises ``NotFoundError`` when there is no such key, and what ``tash`` raises.
    """
    from coaiapy.stash import stash

    with stash.open_stash() as store:
        return stash.get(store, key)


def _write(records: Iterable[Any], timeout: Optional[float]) -> None:
    from coaiapy.config import settings
    from coaiapy.langfuse.send import delivery
    from coaiapy.langfuse.traces import traces
    from coaiapy.util import deadlines

    with deadlines.limit(timeout, "timeout"):
        delivery.check(traces.submit(settings.load(), records))


def _as_kept(record: Any) -> Body:
    from coaiapy.config import settings
    from coaiapy.langfuse.traces import traces

    return traces.as_kept(settings.load(), record)
