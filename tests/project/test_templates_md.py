"""docs/templates.md: its examples do what they say, its tables are those of the schema."""

import json
import re

import pytest
from documents import check, read, steps

from coaiapy.langfuse.records.fields import LEVELS, OBSERVATION_TYPES
from coaiapy.templating import files as template_files
from coaiapy.templating import language as template_language
from coaiapy.templating import render as template_render
from coaiapy.templating.document import schema
from coaiapy.templating.expressions import bounds as template_bounds
from coaiapy.templating.render import new_language

NAME = "docs/templates.md"
TEXT = read(NAME)
SCHEMA = schema()
WORDS = {
    "string": "text",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
}
TABLES = {
    "## The keys of a template": SCHEMA,
    "### `trace`": SCHEMA["properties"]["trace"],
    "### `variables`": SCHEMA["definitions"]["variable"],
    "### `steps`": SCHEMA["definitions"]["step"],
}


def row(key, field):
    """The row of a table that tells of one key."""
    if "$ref" in field:
        field = SCHEMA["definitions"][field["$ref"].rpartition("/")[2]]
    types = field.get("type", "any")
    kinds = [WORDS.get(kind, kind) for kind in (types if isinstance(types, list) else [types])]
    value = ", ".join(kind for kind in kinds if kind != "null")
    return "| `{}` | {} | {} |".format(key, value, field["description"])


@pytest.mark.once
def test_every_example_does_what_it_says():
    assert len(steps(TEXT)) > 10
    check(NAME)


def test_every_block_is_an_example_that_is_run():
    blocks = re.findall(r"```(\w+)\n", TEXT)
    run = [step for step in steps(TEXT) if step.path]
    assert len(blocks) == blocks.count("console") + len(run)


@pytest.mark.parametrize("heading", sorted(TABLES))
def test_a_table_has_every_key_of_the_schema(heading):
    section = TEXT.split(heading + "\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| `[\w$]+` \| .*\|$", section, re.MULTILINE)
    keys = [row(key, field) for key, field in TABLES[heading]["properties"].items()]
    assert rows[: len(keys)] == keys
    types = set(SCHEMA["definitions"]["variable"]["properties"]["type"]["enum"]) - {None}
    others = {re.match(r"\| `(\w+)`", each).group(1) for each in rows[len(keys) :]}
    assert others == (types if "variables" in heading else set())


@pytest.mark.parametrize("words", [OBSERVATION_TYPES, LEVELS])
def test_it_lists_what_an_observation_can_be(words):
    assert ", ".join("`{}`".format(word) for word in words) in " ".join(TEXT.split())


def test_it_lists_what_an_expression_may_use():
    told = dict(
        re.findall(r"^\| (functions|statements|filters|methods of \w+) \| (.*) \|$", TEXT, re.M)
    )
    told = {what: re.findall(r"`(\w+)", words) for what, words in told.items()}
    language = new_language()._environment
    filters = {name for name in language.filters if not name.startswith(" ")}
    assert set(told["functions"]) == set(language.globals)
    assert filters | {"items"} == set(told["filters"])  # Jinja has it since 3.1
    for kind, name in ((str, "texts"), (dict, "objects"), (list, "lists")):
        assert told["methods of " + name] == list(template_language._METHODS[kind])


def test_it_says_how_much_a_template_may_make():
    for limit in (
        template_render.MAX_STEPS,
        template_bounds.MAX_LOOPS,
        template_bounds.MAX_SIZE,
        template_bounds.MAX_WORK,
        template_files.MOST_BYTES,
    ):
        assert " {:,} ".format(limit) in TEXT or " {:,};".format(limit) in TEXT


def test_a_template_that_names_the_schema_is_read():
    (example,) = [step for step in steps(TEXT) if '"$schema"' in step.shown]
    assert "$schema" in json.loads(example.shown)
