"""The page of traces in a real browser: what somebody sees, clicks and types."""

import re

import pytest
from hostile_texts import TEXTS
from observed_times import step, trace

from coaiapy.views.pages import session_page, trace_page

pytestmark = pytest.mark.once

DOWN, UP, LEFT, RIGHT, HOME, END, ESCAPE = "\ue015\ue013\ue012\ue014\ue011\ue010\ue00c"
CONVERSATION = [
    {"role": "system", "content": "Be **brief**."},
    {"role": "user", "content": "# Otters\n\n- stones\n- shells\n\n```python\nprint(1)\n```"},
    {
        "role": "assistant",
        "tool_calls": [{"function": {"name": "search", "arguments": '{"n": 1}'}}],
    },
]
RUN = trace(
    step("agent", 0, 12, type="AGENT"),
    step("plan", 0, 3, "agent", type="GENERATION", model="gpt-4o", input=CONVERSATION),
    step("tools", 5, 9, "agent", type="CHAIN"),
    step("web", 5, 9, "tools", type="TOOL", level="ERROR", statusMessage="rate limit"),
    step("wiki", 5, 6, "tools", type="TOOL", output={"big": 12345678901234567890, "found": [1, 2]}),
    step(
        "answer",
        9,
        12,
        "agent",
        type="GENERATION",
        output="See https://x.test/a.",
        metadata={"k": 1},
    ),
)


def test_the_waterfall_and_the_pane_show_a_trace(browse):
    page = browse(trace_page(RUN))
    assert page.texts("h1") == ["run"] and page.driver.title == "run"
    assert page.texts(".row .label") == ["agent", "plan", "tools", "web", "wiki", "answer"]
    assert page.texts(".level-ERROR .sign") == ["✗"]
    assert page.texts(".row .took") == ["12 s", "3 s", "4 s", "4 s", "1 s", "3 s"]
    assert page.texts("#idle") == ["nothing worked: 2 s after plan before wiki"]
    assert page.texts("#idle bdi bdi") == ["plan", "wiki"], "names do not turn the sentence around"
    assert len(page.texts(".path")) == 5, "all but wiki are on the critical path"
    assert page.covered(".bar, .path, .label, .took, .tick, .tools button, input, .pane h2") == []
    bars = [one.rect for one in page.driver.find_elements("css selector", ".bar")]
    assert bars[5]["x"] > bars[3]["x"] > bars[1]["x"] and bars[0]["width"] > 3 * bars[1]["width"]
    page.click("#row-1")
    assert page.texts(".pane h2") == ["plan"]
    assert page.texts(".turn > h4") == ["system", "user", "assistant"]
    assert page.texts(".turn strong, .turn h5, .turn li, .turn pre") == [
        "brief",
        "Otters",
        "stones",
        "shells",
        "print(1)",
    ]
    page.click(".pane h3 button")
    assert not page.texts(".turn") and '"Be **brief**."' in page.one(".pane .value").text
    page.click("#row-4")
    assert "12345678901234567890" in page.one(".pane .value").text
    page.click("#row-3")
    assert page.texts(".message") == ["✗ rate limit"]
    assert page.told() == []


def test_nothing_that_strangers_wrote_becomes_markup_or_script(browse):
    found = [
        step(
            text + str(index),
            index,
            index + 1,
            model=text,
            type=text,
            level=text,
            statusMessage=text,
        )
        for index, text in enumerate(TEXTS)
    ]
    for one, text in zip(found, TEXTS):
        parts = [{"type": "text", "text": text}, {"image_url": {"url": text}}, {text: text}]
        one["input"] = [
            {"role": text, "name": text, "content": parts, "tool_calls": [{"function": text}]}
        ]
        one["output"] = text + "\n\n> " + text + "\n\n| " + text + " |"
        one.update(metadata={text: [text], "__proto__": {"x": text}}, usageDetails={text: 1})
    page = browse(trace_page(dict(trace(*found), name=TEXTS[0], userId=TEXTS[1], input=TEXTS[2])))
    for index in range(len(found)):
        page.click("#row-{} .label".format(index))
        for button in page.driver.find_elements("css selector", ".pane h3 button"):
            button.click()
            button.click()
    assert page.texts(".row .label") == [one["name"] for one in found]
    assert page.run("return window.caught") is None
    assert page.count("script") == 2 and page.count("svg, iframe, object, img") == 0
    links = page.run("return [...document.links].map(one => one.protocol)")
    assert set(links) <= {"https:", "file:"}
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    assert page.told() == []


