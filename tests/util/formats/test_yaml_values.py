"""YAML of a few lines that means more than any memory holds, wherever coaia reads YAML."""

import time

import pytest
import yaml

from coaiapy.util.formats import yaml_values

ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    "a{0}: &a{0} [{1}]\n".format(n, ", ".join(["*a{}".format(n - 1)] * 9)) for n in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    "a{0}: &a{0} {{<<: [{1}], k{0}: 1}}\n".format(n, ", ".join(["*a{}".format(n - 1)] * 9))
    for n in range(1, 12)
)
TEXTS = "a: &a {}\nb: [{}]\n".format("x" * 100000, ", ".join(["*a"] * 9999))
ENDLESS = "a: &a [*a]\n"
BOMBS = {"aliases": ALIASES, "merges": MERGES, "texts": TEXTS, "endless": ENDLESS}


@pytest.mark.parametrize(
    "text, line",
    [("a: 1\nb: 2\na: 3\n", 3), ("- {b: 1,\n   b: 2}\n", 2), ("a:\n  1: x\n  '1': y", 3)],
)
def test_a_key_that_is_there_twice_is_an_error_with_its_line(text, line):
    with pytest.raises(yaml_values.NotYamlError, match="occurs twice") as caught:
        yaml_values.load(text)
    assert caught.value.line == line


def test_a_key_is_text_and_an_alias_of_it_keeps_its_type():
    text = "a: &one 1\nno: 2\n*one : 3\n'2': x\n? true\n: y\n"
    assert yaml_values.load(text) == {"a": 1, "no": 2, "1": 3, "2": "x", "true": "y"}


def test_a_merge_may_bring_a_key_that_is_there_and_come_twice():
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, <<: *a}\nc: {<<: *a, <<: *b, y: 3}\n"
    found = yaml_values.load(text)
    assert found["b"] == {"x": 2, "y": 1} and found["c"]["y"] == 3


@pytest.mark.parametrize("name", ["aliases", "texts", "endless"])
def test_a_bomb_is_refused_at_once(name):
    started = time.process_time()
    with pytest.raises(ValueError, match="make more than"):
        yaml_values.load(BOMBS[name])
    assert time.process_time() - started < 20


def test_merges_are_refused_or_make_little():
    """PyYAML 6.0.4 takes each key once; before, a key came along as often as it was merged."""
    started = time.process_time()
    try:
        found = yaml_values.load(BOMBS["merges"])
    except ValueError as error:
        assert "make more than" in str(error)
    else:
        assert max(map(len, found.values())) == 12
    assert time.process_time() - started < 20


@pytest.mark.parametrize("name", ["aliases", "merges"])
@pytest.mark.parametrize(
    "path, text, words",
    [
        ("p/x.md", "---\nconfig:\n{}---\ntext\n", "fuse prompts check p"),
        ("c.yaml", "{}", "fuse prompts create x -f c.yaml --type chat"),
        ("session.yml", "session_id: s\nnodes: []\n{}", "fuse sessions view"),
        ("o.yaml", "{}", "fuse traces add-observations t -f o.yaml"),
        (".coaia/templates/x.yaml", "{}", "pipeline show x"),
        (".coaia/templates/x.yaml", "{}", "pipeline create x --dry-run"),
        (".coaia/templates/x.yaml", "{}", "pipeline list"),
    ],
)
def test_every_command_that_reads_yaml_says_a_sentence(
    run, project, monkeypatch, name, path, text, words
):
    monkeypatch.setenv("LANGFUSE_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk")
    target = project / path
    target.parent.mkdir(parents=True, exist_ok=True)
    bomb = BOMBS[name]
    if "---" in text:
        bomb = "".join("  {}\n".format(line) for line in bomb.splitlines())
    target.write_text(text.format(bomb))
    started = time.process_time()
    result = run(*words.split())
    assert time.process_time() - started < 20
    assert "unexpected" not in result.err and "Traceback" not in result.err
    may_pass = words == "pipeline list" or name == "merges"
    assert result.code in (2, 6) or may_pass, result


def test_what_people_write_means_what_it_did():
    text = "base: &base {a: 1, when: 2026-01-05}\nmine: {<<: *base, b: [*base, *base]}\n"
    assert yaml_values.load(text) == yaml.safe_load(text)
    assert yaml_values.load(text, "timestamp")["base"]["when"] == "2026-01-05"
    assert yaml_values.load("{<<: 1}", "merge") == {"<<": 1}
    assert yaml_values.load("") is None
    with pytest.raises(ValueError, match="2 documents"):
        yaml_values.load("a: 1\n---\nb: 2\n")
    assert yaml_values.load_all("a: 1\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system [x]", "!!python/name:os.system"])
