"""GET /api/public/v2/observations: the rows of v4, by field group, newest first, by cursor."""

import base64
import json
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from .filters import conditions
from .messages import NO_ROWS_MESSAGE, Answer, invalid_request, not_found
from .paging import number_parameter, time_window
from .request import Request
from .stored_values import cost_of, price_of, usage_of
from .tables import Body, Tables
from .times import seconds_between

CORE = "id traceId startTime endTime parentObservationId type".split()
CONTEXT = "traceName release tags".split()
EQUAL = "name userId sessionId type level environment version".split()
LONGEST_METADATA = 200  # characters of a value that `expandMetadata` does not name


def list_rows(server: Any, request: Request) -> Answer:
    if not (server.kind.rows or server.previews_rows):
        raise not_found(NO_ROWS_MESSAGE)
    if request.first("parseIoAsJson") == "true":
        message = "parseIoAsJson is no longer supported: input and output are raw strings"
        raise invalid_request([server.zod.custom(["parseIoAsJson"], message)])
    limit = number_parameter(server, request, "limit", 50, 1000)
    rows = chosen_rows(server, request, server.store.tables())
    cursor = request.first("cursor")
    if cursor:
        last = decode_cursor(cursor)
        rows = [row for row in rows if position(row) < last]
    meta = {"cursor": encode_cursor(rows[limit - 1])} if len(rows) > limit else {}
    groups = set(str(request.first("fields") or "core,basic").split(","))
    expanded = set(str(request.first("expandMetadata", "")).split(","))
    data = [shown_row(server, row, groups, expanded) for row in rows[:limit]]
    return Answer(200, {"data": data, "meta": meta})


def position(row: Body) -> Tuple[str, str, str]:
    return row["startTime"], row["traceId"], row["id"]


def encode_cursor(row: Body) -> str:
    last = dict(zip(("lastStartTimeTo", "lastTraceId", "lastId"), position(row)))
    text = json.dumps(last, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def decode_cursor(text: str) -> Tuple[str, str, str]:
    try:
        last = json.loads(base64.b64decode(text).decode("utf-8"))
        return last["lastStartTimeTo"], last["lastTraceId"], last["lastId"]
    except (ValueError, TypeError, LookupError):
        issue = {"code": "custom", "path": ["cursor"], "message": "Invalid cursor format"}
        raise invalid_request([issue]) from None


def chosen_rows(server: Any, request: Request, tables: Tables) -> List[Body]:
    """The rows that match the query; `filter` replaces the simple parameters."""
    text = request.first("filter")
    trace_id = None if text else request.first("traceId")
    rows = tables.sorted_once(
        ("rows", trace_id),
        lambda: sorted(
            tables.rows_by_trace.get(trace_id, []) if trace_id else tables.rows,
            key=position,
            reverse=True,
        ),
    )
    if text:
        tests = conditions(text)
        return [row for row in rows if all(test(row) for test in tests)]
    rows = time_window(server, request, rows, "startTime", ("fromStartTime", "toStartTime"))
    for name in EQUAL:
        wanted = request.query.get(name)
        if wanted:
            rows = [row for row in rows if (row.get(name) or "") in wanted]
    if "parentObservationId" in request.query:
        parent = request.first("parentObservationId") or None
        rows = [row for row in rows if row["parentObservationId"] == parent]
    if request.first("isRootObservation"):
        root = request.first("isRootObservation") == "true"
        rows = [row for row in rows if row["isRootObservation"] == root]
    return rows


def shown_row(server: Any, row: Body, groups: Set[str], expanded: Set[str]) -> Body:
    """The requested groups of a row. Some keys are always there, even without a value."""
    shown = {key: row.get(key) for key in CORE}
    shown["projectId"] = server.project_id
    shown.update(modelId=None, inputPrice=None, outputPrice=None, totalPrice=None)
    for group, add in GROUPS.items():
        if group in groups:
            add(shown, row)
    if "metadata" in groups:
        shown["metadata"] = {
            key: value if key in expanded else cut(value) for key, value in row["metadata"].items()
        }
    return shown


def add_basic(shown: Body, row: Body) -> None:
    for key in ("name", "userId", "sessionId", "isRootObservation", "environment"):
        shown[key] = row.get(key)
    shown.update(level=row.get("level") or "DEFAULT", statusMessage=row.get("statusMessage") or "")
    shown.update(version=row.get("version") or "", bookmarked=False, public=row["public"])
    add_metrics(shown, row)


def add_metrics(shown: Body, row: Body) -> None:
    """Two durations, which the recorded servers show with `basic` as well."""
    shown["latency"] = seconds_between(row["startTime"], row.get("endTime"))
    shown["timeToFirstToken"] = time_to_first_token(row)


def add_requested_metrics(shown: Body, row: Body) -> None:
    """When asked for by name, a latency of nothing is null."""
    add_metrics(shown, row)
    shown["latency"] = shown["latency"] or None


def add_time(shown: Body, row: Body) -> None:
    for key in ("completionStartTime", "createdAt", "updatedAt"):
        shown[key] = row.get(key)


def add_io(shown: Body, row: Body) -> None:
    shown.update(input=row.get("input"), output=row.get("output"))


def add_prompt(shown: Body, row: Body) -> None:
    shown.update(promptId="", promptName=row.get("promptName") or "")
    shown["promptVersion"] = row.get("promptVersion")


def add_context(shown: Body, row: Body) -> None:
    shown.update((key, row.get(key)) for key in CONTEXT)


def time_to_first_token(row: Body) -> Any:
    return seconds_between(row["startTime"], row.get("completionStartTime"))


def add_model(shown: Body, row: Body) -> None:
    price = price_of(row)
    shown.update(model=row.get("model") or "", internalModelId=price.model_id if price else "")
    shown["modelParameters"] = row.get("modelParameters") or {}
    if price:
        shown.update(modelId=price.model_id, inputPrice=short_text(price.input))
        shown["outputPrice"] = short_text(price.output)


def short_text(price: float) -> str:
    """A small number as JavaScript writes it: 1.5e-7."""
    return "%s" % ("%g" % price).replace("e-0", "e-")


def add_usage(shown: Body, row: Body) -> None:
    usage, cost, price = usage_of(row), cost_of(row), price_of(row)
    shown.update(usageDetails=usage, costDetails=cost, totalCost=cost.get("total", 0))
    shown.update(inputUsage=usage.get("input", 0), outputUsage=usage.get("output", 0))
    shown.update(totalUsage=usage.get("total", 0))
    shown.update(inputCost=cost.get("input"), outputCost=cost.get("output"))
    shown["usagePricingTierId"] = price.tier_id if price else None
    shown["usagePricingTierName"] = price.tier_name if price else None


def cut(value: Any) -> Any:
    text: Optional[str] = value if isinstance(value, str) else None
    return value if text is None else text[:LONGEST_METADATA]


GROUPS: Dict[str, Callable[[Body, Body], None]] = {
    "basic": add_basic,
    "time": add_time,
    "io": add_io,
    "model": add_model,
    "usage": add_usage,
    "prompt": add_prompt,
    "metrics": add_requested_metrics,
    "trace_context": add_context,
}
