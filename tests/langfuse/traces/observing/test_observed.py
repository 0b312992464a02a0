"""Functions and blocks that are observed: each kind, its input and output, and what it hangs below."""

import asyncio
import inspect
import sys
import threading
import time

import pytest

import coaiapy
from coaiapy.util import times


def recorded(trace):
    """The observations of a trace, by name."""
    return {one["name"]: one for one in coaiapy.get_trace(trace.id)["observations"]}


def complete(coroutine):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


@coaiapy.observe
def add(one, other=2):
    """Add two numbers."""
    return one + other


@coaiapy.observe("Later", type="TOOL")
async def later(value):
    await asyncio.sleep(0.01)
    return add(value)


@coaiapy.observe
def tokens(text):
    for word in text.split():
        add(1)
        yield word + " "


@coaiapy.observe
async def numbers(count):
    for number in range(count):
        await asyncio.sleep(0)
        add(number)
        yield number


async def listed(items):
    return [item async for item in items]


def test_a_function_is_recorded_with_arguments_and_result():
    with coaiapy.trace("T") as trace:
        assert add(1) == 3
    (one,) = coaiapy.get_trace(trace.id)["observations"]
    assert (one["name"], one["type"], one["level"]) == ("add", "SPAN", "DEFAULT")
    assert (one["input"], one["output"]) == ({"one": 1}, 3)
    assert one["startTime"] <= one["endTime"]


def test_a_function_stays_what_it_was():
    assert (add.__name__, add.__doc__) == ("add", "Add two numbers.")
    assert list(inspect.signature(add).parameters) == ["one", "other"]
    assert inspect.iscoroutinefunction(later)
    assert inspect.isgeneratorfunction(tokens)
    assert inspect.isasyncgenfunction(numbers)


def test_times_are_those_of_the_work():
    with coaiapy.trace("T") as trace:
        with coaiapy.observe("Wait"):
            time.sleep(0.2)
    one = recorded(trace)["Wait"]
    length = times.epoch_milliseconds(one["endTime"]) - times.epoch_milliseconds(one["startTime"])
    assert 190 <= length < 20000


def test_a_block_gives_a_step_on_which_the_rest_is_set():
    with coaiapy.trace("T") as trace:
        with coaiapy.observe("Draft", type="GENERATION", model="m", input="Why?") as step:
            step.output = "So."
            step.usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
            step.cost, step.level, step.metadata = 0.5, "WARNING", {"try": 2}
    one = recorded(trace)["Draft"]
    assert (one["id"], one["traceId"]) == (step.id, step.trace_id) == (step.id, trace.id)
    assert (one["model"], one["input"], one["output"]) == ("m", "Why?", "So.")
    assert one["usageDetails"] == {"input": 12, "output": 3, "total": 15}
    assert (one["costDetails"]["total"], one["level"]) == (0.5, "WARNING")
    assert one["metadata"] == {"try": 2}


def test_steps_hang_below_the_step_around_them():
    with coaiapy.trace("T") as trace:
        with coaiapy.observe("Outer") as outer:
            with coaiapy.observe("Inner") as inner:
                add(1)
            with coaiapy.observe("Next"):
                pass
    found = recorded(trace)
    assert "parentObservationId" not in found["Outer"]
    assert found["Inner"]["parentObservationId"] == outer.id
    assert found["add"]["parentObservationId"] == inner.id
    assert found["Next"]["parentObservationId"] == outer.id


def test_an_async_function_is_recorded():
    with coaiapy.trace("T") as trace:
        assert complete(later(1)) == 3
    found = recorded(trace)
    assert (found["Later"]["type"], found["Later"]["output"]) == ("TOOL", 3)
    assert found["add"]["parentObservationId"] == found["Later"]["id"]


@pytest.mark.skipif(sys.version_info < (3, 7), reason="this Python has no context variables")
def test_tasks_do_not_mix():
    async def all_of_them():
        await asyncio.gather(*[later(number) for number in range(5)])

    with coaiapy.trace("T") as trace:
        complete(all_of_them())
    found = coaiapy.get_trace(trace.id)["observations"]
    inputs = {one["id"]: one["input"]["value"] for one in found if one["name"] == "Later"}
    assert len(inputs) == 5
    for one in found:
        if one["name"] == "add":
            assert inputs[one["parentObservationId"]] == one["input"]["one"]


