"""Reads observations from a file, and checks all of them."""

from functools import partial
from typing import IO, Any, Callable, Dict, Iterable, Iterator, Optional

from coaiapy.batch_ids import BatchIds
from coaiapy.errors import UsageError
from coaiapy.langfuse.journal.staging import to_json
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.fields import OBSERVATION_FIELDS
from coaiapy.langfuse.records.records import Kept, kept_observation
from coaiapy.util import times
from coaiapy.util.formats.item_files import Item, RowErrors, read_items
from coaiapy.util.formats.json_values import is_surely_plain

_ID_NAMES = [
    name
    for field in OBSERVATION_FIELDS
    if field.attribute == "id"
    for name in (field.attribute, field.api) + field.aliases
]


def read_observations(
    stream: IO[bytes], trace_id: str, name: str = "", format: Optional[str] = None
) -> Iterator[Kept]:
    """Yield the observations in a file for a trace, each when it has been checked.

    One without a start time begins at the current time. One without an id gets a hash of the trace
    id, its number and its content (in JSON Lines: its line), so that reading the same file again
    gives the same observations.

    Without ``format`` the extension of ``name`` or the content tells the format. At the end of the
    file, raises one ``UsageError`` that lists all mistakes with their lines or items; then none of
    the observations may be used.
    """
    errors = RowErrors()
    moments = times.rising()
    count, line_of = 0, None
    with BatchIds() as known:
        for item in read_items(stream, name, format):
            count, line_of = item.number, item.line_of
            at = item.line or item.number
            try:
                given = item.fields("an observation")
                new_id = None if _has_id(given) else _derived_id(item, trace_id)
                observation = kept_observation(
                    given, trace_id, _is_plain(item), next(moments), new_id
                )
            except UsageError as error:
                errors.add(_place(line_of, at), error)
                continue
            known.add(at, observation.fields, is_derived=new_id is not None)
            yield observation
        for wrong in known.problems(partial(_place, line_of)):
            errors.add(_place(line_of, wrong.number), UsageError(wrong.reason))
    errors.check(count, "observations", "written")


def _place(line_of: Optional[Callable[[int], int]], number: int) -> str:
    """Return what messages call a line, or with ``line_of`` an item, by its number."""
    if line_of is None:
        return "line {}".format(number)
    return "item {} (line {})".format(number, line_of(number))


def _is_plain(item: Item) -> bool:
    return item.text is not None and is_surely_plain(item.text)


def _has_id(values: Dict[str, Any]) -> bool:
    for name in _ID_NAMES:
        if values.get(name) is not None:
            return True
    return False


def _derived_id(item: Item, trace_id: str) -> str:
    content = item.text
    if content is None:
        given = {name: value for name, value in item.values.items() if value is not None}
        content = to_json(dict(sorted(given.items())))
    return ids.derived_observation_id(ids.span_trace_id(trace_id), str(item.number), content)


def preview(observations: Iterable[Kept]) -> Iterator[Any]:
    """Yield a short description of each observation, for a dry run."""
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
