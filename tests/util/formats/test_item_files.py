"""CSV in the dialects that people have: separators, byte-order marks, long cells, other names."""

import csv
import io
import os

import pytest
from places import ROOT

from coaiapy.cli.commands.fuse.traces import writes
from coaiapy.errors import UsageError
from coaiapy.langfuse.datasets import datasets
from coaiapy.langfuse.datasets import files as dataset_files
from coaiapy.langfuse.scores import files as score_files
from coaiapy.util.formats import item_files
from coaiapy.util.formats.columns import Columns, map_of
from coaiapy.util.formats.item_files import csv_items

NAMES = Columns(["id", "input", "output"], ["in"])


def read(text, columns=NAMES, notes=None):
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    said = [] if notes is None else notes
    return list(csv_items(io.BytesIO(data), columns, lambda name, cell: cell, said.append))


def write_text(name, text):
    with open(name, "w") as stream:
        stream.write(text)


def values(text, **options):
    return [item.values for item in read(text, **options)]


@pytest.mark.parametrize(
    "text, separated_by",
    [
        ("input,output\na,b; c\n", None),
        ("input;output\na;b; c\n".replace("b; c", '"b; c"'), "semicolons"),
        ("input\toutput\na\tb; c\n", "tabs"),
        ("input|output\na|b; c\n", "bars"),
        ('sep=;\ninput;output\na;"b; c"\n', "semicolons"),
        ('"sep=~"\r\ninput~output\r\na~b; c\r\n', "'~'"),
        ("\ufeffinput,output\r\na,b; c\r\n", None),
        ("\n\r\ninput,output\n,\n\na,b; c\n,\n", None),
        ("input,output,,\na,b; c,,\n", None),
        ('"input","output"\n"a","b; c"\n', None),
        ("input\toutput\r\na\tb; c\r\n".encode("utf-16"), "tabs"),
    ],
)
def test_the_header_tells_the_dialect_and_a_note_names_the_separator(text, separated_by):
    notes = []
    assert values(text, notes=notes) == [{"input": "a", "output": "b; c"}]
    assert len(notes) == (separated_by is not None)
    assert all(separated_by in note for note in notes)


def test_a_header_of_one_column_has_no_separator_and_a_separator_in_quotes_is_none():
    assert values("input\na;b\n") == [{"input": "a;b"}]
    assert values('"input";"output"\n"a,b";"c,d"\n') == [{"input": "a,b", "output": "c,d"}]


def test_a_long_cell_is_read_and_the_limit_of_the_process_stays():
    before = csv.field_size_limit()
    assert values("input\n" + "x" * 500000 + "\n") == [{"input": "x" * 500000}]
    with pytest.raises(UsageError, match="line 2 is not CSV"):
        read('input\n"x\n')
    assert csv.field_size_limit() == before


def test_columns_can_be_renamed_and_left_out():
    columns = NAMES._replace(renamed=map_of(["question=input", "a = b=output", "notes="]))
    assert values("question,a = b,notes\nx,y,z\n", columns=columns) == [
        {"input": "x", "output": "y"}
    ]


@pytest.mark.parametrize(
    "renamed, header, said",
    [
        (
            [],
            "inptu,colour",
            "unknown columns 'inptu', 'colour' (did you mean 'input'?): the columns",
        ),
        ([], ",".join("abcdefghijklmn"), "'j' and 4 more: the columns"),
        ([], "<html>,x", "map others with --map '<html>'=input"),
        ([], "my question", "map others with --map 'my question'=input"),
        (["a=input"], "input,output", "--map a: there is no such column; the header has input"),
        (["in=input"], "input,in", "the column 'input' occurs twice"),
        (["output=other"], "input,output", "unknown column 'output'"),
    ],
)
def test_a_header_with_a_mistake_is_one_error(renamed, header, said):
    with pytest.raises(UsageError) as caught:
        read(header + "\n" + "x,y\n" * 50, NAMES._replace(renamed=map_of(renamed)))
    assert said in str(caught.value) and "line" not in str(caught.value)


@pytest.mark.parametrize("text", ["question", "=input", " =x"])
def test_a_map_is_a_pair(text):
    with pytest.raises(UsageError, match="is not COLUMN=NAME"):
        map_of([text])


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
