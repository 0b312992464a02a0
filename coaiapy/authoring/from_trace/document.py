"""Makes a template of a trace that exists: its tree stays, what varies becomes variables.

What the run has given (outputs, levels, tokens) is no part of a template.
"""

import json
import re
from typing import Any, Dict, List, Mapping, Optional, Set

from coaiapy.authoring.from_trace.values import Variables, literal
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import OBSERVATION_TYPES
from coaiapy.templating.document import Document, checked_document, without_nulls
from coaiapy.templating.files import MOST_BYTES
from coaiapy.util import times
from coaiapy.views.outline import Node, outline

# What coaia, and programs that speak OpenTelemetry, record of themselves.
_NOT_OF_THE_USER = (
    "template_name",
    "template_version",
    "description",
    "variables",
    "attributes",
    "resourceAttributes",
    "scope",
)
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)\Z", re.DOTALL)
_FEWEST_OF_A_LOOP = 2


def document_from(trace: Body, name: str) -> Document:
    """Return the document of a template ``name`` that makes the tree of ``trace``.

    ``trace`` is a dict under the names of Langfuse's API, with its ``observations``. Names that occur
    again get a number, since each step needs another. Raises ``UsageError`` for a trace that is too
    large for a template.
    """
    observations = sorted(
        trace.get("observations") or [], key=lambda one: str(one.get("startTime") or "")
    )
    nodes = outline(observations)
    variables = Variables()
    of_trace = _trace(trace, variables)
    names = _names(nodes)
    steps = [_step(node, i, names, variables) for i, node in enumerate(nodes)]
    document = {
        "name": name,
        "version": "1.0",
        "description": "Made of the trace {}".format(trace.get("name") or trace["id"]),
        "author": "",
        "created_at": times.now(),
        "trace": of_trace,
        "variables": variables.entries,
        "steps": _with_loops(steps, variables),
    }
    checked_document(document, "the trace {}".format(trace["id"]))
    size = len(json.dumps(document, indent=2).encode())
    if size > MOST_BYTES:
        said = "the trace {} is too large for a template: it would have {} bytes, {} are allowed"
        raise UsageError(said.format(trace["id"], size, MOST_BYTES))
    return document


def _trace(trace: Body, variables: Variables) -> Document:
    given = _as_variables(trace.get("input"), "input", variables, "Input of the trace")
    environment = trace.get("environment")
    return without_nulls(
        {
            "name": variables.used_in(trace.get("name")),
            "input": given,
            "metadata": _metadata(trace, variables),
            "tags": variables.used_in(list(trace.get("tags") or [])) or None,
            "environment": None if environment == "default" else environment,
            "release": literal(trace.get("release")),
            "version": literal(trace.get("version")),
        }
    )


def _as_variables(value: Any, name: str, variables: Variables, about: str) -> Any:
    """Return an input in which each field, or the whole if it has none, is a variable."""
    if value is None:
        return None
    if isinstance(value, dict) and value:
        return {
            key: item if item is None else variables.add(key, item, "{}: {}".format(about, key))
            for key, item in value.items()
        }
    return variables.add(name, value, about)


def _metadata(record: Body, variables: Variables) -> Optional[Document]:
    metadata = record.get("metadata")
    if not isinstance(metadata, dict):
        return None
    own = {key: value for key, value in metadata.items() if key not in _NOT_OF_THE_USER}
    return variables.used_in(own) or None


def _names(nodes: List[Node]) -> List[str]:
    """Return a name for each node that no other has."""
    numbers: Dict[str, int] = {}
    taken: Set[str] = {str(node.observation.get("name")) for node in nodes}
    names: List[str] = []
    for node in nodes:
        wanted = str(node.observation.get("name") or "")
        wanted = wanted if wanted.strip() else _type(node.observation)
        name = wanted
        while numbers.get(name) or (name != wanted and name in taken):
            numbers[wanted] += 1
            name = "{} ({})".format(wanted, numbers[wanted])
        numbers[name] = 1
        names.append(name)
    return names


def _type(observation: Body) -> str:
    kind = str(observation.get("type") or "SPAN").upper()
    return kind if kind in OBSERVATION_TYPES else "SPAN"


def _step(node: Node, i: int, names: List[str], variables: Variables) -> Document:
    one = node.observation
    model = one.get("model")
    given = one.get("input")
    if isinstance(given, str) and given:
        given = variables.add(names[i] + " input", given, "Input of the step " + names[i])
    else:
        given = variables.used_in(given)
    description = (one.get("metadata") or {}).get("description") if _has_dict(one) else None
    step: Document = {
        "name": variables.used_in(names[i]),
        "observation_type": _type(one),
        "description": literal(description) if isinstance(description, str) else None,
        "parent": variables.used_in(names[node.parent]) if node.parent >= 0 else None,
        "model": model and variables.add("model", str(model), "Name of the model"),
        "model_parameters": literal(one.get("modelParameters")) or None,
        "input": given,
        "metadata": _metadata(one, variables),
    }
    return without_nulls(step)


def _has_dict(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("metadata"), dict)


def _with_loops(steps: List[Document], variables: Variables) -> List[Document]:
    """Return the steps with one for each run of siblings that are alike but for their number."""
    parents = {step.get("parent") for step in steps}
    made: List[Document] = []
    rest = list(steps)
    while rest:
        alike = _alike(rest, parents)
        if len(alike) < _FEWEST_OF_A_LOOP:
            made.append(rest.pop(0))
            continue
        stem = _stem(alike[0]["name"])
        count = variables.add(stem[0] + " count", len(alike), "Number of steps: " + "".join(stem))
        loop = dict(_without_number(alike[0], 1), for_each="{{ range(" + count[3:-3] + ") }}")
        made.append(loop)
        del rest[: len(alike)]
    return made


def _stem(name: str) -> List[str]:
    found = _NUMBERED.match(name)
    return [found.group(1), found.group(3)] if found else [name, ""]


def _alike(steps: List[Document], parents: Any) -> List[Document]:
    """Return the first steps as long as they are one loop: without children, numbered from 1."""
    found: List[Document] = []
    for number, step in enumerate(steps, 1):
        numbered = _NUMBERED.match(step["name"])
        if not numbered or numbered.group(2) != str(number) or step["name"] in parents:
            break
        if "}}" in numbered.group(3):  # the number belongs to the name of a variable
            break
        if _without_number(step, number) != _without_number(steps[0], 1):
            break
        found.append(step)
    return found


def _without_number(step: Document, number: int) -> Document:
    """Return a step with ``{{ number }}`` in its name, and wherever its input is that number."""
    before, _, after = step["name"].rpartition(str(number))
    fields: Dict[str, Any] = dict(step, name=before + "{{ number }}" + after)
    if "input" in step:
        fields["input"] = _numbered(step["input"], number)
    return fields


def _numbered(value: Any, number: int) -> Any:
    if isinstance(value, dict):
        return {key: _numbered(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbered(item, number) for item in value]
    is_number = isinstance(value, int) and not isinstance(value, bool) and value == number
    return "{{ number }}" if is_number else value
