"""The score configs that can be applied, and which values each allows."""

from typing import Any, List, Mapping, Optional

from coaiapy import score_configs, score_presets, score_values
from coaiapy.config.settings import Settings
from coaiapy.langfuse.records.fields import Body
from coaiapy.score_config_cache import folded
from coaiapy.util.text import Note, ignore_note


def list_available(
    settings: Settings,
    category: Optional[str] = None,
    cached_only: bool = False,
    note: Note = ignore_note,
) -> List[Body]:
    """Return the configs that are not archived, of one category if it is given.

    A category is one of the presets' categories, or a text that occurs in a config's name,
    description or data type.
    """
    found = score_configs.available(settings, cached_only, note)
    if not category:
        return found
    names = score_presets.names_of(category.lower())
    return [config for config in found if _belongs(config, category, names)]


def _belongs(config: Mapping[str, Any], category: str, names: List[str]) -> bool:
    if names:
        return folded(config["name"]) in names
    said = [config.get(field) or "" for field in ("name", "description", "dataType")]
    return category.casefold() in " ".join(said).casefold()


def requirements(config: Mapping[str, Any]) -> Body:
    """Return which values a config allows: in words (``takes``) and as bounds or categories."""
    found = {
        "name": config["name"],
        "dataType": config["dataType"],
        "takes": score_values.takes(config),
    }
    for field in ("minValue", "maxValue", "categories"):
        if config.get(field) is not None:
            found[field] = config[field]
    return found


def example_value(config: Mapping[str, Any]) -> str:
    """Return an example of a value that the config allows, as it is typed."""
    data_type = config["dataType"]
    if data_type == score_values.BOOLEAN:
        return "true"
    if data_type == score_values.NUMERIC:
        bounds = [config.get("maxValue"), config.get("minValue"), 1]
        return score_values.spelled(next(bound for bound in bounds if bound is not None))
    categories = config.get("categories") or [{"label": "some text"}]
    return str(categories[-1]["label"])
