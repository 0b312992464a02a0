"""Scores and score configs from files, and the presets."""

import io
import json
import os
import stat

import pytest

from coaiapy.config import settings
from coaiapy.errors import NotFoundError, StateError, UsageError
from coaiapy.langfuse.scores import config_files as score_config_files
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores import presets as score_presets
from coaiapy.langfuse.scores import values as score_values
from coaiapy.langfuse.scores.files import read_scores
from coaiapy.legacy.score_configs import ScoreConfig, ScoreConfigExport

CSV = """\
id,name,value,trace_id,comment,metadata,config
,quality,0.5,t1,"two
lines","{""k"": 1}",
mine,quality,word,t1,,,
,,3,t2,,,Rating
"""
RATING = {"name": "Rating", "dataType": "NUMERIC", "minValue": 0, "maxValue": 10}


def read(text, name="scores.csv", **options):
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    return read_scores(settings.load(), io.BytesIO(data), name, **options)


def wrong(text, name="scores.csv", **options):
    with pytest.raises(UsageError) as error:
        read(text, name, **options)
    return str(error.value)


def test_a_csv_file():
    score_configs.create(settings.load(), RATING)
    first, second, third = read(CSV)
    assert (first.value, first.data_type, first.comment) == (0.5, "NUMERIC", "two\nlines")
    assert first.metadata == {"k": 1}
    assert (second.id, second.value, second.data_type) == ("mine", "word", "CATEGORICAL")
    assert (third.name, third.value, third.trace_id) == ("Rating", 3, "t2")


def test_the_same_file_means_the_same_scores_and_equal_rows_are_two():
    score_configs.create(settings.load(), RATING)
    assert [one.id for one in read(CSV)] == [one.id for one in read(CSV)]
    text = "name,value,trace_id\nq,1,t\nq,1,t\n"
    assert len({one.id for one in read(text)}) == 2


@pytest.mark.parametrize("name", ["scores.jsonl", ""])
def test_json_lines(name):
    lines = [
        {"name": "q", "value": True, "traceId": "t"},
        {"name": "q", "value": 2, "traceId": "t"},
    ]
    found = read("\n".join(map(json.dumps, lines)), name)
    assert [(one.value, one.data_type) for one in found] == [(1, "BOOLEAN"), (2, "NUMERIC")]


def test_a_json_list_a_byte_order_mark_and_tabs():
    assert len(read(json.dumps([{"name": "q", "value": 1, "session_id": "s"}]), "x.json")) == 1
    assert read(b"\xef\xbb\xbfname,value,trace_id\nq,1,t\n")[0].name == "q"
    assert read("name\tvalue\ttrace_id\nq\t1\tt\n", "x.tsv")[0].value == 1


def test_defaults_stand_for_what_a_row_leaves_out():
    score_configs.create(settings.load(), RATING)
    text = "value,trace_id\n4,t\n"
    assert read(text, defaults={"config": "rating"})[0].name == "Rating"
    assert read(text, defaults={"name": "n", "config": None})[0].name == "n"


def test_every_wrong_row_is_named_and_nothing_is_returned():
    said = wrong("name,value,trace_id,config\nq,1,t,\nq,,t,\n,3,t,Nobody\nq,1,,\n")
    assert said.startswith("3 of 4 scores are wrong, so nothing was written:")
    for part in ("line 3: value", "line 4: no score config 'Nobody'", "line 5: a score needs"):
        assert part in said


def test_other_faults():
    assert "line 2: the number of cells is 3, but the header has 2" in wrong("name,value\nq,1,2\n")
    assert "unknown column 'colour'" in wrong("name,value,trace_id,colour\nq,1,t,red\n")
    assert "UTF-8" in wrong(b"name,value,trace_id\n\xff,1,t\n")
    assert "it contains no scores" in wrong("name,value,trace_id\n")
    assert "is already the id of line 2" in wrong("id,name,value,trace_id\na,q,1,t\na,q,1,t\n")
    assert "item 1: a score is an object" in wrong("[1]", "x.json")
    assert "line 2 is not CSV" in wrong('name,value\n"q,1\n')
    assert "NOPE" in wrong("name,value,trace_id,dataType\nq,1,t,NOPE\n")


def test_an_unknown_config_is_asked_for_once(use):
    server = use("v3")
    wrong("value,trace_id,config\n" + "1,t,Nobody\n" * 30)
    assert len([one for one in server.requests if "score-configs" in one.path]) == 1


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


def test_configs_as_python_values():
    export = score_config_files.exported(
        [dict(preset, id="c", isArchived=False) for preset in score_presets.list_presets()]
    )
    typed = ScoreConfigExport.from_dict(export)
    assert typed.totalConfigs == 22
    assert [one.name for one in typed.configs] == [one["name"] for one in export["configs"]]
    again = ScoreConfigExport.from_dict(typed.to_dict())
    assert again == typed


def test_a_config_as_a_command_line(run):
    import shlex

    for preset in score_presets.list_presets():
        words = shlex.split(ScoreConfig.from_dict(preset).to_create_command())
        assert words[0] == "coaia" and run(*words[1:]).code == 0
    made = {one["name"]: one for one in score_configs.list_all(settings.load())}
    assert len(made) == 22
    wanted = score_presets.get("Clarity")
    assert made["Clarity"]["categories"] == wanted["categories"]
