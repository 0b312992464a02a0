"""Presets: score configs that come with the package, to be created in a project.

They are in ``presets.json``. Each has ``name``, ``category``, ``dataType``, ``description``, and
``categories`` or ``minValue`` and ``maxValue``.
"""

import copy
import json
import os
from typing import Any, Callable, Dict, Iterable, List, Optional

from coaiapy import score_configs
from coaiapy.config.settings import Settings
from coaiapy.errors import NotFoundError
from coaiapy.score_config_cache import folded
from coaiapy.score_config_fields import FIELDS
from coaiapy.score_configs import Made
from coaiapy.util.files import read_text
from coaiapy.util.old_names import with_old_names
from coaiapy.util.text import did_you_mean

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
    """Create score configs from presets, as ``score_configs.create_all`` does."""
    wanted = [{name: preset[name] for name in FIELDS if name in preset} for preset in presets]
    return score_configs.create_all(settings, wanted, allow_duplicates, on_made)


def names_of(category: str) -> List[str]:
    """Return the folded names of the presets of one category."""
    return [folded(one["name"]) for one in get_built_in_presets() if one["category"] == category]
