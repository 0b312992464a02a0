"""What travels through Redis: what a run is, its attempts, and what became of each.

No secret is in it. Whatever comes from Redis is checked here, since anybody may have written it.
"""

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Type, Union

from coaiapy.errors import RefusedError
from coaiapy.langfuse.records.body import Body
from coaiapy.running.pipelines.attempts import Outcome

# Is raised when what travels changes, so that a worker of another version refuses it.
PROTOCOL = 1
# The ``node`` of an attempt at the whole template.
WHOLE = -1
# What the environment of such an attempt may have besides.
OWN_NAMES = "COAIA_ITEM_"
BEGAN, ENDED = "began", "ended"
_Kinds = Dict[str, Any]


class RunMessage(NamedTuple):
    """What all attempts of a run have in common.

    ``document`` is the template with all that it extends, ``digest`` its hash; ``variables`` are
    those without secrets, ``stated`` the names of all that do not have their default. Whole attempts
    have at most ``timeout`` seconds.
    """

    template: str
    digest: str
    document: Body
    variables: Body
    stated: List[str]
    timeout: Optional[float] = None


class JobMessage(NamedTuple):
    """One attempt: the step is the template's ``node``, for the ``turn``-th ``item`` of its loop.

    ``step`` is the id of its observation in the trace, ``name`` is for people.
    ``facts`` says whether it may use what earlier steps have given. If the node is ``WHOLE``, ``item``
    has the variables, and ``environment`` what commands get besides.
    """

    run: str
    job: str
    trace_id: str
    step: str
    name: str
    node: int
    facts: bool
    turn: Optional[int] = None
    item: Any = None
    environment: Mapping[str, str] = {}


class Report(NamedTuple):
    """What a worker tells of an attempt; ``outcome`` is ``None`` while it is being made.

    ``at`` is in seconds since 1970. ``version`` is the worker's release of coaiapy, ``None``
    from one that does not tell it.
    """

    job: str
    at: float
    worker: str
    outcome: Optional[Outcome]
    version: Optional[str] = None


_RUN: _Kinds = {
    "template": str,
    "digest": str,
    "document": dict,
    "variables": dict,
    "stated": list,
    "timeout": (int, float, type(None)),
}
_JOB: _Kinds = {
    "run": str,
    "job": str,
    "trace_id": str,
    "step": str,
    "name": str,
    "node": int,
    "facts": bool,
    "turn": (int, type(None)),
    "item": object,
    "environment": dict,
}
_REPORT: _Kinds = {"job": str, "at": (int, float), "worker": str, "version": (str, type(None))}
_OUTCOME: _Kinds = {
    "code": (int, type(None)),
    "reason": str,
    "ended": (int, float),
    "output": object,
    "lost": str,
    "worker": str,
    "repeatable": bool,
}


def written(message: Union[RunMessage, JobMessage]) -> str:
    """Return a message as text."""
    return _text(dict(message._asdict(), protocol=PROTOCOL))


def written_report(report: Report) -> str:
    """Return a report as text."""
    body = dict(report._asdict(), protocol=PROTOCOL)
    return _text(dict(body, outcome=report.outcome and dict(report.outcome._asdict())))


def read_run(text: Any) -> RunMessage:
    """Return the message of a run; ``RefusedError`` if it is none."""
    return RunMessage(**_checked(_body(text), _RUN))


def read_job(text: Any) -> JobMessage:
    """Return the message of an attempt; ``RefusedError`` if it is none."""
    return JobMessage(**_checked(_body(text), _JOB))


def read_report(text: Any) -> Report:
    """Return a report; ``RefusedError`` if it is none."""
    body = _body(text)
    told = body.get("outcome")
    outcome = None if told is None else Outcome(**_checked(told, _OUTCOME))
    return Report(outcome=outcome, **_checked(body, _REPORT))


def written_facts(body: Body) -> str:
    """Return what is known of earlier steps, by their names, as text."""
    return _text(body)


def read_facts(text: Any) -> Body:
    """Return what is known of earlier steps, by their names; ``RefusedError`` if it is not that."""
    body = _parsed(text)
    if not isinstance(body, dict) or not all(isinstance(one, dict) for one in body.values()):
        raise RefusedError("what Redis has of the earlier steps is damaged")
    return body


def _text(body: Body) -> str:
    return json.dumps(body, default=str)


def _body(text: Any) -> Body:
    body = _parsed(text)
    if not isinstance(body, dict) or body.get("protocol") != PROTOCOL:
        told = body.get("protocol") if isinstance(body, dict) else None
        said = "it speaks version {!r} of what coaia sends to workers, and this is version {}"
        raise RefusedError(
            (said + ": use the same release of coaiapy on all machines").format(told, PROTOCOL)
        )
    return body


def _parsed(text: Any) -> Any:
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise RefusedError("what Redis has of it is damaged: {}".format(error)) from error


def _checked(body: Any, kinds: Dict[str, Union[Type[Any], Any]]) -> Body:
    if not isinstance(body, dict):
        raise RefusedError("what Redis has of it is damaged")
    for name, kind in kinds.items():
        value = body.get(name)
        number = int in (kind if isinstance(kind, tuple) else (kind,))
        if not isinstance(value, kind) or (number and isinstance(value, bool)):
            raise RefusedError("what Redis has of it is damaged: {} is wrong".format(name))
    return {name: body.get(name) for name in kinds}
