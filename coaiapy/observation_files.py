"""Observations from a file: JSON, JSON Lines or YAML, checked whole, and streamed where it can be.

A JSON Lines file is read line by line, so that its size does not matter.
"""

import json
from typing import IO, Any, Dict, Iterable, Iterator, List, NamedTuple, Optional

from coaiapy import ids
from coaiapy.errors import UsageError
from coaiapy.journal import to_json
from coaiapy.packages import require
from coaiapy.records import Observation, observation_from

FORMATS = ("json", "jsonl", "yaml")
MAX_ERRORS_SHOWN = 20
_ENDINGS = {"json": "json", "jsonl": "jsonl", "ndjson": "jsonl", "yaml": "yaml", "yml": "yaml"}


class Item(NamedTuple):
    """One observation as it stands in a file, and where: ``line 12`` or ``item 3``."""

    place: str
    values: Any


def read_items(stream: IO[str], format: str) -> Iterator[Item]:
    """Yield what ``stream`` holds; ``UsageError`` names the line that cannot be read."""
    if format == "jsonl":
        return _json_lines(stream)
    return _documents(stream.read(), format)


def guess_format(name: str, stream: IO[str]) -> str:
    """Return the format of a file by its ending, else by how it begins; rewinds ``stream``."""
    by_ending = _ENDINGS.get(name.rpartition(".")[2].lower())
    if by_ending and by_ending != "json":
        return by_ending
    first = _first_line(stream)
    if first.startswith("["):
        return "json"
    if first.startswith("{"):
        return "jsonl" if _is_json(first) else "json"
    return by_ending or "yaml"


def check_all(items: Iterable[Item], trace_id: str) -> int:
    """Return how many observations there are; ``UsageError`` lists what is wrong with which."""
    count = 0
    errors: List[str] = []
    seen: Dict[str, str] = {}
    for item in items:
        count += 1
        try:
            observation = to_observation(item, trace_id)
            first = seen.setdefault(observation.id, item.place)
            if first != item.place:
                raise UsageError("id: {!r} is that of {} already".format(observation.id, first))
        except UsageError as error:
            errors.append("{}: {}".format(item.place, error))
    if errors:
        shown = errors[:MAX_ERRORS_SHOWN]
        if len(errors) > len(shown):
            shown.append("and {} more".format(len(errors) - len(shown)))
        raise UsageError(
            "{} of {} observations are wrong, so nothing was written:\n  {}".format(
                len(errors), count, "\n  ".join(shown)
            )
        )
    return count


def to_observation(item: Item, trace_id: str) -> Observation:
    """Return the observation of an item.

    One without an id is given one that depends on the trace, the place and the content alone,
    so that the same file read again means the same observations.
    """
    if not isinstance(item.values, dict):
        raise UsageError("an observation is an object, not {!r}".format(item.values))
    values = dict(item.values)
    if values.get("id") is None:
        content = to_json(dict(sorted(values.items(), key=lambda pair: str(pair[0]))))
        values["id"] = ids.derived_observation_id(trace_id, item.place, content)
    return observation_from(values, trace_id)


def _json_lines(stream: IO[str]) -> Iterator[Item]:
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError as error:
            raise UsageError("line {} is not JSON: {}".format(number, error)) from error
        yield Item("line {}".format(number), values)


def _documents(text: str, format: str) -> Iterator[Item]:
    parsed = _yaml(text) if format == "yaml" else _json(text)
    items = parsed if isinstance(parsed, list) else [parsed]
    for number, values in enumerate(items, 1):
        yield Item("item {}".format(number), values)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError("this is not JSON: {}".format(error)) from error


def _yaml(text: str) -> Any:
    yaml = require("yaml", "PyYAML")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "line {} ".format(mark.line + 1) if mark else "this "
        raise UsageError(
            "{}is not YAML: {}".format(place, getattr(error, "problem", error))
        ) from error


def _first_line(stream: IO[str]) -> str:
    first = next((line.strip() for line in stream if line.strip()), "")
    stream.seek(0)
    return first


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def preview(items: Iterable[Item], trace_id: str, most: Optional[int] = None) -> Iterator[Any]:
    """Yield for each observation what it would be, shortly."""
    import itertools

    for index, item in enumerate(itertools.islice(items, most)):
        observation = to_observation(item, trace_id)
        yield {
            "index": index,
            "id": observation.id,
            "type": observation.type,
            "name": observation.name,
            "has_input": observation.input is not None,
            "has_output": observation.output is not None,
            "parent": observation.parent_id,
        }
