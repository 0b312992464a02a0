"""Where templates are found, and what is said of broken ones."""

import os
import stat
import sys

import pytest

from coaiapy import pipeline
from coaiapy.errors import ExitCode, NotFoundError, StateError, UsageError
from coaiapy.templating import files as template_files
from coaiapy.templating.inheritance import load


def test_project_goes_before_user_goes_before_built_in(put):
    assert load("simple-trace").author == "coaiapy"
    put("simple-trace", {"description": "user's", "steps": [{"name": "a"}]}, "user")
    assert load("simple-trace").description == "user's"
    put("simple-trace", {"description": "project's", "steps": [{"name": "a"}]})
    assert load("simple-trace").description == "project's"


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_yaml_is_a_template_like_json(put, suffix):
    put("mine", "version: 1.5\ncreated_at: 2025-08-18\nsteps:\n  - name: A\n", suffix=suffix)
    template = load("mine")
    assert (template.name, template.version, template.steps[0].name) == ("mine", "1.5", "A")
    assert template.created_at == "2025-08-18"


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/b", "a\\b", "..", ".hidden", "", "a b", "a\n", "x" * 101]
)
def test_a_name_cannot_leave_its_folder(put, project, name):
    put("x", {"steps": []})
    (project / ".coaia" / "x.json").write_text("{}")
    for use in (load, lambda n: template_files.write({}, n, "project", "json", True)):
        with pytest.raises(UsageError, match="not a valid template name"):
            use(name)
    with pytest.raises(UsageError):
        pipeline.TemplateLoader().load_template(name)


BROKEN = [
    (".json", '{"name": "x",\n "steps": [}\n', "line 2"),
    (".json", "", "line 1"),
    (".json", '{"metadata": {"a": ' + "[" * 5000 + "]" * 5000 + "}}", "nested too deep"),
    (".json", "[]", "must be an object, not a list"),
    (".json", '{"stepz": []}', "stepz: no such field (did you mean 'steps'?)"),
    (".json", '{"steps": {}}', "steps: must be a list, not an object"),
    (".json", '{"steps": ["a"]}', "steps[0]: must be an object, not text"),
    (".json", '{"steps": [{}]}', "steps[0].name"),
    (".json", '{"steps": [{"name": "A"}, {"name": "A"}]}', "steps[1].name: 'A' occurs twice"),
    (".json", '{"steps": [{"name": "A", "observation_type": "SPAN "}]}', "'SPAN '"),
    (".json", '{"steps": [{"name": "A", "level": "LOUD"}]}', "steps[0] 'A': level: 'LOUD'"),
    (".json", '{"steps": [{"name": "A", "input": 1, "variables": {"input": 2}}]}', "twice"),
    (".json", '{"steps": [{"name": "A", "metadata": [1]}]}', "steps[0] 'A': metadata: must be"),
    (".json", '{"steps": [{"name": "A", "input": NaN}]}', "nan is not a JSON number"),
    (".json", '{"steps": [{"name": "A", "remove": true}]}', "nothing to remove"),
    (".json", '{"trace": {"nam": "x"}}', "trace.nam: no such field"),
    (".json", '{"variables": [{"name": "a b"}]}', "'a b' must be a name"),
    (".json", '{"variables": [{"name": "item"}]}', "meaning of its own"),
    (".json", '{"variables": [{"name": "v", "type": "int"}]}', "type: 'int' is not one of"),
    (".json", '{"variables": [{"name": "v", "type": "number", "default": "x"}]}', "default: must"),
    (".json", '{"variables": [{"name": "v", "default": 3}]}', "default: must be text"),
    (".json", '{"variables": [{"name": "v", "choices": []}]}', "choices"),
    (".json", '{"variables": [{"name": "v", "type": "list", "maximum": 1}]}', "not a list"),
    (".json", '{"variables": [{"name": "v", "minimum": 1}]}', "not a string"),
    (".json", '{"variables": [{"name": "v", "minimum": "1"}]}', "minimum: must be a number"),
    (
        ".json",
        '{"variables": [{"name": "v", "type": "number", "minimum": 2, "maximum": 1}]}',
        "maximum: 1 is below the minimum, 2",
    ),
    (
        ".json",
        '{"variables": [{"name": "v", "type": "integer", "minimum": 2, "default": 1}]}',
        "default: must be 2 or more, not 1",
    ),
    (
        ".json",
        '{"variables": [{"name": "v", "type": "string", "default": "c", "choices": ["a", "b"]}]}',
        "default: must be one of a, b, not 'c'",
    ),
    (
        ".json",
        '{"variables": [{"name": "v", "aliases": ["w"]}, {"name": "w"}]}',
        "'w' occurs twice",
    ),
    (
        ".json",
        '{"steps": [],\n "name": "x",\n "steps": [1]}',
        "line 3: the key 'steps' occurs twice",
    ),
    (".json", '{"steps": [\n{"name": "A",\n "name": "B"}]}', "line 3: the key 'name' occurs twice"),
    (".json", '{"steps": [\n{"name": "A", "input": NaN}]}', "line 2: steps[0] 'A': input: nan is"),
    (".yaml", "steps: []\nname: x\nsteps: []\n", "line 3: not YAML: the key 'steps' occurs twice"),
    (".yaml", "steps:\n- name: A\n  name: B\n", "line 3: not YAML: the key 'name' occurs twice"),
    (".json", '{"name":\n"\udcff"}', "not UTF-8 text (line 2, byte 10)"),
    (".yaml", "steps:\n  - name: [\n", "line 3"),
    (".yaml", "steps: &a\n  - *a\n", "make more than"),
    (".yaml", "steps:\n- name: {{ topic }}\n", "begins with a brace needs quotes"),
    (".yaml", "a: &a [1]\nb: !!python/object/apply:os.getcwd []\n", "line 2"),
    (".yaml", "metadata: {<<: {a: 1}, b: !!timestamp 2026-01-31}\n", "put it in quotes"),
]


