"""Listings as people read them: some fields of every row, in columns under their headings."""

import json
import re
from typing import Any, Iterable, Mapping, Optional

from coaiapy.display import moment, unconfirmed
from coaiapy.record_fields import UNCONFIRMED, Body
from coaiapy.table import table

Columns = Mapping[str, str]
# The fields whose values are copied: ids, in the names of servers and in those of coaia, and times.
_IDS_AND_TIMES = r"(^|_)(id|row|number|path)$|Id$|At$|_at$|Time$|^timestamp$|^objectName$"

TRACE_COLUMNS = {
    "id": "Trace",
    "name": "Name",
    "timestamp": "Started",
    "userId": "User",
    "sessionId": "Session",
    "tags": "Tags",
}


def listing(
    rows: Iterable[Mapping[str, Any]], columns: Columns, width: Optional[int] = None
) -> str:
    """Return the fields of rows that ``columns`` name, one row a line, under their headings.

    Times are shown to the second. With a ``width`` texts are cut to fit into it, as ``table`` does,
    but never an id or a time.
    """
    cells = [[_shown(row, name) for name in columns] for row in rows]
    whole = [heading for name, heading in columns.items() if re.search(_IDS_AND_TIMES, name)]
    return table(cells, list(columns.values()), width, whole)


def with_note(columns: Columns, rows: Iterable[Body]) -> Columns:
    """Return ``columns``, and one more if there are rows that a server may not show yet."""
    if not any(UNCONFIRMED in row for row in rows):
        return columns
    return dict(columns, **{UNCONFIRMED: "Note"})


def cell(value: Any) -> Any:
    """Return a value as a cell has it: a list of names with commas, other structures as JSON."""
    if isinstance(value, list) and all(isinstance(item, (str, int)) for item in value):
        return ", ".join(map(str, value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _shown(row: Mapping[str, Any], name: str) -> Any:
    if name == UNCONFIRMED:
        return unconfirmed(dict(row))
    value = row.get(name)
    if isinstance(value, str) and (name.endswith("At") or name in ("timestamp", "startTime")):
        return moment(value)
    return cell(value)
