"""``coaia fuse score-configs import`` and ``presets``."""

import json

CONFIGS = ("fuse", "score-configs")


def test_the_presets_are_listed_shown_and_installed_once(use, run):
    server = use("v4-events_only")
    listed = run(*CONFIGS, "presets", "list")
    assert listed.err == "22 presets\n"
    assert "0 to 10" in listed.out and "1 to 5" in listed.out
    assert "takes one of" in run(*CONFIGS, "presets", "show", "clarity").out
    assert run(*CONFIGS, "presets", "show", "claritty").code == 1
    assert run(*CONFIGS, "presets", "install").code == 0
    assert len(server.score_configs) == 22
    again = run(*CONFIGS, "presets", "install", "--json")
    assert {one["outcome"] for one in json.loads(again.out)} == {"exists"}
    assert len(server.score_configs) == 22
    assert run(*CONFIGS, "presets", "install", "Clarity", "--interactive").code == 3


def test_what_was_made_before_the_server_went_is_told(use, run):
    server = use("v3")
    server.fail("500", times=None, path="score-configs", method="POST", after=2)
    found = run(*CONFIGS, "presets", "install", "Clarity", "Safety", "Accuracy", "--jsonl")
    assert found.code == 4
    assert [json.loads(line)["name"] for line in found.out.splitlines()] == ["Clarity", "Safety"]
    server.heal()
    again = run(*CONFIGS, "presets", "install", "Clarity", "Safety", "Accuracy", "--jsonl")
    outcomes = [json.loads(line)["outcome"] for line in again.out.splitlines()]
    assert outcomes == ["exists", "exists", "created"]


def test_what_a_server_refuses_is_said_and_the_rest_is_made(use, run, project):
    use("v2")
    configs = [{"name": "Free", "dataType": "TEXT"}, {"name": "Fine", "dataType": "BOOLEAN"}]
    (project / "configs.json").write_text(json.dumps(configs))
    found = run(*CONFIGS, "import", "configs.json")
    assert found.code == 5
    assert "Free: " in found.err
    assert [line.split()[2] for line in found.out.splitlines()[2:]] == ["refused", "created"]


def test_import_selects(run, project):
    configs = [{"name": name, "dataType": "BOOLEAN"} for name in ("A", "B", "C")]
    (project / "configs.json").write_text(json.dumps(configs))
    run(*CONFIGS, "import", "configs.json", "--select", "b", "3", "--no-guidance")
    listed = json.loads(run(*CONFIGS, "list", "--json").out)
    assert sorted(one["name"] for one in listed) == ["B", "C"]
    assert run(*CONFIGS, "import", "configs.json", "--select", "D").code == 2
    assert run(*CONFIGS, "import", "missing.json").code == 6
