"""Steps of scripts: the trace they belong to, and a record that never harms what it is of."""

import json
import logging
import os
import subprocess
import sys
import time

import pytest
from delivering import in_outbox
from processes import environment

import coaiapy

TRACE = "0123456789abcdef0123456789abcdef"
PARENT = "1234567890abcdef"


def test_a_step_hangs_below_the_active_trace(monkeypatch):
    monkeypatch.setenv("COAIA_TRACE_ID", TRACE)
    monkeypatch.setenv("COAIA_PARENT_OBSERVATION_ID", PARENT)
    with coaiapy.observe("Outer") as outer, coaiapy.observe("Inner"):
        pass
    assert outer.trace_id == TRACE
    found = {one["name"]: one for one in coaiapy.get_trace(TRACE)["observations"]}
    assert found["Outer"]["parentObservationId"] == PARENT
    assert found["Inner"]["parentObservationId"] == outer.id
    with coaiapy.observe("Elsewhere", trace_id="t"):
        pass
    (one,) = coaiapy.get_trace("t")["observations"]
    assert "parentObservationId" not in one


def test_without_a_trace_a_step_opens_one():
    with coaiapy.observe("Answer", input="Why?") as step:
        with coaiapy.observe("Inner") as inner:
            pass
        step.output = "So."
    trace = coaiapy.get_trace(step.trace_id)
    assert (trace["name"], trace["input"], trace["output"]) == ("Answer", "Why?", "So.")
    assert inner.trace_id == step.trace_id
    with coaiapy.observe("Another") as other:
        pass
    assert other.trace_id != step.trace_id


def test_a_trace_has_what_was_given_and_what_was_set():
    with coaiapy.trace("T", trace_id="t", user_id="john", session_id="s", tags=["a"]) as trace:
        trace.output, trace.metadata = {"words": 3}, {"round": 1}
    found = coaiapy.get_trace("t")
    assert (found["name"], found["userId"], found["sessionId"]) == ("T", "john", "s")
    assert (found["output"], found["metadata"], found["tags"]) == (
        {"words": 3},
        {"round": 1},
        ["a"],
    )


def test_a_trace_notes_an_error():
    with pytest.raises(ValueError):
        with coaiapy.trace("T") as trace:
            raise ValueError("bad row")
    assert coaiapy.get_trace(trace.id)["metadata"] == {"error": "ValueError: bad row"}


def test_a_call_of_a_model_in_a_step_hangs_below_it(openai):
    with coaiapy.observe("Outer") as outer:
        coaiapy.summarize("a text")
    found = {one["name"]: one for one in coaiapy.get_trace(outer.trace_id)["observations"]}
    assert found["summarizer"]["parentObservationId"] == outer.id


def test_texts_stay_out_where_the_settings_say_so(monkeypatch):
    monkeypatch.setenv("COAIA_TRACE_CONTENT", "false")
    with pytest.raises(ValueError):
        with coaiapy.trace("T", input="a secret word") as trace:
            with coaiapy.observe("Step", input="a secret word") as step:
                step.output = "secret"
                raise ValueError("secret")
    found = coaiapy.get_trace(trace.id)
    assert "secret" not in json.dumps(found)
    (one,) = found["observations"]
    assert (one["input"], one["statusMessage"]) == ({"characters": 13}, "ValueError")


