"""The waterfall of a trace, as a terminal of some width shows it."""

from hypothesis import given
from hypothesis import strategies as st
from observed_times import moment, step, trace

from coaiapy.util.formats.tables.widths import width_of
from coaiapy.views.outline import ASCII
from coaiapy.views.selection import Selection, narrowed
from coaiapy.views.timeline import timeline
from coaiapy.views.waterfall import Style, waterfall

RESEARCH = (
    step("research", 0, 12, type="AGENT"),
    step(
        "plan",
        0,
        3,
        "research",
        type="GENERATION",
        model="gpt-4o",
        usageDetails={"input": 1200, "output": 345},
        costDetails={"total": 0.0123},
    ),
    step("web", 6, 9, "research", level="ERROR", statusMessage="rate limit"),
    step("wiki", 6, 7.5, "research", level="WARNING"),
    step("answer", 9, 12, "research", input={"q": 1}, output="one\ntwo\nthree"),
)


def drawn(*observations, **options):
    width, wanted = options.pop("width", 100), options.pop("wanted", Selection())
    line = narrowed(timeline(list(observations)), wanted)
    return [one.text for one in waterfall(trace(*observations), line, Style(width, **options))]


def test_a_waterfall():
    assert drawn(*RESEARCH) == [
        "run  trace t  2026-01-31 12:00:00Z",
        "              type        model   0           5 s          10 s    start   took      tokens     cost",
        "                                  ┬──────aaaaaaaa──────────┬─────",
        "└─ research   AGENT               ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━      0   12 s",
        "   ├─ plan    GENERATION  gpt-4o  ━━━━━━━━                             0    3 s  1.2k > 345  $0.0123",
        "   ├─ ✗ web   SPAN                               ╺━━━━━━━╸           6 s    3 s",
        "   │     ✗ rate limit",
        "   ├─ ! wiki  SPAN                               ╶───╴               6 s  1.5 s",
        "   └─ answer  SPAN                                       ━━━━━━━━    9 s    3 s",
        "total  5 observations  input=1200 output=345  12 s  $0.0123",
        "idle a  3 s (25 %)  after plan, before wiki",
        "━ critical path   ─ beside it   a nothing worked",
    ]


@given(st.integers(1, 200), st.booleans())
def test_nothing_is_wider_than_the_terminal(width, is_ascii):
    wide = step("日本語" * 30, 1, 2, "research", statusMessage="説明" * 80, model="m" * 90)
    options = {"strokes": ASCII} if is_ascii else {}
    for line in drawn(*(RESEARCH + (wide,)), width=width, io_lines=2, **options):
        assert width_of(line) <= max(width, 40)


def test_ascii_says_the_same():
    found = "\n".join(drawn(*RESEARCH, strokes=ASCII))
    assert found.isascii() if hasattr(found, "isascii") else found.encode("ascii")
    assert "|- x web" in found and "=" in found and "= critical path" in found


def test_a_narrow_terminal_loses_the_less_important_first():
    heads = [drawn(*RESEARCH, width=width)[1].split() for width in (120, 90, 70, 50, 30)]
    named = [set("type model start tokens cost took".split()) & set(head) for head in heads]
    assert [len(one) for one in named] == sorted((len(one) for one in named), reverse=True)
    assert len(named[0]) == 6 and named[-1] == {"took"}


def test_what_is_chosen_keeps_its_place():
    lines = drawn(*RESEARCH, wanted=Selection(errors=True))
    assert [line.split()[1:3] for line in lines[3:5]] == [["research", "AGENT"], ["✗", "web"]]
    assert lines[4].startswith("   └─ ✗ web") and "shown  2 of 5 observations" in lines
    assert lines[-2].startswith("idle a  3 s"), "the gaps are those of the whole trace"


def test_inputs_and_outputs_are_cut_to_some_lines():
    lines = drawn(*RESEARCH, io_lines=2)
    start = next(index for index, line in enumerate(lines) if "answer" in line)
    assert [line.strip() for line in lines[start + 1 : start + 6]] == [
        "input:  {",
        '"q": 1',
        "(1 line more)",
        "output: one",
        "two",
    ]


def test_the_clock_is_shown_where_it_is_wanted():
    lines = drawn(*RESEARCH, clock=True, width=140)
    assert "12:00:00 " in lines[1] and "12:00:05 " in lines[1]
    assert " 12:00:06.000 " in lines[5]


def test_a_cycle_a_deep_branch_and_no_times_are_drawn():
    chain = [step("0", 0, 99)] + [
        step(str(one), one / 10, 99, str(one - 1)) for one in range(1, 90)
    ]
    lines = drawn(*chain)
    assert "90: 89" in lines[92]
    cycle = "\n".join(drawn(step("a", 0, 1, "b"), step("b", 0, 1, "a")))
    assert "form a cycle" in cycle
    nothing = drawn(dict(step("a", 0, 1), startTime="soon"))
    assert nothing[3] == "└─ a  SPAN"
    assert drawn() == ["run  trace t  2026-01-31 12:00:00Z"]


def test_hostile_texts_are_escapes():
    found = drawn(
        step("x\x1b[2J\ny\u202e", 0, 1, model="\x9b2J", statusMessage="\r", type="\x07"),
        step("wide \u200d\ufe0f", 0, 1, input="a\tb\x00"),
        io_lines=3,
        width=150,
    )
    assert not [line for line in found if set(line) & set("\x1b\n\r\x9b\u202e\x07\x00")]
    assert "x\\x1b[2J\\ny\\u202e" in found[3]


def test_many_observations_are_laid_out_in_moments():
    """Thousands of them, in one branch and side by side: nothing looks at them again and again."""
    most = 10000
    deep = [step("d0", 0, most)] + [
        step("d{}".format(one), one / 1000, 60, "d{}".format(one - 1)) for one in range(1, most)
    ]
    flat = [step("f{}".format(one), one / 1000, one / 1000 + 1) for one in range(most)]
    line = timeline(deep + flat)
    assert len(line.nodes) == 2 * most and line.path and moment(0)


def test_a_line_takes_as_long_as_any_other_however_many_there_are(monkeypatch):
    counted = []
    monkeypatch.setattr(
        "coaiapy.views.waterfall.width_of", lambda text: counted.append(1) or len(text)
    )

    def measured(count):
        del counted[:]
        drawn(*(step(str(one), one, one + 1) for one in range(count)))
        return len(counted)

    assert measured(400) < 5 * measured(100)
