"""Problems of files in the forms that people and programs read."""

import json

import jsonschema
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


def closed(required, **properties):
    """An object of SARIF's own schema: what must be there, and nothing that is not in it."""
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def many(items):
    return {"type": "array", "items": items}


# What the schema of SARIF 2.1.0 says of the parts that are used here.
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 1}
URI = {"type": "string", "format": "uri-reference"}
MESSAGE = closed(["text"], text=TEXT)
PLACE = closed(
    ["artifactLocation"],
    artifactLocation=closed([], uri=URI, uriBaseId=TEXT),
    region=closed([], startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT),
)
RESULT = closed(
    ["message"],
    ruleId=TEXT,
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations=many(closed([], physicalLocation=PLACE)),
)
RULE = closed(["id"], id=TEXT, shortDescription=MESSAGE)
DRIVER = closed(["name"], name=TEXT, version=TEXT, informationUri=URI, rules=many(RULE))
RUN = closed(
    ["tool"],
    tool=closed(["driver"], driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=many(RESULT),
)
LOG = closed(
    ["version", "runs"], **{"$schema": URI, "version": {"enum": ["2.1.0"]}, "runs": many(RUN)}
)


def test_sarif_is_what_its_schema_says():
    found = [Problem("a/b.yaml", 1, 1, "r", "m"), Problem("C:\\x y", 9, 9, "r", "two\nlines")]
    for problems in (found, []):
        jsonschema.Draft7Validator(LOG).validate(as_sarif(problems, {"r": "About r"}))


def test_sarif_without_problems_has_results_all_the_same():
    assert as_sarif([], {})["runs"][0]["results"] == []
