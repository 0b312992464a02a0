"""The fields of each kind of record: their names in coaia and in Langfuse's API, and checks."""

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.records import ids, usage
from coaiapy.langfuse.records.body import Body
from coaiapy.util import times
from coaiapy.util.formats import json_values
from coaiapy.util.text.parsing import environment_name
from coaiapy.util.text.wording import did_you_mean, kind_of

OBSERVATION_TYPES = (
    "EVENT",
    "SPAN",
    "GENERATION",
    "AGENT",
    "TOOL",
    "CHAIN",
    "RETRIEVER",
    "EVALUATOR",
    "EMBEDDING",
    "GUARDRAIL",
)
LEVELS = ("DEBUG", "DEFAULT", "WARNING", "ERROR")
SCORE_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION")
MAX_ID_LENGTH = 800
# What a trace may tell of the experiment that it is an item of, as v4 servers name it.
EXPERIMENT_FIELDS = (
    "id",
    "name",
    "description",
    "metadata",
    "dataset.id",
    "item.id",
    "item.expected_output",
    "item.metadata",
    "item.version",
    "item.root_observation_id",
)
# What of it may be any JSON value; all else are ids and names, which stay as they are also if they look
# like numbers.
EXPERIMENT_CONTENT = ("metadata", "item.metadata", "item.expected_output")
# The key that marks a body which this machine has written and a server may not show yet.
UNCONFIRMED = "unconfirmed"
# Its value for what is still going on, and is sent when it has ended.
RUNNING = "running"

# Checks a field's value and returns it in the form that is stored; ValueError if it is wrong.
Check = Callable[[Any], Any]


class Field(NamedTuple):
    """One field of a record: its attribute, its API name, its check, other accepted names.

    The value of a field with ``holds_json`` is converted by ``json_values.plain`` before the check.
    """

    attribute: str
    api: str
    check: Check
    aliases: Tuple[str, ...] = ()
    holds_json: bool = False


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text, not {}".format(kind_of(value)))
    return json_values.plain_text(value)


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = ids.checked_text(_text(value))
    if not text.strip() or len(text) > MAX_ID_LENGTH:
        raise ValueError("must have 1 to {} characters".format(MAX_ID_LENGTH))
    return text


def _anything(value: Any) -> Any:
    return value


def _object(value: Any) -> Body:
    if not isinstance(value, dict):
        raise ValueError("must be an object, not {}".format(kind_of(value)))
    return value


def _metadata(value: Any) -> Body:
    """Return metadata as an object, which can be merged; another value is put under a key."""
    return value if isinstance(value, dict) else {"metadata": value}


def _environment(value: Any) -> str:
    return environment_name(_text(value))


def _texts(value: Any) -> Tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be a list of texts, not {}".format(kind_of(value)))
    return tuple(_text(item) for item in value)


