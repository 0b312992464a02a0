"""Files of score configs."""

import json
import os
import stat

import pytest

from coaiapy.config import settings
from coaiapy.errors import StateError, UsageError
from coaiapy.langfuse.scores import config_files as score_config_files
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores import presets as score_presets

RATING = {"name": "Rating", "dataType": "NUMERIC", "minValue": 0, "maxValue": 10}


def test_an_exported_file_can_be_imported_elsewhere(use, tmp_path):
    use("v3")
    presets = score_presets.get_built_in_presets()
    score_presets.install(settings.load(), presets)
    export = score_config_files.export(settings.load())
    assert (export["version"], export["totalConfigs"]) == ("1.0", 22)
    assert set(export["configs"][0]["metadata"]) >= {"id", "createdAt", "isArchived"}
    path = str(tmp_path / "configs.json")
    score_config_files.write(path, export)
    assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0o644 & 0o077
    use("v4-dual")
    assert score_configs.list_all(settings.load()) == []
    made = score_configs.create_all(settings.load(), score_config_files.read(path))
    assert [one.outcome for one in made] == ["created"] * 22
    again = score_config_files.export(settings.load(), with_metadata=False)
    assert "metadata" not in again["configs"][0]
    bare = [{key: one[key] for key in one if key != "metadata"} for one in export["configs"]]
    assert sorted(again["configs"], key=str) == sorted(bare, key=str)


def test_archived_configs_are_exported_when_asked_and_never_imported(use, tmp_path):
    use("v3")
    known = settings.load()
    score_configs.create(known, RATING)
    score_configs.update(known, "Rating", {"isArchived": True})
    assert score_config_files.export(known)["configs"] == []
    export = score_config_files.export(known, with_archived=True)
    assert export["configs"][0]["metadata"]["isArchived"] is True
    score_config_files.write(str(tmp_path / "x.json"), export)
    assert score_config_files.read(str(tmp_path / "x.json")) == []


def test_an_empty_export_does_not_replace_a_good_file(tmp_path):
    path = tmp_path / "configs.json"
    path.write_text("good")
    empty = score_config_files.exported([])
    with pytest.raises(StateError) as error:
        score_config_files.write(str(path), empty)
    assert "--force" in str(error.value) and path.read_text() == "good"
    score_config_files.write(str(path), empty, force=True)
    assert json.loads(path.read_text())["configs"] == []
    score_config_files.write(str(tmp_path / "new.json"), empty)


@pytest.mark.parametrize(
    "text, word",
    [
        ("{", "not JSON"),
        ("5", "contains no list"),
        ("[5]", "config 1 is not an object"),
        ('{"configs": [{"name": "A", "dataType": "BOOLEAN"}, {"name": "B"}]}', "config 2"),
    ],
)
def test_a_file_that_is_none(tmp_path, text, word):
    path = tmp_path / "configs.json"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        score_config_files.read(str(path))
    assert word in str(error.value)


def test_selecting_by_name_or_number():
    configs = [dict(RATING, name=name) for name in ("A", "Tone & Style", "3")]
    select = score_config_files.select
    assert select(configs, None) == select(configs, []) == configs
    assert [one["name"] for one in select(configs, ["tone and style", "1"])] == [
        "A",
        "Tone & Style",
    ]
    assert [one["name"] for one in select(configs, ["3", "a,2"])] == ["A", "Tone & Style", "3"]
    with pytest.raises(UsageError):
        select(configs, ["4"])
