"""Query parameters that many routes share: page and limit, time windows, and the page answer."""

from typing import Any, Callable, List, Optional, Sequence

from .messages import Answer, invalid_request
from .request import Request
from .tables import Body
from .times import normal
from .zod import is_datetime


def number_parameter(
    server: Any, request: Request, name: str, default: int, largest: Optional[int] = None
) -> int:
    """Return a whole number of at least 1; refuse one above `largest`."""
    text = request.first(name)
    if text is None or text == "":
        return default
    try:
        value = int(text)
    except ValueError:
        raise invalid_request([server.zod.wrong_type("number", text, [name])]) from None
    if value < 1:
        raise invalid_request([server.zod.out_of_range("number", 1, [name], too_big=False)])
    if largest is not None and value > largest:
        raise invalid_request([server.zod.out_of_range("number", largest, [name], too_big=True)])
    return value


def time_parameter(server: Any, request: Request, name: str) -> Optional[str]:
    text = request.first(name)
    if not text:
        return None
    if not is_datetime(text):
        raise invalid_request([server.zod.bad_datetime([name])])
    return normal(text)


def time_window(
    server: Any,
    request: Request,
    records: List[Body],
    key: str,
    names: Sequence[str] = ("fromTimestamp", "toTimestamp"),
) -> List[Body]:
    """Return the records whose time is at or after the first parameter and before the second."""
    start, end = (time_parameter(server, request, name) for name in names)
    if start:
        records = [record for record in records if record[key] >= start]
    if end:
        records = [record for record in records if record[key] < end]
    return records


def page_answer(
    server: Any, request: Request, records: List[Body], row: Callable[[Body], Body]
) -> Answer:
    """Return one page of `records`; rows are built only for this page."""
    page = number_parameter(server, request, "page", 1)
    limit = number_parameter(server, request, "limit", 50, 100)
    chosen = records[(page - 1) * limit : page * limit]
    meta = {"page": page, "limit": limit, "totalItems": len(records)}
    meta["totalPages"] = -(-len(records) // limit)
    return Answer(200, {"data": [row(record) for record in chosen], "meta": meta})
