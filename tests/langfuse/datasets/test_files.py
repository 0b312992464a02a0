"""Dataset items from and to files: nothing is lost, and many of them arrive once."""

import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from servers import point_at, settings_for

from coaiapy.errors import ConfigError, NetworkError, NotFoundError, UsageError
from coaiapy.langfuse.datasets import datasets
from coaiapy.langfuse.datasets import files as dataset_files

pytestmark = pytest.mark.usefixtures("short_waits")

texts = st.text(st.characters(blacklist_categories=("Cs",)))
values = st.recursive(
    st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-1e6, 1e6) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def read(text, format=None, name="", dataset="ds"):
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    return dataset_files.FileItems.of(
        dataset_files.read_dataset_items(io.BytesIO(data), dataset, name, format)
    )


@given(st.lists(st.tuples(values, values, st.none() | values), min_size=1, max_size=4))
@example([("12", " true", None), ("", "null", 'a\r\nb,"c"\x00\x1f'), ("\x85\u2028", "=1+1", 0.5)])
@example([("-", "[not json", {"a": "\r"})])
def test_what_was_exported_is_imported_unchanged(rows):
    items = [
        {"id": "i{}".format(number), "input": one, "expectedOutput": two, "metadata": three}
        for number, (one, two, three) in enumerate(rows)
    ]
    served = [dict(item, status="ACTIVE", datasetName="x", createdAt="t") for item in items]
    wanted = [
        {key: value for key, value in item.items() if value is not None and (key, value) != META}
        for item in items
    ]
    assert read(dataset_files.to_csv(served), "csv").items == wanted
    assert read(dataset_files.to_jsonl(served), "jsonl").items == wanted


META = ("metadata", {})


def test_the_same_content_has_the_same_id_and_another_dataset_another():
    text = (
        '{"input": {"a": 1, "b": 2}}\n{"input": {"b": 2, "a": 1}, "status": "ACTIVE"}\n{"input": 2}'
    )
    with pytest.raises(UsageError, match="line 2: id: .* is already the id of line 1"):
        read(text)
    found = read(text.replace(', "status": "ACTIVE"', ""))
    assert (len(found.items), found.repeated) == (2, 1)
    again = read(text.replace(', "status": "ACTIVE"', ""))
    assert again == found
    other = read('{"input": 2}', dataset="other")
    assert other.items[0]["id"] != found.items[1]["id"]


@pytest.mark.parametrize(
    "name, text",
    [
        ("x.jsonl", '{"input": "a", "expected": 1}\n\n{"input": "b"}\n'),
        ("x.json", '[{"input": "a", "expected_output": 1}, {"input": "b"}]'),
        ("x.yaml", "- input: a\n  expected: 1\n- input: b\n"),
        ("x.csv", "\ufeffinput,expectedOutput\r\na,1\r\nb,\r\n"),
        ("-", '{"input": "a", "expectedOutput": 1}\n{"input": "b"}'),
    ],
)
def test_every_format_says_the_same(name, text):
    found = read(text, name=name).items
    assert [(one["input"], one.get("expectedOutput")) for one in found] == [("a", 1), ("b", None)]


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("x.csv", "", "it is empty"),
        ("x.csv", "question\nx\n", "unknown column 'question': the columns are id, input,"),
        ("x.csv", "input,expected,input\nx,y,z\n", "the column 'input' occurs twice"),
        ("x.csv", "expected,expected_output\nx,y\n", "expectedOutput: given twice"),
        ("x.csv", "input,\nx,y\n", "column 2 has no name, but line 2 has 'y' there"),
        ("x.csv", 'input\n"{""a"":1,""a"":2}"\n', "line 2: input: the key 'a' occurs twice"),
        ("x.jsonl", '{"input": 1, "input": 2}\n', "line 1: the key 'input' occurs twice"),
        ("x.csv", "input,id\nx\n", "line 2: the number of cells is 1, but the header has 2"),
        ("x.csv", 'input\n"x\n', "line 2 is not CSV"),
        ("x.csv", b"input\n\xff\n", "not UTF-8"),
        ("x.jsonl", '{"input": 1}\n{"id": "a"}\n[]\n', "2 of 3 items are wrong"),
        ("x.jsonl", '{"input": 1, "id": "a"}\n{"input": 2, "id": "a"}', "already the id of line 1"),
        ("x.jsonl", '{"input": \n', "line 1"),
    ],
)
def test_a_wrong_file_is_told_by_line_and_nothing_is_sent(name, text, said):
    with pytest.raises(UsageError, match=said):
        read(text, name=name)


# Into a server


@pytest.fixture
def server(langfuse):
    return langfuse("v3")


@pytest.fixture
def known(server):
    found = settings_for(server)
    datasets.create_dataset(found, "ds")
    return found


def lines(count, **more):
    items = [dict({"input": number, "expectedOutput": "x"}, **more) for number in range(count)]
    return "".join(json.dumps(item) + "\n" for item in items)


def bring(known, text, dataset="ds", **options):
    found = read(text, dataset=dataset)
    return dataset_files.import_dataset_items(known, dataset, found, **options)


def posts(server):
    return [one for one in server.requests if one.method == "POST"]


def test_the_same_file_again_changes_and_sends_nothing(server, known):
    first = bring(known, lines(250))
    assert (first.counts()["new"], first.there) == (250, 250)
    server.forget_requests()
    again = bring(known, lines(250))
    assert again.counts() == dict(first.counts(), new=0, same=250)
    assert posts(server) == []


