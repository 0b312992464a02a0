"""``coaia fuse dataset-items``: archived items, their sources, ids of other datasets, schemas."""

import json

import pytest
from langfuse_server import KINDS

ALL = sorted(KINDS)
ITEMS = '{"id": "a", "input": 1}\n{"id": "b", "input": 2, "status": "ARCHIVED"}\n'


@pytest.fixture
def dataset(use, run, project):
    def start(kind):
        server = use(kind)
        assert run("fuse", "datasets", "create", "ds").code == 0
        (project / "items.jsonl").write_text(ITEMS)
        return server

    return start


@pytest.mark.parametrize("kind", ALL)
def test_a_file_with_archived_items_is_imported_once(dataset, run, kind):
    dataset(kind)
    first = run("fuse", "datasets", "import", "ds", "items.jsonl")
    assert (first.code, first.err) == (
        0,
        "2 items: 2 new, 0 changed, 0 same; the dataset has 1 and 1 of the file, archived\n",
    )
    for _ in range(2):
        again = run("fuse", "datasets", "import", "ds", "items.jsonl")
        assert (again.code, again.err) == (
            0,
            "2 items: 0 new, 0 changed, 2 same; the dataset has 1 and 1 of the file, archived\n",
        )


@pytest.mark.parametrize("kind", ALL)
def test_an_item_that_was_archived_on_the_server_is_found_by_its_id(dataset, run, kind):
    dataset(kind)
    text = ITEMS.replace(', "status": "ARCHIVED"', "")
    assert run("fuse", "datasets", "import", "ds", "-", stdin=text).code == 0
    words = ["ds", "-i", "2", "--id", "b", "--status", "archived"]
    assert run("fuse", "dataset-items", "create", *words).code == 0
    same = run("fuse", "datasets", "import", "ds", "-", stdin=text)
    assert (same.code, same.err) == (
        0,
        "2 items: 0 new, 0 changed, 2 same; the dataset has 1 and 1 of the file, archived\n",
    )
    changed = text.replace("2}", "3}")
    result = run("fuse", "datasets", "import", "ds", "-", "--json", stdin=changed)
    counts = json.loads(result.out)
    assert result.code == 0
    assert (counts["changed"], counts["missing"], counts["archived"]) == (1, 0, 1)
    got = json.loads(run("fuse", "dataset-items", "get", "b", "--json").out)
    assert (got["input"], got["status"]) == (3, "ARCHIVED")


@pytest.mark.parametrize("kind", ALL)
def test_what_is_left_out_is_said(dataset, run, kind):
    dataset(kind)
    run("fuse", "datasets", "import", "ds", "items.jsonl")
    for words in (["dataset-items", "list", "ds"], ["datasets", "get", "ds"]):
        result = run("fuse", *(words + ["--json"]))
        found = json.loads(result.out)
        items = found["items"] if isinstance(found, dict) else found
        assert [item["id"] for item in items] == ["a"]
        assert ("left out: 1 archived item; add --archived" in result.err) == (kind == "v2")
        result = run("fuse", *(words + ["--json", "--archived"]))
        assert ('"b"' in result.out) == (kind == "v2")
        assert ("does not list archived items" in result.err) == (kind != "v2")
    exported = run("fuse", "datasets", "export", "ds")
    assert json.loads(exported.out)["id"] == "a"
    assert exported.err.splitlines()[-1] == "1 active item"
    every = run("fuse", "datasets", "export", "ds", "--archived")
    assert every.out.count("\n") == (2 if kind == "v2" else 1)


@pytest.mark.parametrize("kind", ALL)
def test_an_id_of_another_dataset_is_refused(dataset, run, kind):
    dataset(kind)
    run("fuse", "datasets", "create", "other")
    run("fuse", "dataset-items", "create", "other", "-i", "1", "--id", "taken")
    result = run("fuse", "dataset-items", "create", "ds", "-i", "2", "--id", "taken")
    assert (result.code, result.out) == (5, "")
    assert "taken" in result.err and "another dataset" in result.err
    text = '{"id": "taken", "input": 2}\n'
    result = run("fuse", "datasets", "import", "ds", "-", stdin=text)
    assert result.code == 5 and "add --new-ids" in result.err
    got = json.loads(run("fuse", "dataset-items", "get", "taken", "--json").out)
    assert (got["datasetName"], got["input"]) == ("other", 1)
    result = run("fuse", "datasets", "import", "ds", "-", "--new-ids", stdin=text)
    assert result.code == 0


@pytest.mark.parametrize("kind", ALL)
def test_a_schema_is_checked_or_it_is_said_that_it_is_not(use, run, kind):
    use(kind)
    schema = '{"type": "object"}'
    made = run("fuse", "datasets", "create", "ds", "--input-schema", schema)
    assert made.code == 0
    assert ("ignores the schemas" in made.err) == (kind == "v2")
    result = run("fuse", "dataset-items", "create", "ds", "-i", "text")
    assert result.code == (0 if kind == "v2" else 5)


@pytest.mark.parametrize("kind", ALL)
def test_the_source_of_an_item_is_shown_as_it_was_given(use, run, kind):
    use(kind)
    assert run("fuse", "traces", "create", "my-run").code == 0
    assert run("fuse", "traces", "add-observation", "step", "my-run").code == 0
    assert run("fuse", "datasets", "create", "ds").code == 0
    words = ["ds", "-i", "1", "--id", "a", "--source-trace", "my-run"]
    words += ["--source-observation", "step", "--json"]
    made = json.loads(run("fuse", "dataset-items", "create", *words).out)
    (listed,) = json.loads(run("fuse", "dataset-items", "list", "ds", "--json").out)
    got = json.loads(run("fuse", "dataset-items", "get", "a", "--json").out)
    for item in (made, listed, got):
        assert (item["sourceTraceId"], item["sourceObservationId"]) == ("my-run", "step")
    exported = run("fuse", "datasets", "export", "ds").out
    assert "1 same" in run("fuse", "datasets", "import", "ds", "-", stdin=exported).err


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_large_numbers_do_not_change_a_dataset_at_every_import(use, run, kind):
    use(kind)
    item = json.dumps({"id": "a", "input": {"n": 2**53 + 1}}) + "\n"
    words = ["fuse", "datasets", "import", "ds", "-", "--create"]
    assert "1 new" in run(*words, stdin=item).err
    assert "1 same" in run(*words, stdin=item).err
