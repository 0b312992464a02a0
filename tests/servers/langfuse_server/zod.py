"""Validation issues in Langfuse's wording: zod 3 on 2.x servers, zod 4 on later ones.

A check takes a value and its path and returns the list of issues, empty when all is well.
Fields are nullish unless `required`.
"""

import re
from typing import Any, Callable, Dict, List, Optional, Sequence

Issue = Dict[str, Any]
Path = List[Any]
Check = Callable[["Zod", Any, Path], List[Issue]]

MISSING = object()
DATETIME_PATTERN = (
    r"^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29"
    r"|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|(?:02)-(?:0[1-9]|1\d|2[0-8])))"
    r"T(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|([+-](?:[01]\d|2[0-3]):[0-5]\d)))$"
)
_DATETIME = re.compile(DATETIME_PATTERN, re.ASCII)


def is_datetime(text: Any) -> bool:
    return isinstance(text, str) and _DATETIME.match(text) is not None and text[-1] != "\n"


def type_name(value: Any) -> str:
    if value is MISSING:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


class Zod:
    """The wording of one validator generation."""

    def __init__(self, generation: int) -> None:
        self.old = generation == 3

    def wrong_type(self, expected: str, value: Any, path: Path) -> Issue:
        got = type_name(value)
        if self.old:
            said = "Required" if value is MISSING else "Expected %s, received %s" % (expected, got)
            issue: Issue = {"code": "invalid_type", "expected": expected, "received": got}
            issue.update(path=path, message=said)
            return issue
        message = "Invalid input: expected %s, received %s" % (expected, got)
        return {"expected": expected, "code": "invalid_type", "path": path, "message": message}

    def bad_datetime(self, path: Path) -> Issue:
        if self.old:
            issue: Issue = {"code": "invalid_string", "validation": "datetime"}
            issue.update(message="Invalid datetime", path=path)
            return issue
        issue = {"origin": "string", "code": "invalid_format", "format": "datetime"}
        issue.update(pattern="/%s/" % DATETIME_PATTERN, path=path, message="Invalid ISO datetime")
        return issue

    def bad_choice(self, choices: Sequence[str], value: Any, path: Path) -> Issue:
        if self.old:
            listed = " | ".join("'%s'" % choice for choice in choices)
            message = "Invalid enum value. Expected %s, received '%s'" % (listed, value)
            issue: Issue = {"received": value, "code": "invalid_enum_value"}
            issue.update(options=list(choices), path=path, message=message)
            return issue
        listed = "|".join('"%s"' % choice for choice in choices)
        message = "Invalid option: expected one of " + listed
        issue = {"code": "invalid_value", "values": list(choices), "path": path}
        issue["message"] = message
        return issue

    def out_of_range(self, origin: str, limit: int, path: Path, too_big: bool) -> Issue:
        """A string's length or a number's size beyond `limit`, which itself is allowed."""
        code, bound = ("too_big", "maximum") if too_big else ("too_small", "minimum")
        issue: Issue = {} if self.old else {"origin": origin}
        issue.update({"code": code, bound: limit})
        if not self.old:
            unit = "string to have %s%d characters" if origin == "string" else "number to be %s%d"
            wording = "Too %s: expected " % ("big" if too_big else "small") + unit
            message = wording % ("<=" if too_big else ">=", limit)
            issue.update(inclusive=True, path=path, message=message)
            return issue
        side = ("less" if too_big else "greater") + " than or equal to %d" % limit
        if origin == "string":
            side = "at %s %d character(s)" % ("most" if too_big else "least", limit)
        message = ("String must contain " if origin == "string" else "Number must be ") + side
        issue.update(type=origin, inclusive=True, exact=False, message=message, path=path)
        return issue

    def neither(self, expected: Sequence[str], value: Any, path: Path) -> Issue:
        """A value that fits none of several plain types."""
        if self.old:
            errors = [
                {"issues": [self.wrong_type(one, value, path)], "name": "ZodError"}
                for one in expected
            ]
            issue: Issue = {"code": "invalid_union", "unionErrors": errors}
        else:
            inner = [[self.wrong_type(one, value, [])] for one in expected]
            issue = {"code": "invalid_union", "errors": inner}
        issue.update(path=path, message="Invalid input")
        return issue

    def unknown_kind(self, choices: Sequence[str], path: Path) -> Issue:
        """A discriminator (an event's type) that names no member of the union."""
        if self.old:
            listed = " | ".join("'%s'" % choice for choice in choices)
            message = "Invalid discriminator value. Expected " + listed
            issue: Issue = {"code": "invalid_union_discriminator", "options": list(choices)}
            issue.update(path=path, message=message)
            return issue
        issue = {"code": "invalid_union", "errors": [], "note": "No matching discriminator"}
        issue.update(discriminator=path[-1], path=path, message="Invalid input")
        return issue

    def custom(self, path: Path, message: str) -> Issue:
        return {"code": "custom", "path": path, "message": message}