def test_the_policy_lets_no_other_script_run(browse):
    page = browse(trace_page(RUN))
    page.run(
        """
        const script = document.createElement("script");
        script.textContent = "window.caught = 1";
        document.body.append(script);
        const image = document.createElement("img");
        image.setAttribute("onerror", "window.caught = 2");
        image.src = "https://x.test/y.png";
        document.body.append(image);
        """
    )
    assert page.run("return window.caught") is None
    assert len([one for one in page.told() if "Content Security Policy" in one]) >= 3


def test_media_are_linked_and_nothing_is_loaded(browse):
    dot = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs="
    parts = [
        {
            "type": "text",
            "text": "Look: @@@langfuseMedia:type=image/png|id=m-1|source=bytes@@@ nice",
        },
        {"type": "image_url", "image_url": {"url": "https://x.test/otter.png"}},
        {"type": "image_url", "image_url": {"url": dot}},
    ]
    answer = {"choices": [{"message": {"role": "assistant", "content": parts}}]}
    page = browse(trace_page(trace(step("a", 0, 1, output=answer))))
    page.click("#row-0")
    assert page.texts(".turn > h4") == ["assistant"]
    assert page.texts(".media") == [
        "image/png · coaia fuse media download m-1",
        "https://x.test/otter.png",
    ]
    assert page.run("return document.querySelector('.picture').naturalWidth") == 1
    assert page.run("return document.links[document.links.length - 1].rel") == "noopener noreferrer"
    assert page.run("return performance.getEntriesByType('resource').map(one => one.name)") in (
        [],
        [dot],
    )
    assert page.told() == []


def test_it_is_used_with_the_keyboard_alone(browse):
    page = browse(trace_page(RUN))
    chosen = ".row.chosen .label"
    page.press("/", "web")
    page.driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert page.texts(".row .label") == ["agent", "tools", "web"] and page.texts("mark") == ["web"]
    assert page.texts("#found") == ["1 of 6"]
    page.press(ESCAPE, ESCAPE)
    assert page.count(".row") == 6 and page.run("return document.activeElement.tagName") == "BODY"
    page.press(DOWN, DOWN, DOWN)
    assert page.texts(chosen) == ["tools"]
    page.press(LEFT)
    assert page.texts(".row .label") == ["agent", "plan", "tools", "answer"]
    assert page.one("#row-2").get_attribute("aria-expanded") == "false"
    page.press(RIGHT, RIGHT)
    assert page.texts(chosen) == ["web"]
    page.press(LEFT, END)
    assert page.texts(chosen) == ["answer"]
    page.press("e")
    assert page.texts(chosen) == ["web"] and page.texts(".pane h2") == ["web"]
    width = page.one("#row-3 .bar").size["width"]
    page.press("z")
    assert page.one("#row-3 .bar").size["width"] > 2 * width
    page.press("0", "[")
    assert page.texts(".row .label") == ["agent"]
    page.press("]", "?")
    assert page.one("#help").is_displayed()


def test_types_and_levels_are_filtered(browse):
    page = browse(trace_page(RUN))
    buttons = {
        one.text.split()[0]: one for one in page.driver.find_elements("css selector", ".filter")
    }
    assert set(buttons) == {"AGENT", "GENERATION", "CHAIN", "TOOL", "✗"}
    buttons["TOOL"].click()
    assert page.texts(".row:not(.beside) .label") == ["web", "wiki"]
    buttons["✗"].click()
    assert page.texts(".row:not(.beside) .label") == ["web"]
    buttons["TOOL"].click()
    buttons["✗"].click()
    assert page.count(".row") == 6


def test_a_trace_fits_a_narrow_screen(browse):
    page = browse(trace_page(RUN))
    for width in (320, 760, 2560, 0):
        page.be_wide(width)
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
        assert len(page.texts(".row .took")) == 6


def test_the_legend_names_what_occurs(browse):
    found = [step("open", 0), step("done", 0, 5, "open"), step("moment", 2, 2, "open")]
    page = browse(trace_page(trace(*found)))
    assert page.texts(".legend > span") == ["critical path", "no end known", "moment"]
    drawn = "return getComputedStyle(document.querySelector(arguments[0])).backgroundImage"
    stripes = [page.run(drawn, one).split("(")[0] for one in (".bar.open", ".legend .open")]
    assert stripes == ["repeating-linear-gradient"] * 2


