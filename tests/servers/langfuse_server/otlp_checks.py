"""Checks OTLP/JSON trace exports as a 4.x server does, with its error messages."""

from typing import Any, List

from .messages import RefusedError

ID_RULE = (
    "traceId and spanId are required on every span, and each must be a string or a byte array."
)
ARRAY_RULE = (
    "scopeSpans, spans, attributes and events must all be arrays \u2014 OTLP attributes are a list "
    "of {key, value} entries, not a JSON object."
)
REFUSAL = (
    "Invalid OTLP trace export: %d of %d span(s) cannot be processed (%s). %s The entire export "
    "was rejected and no spans were ingested. Instrumentation scopes: %s. This endpoint accepts "
    "OpenTelemetry traces only \u2014 if you are exporting OpenTelemetry logs, point your log "
    "exporter elsewhere."
)


def require_whole(resource_spans: List[Any]) -> None:
    """Refuse the export when one span, or a list that holds spans, is malformed."""
    problems: List[str] = []
    bad = total = 0
    scopes: List[str] = []
    for group in resource_spans:
        for scope_spans in as_list(group, "scopeSpans", problems):
            scope = scope_spans.get("scope") if isinstance(scope_spans, dict) else None
            name = (scope or {}).get("name")
            if name and name not in scopes:
                scopes.append(name)
            for span in as_list(scope_spans, "spans", problems):
                total += 1
                found = span_problems(span)
                bad += bool(found)
                problems += [problem for problem in found if problem not in problems]
    if problems:
        rule = ARRAY_RULE if any(one.endswith("not_an_array") for one in problems) else ID_RULE
        shown = (bad, total, ", ".join(problems), rule, ", ".join(scopes))
        raise RefusedError(400, {"error": REFUSAL % shown})


def as_list(holder: Any, key: str, problems: List[str]) -> List[Any]:
    value = holder.get(key) if isinstance(holder, dict) else None
    if value is not None and not isinstance(value, list):
        problems.append(key + ":not_an_array")
        return []
    return value or []


def span_problems(span: Any) -> List[str]:
    if not isinstance(span, dict):
        return ["span:not_an_object"]
    problems = []
    for key in ("traceId", "spanId"):
        value = span.get(key)
        if value is None:
            problems.append(key + ":absent")
        elif not isinstance(value, (str, list)):
            problems.append(key + ":wrong_type")
    for key in ("attributes", "events"):
        if span.get(key) is not None and not isinstance(span[key], list):
            problems.append(key + ":not_an_array")
    return problems


def is_whole(resource_spans: List[Any]) -> bool:
    """Whether a 3.x worker can process the export; otherwise it loses all of it."""
    try:
        require_whole(resource_spans)
    except RefusedError:
        return False
    return True
