"""The active trace and observation, also those that another program names in TRACEPARENT.

TRACEPARENT is the environment variable that OpenTelemetry hands on a trace with: a header of the
W3C Trace Context, ``00-<32 hex digits of the trace>-<16 of the parent>-<flags>``.
"""

import os
import re
from typing import Dict, Mapping, NamedTuple, Optional

from coaiapy.env.context import current_context
from coaiapy.env.names import KEYS_OF_ONE_TRACE
from coaiapy.langfuse.records import ids

TRACE, PARENT, TRACEPARENT = "COAIA_TRACE_ID", "COAIA_PARENT_OBSERVATION_ID", "TRACEPARENT"
# A later version may have more fields; one that is all f is none.
_HEADER = r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?\Z"
_SAMPLED = "01"


class Parent(NamedTuple):
    """The span that TRACEPARENT names."""

    trace_id: str
    observation_id: str


def parent_in(text: str) -> Optional[Parent]:
    """Return the span that a TRACEPARENT names, ``None`` if it is not valid."""
    found = re.match(_HEADER, text.strip())
    if found is None or found.group(3) and text.strip().startswith("00"):
        return None
    return Parent(found.group(1), found.group(2))


def active_ids() -> Dict[str, str]:
    """Return the active ids among ``CONTEXT_KEYS``.

    TRACEPARENT comes before environment files. Of two traces in the environment of this process,
    that of ``COAIA_TRACE_ID`` counts; of two parents in one trace, that of TRACEPARENT.
    """
    parent = parent_in(os.environ.get(TRACEPARENT, ""))
    own = os.environ.get(TRACE)
    context = current_context()
    if parent is None or own and ids.span_trace_id(own) != parent.trace_id:
        return context
    if not own:
        context = {key: context[key] for key in context if key not in KEYS_OF_ONE_TRACE}
        context[TRACE] = parent.trace_id
    if ids.span_id(context.get(PARENT, "")) != parent.observation_id:
        context[PARENT] = parent.observation_id
    return context


def handed_on(environment: Mapping[str, str], trace_id: str, observation_id: str) -> Dict[str, str]:
    """Return the environment of a program that runs within an observation.

    Ids of another trace that ``environment`` has are left out.
    """
    other = environment.get(TRACE) not in (None, "", trace_id)
    given = {
        key: value for key, value in environment.items() if not (other and key in KEYS_OF_ONE_TRACE)
    }
    given.update(variables_of(trace_id, observation_id))
    return given


def variables_of(trace_id: str, observation_id: str) -> Dict[str, str]:
    """Return the variables by which what a program records hangs below an observation."""
    header = "-".join(("00", ids.span_trace_id(trace_id), ids.span_id(observation_id), _SAMPLED))
    return {TRACE: trace_id, PARENT: observation_id, TRACEPARENT: header}
