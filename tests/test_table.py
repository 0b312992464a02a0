"""Rows in columns, as a terminal shows them."""

import pytest

from coaiapy.table import table


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
    shown = table(rows, ["Id", "Description", "Title"], 40).split("\n")
    assert shown[1] == "-----  ---------------  ---------------"
    assert shown[2] == "an-id  a description …  日本語日本語日…"


def test_what_is_to_be_copied_is_never_cut():
    rows = [["i" * 20, "words and " * 5, "", "name"]]
    shown = table(rows, ["Id", "Comment", "Empty", "Name"], 40, whole=["Id"]).split("\n")
    assert shown[0].split() == ["Id", "Comment", "Name"]
    assert shown[2] == "i" * 20 + "  words and w…  name"
    assert max(map(len, shown)) <= 40


def test_an_empty_column_stays_where_there_is_room():
    assert "Empty" in table([["a", ""]], ["Id", "Empty"], 40)


def test_where_columns_do_not_fit_each_value_has_a_line():
    rows = [["i" * 15, "", "x"], ["j" * 15, "", "y"]]
    assert table(rows, ["Id", "Empty", "Heading"], 20, whole=["Id"]).split("\n") == [
        "Id       iiiiiiiiiiiiiii",
        "Heading  x",
        "",
        "Id       jjjjjjjjjjjjjjj",
        "Heading  y",
    ]
    assert table([], ["A long heading", "Another one"], 10).startswith("A long heading  Another")
