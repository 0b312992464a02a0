"""The same work on many items: in order, several at a time, ended by what makes it pointless."""

import sys
import threading

import pytest

from coaiapy.util.threads import as_finished, run_all, values_of


def test_outcomes_come_in_the_order_of_the_items():
    gate = threading.Event()

    def work(item):
        if item == 0:
            assert gate.wait(60)  # the first is done last
        elif item == 19:
            gate.set()
        return item * 2

    assert values_of(run_all(work, range(20), workers=2)) == [item * 2 for item in range(20)]


def test_an_error_is_that_of_its_item_alone():
    outcomes = run_all(lambda item: 1 // item, [1, 0, 1])
    assert [outcome.value for outcome in outcomes] == [1, None, 1]
    assert isinstance(outcomes[1].error, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        values_of(outcomes)
    with pytest.raises(ZeroDivisionError):
        values_of(outcomes, (KeyError,))
    assert values_of(outcomes, (KeyError, ZeroDivisionError)) == [1, None, 1]


def test_an_error_that_makes_the_rest_pointless_ends_it():
    begun = []

    def work(item):
        begun.append(item)
        raise KeyError(item)

    outcomes = run_all(work, range(100), (KeyError,), workers=3)
    assert 1 <= len(begun) <= 3
    assert [one.item for one in outcomes if one.was_tried] == sorted(begun)
    assert len(outcomes) == 100


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_ends_a_program_ends_the_wait(error):
    begun = []

    def work(item):
        begun.append(item)
        raise error("enough")

    with pytest.raises(error, match="enough"):
        run_all(work, range(100), workers=2)
    assert len(begun) <= 2


def test_nothing_to_do_is_done_at_once():
    assert run_all(len, []) == []


def test_outcomes_come_as_they_finish_and_items_are_taken_as_they_are_begun():
    gate, taken = threading.Event(), []

    def items():
        for item in range(6):
            taken.append(item)
            yield item

    def work(item):
        if item == 0:
            assert gate.wait(60)
        return item * 2

    found = as_finished(work, items(), workers=2)
    assert next(found).item == 1 and len(taken) == 2
    assert next(found).item == 2 and len(taken) == 3
    gate.set()
    assert sorted(one.value for one in found) == [0, 6, 8, 10]


def test_an_outcome_that_is_an_error_does_not_end_the_others():
    found = list(as_finished(lambda item: 1 // item, iter([1, 0, 1])))
    assert sorted(type(one.error).__name__ for one in found) == [
        "NoneType",
        "NoneType",
        "ZeroDivisionError",
    ]
    with pytest.raises(SystemExit, match="enough"):
        list(as_finished(lambda item: sys.exit("enough"), iter([1])))
