"""Presets: score configs that come with the package, to be created in a project.

They are in ``presets.json``. Each has ``name``, ``category``, ``dataType``, ``description``, and
``categories`` or ``minValue`` and ``maxValue``. Their categories also group the configs of a project.
"""

import copy
import json
import os
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import NotFoundError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.scores import configs, values
from coaiapy.langfuse.scores.config_cache import folded
from coaiapy.langfuse.scores.config_fields import FIELDS
from coaiapy.langfuse.scores.configs import Made
from coaiapy.util.files import read_text
from coaiapy.util.old_names import with_old_names
from coaiapy.util.text.notes import Note, ignore_note
from coaiapy.util.text.wording import did_you_mean

CATEGORIES = ("narrative", "ai", "general", "technical", "specialized", "numeric", "boolean")
Preset = Dict[str, Any]
_LOADED: List[Preset] = []


def get_built_in_presets() -> List[Preset]:
    """Return all presets, as copies."""
    if not _LOADED:
        _LOADED.extend(
            json.loads(read_text(os.path.join(os.path.dirname(__file__), "presets.json")))
        )
    return copy.deepcopy(_LOADED)


def list_presets(category: Optional[str] = None) -> List[Preset]:
    """Return the presets of a category; all presets without a category or with an unknown one."""
    every = get_built_in_presets()
    return [preset for preset in every if preset["category"] == category] or every


@with_old_names(preset_name="name")
def get_preset_by_name(name: str) -> Optional[Preset]:
    """Return a preset by its name (in any case), or ``None``."""
    for preset in get_built_in_presets():
        if folded(preset["name"]) == folded(name):
            return preset
    return None


def get(name: str) -> Preset:
    """Return a preset by its name (in any case); ``NotFoundError`` if there is none."""
    found = get_preset_by_name(name)
    if found is None:
        near = did_you_mean(name, [preset["name"] for preset in get_built_in_presets()])
        raise NotFoundError(
            "no preset {!r}{}: coaia fuse score-configs presets list shows them".format(name, near)
        )
    return found


def install(
    settings: Settings,
    presets: Iterable[Preset],
    allow_duplicates: bool = False,
    on_made: Callable[[Made], None] = lambda made: None,
) -> List[Made]:
    """Create score configs from presets, as ``configs.create_all`` does."""
    wanted = [{name: preset[name] for name in FIELDS if name in preset} for preset in presets]
    return configs.create_all(settings, wanted, allow_duplicates, on_made)


def names_of(category: str) -> List[str]:
    """Return the folded names of the presets of one category."""
    return [folded(one["name"]) for one in get_built_in_presets() if one["category"] == category]


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
    found = configs.available(settings, cached_only, note)
    if not category:
        return found
    names = names_of(category.lower())
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
        "takes": values.takes(config),
    }
    for field in ("minValue", "maxValue", "categories"):
        if config.get(field) is not None:
            found[field] = config[field]
    return found


def example_value(config: Mapping[str, Any]) -> str:
    """Return an example of a value that the config allows, as it is typed."""
    data_type = config["dataType"]
    if data_type == values.BOOLEAN:
        return "true"
    if data_type == values.NUMERIC:
        bounds = [config.get("maxValue"), config.get("minValue"), 1]
        return values.spelled(next(bound for bound in bounds if bound is not None))
    categories = config.get("categories") or [{"label": "some text"}]
    return str(categories[-1]["label"])
