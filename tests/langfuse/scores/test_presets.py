"""The score configs that come with coaia."""

import pytest

from coaiapy.errors import NotFoundError
from coaiapy.langfuse.scores import presets as score_presets
from coaiapy.langfuse.scores import values as score_values


def test_the_presets():
    presets = score_presets.get_built_in_presets()
    by_category = {}
    for preset in presets:
        by_category.setdefault(preset["category"], []).append(preset)
    counts = {name: len(found) for name, found in by_category.items()}
    assert counts == {
        "narrative": 5,
        "ai": 5,
        "general": 4,
        "technical": 2,
        "specialized": 3,
        "numeric": 2,
        "boolean": 1,
    }
    assert set(counts) == set(score_presets.CATEGORIES)
    for preset in presets:
        if preset["dataType"] == "CATEGORICAL":
            assert [one["value"] for one in preset["categories"]] == [1, 2, 3, 4, 5]
        for value in [one["value"] for one in preset.get("categories", [])]:
            assert score_values.accepted(preset, value).plain == value
    bounds = {one["name"]: (one["minValue"], one["maxValue"]) for one in by_category["numeric"]}
    assert bounds == {"Overall Quality": (0, 10), "Performance Score": (0, 100)}
    assert score_presets.get("structure and organization")["name"] == "Structure & Organization"
    with pytest.raises(NotFoundError):
        score_presets.get("Helpfullness!")