def test_odd_traces_are_shown_too(browse):
    assert browse(trace_page(trace())).texts(".none") == ["This trace has no observations."]
    found = [dict(step("no time", 0), startTime="soon"), step("moment", 5, 5, type="RIDDLE")]
    found += [step("1", 5)] + [step(str(one), 5, None, str(one - 1)) for one in range(2, 40)]
    page = browse(trace_page(trace(*found)))
    assert page.texts(".row .label")[:3] == ["moment", "1", "2"] and page.count(".bar.moment") > 9
    assert all(page.texts(".row .label")), "a deep branch has names"
    color = "return getComputedStyle(document.querySelector('.bar')).backgroundColor"
    assert page.run(color) != "rgba(0, 0, 0, 0)", "a type that a newer server has is seen as well"
    page.press(END)
    assert page.texts(".row.chosen .label") == ["no time"]
    page.press("/", "zzz")
    page.driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert page.texts(".none") == ["Nothing is found: change the search or the filters."]
    assert page.told() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_in_light_and_in_dark(browse, scheme):
    page = browse(trace_page(RUN), scheme)
    page.click("#row-1")
    assert page.faint() == []
    page.click("#theme")
    assert page.run("return document.documentElement.dataset.theme") != scheme
    page.click("#row-3")
    assert page.faint() == []


def test_a_screen_reader_hears_what_is_seen(browse):
    page = browse(trace_page(RUN))
    page.click("#row-3")
    said = page.one("#row-3").accessible_name
    assert said == "TOOL, web, level error, from 5 s, for 4 s, on the critical path"
    assert page.one("[role=tree]").get_attribute("aria-activedescendant") == "row-3"
    attributes = ("aria-level", "aria-posinset", "aria-setsize", "aria-selected")
    assert [page.one("#row-3").get_attribute(one) for one in attributes] == ["3", "1", "2", "true"]
    nameless = "return [...document.querySelectorAll('button, input, aside, section, nav, table')].filter(one => !(one.textContent.trim() || one.ariaLabel || one.labels?.length)).length"
    assert page.run(nameless) == 0
    tools = "return document.querySelector('header').contains(document.querySelector('.tools'))"
    assert page.run(tools), "everything is in a landmark"
    assert page.run("return document.documentElement.lang") == "en"
    read = "return [...document.querySelectorAll('.row')].map((one) => one.dataset.index).join('')"
    assert page.run(read) == "012345", "rows are read in the order in which they are seen"


def test_a_session_leads_to_its_traces_and_back(browse):
    other = dict(trace(step("only", 0, 1)), id="t2", name="second")
    page = browse(session_page({"id": "s", "createdAt": RUN["timestamp"], "traces": [RUN, other]}))
    assert page.texts("h1") == ["Session s"] and page.texts("tbody a") == ["run", "second"]
    assert page.texts("tbody .error") == ["✗ 1", ""]
    page.driver.find_element("link text", "second").click()
    assert page.texts("h1") == ["second"] and page.texts(".row .label") == ["only"]
    page.click("#back")
    assert page.texts("tbody a") == ["run", "second"]


def test_everything_is_printed(browse):
    found = [step(str(index), index, index + 1) for index in range(300)]
    page = browse(trace_page(trace(*found)))
    assert page.count(".row") < 100
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert len(page.texts(".row .label")) == 300 and not page.texts(".tools")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert page.count(".row") < 100


def with_many(count):
    """A page like that of a trace with many steps, the last of which has a name of its own."""
    page = trace_page(trace(step("root", 0, count), step("step", 1, 9, "root", input="some text")))
    row = re.search(r',(\{"parent":0,.*?\})\]', page).group(1)
    last = row.replace('"step"', '"last"', 1)
    return page.replace(row, ",".join([row] * (count - 2) + [last]), 1)


SCROLL = """
const [done, list] = [arguments[0], document.getElementById("list")];
const next = (at) => {
  list.scrollTop = at * list.scrollHeight / 20;
  requestAnimationFrame(() => (at < 20 ? next(at + 1) : requestAnimationFrame(done)));
};
next(1);
"""


@pytest.mark.parametrize("count, seconds", [(5000, 2), (50000, 10)])
def test_many_observations_open_and_scroll(browse, count, seconds):
    """In seconds of the processor, because other tests run beside this one."""
    page = browse(with_many(count))
    opening = page.worked()
    page.driver.execute_async_script(SCROLL)
    scrolling = page.worked() - opening
    assert opening < seconds and scrolling / 20 < 0.1
    assert page.count(".row") < 100 and page.texts(".row .label")[-1] == "last"
