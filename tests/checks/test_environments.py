"""Every violation of a schema, where it is, and nothing that takes for ever."""

import json
import time

import pytest

from coaiapy import patience
from coaiapy.checks.environments import check, check_files, complaints_with_pattern
from coaiapy.env.schema import json_form
from coaiapy.env.schema.rules import RULES, Rule
from coaiapy.errors import StateError
from coaiapy.running import expressions

SCHEMA = {
    "required": ["PORT", "API_KEY"],
    "additionalProperties": False,
    "properties": {
        "PORT": {"type": "integer", "minimum": 1, "maximum": 9},
        "API_KEY": {"pattern": "^sk-$", "minLength": 3},
        "LEVEL": {"enum": ["debug", "info"]},
        "SITE": {"format": "uri", "requiredIn": ["production"]},
    },
}


def checked(name=None, schema=SCHEMA, **more):
    found = check(json_form.parse(json.dumps(schema, indent=1), "S"), name, **more).problems
    assert {one.rule for one in found} <= set(RULES)
    return [(one.path, one.line, one.rule, one.message) for one in sorted(found)]


def test_what_is_right_has_no_problem(project):
    (project / ".coaia-env").write_text('PORT=5\nAPI_KEY="sk-"\nLEVEL=\nCOAIA_TRACE_ID=t\n')
    assert checked() == []
    (project / ".coaia-env").write_text(json.dumps({"PORT": 5, "API_KEY": "sk-", "_COAIA_X": ""}))
    assert checked() == []


def test_every_violation_in_every_file_is_listed(project, home, monkeypatch):
    (project / ".coaia-env").write_text("PORT=x\nLEVEL=loud\nLEVL=1\nNOTHING\n\nAPI_KEY=canary\n")
    (project / ".coaia-env.production").write_text('{"PORT": 77,\n "SITE": "here"}')
    (home / ".coaia").mkdir()
    (home / ".coaia" / "global.env").write_text("OF_ANOTHER_PROJECT=1\nLEVEL=no\n")
    monkeypatch.setenv("LEVEL", "shout")
    found = checked("production")
    assert [one[:3] for one in found] == [
        (".coaia-env", 1, "wrong-type"),
        (".coaia-env", 2, "not-in-enum"),
        (".coaia-env", 3, "unknown-variable"),
        (".coaia-env", 4, "no-variable"),
        (".coaia-env", 6, "no-match"),
        (".coaia-env.production", 1, "out-of-range"),
        (".coaia-env.production", 2, "wrong-type"),
        (str(home / ".coaia" / "global.env"), 2, "not-in-enum"),
        ("S", 17, "not-in-enum"),
    ]
    said = "\n".join(one[3] for one in found)
    assert "canary" not in said and "did you mean 'LEVEL'" in said and "the OS environment" in said


def test_what_is_missing_or_empty_is_said_by_environment(project, monkeypatch):
    (project / ".coaia-env").write_text("PORT=\nSITEE=1\n")
    paths = [one[:3] for one in checked("production") if one[2] == "missing"]
    assert paths == [(".coaia-env", 1, "missing"), ("S", 13, "missing"), ("S", 23, "missing")]
    assert [one[3] for one in checked() if one[2] == "missing"] == [
        "PORT is required, but it is empty",
        "API_KEY is required, and .coaia-env does not give it",
    ]
    assert "API_KEY is required, and .coaia-env does not give it" in [
        one[3] for one in checked("default")
    ]
    monkeypatch.setenv("API_KEY", "sk-")
    assert [one for one in checked() if "API_KEY" in one[3]] == []


def test_a_pattern_that_takes_for_ever_is_a_problem_and_ends(project, monkeypatch):
    monkeypatch.setattr(patience, "EXPRESSIONS", 0.3)
    schema = {"properties": {"A": {"pattern": "^(a+)+$"}, "B": {"pattern": "b"}}}
    (project / ".coaia-env").write_text("A={}!\nB=c\n".format("a" * 60))
    begun = time.monotonic()
    assert [one[2] for one in checked(schema=schema)][0] == "slow-pattern"
    assert time.monotonic() - begun < 20
    assert "too long" in complaints_with_pattern(Rule("A", 1, pattern="^(a+)+$"), "a" * 60 + "!")[0]
    monkeypatch.setattr(expressions, "can_be_bounded", lambda: False)
    found = check(json_form.parse(json.dumps(schema), "S"))
    assert found.problems == [] and "not checked" in found.remarks[0]


def test_a_line_break_at_the_end_is_no_match(project):
    (project / ".coaia-env").write_text(json.dumps({"PORT": "1", "API_KEY": "sk-\n"}))
    assert [one[2] for one in checked()] == ["no-match"]


def test_dotenv_files_take_part(project):
    (project / ".env").write_text("PORT=1\nAPI_KEY=sk-\nBARE\n")
    assert checked(dotenv=True) == []
    assert len(checked()) == 2


def test_encrypted_values_are_checked_where_the_key_is_there_and_never_shown(run, project):
    for name, value in (("PORT", "canary"), ("API_KEY", "sk-"), ("LEVEL", "loud")):
        run("env", "set", name, value, "--encrypt")
    found = checked()
    assert [one[2] for one in found] == ["wrong-type", "not-in-enum"]
    assert not [one for one in found if "canary" in one[3] or "loud" in one[3]]
    (project / ".env.keys").unlink()
    found = check(json_form.parse(json.dumps(SCHEMA), "S"))
    assert found.problems == [] and len(found.remarks) == 1
    assert "no private key" in found.remarks[0] and "2 more" in found.remarks[0]


def test_a_file_that_cannot_be_understood_is_an_error_of_its_own(project):
    (project / ".coaia-env").write_text('{"PORT": 1,\n')
    with pytest.raises(StateError, match=".coaia-env is not valid JSON at line 2"):
        checked()


def test_files_are_checked_each_by_the_schema_beside_it(project):
    for folder, kind in (("a", "integer"), ("b", "boolean")):
        (project / folder).mkdir()
        schema = {"required": "B", "properties": {"A": {"type": kind}}}
        (project / folder / ".coaia-env.schema.json").write_text(json.dumps(schema))
        (project / folder / ".coaia-env").write_text("A=7\n")
    paths = ["a/.coaia-env", "b/.coaia-env", "b/.coaia-env.schema.json"]
    found = [(one.path, one.line, one.rule) for one in check_files(paths).problems]
    said = (".coaia-env.schema.json", 1, "wrong-schema")
    assert found == [
        ("a/" + said[0],) + said[1:],
        ("b/.coaia-env", 1, "wrong-type"),
        ("b/" + said[0],) + said[1:],
    ]
    assert (
        check_files(["a/.coaia-env"], "b/.coaia-env.schema.json").problems[0].path == "a/.coaia-env"
    )
