"""``coaia env list``: variables and environments as text, rows and JSON."""

import json


def test_list(run):
    nothing = run("env", "list")
    assert (nothing.code, nothing.out) == (0, "") and "coaia env init" in nothing.err
    assert json.loads(run("env", "list", "--json").out) == []
    run("env", "set", "A", "x" * 200)
    run("env", "set", "API_KEY", "hush", "--name", "v1.2")
    run("env", "set", "G", "2", "--global")
    found = run("env", "list").out
    assert "v1.2 (project, .coaia-env.v1.2)" in found and "default (global, " in found
    assert "x" * 200 in found and "hush" not in found and "****" in found
    assert "hush" in run("env", "list", "--reveal").out
    named = run("env", "list", "--name", "v1.2").out
    assert "API_KEY" in named and "x" * 200 not in named
    assert "G" in run("env", "list", "--location", "global").out
    assert run("env", "list", "--name", "nope").code == 1


def test_the_name_in_listings_is_understood(run, project):
    name = ("--name", "default")
    assert run("env", "init", *name).code == 0
    assert run("env", "set", "A", "1").code == run("env", "set", "B", "2", *name).code == 0
    assert "default (project, .coaia-env)" in run("env", "list").out
    assert (run("env", "get", "A", *name).out, run("env", "get", "B").out) == ("1\n", "2\n")
    assert run("env", "source", "--export", *name).out == run("env", "source", "--export").out
    assert run("env", "run", *name, "--", "true").code == 0
    assert [path.name for path in project.iterdir()] == [".coaia-env"]
    (project / ".coaia-env.default").write_text("A=3\n")  # a file of exactly this name wins
    assert run("env", "get", "A", *name).out == "3\n"
    (project / ".coaia-env.default").unlink()
    assert run("env", "clear", "--yes", *name).code == 0
    assert list(project.iterdir()) == []


def test_list_as_rows(run):
    run("env", "set", "A", "x,y")
    run("env", "set", "API_KEY", "hush", "--name", "dev")
    rows = run("env", "list", "--csv")
    assert rows.out.splitlines() == [
        "environment,location,variable,value",
        'default,project,A,"x,y"',
        "dev,project,API_KEY,****",
    ]
    assert rows.err == "2 variables\n"
    (row,) = map(json.loads, run("env", "list", "--name", "dev", "--jsonl").out.splitlines())
    assert row == {
        "environment": "dev",
        "location": "project",
        "variable": "API_KEY",
        "value": "****",
    }
    assert run("env", "list", "--columns", "variable").out.split()[2:] == ["A", "API_KEY"]
    assert run("env", "list", "--csv", "--name", "nope").code == 1


def test_list_json(run, project):
    run("env", "init", "--name", "dev")
    run("env", "set", "API_KEY", "hush", "--name", "dev")
    assert '"_COAIA' in (project / ".coaia-env.dev").read_text()
    one = json.loads(run("env", "list", "--name", "dev", "--json").out)
    assert one["API_KEY"] == "****" and not [key for key in one if key.startswith("_")]
    revealed = json.loads(run("env", "list", "--name", "dev", "--json", "--reveal").out)
    assert revealed["API_KEY"] == "hush"
    (every,) = json.loads(run("env", "list", "--json").out)
    assert every == {
        "name": "dev",
        "location": "project",
        "path": ".coaia-env.dev",
        "variables": one,
    }


def test_the_unnamed_environment_has_one_name_in_every_form(run):
    run("env", "set", "A", "1")
    assert run("env", "list").out.startswith("default (project, .coaia-env)\n")
    (found,) = json.loads(run("env", "list", "--json").out)
    assert found["name"] == "default"
    assert json.loads(run("env", "list", "--jsonl").out)["environment"] == "default"
    assert run("env", "list", "--csv").out.splitlines()[1].startswith("default,")