def test_a_key_in_an_error_is_masked(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    with pytest.raises(ValueError):
        with coaiapy.observe("Step") as step:
            raise ValueError("refused: sk-canary-0123456789")
    assert "canary" not in json.dumps(coaiapy.get_trace(step.trace_id))


@pytest.mark.parametrize("code, level", [(0, "DEFAULT"), (None, "DEFAULT"), (3, "ERROR")])
def test_the_end_of_a_program_is_an_error_if_it_says_so(code, level):
    with pytest.raises(SystemExit):
        with coaiapy.observe("Step") as step:
            raise SystemExit(code)
    assert coaiapy.get_trace(step.trace_id)["observations"][0]["level"] == level


class Strange:
    """A value whose own code is broken."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


CIRCLE = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    "value, shown",
    [
        (Strange(), "<Strange>"),
        ({1}, "{1}"),
        (float("nan"), "nan"),
        (CIRCLE, "[[...]]"),
        ({(1, 2): 3}, "{(1, 2): 3}"),
        (b"\xff", "b'\\xff'"),
        ("\ud800", "'\\ud800'"),
        ("x" * 20000 + "\ud800", "'" + "x" * 9999),
    ],
    ids=lambda value: ascii(type(value).__name__),
)
def test_any_value_can_be_set(value, shown):
    with coaiapy.observe("Step") as step:
        step.output = step.input = value
    (one,) = coaiapy.get_trace(step.trace_id)["observations"]
    assert (one["input"], one["output"]) == (shown, shown)


def test_what_was_given_is_recorded_as_it_was_then():
    words = ["a"]
    with coaiapy.observe("Step", input=words) as step:
        words.append("b")
    assert coaiapy.get_trace(step.trace_id)["observations"][0]["input"] == ["a"]


def test_a_wrong_value_is_logged_and_the_rest_recorded(caplog):
    with caplog.at_level(logging.WARNING, "coaiapy"):
        with coaiapy.observe("Step", type="STEP", trace_id="t", model=5) as step:
            step.usage, step.level, step.cost = {"a": "b"}, "LOUD", -1
            step.metadata = "not an object"
            step.output = "kept"
    (one,) = coaiapy.get_trace("t")["observations"]
    assert (one["name"], one["output"], one["type"]) == ("Step", "kept", "EVENT")
    assert len(caplog.messages) == 5 and "usage" in "".join(caplog.messages)


@pytest.mark.parametrize("trouble", ["settings", "journal", "environment"])
def test_trouble_of_the_record_harms_nothing(trouble, project, home, monkeypatch, caplog):
    if trouble == "settings":
        (project / "coaia.json").write_text("{broken")
    elif trouble == "environment":
        (project / ".coaia-env").write_text("{broken")
    else:
        (home / "file").write_text("")
        monkeypatch.setenv("COAIA_HOME", str(home / "file" / "below"))
    with caplog.at_level(logging.WARNING, "coaiapy"):
        with coaiapy.trace("T"), coaiapy.observe("Step") as step:
            step.output = 1
    assert step.id
    assert trouble == "environment" or "is not in the trace" in "".join(caplog.messages)


def test_nothing_is_lost_when_the_process_is_killed(home):
    code = (
        "import coaiapy, os, signal\n"
        "with coaiapy.trace('T', trace_id='t'), coaiapy.observe('Outer', input=[1]):\n"
        "    with coaiapy.observe('Inner'):\n"
        "        pass\n"
        "    os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n"
    )
    subprocess.call([sys.executable, "-c", code], env=environment())
    found = coaiapy.get_trace("t")
    steps = {one["name"]: one for one in found["observations"]}
    outer, inner = steps["Outer"], steps["Inner"]
    assert (found["name"], outer["input"], outer["level"]) == ("T", [1], "ERROR")
    assert outer["statusMessage"].startswith("interrupted")
    assert inner["level"] == "DEFAULT" and inner["endTime"] <= outer["endTime"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_closes_its_steps_and_leaves_those_around_it_open():
    with coaiapy.trace("T") as trace, coaiapy.observe("Outer") as outer:
        child = os.fork()
        if not child:
            try:
                with coaiapy.observe("Inner"):
                    pass
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        steps = {one["name"]: one for one in coaiapy.get_trace(trace.id)["observations"]}
        assert steps["Inner"]["parentObservationId"] == outer.id
        assert steps["Inner"]["endTime"] and "endTime" not in steps["Outer"]
    steps = {one["name"]: one for one in coaiapy.get_trace(trace.id)["observations"]}
    assert steps["Outer"]["level"] == "DEFAULT"


def test_a_step_hangs_below_what_another_program_names(home):
    code = "import coaiapy\nwith coaiapy.observe('Step'):\n    pass\n"
    variables = environment(TRACEPARENT="00-{}-{}-01".format(TRACE, PARENT))
    subprocess.check_call([sys.executable, "-c", code], env=variables)
    (one,) = coaiapy.get_trace(TRACE)["observations"]
    assert (one["name"], one["parentObservationId"]) == ("Step", PARENT)


def test_no_step_waits_for_a_server_and_everything_arrives(use, monkeypatch):
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "60")
    server = use("v3")
    server.fail("hang", times=None)
    begun = time.monotonic()
    with coaiapy.trace("T", trace_id="t"), coaiapy.observe("Outer"):
        with coaiapy.observe("Inner"):
            pass
    assert time.monotonic() - begun < 30
    server.heal()
    server.wait_until(lambda: not in_outbox())
    assert len(server.observations()) == 2 and "t" in server.traces()


def test_the_settings_can_say_that_steps_wait_or_that_nothing_is_sent(use, monkeypatch, caplog):
    server = use("v3")
    monkeypatch.setenv("COAIA_DELIVERY", "manual")
    with coaiapy.observe("Later"):
        pass
    assert not server.requests and in_outbox()
    assert coaiapy.flush() == 0
    monkeypatch.setenv("COAIA_DELIVERY", "wait")
    server.fail("413", times=None)
    with coaiapy.observe("Now"):
        pass
    assert "the server refused a part of Now" in caplog.text


def test_it_needs_nothing_but_the_standard_library(home):
    code = (
        "import coaiapy, sys\n"
        "with coaiapy.observe('Step'):\n"
        "    pass\n"
        "print(*[n for n in ('requests', 'jinja2', 'yaml', 'redis') if n in sys.modules])\n"
    )
    output = subprocess.check_output([sys.executable, "-c", code], env=environment())
    assert output.decode("utf-8").split() == []
