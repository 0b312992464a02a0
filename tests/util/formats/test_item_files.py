"""CSV in the dialects that people have: separators, byte-order marks, long cells, other names."""

import io
import os

import pytest
from places import ROOT

from coaiapy.cli.commands.fuse.traces import writes
from coaiapy.errors import UsageError
from coaiapy.langfuse.datasets import datasets
from coaiapy.langfuse.datasets import files as dataset_files
from coaiapy.langfuse.scores import files as score_files
from coaiapy.util.formats import item_files, line_numbers, yaml_values
from coaiapy.util.formats.columns import Columns


def write_text(name, text):
    with open(name, "w") as stream:
        stream.write(text)


def test_fields_of_objects_are_renamed_too(run):
    write_text("items.jsonl", '{"question": "a", "topic": 1}\n{"question": "b"}\n')
    found = dataset_files.read_dataset_items(
        open("items.jsonl", "rb"), "ds", "items.jsonl", renamed={"question": "input", "topic": ""}
    )
    assert [one.body["input"] for one in found] == ["a", "b"]
    with pytest.raises(UsageError, match="--map q=input: there is 'input' as well"):
        Columns(["input"], renamed={"q": "input"}).row({"input": 1, "q": 2})


def test_scores_are_imported_under_the_users_own_names(run):
    write_text("judged.csv", "run;metric;score\nt1;quality;1.0\n")
    maps = [
        word for pair in ("run=trace_id", "metric=name", "score=value") for word in ("--map", pair)
    ]
    result = run("fuse", "scores", "import", "judged.csv", "--dry-run", "--csv", *maps)
    assert result.code == 0 and "quality" in result.out and "semicolons" in result.err


def test_the_columns_are_documented_in_help_and_docs(run):
    page = open(str(ROOT / "docs" / "files.md")).read()
    for names, words in (
        (datasets.FIELDS, ("datasets", "import")),
        (score_files.COLUMNS, ("scores", "import")),
        (writes.FIELDS, ("traces", "add-observations")),
    ):
        shown = run("fuse", *words + ("--help",)).out
        for name in names:
            assert name in shown and "`{}`".format(name) in page


def test_a_table_with_a_column_of_bools_and_gaps_is_imported(run):
    write_text("s.csv", "trace_id,name,value,data_type\nt,ok,1.0,BOOLEAN\nt,ok,0.0,BOOLEAN\n")
    result = run("fuse", "scores", "import", "s.csv", "--dry-run", "--csv", "--columns", "value")
    assert (result.code, result.out.split()) == (0, ["value", "1", "0"])
    assert (
        run("fuse", "scores", "apply", "--trace-id", "t", "-n", "ok", "--type", "BOOLEAN").code == 0
    )


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "yaml"])
def test_a_device_without_an_end_is_refused_before_it_fills_the_memory(run, monkeypatch, ending):
    monkeypatch.setattr(item_files, "_LONGEST_LINE", 1000)
    monkeypatch.setattr(item_files, "_LARGEST", 5000)
    name = "endless." + ending
    os.symlink("/dev/zero", name)
    words = (
        ("scores", "import", name)
        if ending == "csv"
        else ("traces", "add-observations", "t", "-f", name)
    )
    result = run("fuse", *words)
    assert (result.code, result.out) == (2, "") and name in result.err, result.err
    assert "larger than" in result.err or "longer than" in result.err


def test_json_lines_of_any_number_are_read_and_each_may_be_long(monkeypatch):
    monkeypatch.setattr(item_files, "_LONGEST_LINE", 1000)
    monkeypatch.setattr(item_files, "_LARGEST", 5000)
    lines = b'{"a": "%s"}\n' % (b"x" * 900) * 20
    assert len(list(item_files.read_items(io.BytesIO(lines), "a.jsonl"))) == 20


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_the_places_of_many_wrong_items_are_looked_for_once(monkeypatch, ending):
    asked = []
    monkeypatch.setattr(yaml_values, "item_lines", _counted(yaml_values.item_lines, asked))
    monkeypatch.setattr(line_numbers, "json_places", _counted(line_numbers.json_places, asked))
    text = "[" + ",\n".join('{"no": 1}' for _ in range(500)) + "]"
    items = item_files.read_items(io.BytesIO(text.encode()), "a." + ending)
    assert [item.line_of(item.number) for item in items] == list(range(1, 501))
    assert asked == [text]


def _counted(function, asked):
    return lambda text: asked.append(text) or function(text)