@pytest.mark.parametrize("suffix, text, said", BROKEN)
def test_a_broken_file_is_told_by_name_and_place_and_nothing_stands_in_for_it(
    put, suffix, text, said
):
    path = put("simple-trace", text, suffix=suffix)
    with pytest.raises(UsageError) as caught:
        load("simple-trace")
    assert str(path) in str(caught.value) and said in str(caught.value)
    assert caught.value.exit_code == ExitCode.USAGE
    listing = pipeline.list_templates()
    assert "simple-trace" not in [entry["name"] for entry in listing.templates]
    assert len(listing.templates) == 4
    assert [str(path) in complaint for complaint in listing.complaints] == [True]
    with pytest.raises(UsageError):
        pipeline.TemplateLoader().load_template("simple-trace")


def test_an_alias_bomb_in_yaml_is_refused_at_once(put):
    lines = ["metadata:", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for i in range(1, 12):
        lines.append("  a{0}: &a{0} [{1}]".format(i, ", ".join(["*a{}".format(i - 1)] * 10)))
    put("bomb", "\n".join(lines), suffix=".yaml")
    with pytest.raises(UsageError, match="make more than"):
        load("bomb")


def test_a_file_that_is_no_text_or_too_large_is_an_error(put):
    path = put("odd", "{}")
    path.write_bytes(b'{"name": "\xff"}')
    with pytest.raises(UsageError, match="UTF-8"):
        load("odd")
    path.write_text(" " * 1000001)
    with pytest.raises(StateError, match="larger"):
        load("odd")


def test_every_problem_of_a_file_is_told_at_once(put):
    put("bad", {"nope": 1, "steps": [{"name": "A", "level": "X", "what": 2}]})
    with pytest.raises(UsageError) as caught:
        load("bad")
    assert all(word in str(caught.value) for word in ("nope", "level", "what"))


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_a_problem_is_told_with_its_line(put, suffix):
    text = '{"stepz": [],\n\n"steps": [{"name": "A"},\n {"name": "B", "level": "LOUD"}]}'
    path = put("bad", text, suffix=suffix)
    with pytest.raises(UsageError) as caught:
        load("bad")
    first, second = str(caught.value).split("; ")
    assert first == "{}, line 1: stepz: no such field (did you mean 'steps'?)".format(path)
    assert second.startswith("line 4: steps[1] 'B': level: 'LOUD' is not one of")


def test_a_file_with_an_impossible_name_is_told_in_the_listing(put):
    path = put("my template", {"steps": []})
    put("notes", "read me", suffix=".txt")
    listing = pipeline.list_templates()
    assert len(listing.complaints) == 1 and str(path) in listing.complaints[0]


def test_no_such_template_suggests_one():
    with pytest.raises(NotFoundError, match="did you mean 'data-pipeline'"):
        load("data-pipline")


@pytest.mark.parametrize("other", ["description: another\n", "steps: [\n"])
def test_two_files_of_one_name_in_one_folder_are_an_error(put, run, other):
    put("q", {"description": "user's"}, "user")
    put("q", {"description": "this one"})
    put("q", other, suffix=".yaml")
    for words in (("show", "q"), ("create", "q"), ("create", "child")):
        put("child", {"extends": "q"})
        answer = run("pipeline", *words)
        assert answer.code == 6 and "q.json and " in answer.err and "q.yaml: remove" in answer.err
    listing = run("pipeline", "list", "--csv", "--columns", "name")
    assert "not listed: two files define the template 'q'" in listing.err
    assert "q" not in listing.out.splitlines() and "llm-chain" in listing.out
    with pytest.raises(StateError, match="two files define"):
        template_files.write({}, "q", "project", "json", True)


def test_a_template_that_needs_a_missing_package_does_not_hide_the_others(put, monkeypatch):
    put("mine", "steps: []\n", suffix=".yaml")
    monkeypatch.setitem(sys.modules, "yaml", None)
    listing = pipeline.list_templates()
    assert len(listing.templates) == 5 and "PyYAML" in listing.complaints[0]


@pytest.mark.parametrize("format", ["json", "yaml"])
def test_what_is_written_is_private_and_reads_back(format, home):
    path = template_files.write(
        {"description": "é\n- #", "steps": [{"name": "B"}, {"name": "A"}]},
        "mine",
        "user",
        format,
        False,
    )
    assert path == str(home / ".coaia" / "templates" / ("mine." + format))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    template = load("mine")
    assert template.description == "é\n- #" and [s.name for s in template.steps] == ["B", "A"]
    text = (home / ".coaia" / "templates" / ("mine." + format)).read_text(encoding="utf-8")
    assert text.index("description") < text.index("steps") and "é" in text


def test_an_existing_template_is_replaced_only_on_demand(put):
    path = put("mine", {"description": "edited"})
    with pytest.raises(StateError, match="--force"):
        template_files.write({"steps": []}, "mine", "project", "yaml", False)
    assert load("mine").description == "edited"
    template_files.write({"description": "new"}, "mine", "project", "yaml", True)
    assert load("mine").description == "new" and not path.exists()


@pytest.mark.parametrize(
    "location, format", [("built-in", "json"), ("moon", "json"), ("user", "x")]
)
def test_only_known_places_and_formats_are_written(location, format):
    with pytest.raises(UsageError):
        template_files.write({}, "mine", location, format, False)
