"""Compares what a template has made with what its test expects."""

from typing import Any, Iterator, List, Mapping

from coaiapy.authoring.testing.document import Case
from coaiapy.authoring.testing.rendered_case import RenderedCase
from coaiapy.util.text.wording import cut_repr, did_you_mean

_MISSING = "\0"


def differences(case: Case, made: RenderedCase) -> Iterator[str]:
    """Yield a sentence on each difference from what somebody has written down in a case."""
    if case.error is not None:
        if made.error is None:
            yield "error: expected {!r}, but there was none".format(case.error)
        elif case.error not in made.error:
            yield "error: expected {!r}, but it is {!r}".format(case.error, made.error)
        return
    if made.error is not None:
        yield made.error
        return
    yield from _fields("trace", case.trace or {}, made.trace)
    if case.steps is not None:
        yield from _whole(case.steps, made.steps)
    by_name = {step["name"]: step for step in made.steps}
    for expected in case.includes:
        if expected["name"] in by_name:
            yield from _step(expected, by_name[expected["name"]])
        else:
            hint = did_you_mean(expected["name"], by_name)
            yield "there is no step {!r}{}".format(expected["name"], hint)
    for name in case.lacks:
        if name in by_name:
            yield "there is a step {!r}".format(name)


def from_snapshot(snapshot: Any, made: RenderedCase) -> Iterator[str]:
    """Yield a sentence on each difference from what was made before."""
    if made.error is not None:
        yield made.error
        return
    snapshot = snapshot if isinstance(snapshot, dict) else {}
    yield from _compared("trace", snapshot.get("trace", {}), made.trace)
    steps = [one for one in snapshot.get("steps") or [] if isinstance(one, dict)]
    yield from _order([str(one.get("name")) for one in steps], made)
    by_name = {step["name"]: step for step in made.steps}
    for step in steps:
        if step.get("name") in by_name:
            found = by_name[step["name"]]
            absent = {field: _MISSING for field in found if field not in step}
            yield from _fields(repr(step["name"]), dict(step, **absent), found)


def _whole(expected: List[Any], steps: List[Any]) -> Iterator[str]:
    yield from _order([one["name"] for one in expected], RenderedCase({}, steps))
    by_name = {step["name"]: step for step in steps}
    for one in expected:
        if one["name"] in by_name:
            yield from _step(one, by_name[one["name"]])


def _order(names: List[str], made: RenderedCase) -> Iterator[str]:
    found = [step["name"] for step in made.steps]
    for name in names:
        if name not in found:
            yield "there is no step {!r}".format(name)
    for name in found:
        if name not in names:
            yield "there is a step {!r} that is not expected".format(name)
    if sorted(names) == sorted(found) and names != found:
        yield "the steps are in another order: {}".format(", ".join(map(repr, found)))


def _step(expected: Mapping[str, Any], step: Mapping[str, Any]) -> Iterator[str]:
    """Compare the fields of a step that are written down; of those below ``includes`` only a part."""
    where = repr(step["name"])
    own = {key: value for key, value in expected.items() if key != "includes"}
    if isinstance(own.get("type"), str):
        own["type"] = own["type"].upper()
    yield from _fields(where, own, step)
    for field, part in (expected.get("includes") or {}).items():
        yield from _part("{}: {}".format(where, field), part, step.get(field))


def _fields(where: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for field, value in expected.items():
        yield from _compared("{}: {}".format(where, field), value, found.get(field))


def _part(where: str, expected: Any, found: Any) -> Iterator[str]:
    if not isinstance(expected, dict) or not isinstance(found, dict):
        yield from _compared(where, expected, found)
        return
    for key, value in expected.items():
        yield from _part("{}.{}".format(where, key), value, found.get(key, _MISSING))


def _compared(where: str, expected: Any, found: Any) -> Iterator[str]:
    """Yield what differs, as deep inside as it can be told."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in list(expected) + [key for key in found if key not in expected]:
            values = expected.get(key, _MISSING), found.get(key, _MISSING)
            yield from _compared("{}.{}".format(where, key), *values)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for i, pair in enumerate(zip(expected, found)):
            yield from _compared("{}[{}]".format(where, i), *pair)
    elif expected == _MISSING:
        yield "{}: is {}, which is not expected".format(where, _shown(found))
    elif expected != found or isinstance(expected, bool) != isinstance(found, bool):
        yield "{}: expected {}, but it is {}".format(where, _shown(expected), _shown(found))


def _shown(value: Any) -> str:
    return "missing" if value == _MISSING else "null" if value is None else cut_repr(value)
