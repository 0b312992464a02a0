"""Every function of the published release takes the keyword names that scripts give it."""

import importlib
import inspect
import json
import re

import pytest
from langfuse_server import KINDS
from places import DATA

from coaiapy import cofuse

LISTED = DATA / "legacy_parameters.txt"
# A method that called a judge; what a template asks of it is in its steps today.
GONE = ["render_with_judge_integration"]


def published():
    module = ""
    for line in LISTED.read_text("utf-8").splitlines():
        if line.startswith("["):
            module = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, given = line.rstrip(")").partition("(")
            if name.split(".")[-1] not in GONE:
                yield module, name, [one for one in given.split(", ") if one]


@pytest.mark.parametrize(
    "module, name, names", list(published()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_legacy_keyword_is_taken(module, name, names):
    found = importlib.import_module("coaiapy." + module)
    for part in name.split("."):
        found = getattr(found, part)
    signature = inspect.signature(found)
    takes = set(signature.parameters) | getattr(found, "old_names", frozenset())
    takes_any = any(one.kind == one.VAR_KEYWORD for one in signature.parameters.values())
    assert takes_any or set(names) <= takes


@pytest.mark.parametrize("kind", ["local"] + sorted(KINDS))
def test_observations_are_listed_by_every_condition(run, use, kind):
    if kind != "local":
        use(kind)
    for number, user in ((1, "ann"), (2, "bob")):
        trace, at = "t{}".format(number), "2026-01-31T12:00:0{}Z".format(number)
        run("fuse", "traces", "create", trace, "-u", user, "--timestamp", at)
        words = ["fuse", "traces", "add-observation"]
        run(*words + ["a{}".format(number), trace, "-ts", "--start-time", at])
        below = ["b{}".format(number), trace, "--start-time", at, "-p", "a{}".format(number)]
        run(*words + below)

    def ids(**conditions):
        found = json.loads(cofuse.list_observations_v2(**conditions))["data"]
        return sorted(one["id"] for one in found)

    assert ids() == ["a1", "a2", "b1", "b2"]
    assert ids(user_id="ann") == ["a1", "b1"]
    assert ids(parent_observation_id="a2") == ["b2"]
    assert ids(from_start_time="2026-01-31T12:00:02Z") == ["a2", "b2"]
    assert ids(to_start_time="2026-01-31T12:00:02Z", observation_type="SPAN") == ["a1"]
    assert ids(version="9") == []
    shown = run(
        "fuse", "traces", "list-observations", "--user-id", "bob", "--parent", "a2", "--json"
    )
    assert [one["id"] for one in json.loads(shown.out)] == ["b2"]


def test_presets_and_exports_have_their_legacy_forms(project):
    presets = cofuse.list_presets()
    assert re.search(r"Narrative Coherence", cofuse.format_presets_table(presets))
    assert "Narrative Coherence" in cofuse.format_preset_display(presets[0])
    text = json.dumps([dict(name="Q", dataType="NUMERIC")])
    (project / "configs.json").write_text(text, "utf-8")
    assert "NUMERIC" in cofuse.format_import_preview("configs.json")
