"""``coaia fuse score-configs``: what is wrong, shown and available."""

import json

CONFIGS = ("fuse", "score-configs")


def test_a_config_that_is_wrong_is_said_before_anything_is_sent(use, run):
    server = use("v3")
    assert run(*CONFIGS, "create", "Verdict", "CATEGORICAL").code == 2
    assert (
        run(*CONFIGS, "create", "Verdict", "categorical", "--categories", "Good:1,Bad:0").code == 0
    )
    found = run(*CONFIGS, "apply", "verdict", "--trace-id", "t", "-v", "Ugly")
    assert found.code == 2
    assert "takes one of Good (1), Bad (0), not 'Ugly'" in found.err
    assert run(*CONFIGS, "apply", "verdict", "-v", "Good").code == 2
    assert server.scores() == {}


def test_show_and_its_requirements(run):
    run(*CONFIGS, "create", "Rating", "NUMERIC", "--max-value", "10", "--description", "Stars")
    shown = run(*CONFIGS, "show", "rating", "--requirements")
    assert "takes a number of at most 10" in shown.out
    assert "apply Rating --trace-id TRACE_ID -v 10" in shown.out
    wanted = json.loads(run(*CONFIGS, "show", "rating", "--requirements", "--json").out)
    assert wanted["maxValue"] == 10 and wanted["dataType"] == "NUMERIC"
    assert json.loads(run(*CONFIGS, "show", "rating", "--json").out)["description"] == "Stars"
    missing = run(*CONFIGS, "show", "ratng")
    assert missing.code == 1 and "did you mean 'Rating'?" in missing.err


def test_available_by_category_and_without_asking(use, run):
    server = use("v3")
    run(*CONFIGS, "presets", "install", "--category", "numeric")
    run(*CONFIGS, "create", "Fine", "BOOLEAN")
    server.forget_requests()

    def names(*options):
        found = run(*CONFIGS, "available", "--json", *options)
        return sorted(one["name"] for one in json.loads(found.out))

    assert names() == ["Fine", "Overall Quality", "Performance Score"]
    assert names("--category", "numeric") == ["Overall Quality", "Performance Score"]
    assert names("--category", "percent") == ["Performance Score"]
    assert names("--category", "bool") == ["Fine"]
    server.fail("refuse")
    assert len(names("--cached-only")) == 3
    assert server.requests == []
