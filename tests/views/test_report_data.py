"""Pages of reports in a real browser: figures, two traces, runs of experiments."""

import pytest
from hostile_texts import TEXTS
from observed_times import step, trace

from coaiapy.langfuse.traces.figures.diff import diff
from coaiapy.views.pages import PAGES

pytestmark = pytest.mark.once

FIGURES = ("count", "errors", "errorRate", "p50Latency", "p95Latency", "p99Latency")
FIGURES += ("inputTokens", "outputTokens", "cachedTokens", "totalCost")


def group(name, count, latency=None):
    row = dict.fromkeys(FIGURES, 0)
    return dict(row, name=name, count=count, p95Latency=latency)


def item(name, score, base, other, **more):
    words = [["=", "it is "], ["-", "right"], ["+", "wrong"]]
    body = {"item": name, "score": score, "base": base, "other": other, "output": {"words": words}}
    return dict(body, **more)


def compared(*items, **more):
    score = dict(score="exact", base=1, other=0.5, difference=-0.5, low=-0.9, high=-0.1, wins=0)
    score.update(losses=2, ties=2, p=0.5, significant=True)
    body = {"base": "first", "run": "second", "told": "3 ok", "scores": [score], "lost": ["cost"]}
    return [dict(body, items=list(items), **more)]


def test_figures_are_sorted_and_searched(browse):
    page = browse(
        PAGES["stats"](([group("b", 30, 5000), group("a", 4), group(None, 9)], "name"), True)
    )
    assert page.texts("h1") == ["Figures by name"]
    first = "tbody td:first-child"
    assert page.texts(first) == ["b", "a", "(none)"]
    heads = page.driver.find_elements("css selector", ".sort")
    for place, order in (
        (0, ["(none)", "a", "b"]),
        (0, ["b", "a", "(none)"]),
        (1, ["b", "(none)", "a"]),
    ):
        heads[place].click()
        assert page.texts(first) == order
    assert page.one("th:nth-child(2)").get_attribute("aria-sort") == "descending"
    heads[5].click()
    assert page.texts("tbody td:nth-child(6)") == ["5 s", "-", "-"]
    widths = [
        one.size["width"]
        for one in page.driver.find_elements("css selector", "td:nth-child(2) .share")
    ]
    assert widths[0] > 2 * widths[1] > 0
    page.press("/", "(no")
    page.driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert page.texts(first) == ["(none)"] and page.texts("#found") == ["1 of 3"]
    assert page.told() == []


def test_two_traces_stand_side_by_side(browse):
    one = trace(
        step("root", 0, 10),
        step("ask", 0, 4, "root", output="it is right", level="DEFAULT"),
        step("old", 5, 6),
    )
    other = trace(
        step("root", 0, 10), step("ask", 0, 8, "root", output="it is wrong", level="ERROR")
    )
    page = browse(PAGES["diff"](diff(one, dict(other, id="u")), True))
    assert page.texts("h1") == ["t → u"] and page.texts(".facts dd")[3] == "0 → 1"
    assert page.texts("tbody td:first-child") == ["=root", "~ask", "−old"]
    assert page.texts("tbody tr:nth-child(2) td.figure")[:3] == ["4 s", "8 s", "2x"]
    page.be_wide(420)
    heights = "return [...document.querySelectorAll('.sort, .cell')].map((one) => one.offsetHeight)"
    assert max(page.run(heights)) < 40, "words are not cut into letters on a telephone"
    page.be_wide(0)
    button = page.one(".unfold")
    button.click()
    assert page.texts(".detail h3") == ["level", "output"]
    assert page.texts(".detail del") == ["DEFAULT", "right"] and page.texts("ins") == [
        "ERROR",
        "wrong",
    ]
    assert button.get_attribute("aria-expanded") == "true"
    page.driver.find_elements("css selector", ".filter")[1].click()
    assert page.texts("tr:not(.details) td:first-child") == ["~ask"] and page.texts(".detail h3")
    button.click()
    assert not page.texts(".detail h3") and page.told() == []


def test_runs_are_compared_and_what_got_worse_is_first(browse):
    failed = {"item": "c", "state": "timed out", "reason": "after 3 seconds", "input": {"a": 1}}
    items = [failed, item("a", "exact", 1, 0, input="2 + 3", expected=5), item("b", "exact", 0, 1)]
    page = browse(PAGES["compare"](compared(*items), True))
    assert page.texts("h1, h2") == [
        "Compared with first",
        "first → second",
        "first → second: items",
    ]
    assert page.texts(".report > section:nth-of-type(1) tbody td:nth-child(4)") == ["-0.5 ★", ""]
    assert page.texts(".report > section:nth-of-type(2) tbody td:first-child") == ["✗c", "▼a", "▲b"]
    page.driver.find_elements("css selector", ".unfold")[1].click()
    assert page.texts(".detail .plain") == ["2 + 3", "5", "it is rightwrong"]
    page.press("/", "is wrong")
    page.driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert page.texts(".report > section:nth-of-type(2) tr:not(.details) td:first-child") == [
        "▼a",
        "▲b",
    ]
    broken = "return [...document.querySelectorAll('.sort')].filter((one) => one.offsetHeight > 24)"
    for width in (320, 500, 0):
        page.be_wide(width)
        assert page.run(broken + ".map((one) => one.innerText)") == [], "heads are on one line each"
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    assert page.told() == []


def test_nothing_that_strangers_wrote_becomes_markup_or_script(browse):
    items = [
        item(text, text, 1, 0, input={text: text}, expected=text, output={"words": [["+", text]]})
        for text in TEXTS
    ]
    failed = [{"item": text, "state": text, "reason": text} for text in TEXTS]
    found = compared(*(failed + items), base=TEXTS[0], run=TEXTS[1], told=TEXTS[2], lost=TEXTS)
    observed = [step(text, 0, 1, type=text, model=text, output=text) for text in TEXTS]
    changed = [dict(one, id=one["id"] + "2", output="</script>") for one in observed]
    two = diff(dict(trace(*observed), id=TEXTS[0]), dict(trace(*changed), id=TEXTS[1]))
    groups = [dict(group(text, 1), **{"metadata.<b>": text}) for text in TEXTS]
    for kind, shown in (("compare", found), ("diff", two), ("stats", (groups, "metadata.<b>"))):
        page = browse(PAGES[kind](shown, True))
        page.run("document.querySelectorAll('.unfold, .sort').forEach(one => one.click())")
        assert all(text in page.run("return document.body.textContent") for text in TEXTS)
        assert page.run("return window.caught") is None
        assert page.count("script") == 2 and page.count("svg, iframe, object, img") == 0
        assert page.run("return document.links.length") == 1, "the way back, which is hidden"
        assert page.run("return performance.getEntriesByType('resource').length") == 0
        assert page.told() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_in_light_and_in_dark(browse, scheme):
    page = browse(PAGES["compare"](compared(item("a", "exact", 1, 0)), True), scheme)
    page.click(".unfold")
    assert page.faint() == []


def test_a_page_without_rows_says_so_and_one_with_very_many_says_what_is_left_out(browse):
    assert browse(PAGES["stats"](([], "name"), True)).texts(".none") == ["No observation is found."]
    many = [group("g{}".format(number), 1) for number in range(5002)]
    page = browse(PAGES["stats"]((many, "name"), True))
    assert page.count("tbody tr") == 5000
    assert page.texts(".none") == ["2 more rows not on this page"]
