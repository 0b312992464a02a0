"""Finds and reads the schema of a project."""

import os
from typing import TYPE_CHECKING, FrozenSet, Optional

from coaiapy.errors import CoaiaError, NotFoundError, UsageError
from coaiapy.util.files import read_found_input_text, read_input_text

if TYPE_CHECKING:
    from coaiapy.env.schema.rules import Schema

NAMES = (".coaia-env.schema.json", ".env.example")


def load(path: Optional[str] = None, folder: str = "") -> "Schema":
    """Return the schema in a file, by default the first of ``NAMES`` that the folder has.

    A file whose name ends with ``.json`` is JSON Schema, any other an example with comments. Raises
    ``NotFoundError`` if there is none.
    """
    places = [os.path.join(folder, name) for name in NAMES]
    found = path or next((place for place in places if os.path.exists(place)), None)
    if found is None:
        raise NotFoundError(
            "there is no schema here ({}): write one, or name one with --schema FILE".format(
                " or ".join(places)
            )
        )
    from coaiapy.env.schema import example_form, json_form  # few projects have a schema

    text = read_input_text(path) if path else read_found_input_text(found)
    form = json_form if found.endswith(".json") else example_form
    schema = form.parse(text, found)
    if not schema.rules and not schema.problems:
        raise UsageError("{} names no variable".format(found))
    return schema


def secret_names(folder: str = "") -> FrozenSet[str]:
    """Return the names that the schema of the project, or of a folder in it, calls secret.

    There are none without a schema, or with one that is not understood: ``env check`` says so.
    """
    try:
        return frozenset(name for name, rule in load(folder=folder).rules.items() if rule.secret)
    except CoaiaError:
        return frozenset()
