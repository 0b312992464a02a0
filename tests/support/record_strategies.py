"""Hypothesis strategies for records as users may write them."""

from hypothesis import strategies as st

from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.langfuse.records.fields import LEVELS, OBSERVATION_TYPES
from coaiapy.langfuse.records.records import observation_from, score_from, trace_from

# Surrogates cannot get into the journal; everything else can.
TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
JSON_LIKE = st.sampled_from(
    ["1", "-2.5", "true", "null", '"quoted"', "{}", "[1]", "NaN", " 7 ", ""]
)
ANY_TEXT = st.one_of(TEXT, JSON_LIKE)
# JavaScript has whole numbers only up to 2**53.
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    ANY_TEXT,
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)
RESERVED = st.sampled_from(
    ["scope", "attributes", "attributes.x", "resourceAttributes", "coaia_id", "coaia_metadata.k"]
)
METADATA = st.dictionaries(st.one_of(TEXT, RESERVED), VALUE, max_size=4)
USER_ID = ANY_TEXT.filter(lambda text: text.strip() and not set(text) & {"\r", "\0"})
ID = st.one_of(
    st.integers(1, 16**32 - 1).map("{:032x}".format),
    st.integers(1, 16**16 - 1).map("{:016x}".format),
    st.uuids().map(str),
    USER_ID,
)
# Seconds since 1970, in the years that a v4 server can store.
MOMENT = st.integers(0, 4102444800).map(float)


def only_some(required, optional):
    """Return a strategy for dicts with all required and some of the optional entries."""
    some = st.fixed_dictionaries({name: st.none() | value for name, value in optional.items()})
    return st.tuples(st.fixed_dictionaries(required), some).map(
        lambda pair: dict({k: v for k, v in pair[1].items() if v is not None}, **pair[0])
    )


TRACES = only_some(
    {"id": ID, "timestamp": MOMENT},
    {
        "name": ANY_TEXT,
        "user_id": ANY_TEXT,
        "session_id": ANY_TEXT,
        "input": VALUE,
        "output": VALUE,
        "metadata": METADATA,
        "tags": st.lists(TEXT, max_size=3),
        "environment": st.sampled_from(["dev", "production"]),
        "release": ANY_TEXT,
        "version": ANY_TEXT,
        "public": st.booleans(),
    },
).map(trace_from)

COUNTS = st.dictionaries(st.sampled_from(["input", "output", "total", "cached"]), st.integers(0, 9))
OBSERVATIONS = only_some(
    {"id": ID, "trace_id": ID, "start_time": MOMENT, "type": st.sampled_from(OBSERVATION_TYPES)},
    {
        "name": ANY_TEXT,
        "end_time": st.just(4102444800.0),
        "parent_id": ID,
        "input": VALUE,
        "output": VALUE,
        "metadata": METADATA,
        "level": st.sampled_from(LEVELS),
        "status_message": ANY_TEXT,
        "model": ANY_TEXT,
        "model_parameters": st.dictionaries(TEXT, VALUE, max_size=3),
        "usage": COUNTS,
        "cost": COUNTS,
        "completion_start_time": MOMENT,
        "version": ANY_TEXT,
        "environment": st.sampled_from(["dev", "production"]),
    },
)
PROMPTS = st.one_of(
    st.just({}), st.fixed_dictionaries({"prompt_name": TEXT, "prompt_version": st.integers(0, 99)})
)
OBSERVATIONS = (
    st.tuples(OBSERVATIONS, PROMPTS)
    .map(lambda pair: dict(pair[0], **pair[1]))
    .filter(lambda values: values.get("parent_id") != values["id"])
    .map(observation_from)
)

SCORES = only_some(
    {
        "id": ID,
        "name": TEXT.filter(str.strip),
        "value": st.one_of(st.booleans(), st.integers(0, 9), TEXT),
        "timestamp": MOMENT,
        "trace_id": ID,
    },
    {"observation_id": ID, "comment": ANY_TEXT, "metadata": METADATA},
).map(score_from)


def outgoing(record, row=1, revision=1, context=None, written_at=1767225600.0):
    """Return the record as the outbox hands it to a sender; ``context`` is a ``Trace``."""
    return Outgoing(
        row=row,
        revision=revision,
        kind=record.kind,
        body=record.body(),
        event="event-{}".format(row),
        context=context.body() if context else {},
        written_at=written_at,
    )
