"""Problems of files in the forms that people and programs read."""

import json

import pytest

from coaiapy.util.formats.problems import Problem, as_github, as_sarif

HOSTILE = Problem("a,b:c%\n::error::x.yaml", 2, 3, "no-parent", "100% wrong\r\n::error::gotcha")


def test_problems_sort_by_file_and_place():
    late, early = Problem("b", 1, 1, "r", "m"), Problem("a", 10, 2, "r", "m")
    assert sorted([late, early, early._replace(line=9)])[0].line == 9
    assert early.text() == "a:10:2: m"


def test_a_text_is_one_line_and_steers_no_terminal():
    assert "\n" not in HOSTILE.text() and "\r" not in HOSTILE.text()
    assert "\x1b" not in Problem("a\x1b[2J", 1, 1, "r", "b\x1b[31m").text()


def test_an_annotation_is_one_command_whatever_is_in_it():
    (line,) = as_github([HOSTILE])
    assert line == (
        "::error file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax.yaml,line=2,col=3,title=no-parent::"
        "100%25 wrong%0D%0A::error::gotcha"
    )


@pytest.mark.parametrize(
    "path, uri",
    [
        ("a b/ü.yaml", "a%20b/%C3%BC.yaml"),
        ("/t/100%.json", "file:///t/100%25.json"),
        ("a:b.json", "a%3Ab.json"),  # not a scheme
    ],
)
def test_sarif_names_files_as_addresses(path, uri):
    log = as_sarif([Problem(path, 2, 3, "r", "m")], {"r": "About r"})
    assert json.loads(json.dumps(log)) == log and log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["r"]
    (result,) = run["results"]
    assert (result["ruleId"], result["message"]) == ("r", {"text": "m"})
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri
    assert place["region"] == {"startLine": 2, "startColumn": 3}


def test_sarif_without_problems_has_results_all_the_same():
    assert as_sarif([], {})["runs"][0]["results"] == []