def test_what_changed_is_sent_and_the_rest_stays(server, known):
    bring(known, '{"id": "a", "input": 1}\n{"id": "b", "input": 2}\n')
    server.forget_requests()
    result = bring(
        known, '{"id": "a", "input": 1}\n{"id": "b", "input": 3}\n{"id": "c", "input": 4}'
    )
    assert (result.new, result.changed, result.same, result.there) == (1, 1, 1, 3)
    assert sorted(one.body["id"] for one in posts(server)) == ["b", "c"]
    assert server.dataset_items["b"]["input"] == 3


def test_a_dry_run_counts_and_sends_nothing(server, known):
    bring(known, '{"id": "a", "input": 1}')
    server.forget_requests()
    result = bring(known, '{"id": "a", "input": 2}\n{"id": "b", "input": 2}', dry_run=True)
    assert (result.new, result.changed, result.there) == (1, 1, 1)
    result = bring(known, '{"input": 2}', dataset="none", dry_run=True, create=True)
    assert result.new == 1
    assert posts(server) == []
    assert "none" not in server.datasets


def test_a_missing_dataset_is_only_made_when_that_is_wished(server, known):
    with pytest.raises(NotFoundError, match="no dataset 'none'"):
        bring(known, lines(1), dataset="none")
    assert bring(known, lines(1), dataset="none", create=True).new == 1
    datasets.create_dataset(known, "ds", "described")
    bring(known, lines(1), create=True)
    assert server.datasets["ds"]["description"] == "described"


def test_a_failing_item_neither_hides_nor_stops_the_others(server, known):
    datasets.create_dataset(known, "other")
    datasets.create_dataset_item(known, "other", 0, item_id="taken")
    result = bring(known, lines(20) + '{"id": "taken", "input": 1}\n')
    assert result.counts()["failed"] == 1
    ((place, item_id, error),) = result.failed
    assert (place, item_id) == ("line 21", "taken")
    assert "taken" in str(error)
    assert (result.new, result.there, result.problem) == (20, 20, None)
    assert result.counts()["total"] == 21


@pytest.mark.parametrize("fault", ["answer lost", "503", "429", "reset", "truncated json"])
def test_trouble_on_the_way_makes_no_item_twice_or_lost(server, known, fault):
    # A single item may meet all of them, and is tried four times.
    server.fail(fault, times=3, path="/dataset-items", method="POST", retry_after=0)
    result = bring(known, lines(40))
    assert (result.new, result.there, len(server.dataset_items)) == (40, 40, 40)


def test_a_server_that_goes_away_ends_it_with_what_is_known(server, known):
    server.fail("503", times=None, path="/dataset-items", method="POST", after=10)
    result = bring(known, lines(200))
    assert isinstance(result.problem, NetworkError)
    assert result.new == 10
    assert result.unsent > 100
    counts = result.counts()
    assert counts["new"] + counts["failed"] + counts["unsent"] == counts["total"] == 200
    server.heal()
    again = bring(known, lines(200)).counts()  # a request in flight may have arrived meanwhile
    assert again["same"] >= 10 and again["same"] + again["new"] == 200


def test_refused_keys_end_it(server, known):
    server.fail("401", times=None, path="/dataset-items", method="POST")
    result = bring(known, lines(100))
    assert isinstance(result.problem, ConfigError)
    assert result.unsent > 50


def test_what_was_accepted_and_is_not_there_is_counted_as_missing(server, known):
    original = dataset_files.put

    def losing(http, name, item):
        written = original(http, name, item)
        if item["input"] == 3:
            del server.dataset_items[item["id"]]
        return written

    dataset_files.put = losing
    try:
        result = bring(known, lines(5))
    finally:
        dataset_files.put = original
    assert (result.new, result.missing, result.there) == (4, 1, 4)


def test_what_was_accepted_is_counted_where_the_dataset_cannot_be_read_afterwards(
    server, known, run, project, monkeypatch
):
    bring(known, lines(2))
    server.fail(
        "503", times=None, path="/dataset-items", method="GET", after=4
    )  # one listing, three by id
    result = bring(known, lines(5))
    assert isinstance(result.problem, NetworkError)
    assert (result.new, result.same, result.missing, result.there) == (3, 2, 0, None)
    server.heal()
    server.fail("503", times=None, path="/dataset-items", method="GET", after=3)
    (project / "items.jsonl").write_text(lines(7))
    point_at(monkeypatch, server)
    shown = run("fuse", "datasets", "import", "ds", "items.jsonl", "--json")
    assert shown.code == 4
    assert json.loads(shown.out)["new"] == 2
    assert "cannot read the dataset to check the import" in shown.err and "2 new" in shown.err
    server.heal()
    assert len(server.dataset_items) == 7


def test_several_are_in_flight(server, known):
    arrived = []
    original = dataset_files.put

    def waiting(http, name, item):
        arrived.append(item)
        server.wait_until(lambda: len(arrived) >= 4)
        return original(http, name, item)

    dataset_files.put = waiting
    try:
        assert bring(known, lines(8)).new == 8
    finally:
        dataset_files.put = original


def test_an_export_can_be_imported_without_a_change(server, known):
    bring(known, lines(30, metadata={"m": 1}, sourceTraceId="t"))
    exported = dataset_files.to_jsonl(datasets.list_dataset_items(known, "ds"))
    assert bring(known, exported).counts()["same"] == 30