def check_fields(zod: Zod, body: Dict[str, Any], checks: Dict[str, Check], path: Path) -> List:
    """Issues of the fields that `checks` knows and `body` has; null counts as absent."""
    issues: List[Issue] = []
    for name, value in body.items():
        check = checks.get(name)
        if check is not None and value is not None:
            issues += check(zod, value, path + [name])
    return issues


def text(shortest: int = 0, longest: Optional[int] = None) -> Check:
    def check(zod: Zod, value: Any, path: Path) -> List[Issue]:
        if not isinstance(value, str):
            return [zod.wrong_type("string", value, path)]
        if len(value) < shortest:
            return [zod.out_of_range("string", shortest, path, too_big=False)]
        if longest is not None and len(value) > longest:
            return [zod.out_of_range("string", longest, path, too_big=True)]
        return []

    return check


def record_id(zod: Zod, value: Any, path: Path) -> List[Issue]:
    """1 to 800 characters without a carriage return; 2.x servers have no upper bound."""
    issues = text(1, None if zod.old else 800)(zod, value, path)
    if not issues and not zod.old and "\r" in value:
        return [zod.custom(path, "ID cannot contain carriage return characters")]
    return issues


def datetime(zod: Zod, value: Any, path: Path) -> List[Issue]:
    if not isinstance(value, str):
        return [zod.wrong_type("string", value, path)]
    return [] if is_datetime(value) else [zod.bad_datetime(path)]


def flag(zod: Zod, value: Any, path: Path) -> List[Issue]:
    return [] if isinstance(value, bool) else [zod.wrong_type("boolean", value, path)]


def number(smallest: Optional[int] = None, whole: bool = False) -> Check:
    def check(zod: Zod, value: Any, path: Path) -> List[Issue]:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return [zod.wrong_type("number", value, path)]
        if whole and value != int(value):
            return [zod.wrong_type("int" if not zod.old else "integer", value, path)]
        if smallest is not None and value < smallest:
            return [zod.out_of_range("number", smallest, path, too_big=False)]
        return []

    return check


def choice(*choices: str) -> Check:
    def check(zod: Zod, value: Any, path: Path) -> List[Issue]:
        if value is MISSING:
            return [zod.wrong_type("string", value, path)]
        return [] if value in choices else [zod.bad_choice(choices, value, path)]

    return check


def list_of(inner: Check) -> Check:
    def check(zod: Zod, value: Any, path: Path) -> List[Issue]:
        if not isinstance(value, list):
            return [zod.wrong_type("array", value, path)]
        found = [inner(zod, one, path + [index]) for index, one in enumerate(value)]
        return [issue for issues in found for issue in issues]

    return check


def map_of(inner: Check) -> Check:
    def check(zod: Zod, value: Any, path: Path) -> List[Issue]:
        if not isinstance(value, dict):
            return [zod.wrong_type("object" if zod.old else "record", value, path)]
        found = [inner(zod, one, path + [key]) for key, one in value.items() if one is not None]
        return [issue for issues in found for issue in issues]

    return check


def shape_of(checks: Dict[str, Check]) -> Check:
    def check(zod: Zod, value: Any, path: Path) -> List[Issue]:
        if not isinstance(value, dict):
            return [zod.wrong_type("object", value, path)]
        return check_fields(zod, value, checks, path)

    return check
