"""Shapes of JSON values, for comparing answers with recorded ones.

A shape is "null", "boolean", "number" or "string", an object of shapes, or a list with the shape
of every element. A record's id is kept ("id:" and the id), so that elements of lists are compared
with the recorded element of the same id, in any order.
"""

from typing import Any, Dict, List

ID = "id:"


def shape_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: kept_id(key, one) or shape_of(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape_of(one) for one in value]
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def kept_id(key: str, value: Any) -> Any:
    return ID + value if key == "id" and isinstance(value, str) else None


def differences(shape: Any, value: Any, ids: Dict[str, str], path: str = "") -> List[str]:
    """The places where `value` does not have the recorded shape; `ids` maps recorded ids to
    those of this run."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return ["%s: %s, recorded an object" % (path, shape_of(value))]
        found = ["%s.%s is missing" % (path, key) for key in shape if key not in value]
        found += ["%s.%s was not recorded" % (path, key) for key in value if key not in shape]
        for key in shape:
            if key in value:
                found += differences(shape[key], value[key], ids, "%s.%s" % (path, key))
        return found
    if isinstance(shape, list):
        if not isinstance(value, list):
            return ["%s: %s, recorded a list" % (path, shape_of(value))]
        return list_differences(shape, value, ids, path)
    wanted = "string" if shape.startswith(ID) else shape
    have = shape_of(value)
    return [] if have == wanted else ["%s: %s, recorded %s" % (path, have, wanted)]


def list_differences(shapes: List[Any], values: List[Any], ids: Dict[str, str], path: str) -> List:
    if len(shapes) != len(values):
        return ["%s: %d elements, recorded %d" % (path, len(values), len(shapes))]
    by_id = {id_of(shape, ids): shape for shape in shapes if id_of(shape, ids)}
    if not by_id:
        pairs = list(zip(shapes, values))
        found = [differences(shape, value, ids, path + "[]") for shape, value in pairs]
        return [difference for one in found for difference in one]
    known = [value for value in values if value.get("id") in by_id]
    if not known:
        return [path + ": none of the recorded records"]
    found = [
        differences(by_id[value["id"]], value, ids, "%s[%s]" % (path, value["id"]))
        for value in known
    ]
    # A page may hold other records of the same time; they must at least look like these.
    key_sets = [set(shape) for shape in by_id.values()]
    for value in values:
        if value.get("id") not in by_id and set(value) not in key_sets:
            found.append(["%s[%s]: unlike the recorded records" % (path, value.get("id"))])
    return [difference for one in found for difference in one]


def id_of(shape: Any, ids: Dict[str, str]) -> Any:
    if not isinstance(shape, dict) or not str(shape.get("id", "")).startswith(ID):
        return None
    recorded = shape["id"][len(ID) :]
    return ids.get(recorded, recorded)
