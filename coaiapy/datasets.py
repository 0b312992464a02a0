"""Datasets of a Langfuse server; their items are in ``dataset_items``."""

from typing import Any, List, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.langfuse.client.http import quoted
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.client.pages import numbered
from coaiapy.langfuse.records.fields import Body
from coaiapy.util.formats import json_values

DATASETS = "/api/public/v2/datasets"


def list_datasets(settings: Settings) -> List[Body]:
    """Return every dataset: ``id``, ``name``, ``description``, ``metadata``, ``createdAt``..."""
    with client_for(settings, "datasets") as http:
        return list(numbered(http, DATASETS, {}, None))


def get_dataset(settings: Settings, name: str) -> Body:
    """Return a dataset without its items; ``NotFoundError`` if there is none."""
    with client_for(settings, "datasets") as http:
        try:
            found: Body = http.request("GET", DATASETS + "/" + quoted(name))
        except NotFoundError as error:
            raise NotFoundError(
                "no dataset {!r}: coaia fuse datasets list shows them".format(name)
            ) from error
    return found


def create_dataset(
    settings: Settings,
    name: str,
    description: Optional[str] = None,
    metadata: Any = None,
    input_schema: Any = None,
    expected_output_schema: Any = None,
) -> Body:
    """Create a dataset, or change the given fields of the one with this name; return it.

    The schemas are JSON Schemas; servers that support them validate items against them.
    """
    if not name.strip():
        raise UsageError("a dataset needs a name")
    body = {"name": name, "description": description, "metadata": metadata_from(metadata)}
    body.update(inputSchema=input_schema, expectedOutputSchema=expected_output_schema)
    given = {key: value for key, value in body.items() if value is not None}
    with client_for(settings, "datasets") as http:
        created: Body = http.request("POST", DATASETS, json=given, retry=True)
    return created


def metadata_from(value: Any) -> Any:
    """Return metadata as a JSON value; a text that is not JSON becomes ``{"note": text}``."""
    if not isinstance(value, str):
        return value
    try:
        return json_values.parse(value)
    except ValueError:
        return {"note": value}
