"""What a template may contain: its JSON Schema, and that the schema decides as the standard does."""

import json
import keyword
import time

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import PACKAGE

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.fields import LEVELS, OBSERVATION_TYPES
from coaiapy.templating.document import checked_document, schema, schema_text
from coaiapy.templating.render import new_language
from coaiapy.util.formats import json_schema

SCHEMA = schema()
STANDARD = jsonschema.Draft7Validator(SCHEMA)
BUILT_IN = sorted((PACKAGE / "templates").glob("*.json"))
ANNOTATIONS = {"$schema", "title", "description", "errorMessage", "patternErrorMessage"}
STEP = SCHEMA["definitions"]["step"]["properties"]
VARIABLE = SCHEMA["definitions"]["variable"]["properties"]
TRACE = SCHEMA["properties"]["trace"]["properties"]
TYPES = tuple(VARIABLE["type"]["enum"][:-1])

TEXTS = st.text("aZ_1 {%", max_size=4) | st.sampled_from(
    OBSERVATION_TYPES + LEVELS + TYPES + ("Span", "debug", "{{ x }}", "item", "None", "class")
)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.just(0.5) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def entries(properties, **own):
    """Objects with some of the fields of a schema, each with a value that may or may not fit."""
    fields = {name: own.get(name, DATA) for name in list(properties) + ["stepz"]}
    some = st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True)
    wanted = some.map(lambda names: sorted(set(names) | {"name"}) if len(names) < 3 else names)
    return wanted.flatmap(lambda names: st.fixed_dictionaries({n: fields[n] for n in names}))


NAMED = {"name": TEXTS, "type": TEXTS, "level": TEXTS, "observation_type": TEXTS}
DOCUMENTS = entries(
    SCHEMA["properties"],
    trace=entries(TRACE) | DATA,
    steps=st.lists(entries(STEP, **NAMED) | DATA, max_size=2) | DATA,
    variables=st.lists(entries(VARIABLE, aliases=st.lists(TEXTS), **NAMED) | DATA, max_size=2),
)


def found(document):
    return list(json_schema.problems(document, SCHEMA))


@given(DOCUMENTS | DATA)
def test_a_document_is_valid_exactly_when_the_standard_says_so(document):
    assert (not found(document)) == STANDARD.is_valid(document)


@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: path.stem)
def test_one_change_is_found_exactly_when_the_standard_finds_it(path):
    """Every field of a real template with a value of every kind, and one that no field has."""
    document = json.loads(path.read_text(encoding="utf-8"))
    assert not found(document) and STANDARD.is_valid(document)
    verdicts = set()
    for holder in (document, document["trace"], document["variables"][0], document["steps"][-1]):
        for key in list(holder) + ["no such field"]:
            before = dict(holder)
            for value in (None, True, 1, 0.5, "", "x y", "event", [], ["x", 1], {}, {"a": 1}):
                holder[key] = value
                assert (not found(document)) == STANDARD.is_valid(document), (key, value)
                verdicts.add(STANDARD.is_valid(document))
            del holder[key]
            assert (not found(document)) == STANDARD.is_valid(document), key
            holder.clear()
            holder.update(before)
    assert verdicts == {True, False}


def test_the_schema_is_one_and_uses_no_keyword_that_would_be_passed_over():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    used = set(keywords(SCHEMA))
    assert used <= set(json_schema.CHECKS) | ANNOTATIONS | {"$ref", "type", "definitions"}
    assert set(json_schema.CHECKS) <= used


def keywords(part):
    yield from part
    for key in ("properties", "definitions"):
        for inner in part.get(key, {}).values():
            yield from keywords(inner)
    for inner in [part[key] for key in ("items", "not") if key in part] + part.get("anyOf", []):
        yield from keywords(inner)


def test_the_words_of_the_schema_are_those_of_the_code():
    kinds, levels = (STEP[key]["anyOf"][0]["enum"] for key in ("observation_type", "level"))
    assert kinds == list(OBSERVATION_TYPES) + [None] and levels == list(LEVELS) + [None]
    assert VARIABLE["type"]["enum"] == [
        "string",
        "number",
        "integer",
        "boolean",
        "list",
        "object",
        None,
    ]
    reserved = SCHEMA["definitions"]["identifier"]["not"]["enum"]
    functions = set(new_language()._environment.globals)
    assert functions | {"item", "index", "number", "loop", "self"} <= set(reserved)
    assert set(keyword.kwlist) <= set(reserved)


