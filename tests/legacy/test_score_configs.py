"""Score configs as values that scripts of earlier releases use."""

from coaiapy.config import settings
from coaiapy.langfuse.scores import config_files as score_config_files
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores import presets as score_presets
from coaiapy.legacy.score_configs import ScoreConfig, ScoreConfigExport


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