def test_threads_do_not_mix():
    ids = []

    def work():
        with coaiapy.observe("In a thread") as step:
            ids.append(step.trace_id)

    with coaiapy.trace("T") as trace, coaiapy.observe("Outer"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert list(recorded(trace)) == ["Outer"]
    assert coaiapy.get_trace(ids[0])["name"] == "In a thread"


def test_a_generator_is_recorded_from_its_first_item_to_its_end():
    with coaiapy.trace("T") as trace:
        words = tokens("to be")
        assert next(words) == "to "
        with coaiapy.observe("Between"):
            pass
        assert list(words) == ["be "]
    found = recorded(trace)
    assert found["tokens"]["output"] == "to be "
    assert found["add"]["parentObservationId"] == found["tokens"]["id"]
    assert "parentObservationId" not in found["Between"]


def test_an_async_generator_is_recorded():
    with coaiapy.trace("T") as trace:
        assert complete(listed(numbers(3))) == [0, 1, 2]
    found = recorded(trace)
    assert found["numbers"]["output"] == [0, 1, 2]
    assert found["add"]["parentObservationId"] == found["numbers"]["id"]


def test_a_generator_works_both_ways():
    @coaiapy.observe
    def talk():
        heard = []
        try:
            while True:
                try:
                    heard.append((yield len(heard)))
                except ValueError as error:
                    heard.append(str(error))
        finally:
            said.extend(heard)

    said = []
    with coaiapy.trace("T") as trace:
        talking = talk()
        assert next(talking) == 0
        assert talking.send("a") == 1
        assert talking.throw(ValueError("b")) == 2
        talking.close()
    assert said == ["a", "b"]
    one = recorded(trace)["talk"]
    assert (one["level"], one["output"]) == ("DEFAULT", [0, 1, 2])


def test_the_value_that_a_generator_returns_is_its_output_and_comes_through():
    @coaiapy.observe
    def inner():
        yield 1
        return "done"

    def outer():
        returned.append((yield from inner()))

    returned = []
    with coaiapy.trace("T") as trace:
        assert list(outer()) == [1]
    assert returned == ["done"] and recorded(trace)["inner"]["output"] == "done"


def test_methods_are_recorded_without_their_object():
    class Agent:
        @coaiapy.observe
        def ask(self, question):
            return question

        @coaiapy.observe
        @staticmethod
        def plain(question):
            return question

    with coaiapy.trace("T") as trace:
        assert Agent().ask("why") == Agent.plain("why") == "why"
    found = recorded(trace)
    assert found["ask"]["input"] == found["plain"]["input"] == {"question": "why"}


def test_what_looks_secret_is_masked_and_capture_can_be_off():
    @coaiapy.observe
    def call(api_key, question):
        return question

    @coaiapy.observe(capture=False)
    def silent(question):
        return question

    with coaiapy.trace("T") as trace:
        call("hunter2hunter2", "why")
        silent("why")
    found = recorded(trace)
    assert found["call"]["input"] == {"api_key": "****", "question": "why"}
    assert not {"input", "output"} & set(found["silent"])


@pytest.mark.parametrize("kind", ["function", "block", "async", "generator", "async generator"])
def test_an_exception_is_recorded_and_goes_on(kind):
    error = KeyError("no such word")

    @coaiapy.observe("Fails")
    def function():
        raise error

    def block():
        with coaiapy.observe("Fails"):
            raise error

    @coaiapy.observe("Fails")
    async def coroutine():
        raise error

    @coaiapy.observe("Fails")
    def generator():
        yield 1
        raise error

    @coaiapy.observe("Fails")
    async def async_generator():
        yield 1
        raise error

    works = {
        "function": function,
        "block": block,
        "async": lambda: complete(coroutine()),
        "generator": lambda: list(generator()),
        "async generator": lambda: complete(listed(async_generator())),
    }
    with coaiapy.trace("T") as trace:
        with pytest.raises(KeyError) as caught:
            works[kind]()
    assert caught.value is error
    one = recorded(trace)["Fails"]
    assert (one["level"], one["statusMessage"]) == ("ERROR", "KeyError: 'no such word'")
    assert one["endTime"]


def test_a_wrong_call_fails_as_it_would():
    with pytest.raises(TypeError, match="add"):
        add()


def test_a_long_stream_does_not_fill_the_memory():
    @coaiapy.observe
    def many():
        for number in range(1000):
            yield number

    with coaiapy.trace("T") as trace:
        assert len(list(many())) == 1000
    assert recorded(trace)["many"]["output"] == list(range(100))
