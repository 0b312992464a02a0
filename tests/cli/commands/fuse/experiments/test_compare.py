"""``coaia fuse experiments compare``: what got worse, and whether chance explains it."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

BETTER = "print('the answer is', 2 * int(input()))"
WORSE = "number = int(input()); print('the answer is', 2 * number if number != 3 else '|`7`')"


@pytest.fixture
def two_runs(experiment):
    rule = ["--eval", "found:contains"]
    assert experiment(*rule, code=BETTER).code == 0
    assert experiment(*rule, code=WORSE, name="second").code == 0


def test_what_got_worse_comes_with_both_outputs(two_runs, run):
    done = run("fuse", "experiments", "compare", "first", "second")
    assert done.code == 0
    assert "found  1 -> 0.8333  -0.1667 (95 %: -0.5 to +0)" in done.out
    assert "0 won, 1 lost, 5 tied, sign test p=1" in done.out
    assert "worse: q3  1 -> 0  the answer is [-6-]{+|`7`+}" in done.out
    assert run("fuse", "experiments", "compare", "first", "second").out == done.out


def test_it_is_the_same_as_json_and_as_markdown(two_runs, run):
    body = json.loads(run("fuse", "experiments", "compare", "first", "second", "--json").out)
    (score,) = body[0]["scores"]
    assert (score["wins"], score["losses"], score["ties"], score["items"]) == (0, 1, 5, 6)
    assert score["changes"] == [{"item": "q3", "base": 1.0, "other": 0.0}]
    text = run("fuse", "experiments", "compare", "first", "second", "--markdown").out
    assert "| found | 1 | 0.8333 | -0.1667 | -0.5 to +0 | 0 / 1 / 5 | 1 |" in text
    assert "- q3: 1 → 0 `` the answer is [-6-]{+|`7`+} ``" in text


def test_each_item_is_a_test_case(two_runs, run, project, experiment):
    code = "import os, sys; sys.exit(3 if os.environ['COAIA_ITEM_ID'] == 'q1' else 0)"
    experiment("--eval", "found:contains", code=code, name="third")
    done = run("fuse", "experiments", "compare", "first", "third", "--junit", "report.xml")
    assert done.code == 0
    suite = ElementTree.parse(str(project / "report.xml")).getroot()
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases["q1"] == ["error"] and cases["q2"] == ["failure"]
    assert suite.get("tests") == "6" and suite.get("errors") == "1"
    assert int(suite.get("failures")) == sum(tags == ["failure"] for tags in cases.values())


def test_a_page_shows_what_differs(two_runs, run, project, experiment):
    experiment("--eval", "found:contains", "--limit", "1", code="exit(3)", name="third")
    words = ["fuse", "experiments", "compare", "first", "second", "third", "--html", "p.html"]
    done = run(*words)
    assert (done.code, done.out) == (0, "") and "written to p.html" in done.err
    text = (project / "p.html").read_text("utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL).group(1))
    assert data["facts"] == [["run", "second: 6 ok"], ["run", "third: 1 failed"]]
    scores, items, _, failed = data["sections"]
    assert scores["rows"][0]["cells"][:4] == ["found", "1", "0.8333", "-0.1667"]
    (row,) = items["rows"]
    assert row["status"] == "worse" and row["cells"][:2] == ["q3", "found"]
    assert row["details"][0] == {"name": "input", "text": "3"}
    output = row["details"][-1]["words"]
    assert output == [["=", "the answer is "], ["-", "6"], ["+", "|`7`"]]
    assert [one["status"] for one in failed["rows"]] == ["failed"]
    refused = run(*(words + ["--markdown"]))
    assert refused.code == 2 and "leave out --markdown" in refused.err


def test_a_run_is_not_compared_with_itself(two_runs, run):
    done = run("fuse", "experiments", "compare", "first", "first")
    assert done.code == 2 and "compared with itself" in done.err
