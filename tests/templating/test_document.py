"""Template documents: every problem with its field and line; values of every type."""

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
from coaiapy.templating.document import checked_document, convert, kind_of, schema, schema_text
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


@pytest.mark.parametrize(
    "type_name, text, value",
    [
        ("string", "007", "007"),
        ("string", "true", "true"),
        ("string", " x ", " x "),
        ("string", "", ""),
        ("number", "3", 3),
        ("number", "-5", -5),
        ("number", "0.7", 0.7),
        ("number", ".5", 0.5),
        ("number", "1e3", 1000.0),
        ("number", "007", 7),
        ("integer", "3", 3),
        ("integer", "-5", -5),
        ("integer", "1e3", 1000),
        ("integer", "2.0", 2),
        ("integer", 2.0, 2),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("boolean", "1", True),
        ("boolean", "0", False),
        ("boolean", "yes", True),
        ("boolean", "no", False),
        ("list", "a,b , c", ["a", "b", "c"]),
        ("list", "one", ["one"]),
        ("list", "", []),
        ("list", '[1, "a,b", null]', [1, "a,b", None]),
        ("object", '{"a": [1]}', {"a": [1]}),
    ],
)
def test_text_becomes_what_the_type_says(type_name, text, value):
    converted = convert(text, type_name)
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    "type_name, value",
    [
        ("number", "many"),
        ("number", ""),
        ("number", "1_000"),
        ("number", "nan"),
        ("number", "1e999"),
        ("number", "9" * 5000),
        ("number", True),
        ("number", float("inf")),
        ("integer", "2.5"),
        ("integer", 2.5),
        ("integer", "x"),
        ("integer", True),
        ("integer", None),
        ("integer", [1]),
        ("boolean", "maybe"),
        ("boolean", 1),
        ("string", 123),
        ("string", None),
        ("list", "[1"),
        ("list", "[NaN]"),
        ("list", {"a": 1}),
        ("object", "[1]"),
        ("object", "text"),
        ("object", ["a"]),
    ],
)
def test_what_does_not_fit_is_refused_with_what_is_wanted(type_name, value):
    with pytest.raises(ValueError) as caught:
        convert(value, type_name)
    assert str(caught.value).startswith("must be ")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "type_name, value",
    [("number", 3), ("number", 0.5), ("boolean", False), ("list", [1]), ("object", {"a": 1})],
)
def test_a_value_of_the_type_stays_as_it_is(type_name, value):
    assert convert(value, type_name) is not None and convert(value, type_name) == value


@given(st.integers(-(10**50), 10**50))
def test_whole_numbers_keep_every_digit(number):
    assert convert(str(number), "number") == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_as_python_writes_them_come_back(number):
    assert convert(repr(number), "number") == number


@given(st.lists(st.text()))
def test_a_json_list_comes_back(items):
    assert convert(json.dumps(items), "list") == items


def test_kinds_are_told_in_words():
    assert [kind_of(value) for value in (None, True, 1, "a", [], {})] == [
        "null",
        "a boolean",
        "a number",
        "text",
        "a list",
        "an object",
    ]
