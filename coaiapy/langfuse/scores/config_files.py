"""Export files of score configs, for backups and for copying them to another project.

``{"version", "exportedAt", "totalConfigs", "configs": [{name, dataType, description, categories,
minValue, maxValue[, metadata]}]}``; a plain list of configs can be read as well.
"""

import json
import os
from typing import Any, List, Mapping, Optional, Sequence

from coaiapy.config.settings import Settings
from coaiapy.errors import StateError, UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores.config_cache import folded
from coaiapy.langfuse.scores.config_fields import FIELDS, checked
from coaiapy.util import times
from coaiapy.util.files import read_input_text, write_output
from coaiapy.util.formats import json_values
from coaiapy.util.text.parsing import whole_number
from coaiapy.util.text.wording import did_you_mean

VERSION = "1.0"
_METADATA = ("id", "createdAt", "updatedAt", "projectId", "isArchived")


def export(settings: Settings, with_metadata: bool = True, with_archived: bool = False) -> Body:
    """Return a project's score configs in the form of an export file."""
    return exported(score_configs.list_all(settings, with_archived), with_metadata)


def exported(configs: Sequence[Mapping[str, Any]], with_metadata: bool = True) -> Body:
    """Return configs in the form of an export file."""
    rows = []
    for config in configs:
        row = {name: config.get(name) for name in FIELDS}
        if with_metadata:
            row["metadata"] = {name: config.get(name) for name in _METADATA}
        rows.append(row)
    return {
        "version": VERSION,
        "exportedAt": times.now(),
        "totalConfigs": len(rows),
        "configs": rows,
    }


def write(path: str, export: Mapping[str, Any], force: bool = False) -> None:
    """Write an export file atomically.

    Raises ``StateError`` if the export has no configs and would replace a file with content;
    ``force`` allows that.
    """
    if not export["configs"] and not force and os.path.exists(path) and os.path.getsize(path):
        raise StateError(
            "there are no score configs to export, so {} stays as it is: "
            "to empty it, add --force".format(path)
        )
    write_output(path, json.dumps(export, ensure_ascii=False, indent=2) + "\n")


def read(path: str) -> List[Body]:
    """Return the checked configs of an export file, without archived ones.

    Raises ``UsageError`` if the file or one of the configs is wrong.
    """
    try:
        document = json_values.parse_unique(read_input_text(path))
    except ValueError as error:
        raise UsageError("{} is not JSON: {}".format(path, error)) from error
    rows = document.get("configs") if isinstance(document, dict) else document
    if isinstance(document, dict) and "configs" not in document and "name" in document:
        rows = [document]
    if not isinstance(rows, list):
        raise UsageError("{} contains no list of score configs".format(path))
    return [_config(row, number, path) for number, row in enumerate(rows, 1) if _is_used(row)]


def _is_used(row: Any) -> bool:
    if not isinstance(row, dict):
        return True  # refused later, by _config
    metadata = row.get("metadata")
    archived = isinstance(metadata, dict) and metadata.get("isArchived")
    return not (archived or row.get("isArchived"))


def _config(row: Any, number: int, path: str) -> Body:
    if not isinstance(row, dict):
        raise UsageError("{}: config {} is not an object".format(path, number))
    try:
        return checked(row)
    except UsageError as error:
        raise UsageError("{}: config {}: {}".format(path, number, error)) from error


def select(configs: Sequence[Body], wanted: Optional[Sequence[str]]) -> List[Body]:
    """Return the configs in ``wanted``, given by name or number (from 1); all if it is empty.

    Raises ``UsageError`` for a name or number that the file does not have.
    """
    if not wanted:
        return list(configs)
    names = {folded(config["name"]): config for config in configs}
    chosen = []
    for word in (part.strip() for text in wanted for part in text.split(",")):
        number = whole_number(word)
        if folded(word) in names:
            chosen.append(names[folded(word)])
        elif number is not None and 1 <= number <= len(configs):
            chosen.append(configs[number - 1])
        else:
            near = did_you_mean(word, [config["name"] for config in configs])
            raise UsageError("the file has no score config {!r}{}".format(word, near))
    return [config for config in configs if config in chosen]