def _experiment(value: Any) -> Body:
    given = _object(value)
    for name in given:
        if name not in EXPERIMENT_FIELDS:
            raise ValueError("has no {!r}{}".format(name, did_you_mean(name, EXPERIMENT_FIELDS)))
    for name in ("id", "name"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise ValueError("needs a text as its {}".format(name))
    return given


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false, not {}".format(kind_of(value)))
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("must be a whole number, not {}".format(kind_of(value)))
    return value


def _one_of(choices: Tuple[str, ...]) -> Check:
    def check(value: Any) -> str:
        if value in choices:
            return str(value)
        text = _text(value).upper()
        if text not in choices:
            raise ValueError("{!r} is not one of {}".format(value, ", ".join(choices)))
        return text

    return check


def _usage(value: Any) -> Body:
    return usage.counts(_object(value))


def _cost(value: Any) -> Body:
    given = value if isinstance(value, dict) else {"total": value}
    costs = {name: amount for name, amount in given.items() if amount is not None}
    for name, amount in costs.items():
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not amount >= 0:
            raise ValueError("{} must be a number of US dollars, not {!r}".format(name, amount))
    return costs


def _kept_usage(value: Any) -> Body:
    return _usage(value) if usage.is_of_openai(_object(value)) else _numbers(value)


def _numbers(value: Any) -> Body:
    """Return amounts as they are: there may be fractions of tokens, or a discount among the costs."""
    given = {name: amount for name, amount in _object(value).items() if amount is not None}
    for name, amount in given.items():
        if isinstance(amount, bool) or not isinstance(amount, (int, float)):
            raise ValueError("{} must be a number, not {}".format(name, kind_of(amount)))
    return given


TRACE_FIELDS = (
    Field("id", "id", _id, ("trace_id", "traceId")),
    Field("timestamp", "timestamp", times.parse_time),
    Field("name", "name", _text),
    Field("user_id", "userId", _text),
    Field("session_id", "sessionId", _text),
    Field("input", "input", _anything, holds_json=True),
    Field("output", "output", _anything, holds_json=True),
    Field("metadata", "metadata", _metadata, holds_json=True),
    Field("tags", "tags", _texts),
    Field("environment", "environment", _environment),
    Field("release", "release", _text),
    Field("version", "version", _text),
    Field("public", "public", _flag),
    Field("experiment", "experiment", _experiment, holds_json=True),
)

OBSERVATION_FIELDS = (
    Field("id", "id", _id, ("observation_id", "observationId")),
    Field("trace_id", "traceId", _id),
    Field("type", "type", _one_of(OBSERVATION_TYPES)),
    Field("name", "name", _text),
    Field("start_time", "startTime", times.parse_time),
    Field("end_time", "endTime", times.parse_time),
    Field("parent_id", "parentObservationId", _id, ("parent_observation_id", "parent")),
    Field("input", "input", _anything, holds_json=True),
    Field("output", "output", _anything, holds_json=True),
    Field("metadata", "metadata", _metadata, holds_json=True),
    Field("level", "level", _one_of(LEVELS)),
    Field("status_message", "statusMessage", _text),
    Field("model", "model", _text),
    Field("model_parameters", "modelParameters", _object, holds_json=True),
    Field("usage", "usageDetails", _usage, ("usage_details",), holds_json=True),
    Field("cost", "costDetails", _cost, ("cost_details",), holds_json=True),
    Field("completion_start_time", "completionStartTime", times.parse_time),
    Field("prompt_name", "promptName", _text),
    Field("prompt_version", "promptVersion", _whole),
    Field("version", "version", _text),
    Field("environment", "environment", _environment),
)

SCORE_FIELDS = (
    Field("id", "id", _id, ("score_id", "scoreId")),
    Field("name", "name", _text),
    Field("value", "value", _anything, holds_json=True),
    Field("timestamp", "timestamp", times.parse_time),
    Field("data_type", "dataType", _one_of(SCORE_TYPES)),
    Field("trace_id", "traceId", _id),
    Field("observation_id", "observationId", _id),
    Field("session_id", "sessionId", _id),
    Field("dataset_run_id", "datasetRunId", _id),
    Field("comment", "comment", _text),
    Field("metadata", "metadata", _metadata, holds_json=True),
    Field("config_id", "configId", _id),
    Field("environment", "environment", _environment),
)


def _names(fields: Tuple[Field, ...]) -> Dict[str, Field]:
    return {
        name: field for field in fields for name in (field.attribute, field.api) + field.aliases
    }


FIELDS = {"trace": TRACE_FIELDS, "observation": OBSERVATION_FIELDS, "score": SCORE_FIELDS}
# The values of fields that are not given when a record is written for the first time.
DEFAULTS: Dict[str, Body] = {
    "trace": {},
    "observation": {"type": "EVENT", "level": "DEFAULT"},
    "score": {},
}
# What these fields may be in records that a server or another journal has had: more than is written
# here, because they are not changed on the way.
_AS_KEPT: Dict[str, Check] = {
    "type": _text,
    "level": _text,
    "environment": _text,
    "usageDetails": _kept_usage,
    "costDetails": _numbers,
}
_API_NAMES = {field.attribute: field.api for fields in FIELDS.values() for field in fields}
_BY_NAME = {kind: _names(fields) for kind, fields in FIELDS.items()}


def checked(
    values: Mapping[str, Any], kind: str, is_plain: bool = False, was_kept: bool = False
) -> Dict[str, Any]:
    """Return the fields in ``values``, checked, by attribute.

    Attribute names, API names and aliases are accepted; ``None`` counts as not given. ``is_plain``
    says that ``json_values.plain`` would change nothing and can be skipped, ``was_kept`` that the
    record comes from a server or a journal, which may have what is not written here: an unknown type,
    a negative cost. Raises ``UsageError`` that names the wrong field.
    """
    known = _BY_NAME[kind]
    given: Dict[str, Any] = {}
    for name, value in values.items():
        field = known.get(name)
        if field is None:
            raise UsageError("{}: {}".format(name, _unknown_field(str(name), kind, list(known))))
        if value is None:
            continue
        attribute, api, check, _, holds_json = field
        if was_kept and name == api:
            check = _AS_KEPT.get(api, check)
        if attribute in given:
            raise UsageError("{}: given twice, under two names".format(attribute))
        try:
            if holds_json and not is_plain:
                value = json_values.plain(value)
            given[attribute] = check(value)
        except (ValueError, UsageError) as error:
            raise UsageError("{}: {}".format(name, error)) from error
    return given


def _unknown_field(name: str, kind: str, known: List[str]) -> str:
    article = "an" if kind == "observation" else "a"
    fields = ": the fields are " + ", ".join(field.attribute for field in FIELDS[kind])
    return "no field of {} {}{}".format(article, kind, did_you_mean(name, known) or fields)


def body_of(record: Any) -> Body:
    """Return the given fields of a record under their API names."""
    return api_named(
        {
            attribute: list(value) if isinstance(value, tuple) else value
            for attribute, value in zip(record._fields, record)
            if value is not None
        }
    )


def api_named(attributes: Mapping[str, Any]) -> Body:
    """Return the same fields under their API names."""
    return {_API_NAMES[attribute]: value for attribute, value in attributes.items()}
