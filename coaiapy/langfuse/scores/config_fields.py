"""Checks the fields of score configs as servers do, before anything is sent."""

import json
import re
from typing import Any, List, Mapping, Optional

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.scores.values import BOOLEAN, CATEGORICAL, CONFIG_TYPES, NUMERIC
from coaiapy.util.text.parsing import number
from coaiapy.util.text.wording import did_you_mean

# The fields that a user sets; the server adds others.
FIELDS = ("name", "dataType", "description", "categories", "minValue", "maxValue")
MAX_NAME = 35
_NAME = re.compile(r"[\w .()-]+\Z", re.ASCII)


def checked(values: Mapping[str, Any]) -> Body:
    """Return the given fields of a score config under the API's names, valid and ready to send.

    An ``&`` in the name becomes ``and``, since servers refuse it. Raises ``UsageError`` with the
    config and the field.
    """
    name = _name(values.get("name"))
    data_type = str(values.get("dataType") or "").upper()
    if data_type not in CONFIG_TYPES:
        raise _wrong(
            name, "dataType {!r} is not one of {}".format(data_type, ", ".join(CONFIG_TYPES))
        )
    body: Body = {"name": name, "dataType": data_type}
    description = values.get("description")
    if description is not None:
        if not isinstance(description, str):
            raise _wrong(name, "description must be a text")
        body["description"] = description
    body.update(_bounds(name, data_type, values))
    categories = _categories(name, data_type, values.get("categories"))
    if categories is not None:
        body["categories"] = categories
    return body


def categories_from_text(text: str) -> List[Body]:
    """Return the categories in ``Good:1,Bad:0``, ``Good,Bad`` (values 1, 2, ...) or JSON."""
    if text.lstrip().startswith("["):
        try:
            parsed = json.loads(text)
        except ValueError as error:
            raise UsageError("--categories is not JSON: {}".format(error)) from error
        return _numbered(parsed)
    return _numbered([_category(part) for part in text.split(",") if part.strip()])


def _category(text: str) -> Any:
    label, colon, value = text.rpartition(":")
    if not colon:
        return text.strip()
    return {"label": label.strip(), "value": number(value)}


def _numbered(parts: List[Any]) -> List[Body]:
    return [
        {"label": part, "value": index} if isinstance(part, str) else part
        for index, part in enumerate(parts, 1)
    ]


def changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> Body:
    """Return changes to a config, ready to send; ``UsageError`` if they are not allowed."""
    unknown = sorted(set(changes) - set(FIELDS) - {"isArchived"} | {"dataType"} & set(changes))
    if unknown:
        raise _wrong(str(config.get("name")), "{} cannot be changed".format(", ".join(unknown)))
    given = {key: value for key, value in changes.items() if value is not None}
    if not given:
        raise UsageError("nothing to change in {!r}: give an option".format(config.get("name")))
    base = {key: value for key, value in config.items() if key in FIELDS}
    if base.get("dataType") == BOOLEAN:
        base.pop("categories", None)  # added by the server
    whole = checked(dict(base, **{key: given[key] for key in given if key != "isArchived"}))
    return {key: whole.get(key, value) for key, value in given.items()}


def _name(value: Any) -> str:
    name = " ".join(value.replace("&", " and ").split()) if isinstance(value, str) else ""
    if not name:
        raise UsageError("a score config needs a name")
    if len(name) > MAX_NAME or not _NAME.match(name):
        raise _wrong(
            name,
            "a name has up to {} letters (a-z), digits, spaces and _ . ( ) -".format(MAX_NAME),
        )
    return name


def _bounds(name: str, data_type: str, values: Mapping[str, Any]) -> Body:
    bounds = {}
    for field in ("minValue", "maxValue"):
        value = values.get(field)
        if value is None:
            continue
        found = number(value)
        if found is None:
            raise _wrong(name, "{} {!r} is not a number".format(field, value))
        if data_type != NUMERIC:
            raise _wrong(name, "{} is only for NUMERIC configs".format(field))
        bounds[field] = found
    if len(bounds) == 2 and not bounds["minValue"] < bounds["maxValue"]:
        raise _wrong(name, "minValue {minValue} is not below maxValue {maxValue}".format(**bounds))
    return bounds


def _categories(name: str, data_type: str, value: Any) -> Optional[List[Body]]:
    if data_type == BOOLEAN and _is_generated(value):
        return None
    if value is None or value == [] and data_type != CATEGORICAL:
        if data_type == CATEGORICAL:
            raise _wrong(name, "a CATEGORICAL config needs categories (Good:1,Bad:0)")
        return None
    if data_type != CATEGORICAL:
        raise _wrong(name, "categories are only for CATEGORICAL configs")
    if not isinstance(value, list) or not value:
        raise _wrong(name, "categories must be a list of labels with their numbers")
    categories = [_checked_category(name, one) for one in value]
    for field in ("label", "value"):
        seen = [one[field] for one in categories]
        twice = [one for one in seen if seen.count(one) > 1]
        if twice:
            raise _wrong(name, "two categories have the {} {!r}".format(field, twice[0]))
    return categories


def _is_generated(categories: Any) -> bool:
    """Tell whether these are the two categories that servers add to each BOOLEAN config."""
    if not isinstance(categories, list):
        return False
    labels = [str(one.get("label")).lower() for one in categories if isinstance(one, dict)]
    return sorted(labels) == ["false", "true"]


def _checked_category(name: str, value: Any) -> Body:
    label = value.get("label") if isinstance(value, dict) else None
    if not isinstance(label, str) or not label.strip():
        raise _wrong(name, "the category {!r} has no label".format(value))
    found = number(value.get("value"))
    if found is None:
        raise _wrong(name, "the category {!r} needs a number as its value".format(label))
    return {"label": label, "value": found}


def unknown_name(name: str, known: List[str]) -> str:
    """Return the error message for a name that no config has."""
    return "no score config {!r}{}: coaia fuse score-configs list shows them".format(
        name, did_you_mean(name, known)
    )


def _wrong(name: str, what: str) -> UsageError:
    return UsageError("score config {!r}: {}".format(name, what))
