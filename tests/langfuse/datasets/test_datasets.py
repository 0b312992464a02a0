"""Datasets and their items: all pages, never another dataset's items, no item twice."""

import pytest
from langfuse_server import KINDS
from servers import settings_for

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError, NotFoundError, RefusedError, UsageError
from coaiapy.langfuse.client.errors import WrongDialectError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.datasets import datasets

ALL_KINDS = sorted(KINDS)

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.fixture
def server(langfuse):
    return langfuse("v4-events_only")


@pytest.fixture
def known(server):
    found = settings_for(server)
    datasets.create_dataset(found, "a/b")
    return found


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_dataset_with_its_items(langfuse, kind):
    known = settings_for(langfuse(kind))
    made = datasets.create_dataset(known, "team/ds 1", "Questions", '{"k": 1}')
    assert (made["description"], made["metadata"]) == ("Questions", {"k": 1})
    assert datasets.get_dataset(known, "team/ds 1")["id"] == made["id"]
    item = datasets.create_dataset_item(known, "team/ds 1", {"q": 1}, "a", {"m": 2})
    assert datasets.get_dataset_item(known, item["id"])["input"] == {"q": 1}
    (listed,) = datasets.list_dataset_items(known, "team/ds 1")
    assert (listed["expectedOutput"], listed["metadata"]) == ("a", {"m": 2})
    if kind == "v2":
        with pytest.raises(WrongDialectError, match="cannot delete dataset items: it needs 3.0"):
            datasets.delete_dataset_item(known, item["id"])
        return
    datasets.delete_dataset_item(known, item["id"])
    assert datasets.list_dataset_items(known, "team/ds 1") == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_page_of_datasets_and_of_items(langfuse, kind):
    server = langfuse(kind)
    known = settings_for(server)
    datasets.create_dataset(known, "ds0")
    first = datasets.create_dataset_item(known, "ds0", 0)["id"]
    for number in range(1, 103):  # more than a page: too many to be requested one by one
        name = "ds{}".format(number)
        server.datasets[name] = dict(server.datasets["ds0"], id=name, name=name)
        server.dataset_items[name] = dict(server.dataset_items[first], id=name, input=number)
    assert len(datasets.list_datasets(known)) == 103
    found = datasets.list_dataset_items(known, "ds0")
    assert sorted(item["input"] for item in found) == list(range(103))


def test_only_the_items_of_the_dataset_are_listed(server, known):
    datasets.create_dataset(known, "other")
    datasets.create_dataset_item(known, "other", "secret")
    datasets.create_dataset_item(known, "a/b", "mine")
    assert [one["input"] for one in datasets.list_dataset_items(known, "a/b")] == ["mine"]
    assert server.requests[-1].first("datasetName") == "a/b"


def test_creating_again_changes_what_is_given(known):
    made = datasets.create_dataset(known, "ds", "first", "a note")
    again = datasets.create_dataset(known, "ds", "second")
    assert (again["id"], again["description"]) == (made["id"], "second")
    assert again["metadata"] == {"note": "a note"}


@pytest.mark.parametrize("fault", ["answer lost", "503", "429", "reset"])
def test_a_lost_answer_makes_neither_two_items_nor_none(server, known, fault):
    server.fail(fault, path="/dataset-items", method="POST", retry_after=0)
    item = datasets.create_dataset_item(known, "a/b", "x")
    assert list(server.dataset_items) == [item["id"]]


def test_an_item_of_the_same_id_is_changed(server, known):
    datasets.create_dataset_item(known, "a/b", "x", "y", item_id="i")
    datasets.create_dataset_item(known, "a/b", "z", item_id="i", status="archived")
    (item,) = server.dataset_items.values()
    assert (item["input"], item["expectedOutput"], item["status"]) == ("z", "y", "ARCHIVED")


def test_a_source_is_named_as_the_server_knows_it(langfuse):
    for kind, trace, observation in (
        ("v3", "my run", "step 1"),
        (
            "v4-events_only",
            "0d1f8e02f0e4a0e40c2e3cbbf7c2bc64",
            "38a3a4d5b4ed8f46",
        ),
    ):
        server = langfuse(kind)
        known = settings_for(server)
        datasets.create_dataset(known, "ds")
        datasets.create_dataset_item(
            known, "ds", 1, source_trace_id="my run", source_observation_id="step 1"
        )
        (item,) = server.dataset_items.values()
        found = (item["sourceTraceId"], item["sourceObservationId"])
        if kind == "v3":
            assert found == (trace, observation)
        else:
            assert [len(one) for one in found] == [32, 16]


def test_what_is_missing_is_told_by_its_name(known):
    for call, said in (
        (lambda: datasets.get_dataset(known, "no/pe"), "no dataset 'no/pe'"),
        (lambda: datasets.list_dataset_items(known, "no/pe"), "no dataset 'no/pe'"),
        (lambda: datasets.create_dataset_item(known, "no/pe", 1), "no/pe"),
        (lambda: datasets.get_dataset_item(known, "no/pe"), "no dataset item 'no/pe'"),
        (lambda: datasets.delete_dataset_item(known, "no/pe"), "no dataset item 'no/pe'"),
    ):
        with pytest.raises(NotFoundError, match=said):
            call()


@pytest.mark.parametrize(
    "values, said",
    [
        ({"input": None}, "neither input nor expectedOutput"),
        ({"inptu": 1}, "no field 'inptu' .did you mean 'input'"),
        ({"input": 1, "status": "GONE"}, "'GONE' is not ACTIVE or ARCHIVED"),
        ({"input": 1, "id": "x" * 256}, "must have 1 to 255 characters"),
        ({"input": float("nan")}, "input .*[nN]a[nN]"),
        ({"input": 1, "sourceObservationId": "o"}, "needs sourceTraceId"),
        ([1], "an item is an object"),
    ],
)
def test_what_no_server_takes_is_not_sent(values, said):
    with pytest.raises(UsageError, match=said):
        datasets.item_from(values)


def test_errors_are_not_empty_lists(server, known):
    with pytest.raises(ConfigError, match="Invalid credentials"):
        datasets.list_datasets(settings_for(server, secret_key="sk-wrong"))
    server.fail("413", path="/dataset-items", method="POST")
    with pytest.raises(RefusedError):
        datasets.create_dataset_item(known, "a/b", "x")
    server.fail("refuse")
    with pytest.raises(NetworkError):
        datasets.items_of(LangfuseHttp(known, seconds=2), "a/b").__iter__().__next__()


def test_without_a_server_there_are_no_datasets():
    for call in (
        lambda: datasets.list_datasets(Settings()),
        lambda: datasets.create_dataset(Settings(), "x"),
        lambda: datasets.list_dataset_items(Settings(), "x"),
        lambda: datasets.create_dataset_item(Settings(), "x", 1),
    ):
        with pytest.raises(ConfigError, match="set LANGFUSE_PUBLIC_KEY"):
            call()
