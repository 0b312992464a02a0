"""Score configs, and the effect of a config on a score.

The recordings show one refusal (a categorical config without categories); the others follow the
OpenAPI document, in wording of the same kind.
"""

import re
import uuid
from typing import Any, Dict, List

from . import zod as z
from .messages import Answer, invalid_request, not_found
from .paging import page_answer
from .request import Request
from .tables import Body
from .times import now_iso

OLD_TYPES = ("NUMERIC", "BOOLEAN", "CATEGORICAL")
TYPES = OLD_TYPES + ("TEXT",)
NAME = re.compile(r"[\w .()-]+\Z", re.ASCII)
BOOLEAN_CATEGORIES = [{"label": "True", "value": 1}, {"label": "False", "value": 0}]
CHANGEABLE = ("isArchived", "name", "categories", "minValue", "maxValue", "description")


def create(server: Any, request: Request) -> Answer:
    body = request.json()
    issues = config_issues(server.zod, body)
    if issues:
        raise invalid_request(issues)
    now = now_iso()
    categories = BOOLEAN_CATEGORIES if body["dataType"] == "BOOLEAN" else body.get("categories")
    config = {"id": str(uuid.uuid4()), "name": body["name"], "isArchived": False}
    config.update(description=body.get("description"), createdAt=now, updatedAt=now)
    config.update(projectId=server.project_id, dataType=body["dataType"])
    config.update(maxValue=body.get("maxValue"), minValue=body.get("minValue"))
    config["categories"] = categories
    server.score_configs[config["id"]] = config
    return Answer(200, config)


def list_configs(server: Any, request: Request) -> Answer:
    newest_first = list(server.score_configs.values())[::-1]
    return page_answer(server, request, newest_first, dict)


def get_config(server: Any, request: Request, config_id: str) -> Answer:
    return Answer(200, known(server, config_id))


def update(server: Any, request: Request, config_id: str) -> Answer:
    body = request.json()
    config = known(server, config_id)
    changes = {name: body[name] for name in CHANGEABLE if body.get(name) is not None}
    if not changes:
        message = "Request body cannot be empty. At least one field must be provided for update."
        raise invalid_request([server.zod.custom([], message)])
    issues = config_issues(server.zod, dict(config, categories=None, **changes), changes)
    if issues:
        raise invalid_request(issues)
    config.update(changes, updatedAt=now_iso())
    return Answer(200, config)


def known(server: Any, config_id: str) -> Body:
    config: Body = server.score_configs.get(config_id)
    if config is None:
        raise not_found("Score config not found within authorized project")
    return config


def config_issues(zod: z.Zod, body: Any, checked: Any = None) -> List[z.Issue]:
    """What is wrong with a config; `checked` names the fields to look at (default: all)."""
    if not isinstance(body, dict):
        return [zod.wrong_type("object", body, [])]
    issues = z.text(1, 35)(zod, body.get("name", z.MISSING), ["name"])
    if not issues and not zod.old and not NAME.match(body["name"]):
        message = "Name can only contain letters, numbers, underscores, spaces, periods, "
        issues.append(zod.custom(["name"], message + "parentheses, and hyphens"))
    types = OLD_TYPES if zod.old else TYPES
    if body.get("dataType") not in types:
        return issues + [zod.bad_choice(types, body.get("dataType"), ["dataType"])]
    if checked is None or "categories" in checked:
        issues += category_issues(zod, body)
    lowest, highest = body.get("minValue"), body.get("maxValue")
    if lowest is not None and highest is not None and not lowest < highest:
        issues.append(zod.custom(["maxValue"], "Maximum value must be greater than Minimum value"))
    return issues


def category_issues(zod: z.Zod, body: Body) -> List[z.Issue]:
    categories = body.get("categories")
    if body["dataType"] != "CATEGORICAL":
        if categories is None:
            return []
        return [zod.custom(["categories"], "Categories are for categorical configs only")]
    if not isinstance(categories, list) or not categories:
        value = z.MISSING if categories is None else categories
        return [no_categories(zod, body, value)]
    for name in ("label", "value"):
        if len({str(one.get(name)) for one in categories}) < len(categories):
            return [zod.custom(["categories"], "Duplicate category %ss are not allowed" % name)]
    return []


def no_categories(zod: z.Zod, body: Body, value: Any) -> z.Issue:
    """The recorded refusal: one union of any JSON, inside (on 2.x) the union of all types."""
    plain = ("string", "number", "boolean")
    path = ["categories"]
    if not zod.old:
        inner = [[zod.wrong_type("array", value, [])], [zod.wrong_type("record", value, [])]]
        inner.append([zod.neither(plain, value, [])])
        return {
            "code": "invalid_union",
            "errors": inner,
            "path": path,
            "message": "Invalid input",
        }
    json_union = old_union(
        [
            [zod.neither(plain, value, path)],
            [zod.wrong_type("array", value, path)],
            [zod.wrong_type("object", value, path)],
        ],
        path,
    )
    members = [[json_union]]
    for literal in ("NUMERIC", "BOOLEAN"):
        issue: Dict[str, Any] = {"received": body["dataType"], "code": "invalid_literal"}
        issue.update(expected=literal, path=["dataType"])
        issue["message"] = 'Invalid literal value, expected "%s"' % literal
        members.append([issue])
    return old_union(members, [])


def old_union(members: List[List[z.Issue]], path: z.Path) -> z.Issue:
    errors = [{"issues": issues, "name": "ZodError"} for issues in members]
    return {
        "code": "invalid_union",
        "unionErrors": errors,
        "path": path,
        "message": "Invalid input",
    }


def keeps(server: Any, body: Body) -> bool:
    """Whether a score is stored. One that its config does not allow is accepted but silently
    lost."""
    if not body.get("configId"):
        return True
    config = server.score_configs.get(body["configId"])
    if config is None or config["isArchived"]:
        return False
    data_type, value = config["dataType"], body["value"]
    if body.get("dataType") not in (None, data_type):
        return False
    if data_type == "CATEGORICAL":
        return value in [category["label"] for category in config["categories"]]
    if data_type == "BOOLEAN":
        return value in (0, 1)
    if data_type == "TEXT":
        return isinstance(value, str)
    lowest, highest = config["minValue"], config["maxValue"]
    return not isinstance(value, str) and not (
        lowest is not None and value < lowest or highest is not None and value > highest
    )


def as_configured(server: Any, body: Body) -> Body:
    """The score's body with its config's name and data type."""
    config = server.score_configs.get(body.get("configId"))
    if config is None:
        return body
    return dict(body, name=config["name"], dataType=config["dataType"])


def number_of(server: Any, body: Body) -> Any:
    """The number of a category, found by its label."""
    config = server.score_configs.get(body.get("configId"))
    for category in (config or {}).get("categories") or []:
        if category["label"] == body["value"]:
            return category["value"]
    return 0
