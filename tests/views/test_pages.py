"""The page of traces as a file: nothing in it asks for anything, and data stays data."""

import base64
import hashlib
import json
import re

import pytest
from observed_times import step, trace

from coaiapy.views.pages import list_page, session_page, trace_page

HOSTILE = [
    "</script><script>window.caught = 1</script>",
    "<img src=x onerror='window.caught = 1'>",
    "<!--<script>",
    '"><svg onload=window.caught=1>',
    "{{script}} {{data}}",
    "\u2028\u2029\x00\x1b[2J \ud800",
    "&lt;b&gt; &amp;",
]


def blocks(page):
    """The style, the data and the script of a page."""
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL).group(1)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>\n</body>", page, re.DOTALL).group(1)
    return style, json.loads(data.group(1)), script


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else():
    page = trace_page(trace(step("a", 0, 1)))
    style, _, script = blocks(page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    hashes = [
        "'sha256-{}'".format(base64.b64encode(hashlib.sha256(one.encode()).digest()).decode())
        for one in (script, style)
    ]
    assert dict(one.split(" ", 1) for one in policy.split("; ")) == {
        "default-src": "'none'",
        "script-src": hashes[0],
        "style-src": hashes[1],
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_wrote_is_data(text):
    hostile = step(text, 0, 1, model=text, type=text, level=text, statusMessage=text, input=text)
    hostile.update(output={text: [text]}, metadata={"__proto__": text}, usageDetails={text: 1})
    page = trace_page(dict(trace(hostile), name=text, userId=text, input=text))
    plain = trace_page(trace(step("a", 0, 1)))
    for mark in ("<script", "</script", "<img", "<svg", "<!--"):
        assert page.count(mark) == plain.count(mark)
    page.encode("utf-8")
    found = blocks(page)[1]["traces"][0]
    assert found["name"] == text and json.loads(found["rows"][0]["detail"]) == hostile
    assert blocks(page)[0] == blocks(plain)[0] and blocks(page)[2] == blocks(plain)[2]


def test_nothing_in_a_page_is_loaded_from_elsewhere():
    style, _, script = blocks(trace_page(trace()))
    assert not re.findall(r"url\(|@import|@font-face", style)
    names = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|fetch\(|XMLHttp|import\("
    assert not re.findall(names, script)


def test_a_page_has_what_the_waterfall_has():
    page = trace_page(
        trace(
            step("root", 0, 10),
            step("ask", 0, 4, "root", model="m", usageDetails={"input": 1200, "output": 3}),
            step("late", 8, 10, "root", level="ERROR", costDetails={"total": 0.5}),
        )
    )
    found = blocks(page)[1]["traces"][0]
    assert found["gaps"] == [[4000, 8000, "ask", "late"]] and found["length"] == 10000
    assert [row["took"] for row in found["rows"]] == ["10 s", "4 s", "2 s"]
    assert found["rows"][1]["tokens"] == "1.2k > 3" and found["rows"][2]["cost"] == "$0.50"
    assert [row.get("path") for row in found["rows"]] == [[0, 10000], [0, 4000], [8000, 10000]]
    assert found["figures"] == {"errors": 1, "tokens": "1.2k > 3", "cost": "$0.50"}


def test_sessions_and_lists_contain_their_traces():
    one, two = trace(step("a", 0, 1)), dict(trace(), id="t2")
    session = {"id": "s", "createdAt": one["timestamp"], "traces": [one, two]}
    for page in (session_page(session), list_page([one, two])):
        assert [found["id"] for found in blocks(page)[1]["traces"]] == ["t", "t2"]


def test_the_same_trace_is_the_same_page():
    assert trace_page(trace(step("a", 0, 1))) == trace_page(trace(step("a", 0, 1)))
