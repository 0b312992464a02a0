"""Observations from files, in every shape that people have them in."""

import io
import json

import pytest

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.records import from_body
from coaiapy.langfuse.traces.batch import preview, read_observations

LINES = '{"id": "a", "name": "A"}\n\n{"id": "b", "type": "span"}\n'


def read(content, name="", format=None, trace_id="t"):
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    found = read_observations(io.BytesIO(data), trace_id, name, format)
    return [from_body("observation", kept.body()) for kept in found]


def ids_in(content, name="", format=None):
    return [observation.id for observation in read(content, name, format)]


@pytest.mark.parametrize(
    "content, name, format",
    [
        (LINES, "steps.jsonl", None),
        (LINES, "steps.ndjson", None),
        (LINES, "steps.json", None),
        (LINES, "", None),
        (LINES, "steps.yaml", "jsonl"),
        (LINES.replace("\n", "\r\n"), "", None),
        ("\ufeff" + LINES, "", None),
        ("\n\n" + LINES.rstrip(), "", None),
        ('[{"id": "a"},\n {"id": "b"}]', "steps.json", None),
        ('\ufeff\n[{"id": "a"}, {"id": "b"}]', "", None),
        ('[{"id": "a"}, {"id": "b"}]', "", "json"),
        ("- id: a\n- {id: b}\n", "steps.yml", None),
        ("- id: a\n- {id: b}\n", "", None),
        ("id: a\n---\n- id: b\n---\n", "steps.yaml", None),
    ],
)
def test_each_format_is_read_and_mostly_guessed(content, name, format):
    assert ids_in(content, name, format) == ["a", "b"]


@pytest.mark.parametrize("content", ['{"id": "a"}', '{\n "id": "a"\n}', "id: a"])
def test_a_single_observation_needs_no_list(content):
    assert ids_in(content) == ["a"]


def test_an_empty_list_is_no_observation_and_an_empty_file_a_mistake():
    assert ids_in("[]") == [] and ids_in("[]", "x.yaml") == []
    for content, name in [("", ""), ("\n \n", "x.jsonl"), ("", "x.json"), ("# note\n", "x.yaml")]:
        with pytest.raises(UsageError, match="it is empty"):
            ids_in(content, name)


