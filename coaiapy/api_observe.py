"""Steps of scripts as they run: more of the functions that ``import coaiapy`` offers.

How ``coaiapy.observe`` and the ``observe`` of Langfuse's own package (langfuse 4) differ:

| | `coaiapy.observe` | `langfuse.observe` |
| --- | --- | --- |
| decorates | functions, async functions, generators, async generators | the same |
| in a `with` block | `with coaiapy.observe("Draft") as step:` | `start_as_current_observation(...)` of a client |
| what is set later | attributes: `step.output = ...`, `step.usage = ...` | `update_current_span(...)`, `update_current_generation(...)` |
| input of a function | the arguments by name, those that look secret masked | `args` and `kwargs` |
| keep both out | `capture=False`, or `COAIA_TRACE_CONTENT=false` for sizes only | `capture_input=False`, `capture_output=False` |
| nesting | by context variables (threads on Python 3.6), below `COAIA_TRACE_ID` | by OpenTelemetry's context |
| errors | level `ERROR`, raised again | the same |
| without network or keys | everything is kept in the journal on this machine | tried again for a while, in memory |
| when a process is killed | nothing is lost: steps that were open are closed as interrupted | what was not sent yet is lost |
| needs | the standard library, Python 3.6 | OpenTelemetry, httpx, pydantic, Python 3.10 |
"""

import typing
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Sequence, TypeVar, Union

if TYPE_CHECKING:
    from coaiapy.langfuse.traces.observing.observed import Observed
    from coaiapy.langfuse.traces.observing.steps import TraceRun

F = TypeVar("F", bound=Callable[..., Any])


@typing.overload
def observe(name: F) -> F: ...


@typing.overload
def observe(
    name: Optional[str] = None,
    *,
    type: str = "SPAN",
    input: Any = None,
    metadata: Optional[Mapping[str, Any]] = None,
    model: Optional[str] = None,
    model_parameters: Optional[Mapping[str, Any]] = None,
    trace_id: Optional[str] = None,
    capture: bool = True,
) -> "Observed": ...


def observe(
    name: Union[None, str, Callable[..., Any]] = None,
    *,
    type: str = "SPAN",
    input: Any = None,
    metadata: Optional[Mapping[str, Any]] = None,
    model: Optional[str] = None,
    model_parameters: Optional[Mapping[str, Any]] = None,
    trace_id: Optional[str] = None,
    capture: bool = True,
) -> Any:
    """Record a block or the calls of a function as steps of a trace, with true times.

    As a decorator, with or without arguments, it takes plain and async functions, generators and
    async generators. Input and output of the step are the arguments by name and what is returned (or
    the items of a generator), unless ``capture`` is false. The value of an argument whose name looks
    secret is masked. In a ``with`` block it gives a step with an ``id`` and a ``trace_id``, on which
    can be set: ``name``, ``input``, ``output``, ``metadata``, ``model``, ``model_parameters``,
    ``usage``, ``cost``, ``level``, ``status_message`` and ``completion_start_time``, as
    ``add_observation`` takes them.

    >>> import coaiapy
    >>> @coaiapy.observe
    ... def answer(question):
    ...     with coaiapy.observe("Draft", type="GENERATION", model="gpt-4") as step:
    ...         step.output = question.upper()
    ...         step.usage = {"input": 12, "output": 3}
    ...         return step.output
    >>> with coaiapy.trace("Interview") as run:
    ...     print(answer("why?"))
    WHY?
    >>> found = coaiapy.get_trace(run.id)["observations"]
    >>> sorted((one["name"], one["type"], one["output"]) for one in found)
    [('Draft', 'GENERATION', 'WHY?'), ('answer', 'SPAN', 'WHY?')]

    A step belongs below the step around it in the same thread and, from Python 3.7 on, in the same
    asyncio task; else below the active trace (``COAIA_TRACE_ID``, ``COAIA_PARENT_OBSERVATION_ID``);
    else it opens a trace of its own with its name. ``trace_id`` puts it into another trace.

    An exception is recorded with the level ``ERROR`` and goes on. Trouble with the record is logged
    (``logging.getLogger("coaiapy")``) and never raised. No step waits for a server: what was recorded
    is sent in the background, unless ``COAIA_DELIVERY`` says otherwise, and ``flush`` sends it at once.
    """
    from coaiapy.langfuse.traces.observing.observed import Observed
    from coaiapy.langfuse.traces.observing.steps import Plan

    is_name = name is None or isinstance(name, str)
    named = name if isinstance(name, str) else None
    plan = Plan(named, type, input, metadata, model, model_parameters, trace_id, capture)
    return Observed(plan) if is_name else Observed(plan)(typing.cast(Callable[..., Any], name))


def trace(
    name: Optional[str] = None,
    *,
    trace_id: Optional[str] = None,
    user_id: Optional[str] = None,
    session_id: Optional[str] = None,
    input: Any = None,
    metadata: Optional[Mapping[str, Any]] = None,
    tags: Optional[Sequence[str]] = None,
    environment: Optional[str] = None,
) -> "TraceRun":
    """Open a trace for a ``with`` block; the steps that are observed in it belong to it.

    It gives an object with the ``id`` of the trace, on which ``output`` and ``metadata`` can be set.
    An exception goes on, and is noted in the metadata as ``error``. Nothing is raised for trouble
    with the record, which is logged.

    >>> import coaiapy
    >>> with coaiapy.trace("Interview", user_id="john") as run:
    ...     run.output = {"words": 1200}
    >>> coaiapy.get_trace(run.id)["output"]
    {'words': 1200}
    """
    from coaiapy.langfuse.traces.observing.steps import TraceRun

    return TraceRun(
        name,
        id=trace_id,
        user_id=user_id,
        session_id=session_id,
        input=input,
        metadata=metadata,
        tags=tags,
        environment=environment,
    )
