"""Rows in columns, as a terminal shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.util.formats.tables.table import fitted, table


def test_columns_are_as_wide_as_what_is_in_them():
    rows = [["a", 10, None], ["long name", 2, "x"]]
    assert table(rows, ["Name", "Version", "Note"]).split("\n") == [
        "Name       Version  Note",
        "---------  -------  ----",
        "a          10",
        "long name  2        x",
    ]


def test_no_rows_are_the_headings_alone():
    assert table([], ["Name", "Note"]) == "Name  Note\n----  ----"


def test_a_cell_is_one_line():
    assert table([["two\nlines  and\tmore"]], ["A"]).split("\n")[2:] == ["two lines and more"]


@pytest.mark.parametrize(
    "text, places",
    [
        ("é", 1),
        ("e\u0301", 1),  # an accent of its own
        ("日本", 4),
        ("ｶ", 1),  # half as wide as its sisters
        ("☃", 1),
        ("🎉", 2),
        ("❤", 1),
        ("❤\ufe0f", 2),  # as a picture
        ("👩\u200d🔬", 2),  # two pictures joined into one
        ("a\u200bb", 2),  # a space without width
    ],
)
def test_what_follows_stands_in_its_column_whatever_comes_before(text, places):
    line = table([[text, "|"], ["x" * 6, "|"]], ["A", "B"]).split("\n")[2]
    assert line == text + " " * (6 - places) + "  |"


def test_the_widest_columns_give_way_where_there_is_no_room():
    rows = [["an-id", "a description that goes on and on", "日本語" * 8]]
    shown = fitted(rows, ["Id", "Description", "Title"], 40).text.split("\n")
    assert shown[1] == "-----  ---------------  ---------------"
    assert shown[2] == "an-id  a description …  日本語日本語日…"


def test_what_is_to_be_copied_is_never_cut():
    rows = [["i" * 20, "words and " * 5, "", "name"]]
    shown, hidden = fitted(rows, ["Path", "Comment", "Empty", "Name"], 40, whole=["Path"])
    lines = shown.split("\n")
    assert lines[0].split() == ["Path", "Comment", "Name"]
    assert lines[2] == "i" * 20 + "  words and w…  name"
    assert max(map(len, lines)) <= 40
    assert hidden == ["Empty"]


def test_ids_are_shortened_before_anything_is_left_out_or_cut():
    rows = [["a" * 32, "a whole name", ""], ["b" * 32, "another name", ""]]
    shown, hidden = fitted(rows, ["Id", "Name", "Empty"], 40, ids=["Id"])
    lines = shown.split("\n")
    assert hidden == [] and lines[0].split() == ["Id", "Name", "Empty"]
    assert lines[2] == "a" * 18 + "…  a whole name"
    assert max(map(len, lines)) <= 40


@given(st.sets(st.text("ab", min_size=1, max_size=40), min_size=1), st.integers(20, 60))
def test_shortened_ids_still_tell_the_rows_apart(ids, width):
    shown = fitted([[one, "name"] for one in sorted(ids)], ["Id", "Name"], width, ids=["Id"]).text
    if "Id  " not in shown.split("\n")[0] or "Name" not in shown.split("\n")[0]:
        return  # blocks, in which nothing is cut
    short = [line.split()[0].rstrip("…") for line in shown.split("\n")[2:]]
    assert len(short) == len(ids)
    for whole, beginning in zip(sorted(ids), short):
        assert [one for one in ids if one.startswith(beginning)] == [whole] or beginning == whole


def test_an_empty_column_stays_where_there_is_room():
    assert "Empty" in fitted([["a", ""]], ["Id", "Empty"], 40).text


def test_where_columns_do_not_fit_each_value_has_a_line():
    rows = [["i" * 15, "", "x"], ["j" * 15, "", "y"]]
    shown = fitted(rows, ["Id", "Empty", "Heading"], 20, whole=["Id"])
    assert shown.hidden == ["Empty"]
    assert shown.text.split("\n") == [
        "Id       iiiiiiiiiiiiiii",
        "Heading  x",
        "",
        "Id       jjjjjjjjjjjjjjj",
        "Heading  y",
    ]
    assert fitted([], ["A long heading", "Another one"], 10).text.startswith("A long heading  A")