@pytest.mark.parametrize("word", OBSERVATION_TYPES + LEVELS)
def test_types_and_levels_are_known_however_they_are_written(word):
    field = "level" if word in LEVELS else "observation_type"
    for written in (word, word.lower(), word.title()):
        assert not found({"steps": [{"name": "A", field: written}]})
    for written in (word + " ", word + "\n", word[1:], "x" + word):
        assert found({"steps": [{"name": "A", field: written}]})


@pytest.mark.parametrize(
    "document, said",
    [
        ({"stepz": []}, "stepz: no such field (did you mean 'steps'?)"),
        ({"version": True}, "version: must be text or a number, not a boolean"),
        ({"trace": []}, "trace: must be an object, not a list"),
        ({"trace": {"nam": 1}}, "trace.nam: no such field (did you mean 'name'?)"),
        ({"steps": {}}, "steps: must be a list, not an object"),
        ({"steps": ["A"]}, "steps[0]: must be an object, not text"),
        ({"steps": [{}]}, "steps[0].name: is missing"),
        ({"steps": [{"name": " "}]}, "steps[0].name: ' ' must not be empty"),
        ({"steps": [{"name": None}]}, "steps[0].name: must be text, not null"),
        ({"steps": [{"name": "A", "levle": "x"}]}, "steps[0] 'A': levle: no such field (did you"),
        ({"steps": [{"name": "A", "level": 5}]}, "steps[0] 'A': level: must be text, not a number"),
        ({"steps": [{"name": "A", "level": "LOUD"}]}, "level: 'LOUD' is not one of DEBUG, DEFAULT"),
        ({"steps": [{"name": "A"}, {"name": "A"}]}, "steps[1].name: 'A' occurs twice"),
        ({"variables": [{"name": "a b"}]}, "variables[0].name: 'a b' must be a name of letters"),
        ({"variables": [{"name": "a\n"}]}, "variables[0].name: 'a\\n' must be a name of letters"),
        ({"variables": [{"name": "class"}]}, "variables[0].name: 'class' has a meaning of its own"),
        ({"variables": [{"name": "v", "aliases": [1]}]}, "variables[0] 'v': aliases[0]: must be"),
        (
            {"variables": [{"name": "v", "choices": []}]},
            "'v': choices: must have 1 or more items",
        ),
        (
            {"variables": [{"name": "v", "type": "int"}]},
            "'v': type: 'int' is not one of string, num",
        ),
        (
            {"variables": [{"name": "v", "type": "number", "default": "x"}]},
            "variables[0] 'v': default: must be a number, not 'x'",
        ),
    ],
)
def test_a_problem_is_told_with_its_place_and_what_would_be_right(document, said):
    with pytest.raises(UsageError) as caught:
        checked_document(document, "mine.json")
    assert str(caught.value).startswith("mine.json: ") and said in str(caught.value)
    assert "; " not in str(caught.value)


def test_of_many_problems_the_first_ones_are_told():
    """A large file that is no template at all is refused at once."""
    step = {"key {}".format(i): None for i in range(50000)}
    started = time.process_time()
    with pytest.raises(UsageError) as caught:
        checked_document({"steps": [dict(step, name="A")]}, "mine.json")
    assert time.process_time() - started < 10
    problems = str(caught.value).split("; ")
    assert len(problems) == 11 and problems[-1] == "and more"


def test_an_editor_may_be_told_where_the_schema_is():
    document = {"$schema": "../template.schema.json", "steps": [{"name": "A"}]}
    assert checked_document(document, "mine.json")["steps"] == [{"name": "A"}]
    assert "$schema" not in checked_document(document, "mine.json")


def test_the_command_prints_the_schema(run):
    answer = run("pipeline", "schema")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == schema_text() and json.loads(answer.out) == SCHEMA
