"""Columns of tables: their separator, their names, those that are wanted."""

import csv
import io

import pytest

from coaiapy.errors import UsageError
from coaiapy.util.formats.columns import Columns, map_of
from coaiapy.util.formats.item_files import csv_items

NAMES = Columns(["id", "input", "output"], ["in"])


def read(text, columns=NAMES, notes=None):
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    said = [] if notes is None else notes
    return list(csv_items(io.BytesIO(data), columns, lambda name, cell: cell, said.append))


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
        ([], "input,answer", "map others with --map answer=output"),
        ([], "output,inptu", "map others with --map inptu=input"),
        ([], "input,input", "the column 'input' occurs twice"),
        (["in=input"], "input,in", "the columns 'input' and 'in' are both 'input'"),
        (["q=input", "a=input"], "q,a", "the columns 'q' and 'a' are both 'input'"),
        (["output=other"], "input,output", "--map output=other: the columns are "),
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