def test_nothing_but_data_comes_out(text):
    with pytest.raises(yaml_values.NotYamlError):
        yaml_values.load(text)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("!!binary aGVs\n  bG8=", "aGVsbG8="),
        ("!!set {b, a}", ["b", "a"]),
        ("!!set {<<: {a: 1}}", ["a"]),
        ("!!omap [b: 1, a: 2]", {"b": 1, "a": 2}),
        ("!!pairs [a: 1, a: 2]", [["a", 1], ["a", 2]]),
    ],
)
def test_types_that_json_lacks_become_what_comes_nearest(text, expected):
    found = yaml_values.load(text)
    assert found == expected
    assert not isinstance(expected, dict) or list(found) == list(expected)


@pytest.mark.parametrize(
    "value",
    "!!bool maybe|!!timestamp never|!!float x|!!int 0x|!!int ''|2026-99-99|!!set [a]|!!omap {a: 1}"
    "|!!omap [a]|!!omap [a: 1, a: 2]|!!pairs x|!!set {a, a}|!!binary [a]|&a !!set {*a}".split("|"),
)
def test_what_is_no_value_of_its_type_is_told_with_its_line(value):
    with pytest.raises(yaml_values.NotYamlError) as caught:
        yaml_values.load("a: 1\nb: {}\n".format(value))
    assert caught.value.line == 2


@pytest.mark.parametrize("code", ["00110000", "7FFFFFFF", "FFFFFFFF"])
def test_an_escape_that_names_no_character_is_a_mistake_with_its_line(run, project, code):
    (project / "session.yml").write_text('session_id: s\nnodes: ["\\U{}"]\n'.format(code))
    result = run("fuse", "sessions", "view")
    assert result.code == 6 and "line 2: an escape (\\U) names no character" in result.err


@pytest.mark.parametrize("version", ["1." + "9" * 1000000, "9" * 1000000 + ".1"])
def test_the_number_of_a_version_of_yaml_has_a_limit_too(version):
    with pytest.raises(yaml_values.NotYamlError, match="more than 300 digits"):
        yaml_values.load("%YAML {}\n--- a".format(version))
    assert yaml_values.load("%YAML 1.1\n--- a") == "a"


def test_a_mistake_is_told_with_its_line():
    with pytest.raises(yaml_values.NotYamlError) as caught:
        yaml_values.load("a: 1\nb: {{ name }}\n")
    assert caught.value.line == 2
    assert str(caught.value) == "line 2: " + caught.value.problem
    assert "a text that begins with a brace needs quotes" in caught.value.problem
    with pytest.raises(ValueError, match="nested too deeply"):
        yaml_values.load("[" * 5000 + "]" * 5000)


def test_a_session_file_that_is_not_yaml_is_told_with_the_line(run, project):
    (project / "session.yml").write_text("session_id: s\nnodes: ]\n", "utf-8")
    result = run("fuse", "sessions", "view")
    assert (result.code, result.out) == (6, "")
    assert "session.yml is not YAML (line 2: " in result.err


@pytest.mark.parametrize(
    "number",
    [
        "9" * 5000,
        "0x" + "F" * 6000,
        "0b" + "1" * 5000,
        "0" + "7" * 5000,
        "9" * 5000 + ".5",
        "1.5e+" + "9" * 500,
        "1:" + "59:" * 300 + "59",
        "!!int '{}'".format("9" * 5000),
    ],
)
@pytest.mark.parametrize("text", ["a: 1\nb: [{}]\n", "- a\n- {{input: {}}}\n"])
def test_a_number_of_thousands_of_digits_is_an_error_with_its_line(text, number):
    with pytest.raises(yaml_values.NotYamlError, match="more than 300 digits") as caught:
        yaml_values.load(text.format(number))
    assert caught.value.line == 2


def test_numbers_of_a_usual_length_are_read():
    text = "[0xFF, 0b11, 0, 1_000, 0.5, 1.5e+3, {}]".format("9" * 300)
    assert yaml_values.load(text) == [255, 3, 0, 1000, 0.5, 1500.0, int("9" * 300)]


def test_what_people_write_as_a_time_or_an_id_is_no_number():
    """YAML 1.1 makes 750, 45045, 685230.15 and 83 of these, and stumbles over the last."""
    texts = ["12:30", "12:30:45", "190:20:30.15", "00123", "="]
    assert yaml_values.load("[{}]".format(", ".join(texts))) == texts


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "F" * 6000, "9" * 400 + ".0"])
def test_no_command_stumbles_over_a_huge_number(run, project, number):
    run("fuse", "traces", "create", "t")
    (project / "a.yaml").write_text("- {{name: x, input: {}}}\n".format(number))
    result = run("fuse", "traces", "add-observations", "t", "-f", "a.yaml")
    assert result.code == 2 and "line 1" in result.err
    (project / "session.yml").write_text("session_id: {}\nnodes: []\n".format(number))
    result = run("fuse", "sessions", "view")
    assert result.code == 6 and "more than 300 digits" in result.err


def test_a_session_file_has_the_types_of_json(run, project):
    (project / "session.yml").write_text(
        "session_id: s\nbytes: !!binary aGk=\nnodes: [{trace_id: a, name: 2026-01-01}]\n"
    )
    result = run("fuse", "sessions", "view", "--json")
    assert result.code == 0 and '"2026-01-01"' in result.out
