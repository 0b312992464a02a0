"""Observations from a file: JSON, JSON Lines or YAML, checked whole before one of them is used.

A file is read once, so that it may be a pipe, and JSON Lines are read line by line, so that their
number does not matter.
"""

import codecs
import itertools
from functools import partial
from typing import IO, Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional

from coaiapy import ids, json_values, line_numbers, times, yaml_values
from coaiapy.errors import UsageError
from coaiapy.journal_merge import to_json
from coaiapy.packages import require
from coaiapy.record_fields import OBSERVATION_FIELDS
from coaiapy.records import Observation, observation_from
from coaiapy.row_errors import RowErrors
from coaiapy.seen_ids import SeenIds

FORMATS = ("json", "jsonl", "yaml")
EMPTY = "there is nothing in it"
_ID_NAMES = [
    name
    for field in OBSERVATION_FIELDS
    if field.attribute == "id"
    for name in (field.attribute, field.api) + field.aliases
]
_ENDINGS = {"json": "json", "jsonl": "jsonl", "ndjson": "jsonl", "yaml": "yaml", "yml": "yaml"}


class Item(NamedTuple):
    """One observation as it stands in a file: which one (from 1), where, and what it says.

    ``text`` is the JSON text that it was read from, if it was JSON Lines. ``line`` finds out in
    which line of the file it begins, if ``place`` does not say so.
    """

    number: int
    place: str
    values: Any
    text: Optional[str] = None
    line: Optional[Callable[[], int]] = None


def read_observations(
    stream: IO[bytes], trace_id: str, name: str = "", format: Optional[str] = None
) -> Iterator[Observation]:
    """Yield the observations that a file holds for a trace, each as soon as it is checked.

    ``name`` tells the format if ``format`` does not. When all of the file has been read, raises
    ``UsageError`` that lists what is wrong on which line or with which item and field: then none
    of the observations may be used.
    """
    count = 0
    errors = RowErrors()
    moments = times.rising()
    with SeenIds() as seen:
        for item in read_items(stream, name, format):
            count += 1
            try:
                observation = to_observation(item, trace_id, next(moments))
                first = seen.first_place(ids.span_id(observation.id), item.place)
                if first != item.place:
                    raise UsageError("id: {!r} is also that of {}".format(observation.id, first))
                yield observation
            except UsageError as error:
                errors.add(_whole_place(item), error)
    errors.check(count, "observations", "written")


def read_items(stream: IO[bytes], name: str = "", format: Optional[str] = None) -> Iterator[Item]:
    """Return what ``stream`` holds; ``UsageError`` names the line that cannot be read."""
    head = _head(stream)
    format = format or _guess_format(name, head[-1])
    if format == "jsonl":
        return _json_lines(itertools.chain(head, stream))
    text = _decoded(b"".join(head) + stream.read())
    if format == "yaml":
        return _numbered(_yaml(text), lambda index: yaml_values.item_lines(text)[index])
    return _numbered(_json(text), lambda index: line_numbers.in_json(text, [index]))


def _head(stream: IO[bytes]) -> List[bytes]:
    """Return the lines up to the first that says something, without a byte-order mark."""
    first = stream.readline()
    if first.startswith(codecs.BOM_UTF8):
        first = first[len(codecs.BOM_UTF8) :]
    head = [first]
    while head[-1].isspace():
        head.append(stream.readline())
    return head


def _guess_format(name: str, first: bytes) -> str:
    """Return the format of a file by its ending, else by the first line that says something."""
    by_ending = _ENDINGS.get(name.rpartition(".")[2].lower())
    if by_ending and by_ending != "json":
        return by_ending
    first = first.strip()
    if first.startswith(b"{") and _is_json(first):
        return "jsonl"
    if first.startswith((b"{", b"[")):
        return "json"
    return by_ending or "yaml"


def to_observation(item: Item, trace_id: str, start: str) -> Observation:
    """Return the observation of an item; one that states no time begins at ``start``.

    One without an id is given one that depends on the trace, its number and its content alone,
    so that the same file read again means the same observations.
    """
    given = item.values
    if not isinstance(given, dict):
        raise UsageError("an observation is an object, not {}".format(json_values.cut_repr(given)))
    is_plain = item.text is not None and json_values.is_surely_plain(item.text)
    observation = observation_from(given, trace_id, is_plain, start)
    if _has_id(given):
        return observation
    return observation._replace(id=_derived_id(item, trace_id))


def _has_id(values: Dict[str, Any]) -> bool:
    for name in _ID_NAMES:
        if values.get(name) is not None:
            return True
    return False


def _derived_id(item: Item, trace_id: str) -> str:
    given = {name: value for name, value in item.values.items() if value is not None}
    content = to_json(dict(sorted(given.items())))
    return ids.derived_observation_id(ids.span_trace_id(trace_id), str(item.number), content)


def preview(observations: Iterable[Observation]) -> Iterator[Any]:
    """Yield for each observation what it would be, shortly."""
    for index, observation in enumerate(observations):
        body = observation.body()
        yield {
            "index": index,
            "id": body["id"],
            "type": body.get("type", "EVENT"),
            "name": body.get("name"),
            "has_input": "input" in body,
            "has_output": "output" in body,
            "parent": body.get("parentObservationId"),
        }


def _json_lines(stream: Iterable[bytes]) -> Iterator[Item]:
    count = 0
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        count += 1
        place = "line {}".format(number)
        try:
            text = line.decode("utf-8").strip()
            values = json_values.parse(text)
        except UnicodeDecodeError as error:
            raise UsageError(
                "{} is not UTF-8 text: save the file as UTF-8".format(place)
            ) from error
        except ValueError as error:
            raise UsageError("{} is not JSON: {}".format(place, error)) from error
        yield Item(count, place, values, text)
    if not count:
        raise UsageError(EMPTY)


def _numbered(parsed: Iterable[Any], line_of: Callable[[int], int]) -> Iterator[Item]:
    for index, values in enumerate(parsed):
        place = "item {}".format(index + 1)
        yield Item(index + 1, place, values, line=partial(line_of, index))


def _whole_place(item: Item) -> str:
    return item.place if item.line is None else "{} (line {})".format(item.place, item.line())


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            "line {} is not UTF-8 text: save the file as UTF-8".format(line)
        ) from error


def _json(text: str) -> List[Any]:
    if not text.strip():
        raise UsageError(EMPTY)
    try:
        return _as_list(json_values.parse(text))
    except ValueError as error:
        hint = " (--format jsonl takes one object a line)" if "Extra data" in str(error) else ""
        raise UsageError("this is not JSON: {}{}".format(error, hint)) from error


def _yaml(text: str) -> List[Any]:
    """Return the observations of every document of a YAML text."""
    yaml = require("yaml", "PyYAML")
    try:
        # What a time means is ours to say.
        documents = yaml_values.load_all(text, "timestamp")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "line {}".format(mark.line + 1) if mark else "this"
        reason = getattr(error, "problem", None) or str(error).replace("\n", " ")
        raise UsageError("{} is not YAML: {}".format(place, reason)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError("this is not YAML that can be kept: {}".format(error)) from error
    said = [document for document in documents if document is not None]
    if not said:
        raise UsageError(EMPTY)
    return [item for document in said for item in _as_list(document)]


def _as_list(parsed: Any) -> List[Any]:
    return parsed if isinstance(parsed, list) else [parsed]


def _is_json(text: bytes) -> bool:
    try:
        json_values.parse(text.decode("utf-8"))
    except ValueError:
        return False
    return True
