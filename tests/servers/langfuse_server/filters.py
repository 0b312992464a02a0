"""The `filter` parameter of GET /v2/observations: a JSON list of conditions, all of which hold."""

import json
from typing import Any, Callable, Dict, List

from .messages import RefusedError, domain_error, invalid_request
from .tables import Body
from .times import normal
from .zod import is_datetime

Condition = Callable[[Body], bool]

COLUMNS = frozenset(
    "id type name traceId startTime endTime environment level statusMessage version userId "
    "sessionId isRootObservation traceName tags model promptName promptVersion input output metadata".split()
)
NO_SEARCH_MESSAGE = "Input/output filters require at least one `matches` or `=` operator."
TEXT_TESTS: Dict[str, Callable[[str, str], bool]] = {
    "=": lambda text, value: text == value,
    "contains": lambda text, value: value in text,
    "does not contain": lambda text, value: value not in text,
    "starts with": lambda text, value: text.startswith(value),
    "ends with": lambda text, value: text.endswith(value),
    "matches": lambda text, value: value.lower() in text.lower(),
}
ORDER_TESTS: Dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, value: one == value,
    ">": lambda one, value: one > value,
    "<": lambda one, value: one < value,
    ">=": lambda one, value: one >= value,
    "<=": lambda one, value: one <= value,
}
LIST_TESTS: Dict[str, Callable[[set, set], bool]] = {
    "any of": lambda have, wanted: bool(have & wanted),
    "none of": lambda have, wanted: not have & wanted,
    "all of": lambda have, wanted: wanted <= have,
}


def conditions(text: str) -> List[Condition]:
    """Return the conditions; raise the 400 for a text that is not a list of known conditions."""
    try:
        entries = json.loads(text)
        found = [condition(entry) for entry in entries]
        searching = [one["operator"] for one in entries if one["column"] in ("input", "output")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_filter(str(error)) from None
    if searching and not {"=", "matches"} & set(searching):
        raise domain_error(NO_SEARCH_MESSAGE)
    return found


def bad_filter(message: str) -> RefusedError:
    return invalid_request([{"code": "custom", "path": ["filter"], "message": message}])


def condition(entry: Dict[str, Any]) -> Condition:
    column, kind, operator = entry["column"], entry["type"], entry["operator"]
    value = entry["value"]
    if column not in COLUMNS:
        raise bad_filter("Invalid filter column: %s" % column)
    if kind in ("string", "stringObject"):
        test = TEXT_TESTS[operator]
        return lambda row: test(str(cell(row, column, entry.get("key")) or ""), value)
    if kind in ("stringOptions", "arrayOptions", "categoryOptions"):
        return list_condition(column, entry.get("key"), LIST_TESTS[operator], set(value))
    if kind == "datetime":
        if not is_datetime(value):
            raise bad_filter("Invalid ISO datetime")
        moment, order = normal(value), ORDER_TESTS[operator]
        return lambda row: row.get(column) is not None and order(row[column], moment)
    if kind in ("number", "numberObject"):
        order = ORDER_TESTS[operator]
        return lambda row: number_fits(cell(row, column, entry.get("key")), order, value)
    if kind == "boolean":
        same = {"=": True, "<>": False}[operator]
        return lambda row: (bool(row.get(column)) == value) == same
    if kind == "null":
        empty = {"is null": True, "is not null": False}[operator]
        return lambda row: (row.get(column) in (None, "")) == empty
    raise bad_filter("Invalid filter type: %s" % kind)


def list_condition(
    column: str, key: Any, test: Callable[[set, set], bool], wanted: set
) -> Condition:
    def holds(row: Body) -> bool:
        have = cell(row, column, key)
        return test(set(have) if isinstance(have, list) else {have}, wanted)

    return holds


def number_fits(have: Any, order: Callable[[Any, Any], bool], value: Any) -> bool:
    return isinstance(have, (int, float)) and order(have, value)


def cell(row: Body, column: str, key: Any) -> Any:
    """A column's value, or one key of a column that holds an object."""
    value = row.get(column)
    return (value or {}).get(key) if key else value
