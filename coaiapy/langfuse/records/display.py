"""Records formatted for people: a table of rows, and one record field by field.

Control characters in their texts are escaped, so that they cannot control the terminal.
"""

import json
import re
from typing import Any, Iterable, List, Mapping

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import RUNNING, UNCONFIRMED
from coaiapy.util.formats.tables.table import Fitted, fitted, table
from coaiapy.util.text.wording import visible
from coaiapy.util.times import moment

Columns = Mapping[str, str]
# The note on a record that the server may not show yet, by the value of its mark ``UNCONFIRMED``.
_UNCONFIRMED = {
    "waiting": "(not sent yet)",
    "rejected": "(refused by the server)",
    "sent": "(not shown by the server yet)",
    RUNNING: "(running)",
}
# Fields by what they hold; the names are those of Langfuse's API and of coaia. Ids may be shortened,
# because their beginning can be typed instead; what else people copy is never cut.
_TIMES = r"At$|_at$|_since$|^timestamp$|^startTime$|^oldest$"
_IDS = r"(^|_)id$|Id$"
_COPIED = r"(^|_)(row|number|path)$|At$|_at$|Time$|^timestamp$|^objectName$"


def listing(rows: Iterable[Mapping[str, Any]], columns: Columns) -> str:
    """Return a table of rows; ``columns`` are headings by the name of the field.

    Times are shown to the second.
    """
    return table(_rows(rows, columns, False), list(columns.values()))


def fitted_listing(
    rows: Iterable[Mapping[str, Any]], columns: Columns, width: int, local: bool = False
) -> Fitted:
    """Return the table of ``listing`` for a terminal, with times in local time if ``local``.

    Ids are shortened, empty columns left out and texts cut so that a line fits, as
    ``table.fitted`` does.
    """
    ids, copied = (
        [heading for name, heading in columns.items() if re.search(pattern, name)]
        for pattern in (_IDS, _COPIED)
    )
    cells = _rows(rows, columns, local)
    return fitted(cells, list(columns.values()), width, copied + ids, ids)


def _rows(rows: Iterable[Mapping[str, Any]], columns: Columns, local: bool) -> List[List[Any]]:
    return [[_shown(row, name, local) for name in columns] for row in rows]


def with_note(columns: Columns, rows: Iterable[Body]) -> Columns:
    """Return ``columns``, with "Note" added if there are rows that run, or that a server may not show yet."""
    if not any(UNCONFIRMED in row for row in rows):
        return columns
    return dict(columns, **{UNCONFIRMED: "Note"})


def pending_note(body: Body) -> str:
    """Return the note on a record that runs, or that the server may not show yet, else nothing."""
    return _UNCONFIRMED.get(body.get(UNCONFIRMED, ""), "")


def fields(body: Body, local: bool = False) -> str:
    """Return a record with one field on each line; lists and objects are shown as JSON.

    If ``local`` is true, times are local and to the second, as in a listing; else as they are stored.
    """
    shown = {
        name: _text_of(_shown(body, name, local) if _is_local(name, local) else value)
        for name, value in body.items()
        if name != UNCONFIRMED
    }
    if pending_note(body):
        shown["note"] = pending_note(body)
    width = max(len(name) for name in shown)
    margin = "\n" + " " * (width + 2)
    return "\n".join(
        "{:<{}}  {}".format(name, width, shown[name].replace("\n", margin)) for name in shown
    )


def _is_local(name: str, local: bool) -> bool:
    return local and bool(re.search(_TIMES, name))


def cell(value: Any) -> Any:
    """Return a value for a cell: a flat list joined with commas, other structures as JSON."""
    if isinstance(value, list) and all(isinstance(item, (str, int)) for item in value):
        return ", ".join(map(str, value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _shown(row: Mapping[str, Any], name: str, local: bool) -> Any:
    if name == UNCONFIRMED:
        return pending_note(dict(row))
    value = row.get(name)
    if isinstance(value, str) and re.search(_TIMES, name):
        return moment(value, local)
    return cell(value)


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return visible(value)
    return json.dumps(value, ensure_ascii=False)