@pytest.mark.parametrize(
    "content, name, reason",
    [
        ('{"id": "a"}\n{"id": \n', "x.jsonl", "line 2: not JSON: Expecting value at column 7"),
        ('{"id', "x.jsonl", "line 1: not JSON: Unterminated string at column 2"),
        ('{"id": "a"}\n  {"id": "b"} c\n', "x.jsonl", "line 2: not JSON: Extra data at column 15"),
        ('{"id": "a"}\n{"input": NaN}\n', "x.jsonl", "line 2: not JSON: NaN"),
        ('{"id": "a"}\n{"input": 1e999}\n', "x.jsonl", "line 2: .* too large"),
        ('{"id": "a"}\n' + "[" * 100000, "x.jsonl", "line 2: .* nested"),
        (b'{"id": "a"}\n{"id": "\xe9"}\n', "x.jsonl", "line 2: not UTF-8"),
        (b'[{"id": "a"},\n{"id": "\xff"}]', "x.json", "^line 2 is not UTF-8"),
        ('{"id": "a"}'.encode("utf-16"), "", "^line 1 is not UTF-8"),
        ('[{"id": "a"},]', "x.json", "not JSON: .*line 1"),
        (LINES, "", "not JSON: .*--format jsonl"),
        ("a: [1\nb: 2\n", "x.yaml", "^line 2 is not YAML"),
        ("a: !!python/object/apply:os.system ['true']\n", "x.yaml", "^line 1 is not YAML"),
        ("a: \x07\n", "x.yaml", "is not YAML"),
        ("&a [*a]\n", "x.yaml", "aliases make more"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(content, name, reason):
    with pytest.raises(UsageError, match=reason):
        ids_in(content, name, "json" if "--format jsonl" in reason else None)


def test_aliases_cannot_make_a_flood_of_a_drop():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [
        "a{0}: &a{0} [{1}]".format(n, ", ".join(["*a%d" % (n - 1)] * 10)) for n in range(1, 12)
    ]
    with pytest.raises(UsageError, match="aliases"):
        ids_in("\n".join(levels), "x.yaml")
    shared = "- &base {id: a, metadata: {x: 1}}\n- {<<: *base, id: b}\n"
    assert read(shared, "x.yaml")[1].metadata == {"x": 1}


def test_every_mistake_is_listed_with_line_and_field():
    content = (
        '{"type": "STEP"}\n5\n{"id": "a"}\n\n{"id": "a"}\n{"start_time": "261331120000"}\n[]\n'
    )
    with pytest.raises(UsageError) as caught:
        ids_in(content, "x.jsonl")
    lines = str(caught.value).splitlines()
    assert lines[0] == "5 of 6 observations are wrong, so nothing was written:"
    for line, start in zip(
        lines[1:],
        [
            "  line 1: type: 'STEP' is not one of",
            "  line 2: an observation is an object, not 5",
            "  line 6: start_time: '261331120000' is not a time",
            "  line 7: an observation is an object, not []",
            "  line 5: id: 'a' is already the id of line 3",
        ],
    ):
        assert line.startswith(start)


def test_not_more_mistakes_are_shown_than_one_can_read():
    with pytest.raises(UsageError) as caught:
        ids_in(str(list(range(500))))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("500 of 500") and len(lines) == 22
    assert lines[-1] == "  and 480 more"


def test_the_same_mistake_is_told_once():
    with pytest.raises(UsageError) as caught:
        ids_in("[" + ",".join(['{"nam": "a"}'] * 500) + "]")
    assert str(caught.value).count("nam:") == 1
    assert "item 1 (line 1), item 2 (line 1), item 3 (line 1) and 497 more: nam" in str(
        caught.value
    )


@pytest.mark.parametrize(
    "text, name, place",
    [
        ('{"name": "a"}\n{"name": "b", "metadata": {"k": 1, "k": 2}}', "x.jsonl", "line 2"),
        ('[\n{"name": "a",\n"name": "b"}]', "x.json", "line 3"),
        ("- name: a\n  name: b\n", "x.yaml", "line 2"),
    ],
)
def test_a_key_that_is_there_twice_is_refused(text, name, place):
    with pytest.raises(UsageError, match=place + ".*occurs twice"):
        ids_in(text, name)


def test_a_key_of_yaml_is_text_as_it_is_written():
    (observation,) = read("- metadata: {no: 1, on: 2, 1: 3, 2026-01-01: 4, null: 5}\n", "x.yaml")
    assert list(observation.metadata) == ["no", "on", "1", "2026-01-01", "null"]


def test_items_of_documents_are_numbered():
    with pytest.raises(UsageError, match=r"item 2 \(line 2\): name: must be text, not a number"):
        ids_in("- {}\n- {name: 5}\n", "x.yaml")


def test_what_states_no_time_keeps_the_order_of_the_file():
    observations = read("".join('{"name": "%d"}\n' % number for number in range(200)))
    starts = [observation.start_time for observation in observations]
    assert starts == sorted(set(starts))


def test_a_stated_time_is_kept_among_those_that_are_made():
    end = "2026-01-31T12:00:00.000Z"
    lines = '{"name": "a"}\n{"startTime": "%s"}\n{"end_time": "%s"}\n' % (end, end)
    assert [one.start_time for one in read(lines)][1:] == [end, end]


def test_times_in_yaml_mean_what_they_say():
    content = (
        "- {id: a, start_time: 2026-01-31T12:00:00Z, end_time: 2026-01-31 13:00:01 +01:00}\n"
        "- {id: b, start_time: 260131120000, metadata: {day: 2026-01-31}}\n"
        "- {id: c, start_time: 1769860800}\n"
    )
    first, second, third = read(content, "x.yaml")
    starts = {first.start_time, second.start_time, third.start_time}
    assert starts == {"2026-01-31T12:00:00.000Z"}
    assert first.end_time == "2026-01-31T12:00:01.000Z"
    assert second.metadata == {"day": "2026-01-31"}


def test_an_id_is_made_of_trace_place_and_content_alone():
    lines = '{"name": "A"}\n{"name": "A"}\n{"name": "B", "input": null}\n'
    first = ids_in(lines)
    assert first == ids_in(lines) and len(set(first)) == 3
    assert ids_in(lines.replace("\n", "\n\n")) == first
    assert [one.id for one in read(lines, trace_id="other")] != first
    as_list = ids_in("[{}, {}]".format(*lines.splitlines()))
    assert ids_in("- {name: A}\n- {name: A, output: null}\n") == as_list


@pytest.mark.parametrize("name", ["id", "observation_id", "observationId"])
def test_an_id_is_known_by_all_its_names(name):
    assert ids_in(json.dumps({name: "mine"})) == ["mine"]
    assert len(ids_in(json.dumps({name: None}))[0]) == 16


def test_ids_that_are_one_to_a_server_are_one_here():
    with pytest.raises(UsageError, match="already the id of item 1"):
        ids_in('[{"id": "0123456789abcdef"}, {"id": "0123456789ABCDEF"}]')


def test_an_id_that_another_observation_got_is_known():
    lines = '{"name": "A"}\n\n{"name": "B"}\n'
    second = json.dumps({"id": ids_in(lines, "x.jsonl")[1]})
    with pytest.raises(UsageError, match="line 4: id: .* is already the id of line 3"):
        ids_in(lines + second, "x.jsonl")
    with pytest.raises(UsageError, match="line 2: id: .* is already the id of line 1"):
        ids_in(second + '\n{"name": "B"}', "x.jsonl")


def test_every_line_that_cannot_be_read_is_listed():
    with pytest.raises(UsageError) as caught:
        ids_in('{"id": "a"}\n{"id": \n{}\nno\n{"id": "a"}\n', "x.jsonl")
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("3 of 5 ")
    assert [line.split(": ")[0] for line in lines[1:]] == ["  line 2", "  line 4", "  line 5"]


def test_observations_that_are_each_others_parents_are_named():
    rows = [{"id": "top"}, {"id": "x", "parent": "b"}, {"id": "a", "parent": "b"}]
    rows += [{"id": "b", "parent": "a"}, {"id": "leaf", "parent": "x"}, {"id": "o", "parent": "?"}]
    with pytest.raises(UsageError) as caught:
        ids_in("".join(json.dumps(row) + "\n" for row in rows))
    assert str(caught.value).splitlines() == [
        "1 of 6 observations is wrong, so nothing was written:",
        "  line 4: parent_id: the parents form a cycle: 'b' -> 'a' -> 'b'",
    ]
    rows[3]["parent"] = "top"
    assert len(ids_in("".join(json.dumps(row) + "\n" for row in rows))) == 6


def test_a_cycle_through_an_observation_that_got_its_id_is_named():
    made = {"name": "made", "parent": "given"}
    [new_id] = ids_in(json.dumps(made))
    rows = [made, {"id": "given", "parent": new_id}]
    with pytest.raises(UsageError, match="cycle: '{0}' -> 'given' -> '{0}'".format(new_id)):
        ids_in("".join(json.dumps(row) + "\n" for row in rows))


def test_a_parent_may_stand_anywhere_and_a_long_ring_is_not_told_whole():
    rows = [{"id": "o%d" % number, "parent": "o%d" % (number + 1)} for number in range(3000)]
    assert len(ids_in("".join(json.dumps(row) + "\n" for row in rows))) == 3000
    rows[-1]["parent"] = "o0"
    with pytest.raises(
        UsageError, match=r"line 1: .*: 'o0' -> 'o1' .*'o5' -> ... \(3000 in all\)$"
    ):
        ids_in("".join(json.dumps(row) + "\n" for row in rows))


def test_a_preview_says_what_would_be_there():
    (first, second) = preview(read('{"id": "a", "input": 0}\n{"id": "b", "parent": "a"}\n'))
    assert first == {
        "index": 0,
        "id": "a",
        "type": "EVENT",
        "name": None,
        "has_input": True,
        "has_output": False,
        "parent": None,
    }
    assert second["parent"] == "a"


def test_a_pipe_is_enough(tmp_path):
    class Pipe(io.RawIOBase):
        def __init__(self, content):
            self.rest = content

        def readable(self):
            return True

        def seekable(self):
            return False

        def readinto(self, buffer):
            piece, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
            buffer[: len(piece)] = piece
            return len(piece)

    for content in (LINES, "- id: a\n- id: b\n"):
        stream = io.BufferedReader(Pipe(content.encode("utf-8")))
        assert [one.fields["id"] for one in read_observations(stream, "t")] == ["a", "b"]


@pytest.mark.parametrize(
    "content, name, line",
    [
        ('[\n  {"id": "a"},\n\n  {"id": "b",\n   "level": "LOUD"}\n]', "x.json", 4),
        ('{\n "id": "a",\n "level": "LOUD"\n}', "x.json", 1),
        ("- id: a\n\n- level: LOUD\n  id: b\n", "x.yaml", 3),
        ("id: a\n---\n---\n- id: b\n- {level: LOUD}\n", "x.yaml", 5),
    ],
)
def test_a_wrong_item_is_named_with_its_line(content, name, line):
    with pytest.raises(UsageError, match=r"item \d \(line {}\): level: 'LOUD'".format(line)):
        ids_in(content, name)


@pytest.mark.parametrize("ending", ["json", "yaml", "jsonl"])
@pytest.mark.parametrize(
    "item",
    [
        r'{"name": "a", "input": "x\ud83d"}',
        r'{"name": "\ude00"}',
        r'{"input": {"\ud83d": 1}}',
        r'{"input": [[1, "\ud83d\ud83d"]]}',
        r'{"\ud83d": 1}',
        r'{"id": "\ud83d", "name": "a"}',
    ],
)
def test_half_an_emoji_is_a_mistake_in_every_format(run, project, item, ending):
    run("fuse", "traces", "create", "t")
    (project / ("batch." + ending)).write_text(item if ending == "jsonl" else "[" + item + "]")
    for more in ([], ["--dry-run"]):
        result = run("fuse", "traces", "add-observations", "t", "-f", "batch." + ending, *more)
        assert (result.code, result.out) == (2, "") and "1 of 1 observation is" in result.err
