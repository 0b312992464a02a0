"""coaia fuse datasets and dataset-items: what a terminal and a script see of them."""

import csv
import io
import json

import pytest
from langfuse_server import KINDS
from training_rules import check_gemini, check_openai

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.fixture
def server(use):
    return use("v4-events_only")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_legacy_words_on_every_server(use, run, kind):
    use(kind)
    words = ["--description", "Questions", "--metadata", "a note"]
    made = run("fuse", "datasets", "create", "team/ds", *words)
    assert (made.code, made.err) == (0, "dataset team/ds\n")
    words = "-i 2+2? -e 4 -m {} --source-trace t1 --id i1 --status active".split()
    created = run("fuse", "dataset-items", "create", "team/ds", *words)
    assert created.out == "i1\n"
    listed = run("fuse", "datasets", "list")
    assert listed.err == "1 dataset\n"
    assert "team/ds" in listed.out
    shown = run("fuse", "datasets", "get", "team/ds")
    assert "i1  ACTIVE" in shown.out
    assert "2+2?" in shown.out
    got = json.loads(run("fuse", "datasets", "get", "team/ds", "--json").out)
    assert (got["name"], [item["id"] for item in got["items"]]) == ("team/ds", ["i1"])
    openai = run("fuse", "datasets", "get", "team/ds", "-oft", "--system-instruction", "Count")
    record = json.loads(openai.out)
    check_openai(record)
    assert record["messages"][0]["content"] == "Count"
    gemini = run("fuse", "datasets", "get", "team/ds", "-gft", "--json")
    check_gemini(json.loads(gemini.out))
    assert gemini.err == "1 of 1 item\n"


def test_training_data_is_of_this_dataset_and_counts_what_it_leaves_out(server, run, project):
    for name in ("ds", "other"):
        run("fuse", "datasets", "create", name)
    run("fuse", "dataset-items", "create", "other", "-i", "secret", "-e", "x")
    run("fuse", "dataset-items", "create", "ds", "-i", "q1", "-e", "a1")
    run("fuse", "dataset-items", "create", "ds", "-i", "q2", "--id", "i2")
    words = ["-i", "q3", "-e", "a3", "--status", "ARCHIVED", "--id", "i3"]  # is not listed
    run("fuse", "dataset-items", "create", "ds", *words)
    result = run("fuse", "datasets", "get", "ds", "-oft", "-o", "training.jsonl")
    assert (result.code, result.out) == (0, "")
    assert result.err == ("coaia: skipped 1 item: no expected output (i2)\n1 of 2 items\n")
    (line,) = (project / "training.jsonl").read_text().splitlines()
    assert [one["content"] for one in json.loads(line)["messages"]][1:] == ["q1", "a1"]


def test_items_one_by_one(server, run):
    run("fuse", "datasets", "create", "ds")
    created = run("fuse", "dataset-items", "create", "ds", "-i", '{"q": [1]}', "--json")
    item = json.loads(created.out)
    assert item["input"] == {"q": [1]}
    (row,) = json.loads(run("fuse", "dataset-items", "list", "ds", "--json").out)
    assert row["id"] == item["id"]
    lines = list(csv.reader(io.StringIO(run("fuse", "dataset-items", "list", "ds", "--csv").out)))
    assert (lines[0][2], json.loads(lines[1][2])) == ("input", {"q": [1]})
    got = run("fuse", "dataset-items", "get", item["id"], "--json")
    assert json.loads(got.out)["id"] == item["id"]
    assert run("fuse", "dataset-items", "get", item["id"]).out.startswith("id ")
    deleted = run("fuse", "dataset-items", "delete", item["id"])
    assert (deleted.code, deleted.out, deleted.err) == (0, "", "deleted {}\n".format(item["id"]))
    empty = run("fuse", "dataset-items", "list", "ds")
    assert (empty.code, empty.err) == (0, "0 items\n")
    assert run("fuse", "dataset-items", "delete", item["id"]).code == 1


def test_import_and_export_round(server, run, project):
    (project / "items.csv").write_text("input,expectedOutput\nq1,a1\nq2,a2\nq2,a2\n")
    missing = run("fuse", "datasets", "import", "ds", "items.csv")
    assert (missing.code, missing.out) == (1, "")
    dry = run("fuse", "datasets", "import", "ds", "items.csv", "--create", "--dry-run")
    assert dry.err == (
        "3 items, nothing was sent: 2 new, 0 changed, 0 same, 1 repeated; the dataset has 0\n"
    )
    done = run("fuse", "datasets", "import", "ds", "items.csv", "--create", "--json")
    counts = json.loads(done.out)
    assert (done.code, counts["new"], counts["repeated"], counts["there"]) == (0, 2, 1, 2)
    exported = run("fuse", "datasets", "export", "ds")
    assert exported.err == "2 active items\n"
    assert run("fuse", "datasets", "import", "ds", "-", stdin=exported.out).err == (
        "2 items: 0 new, 0 changed, 2 same; the dataset has 2\n"
    )
    run("fuse", "datasets", "export", "ds", "-o", "out.csv")
    text = (project / "out.csv").read_text()
    assert text.splitlines()[0].startswith("id,input,expectedOutput")
    assert run("fuse", "datasets", "import", "ds", "out.csv").err.startswith("2 items: 0 new, 0 ch")


def test_a_failing_item_is_exit_code_5_with_counts(server, run, project):
    for name in ("ds", "other"):
        run("fuse", "datasets", "create", name)
    run("fuse", "dataset-items", "create", "other", "-i", "1", "--id", "taken")
    text = '{"input": 1}\n{"input": 2, "id": "taken"}\n'
    result = run("fuse", "datasets", "import", "ds", "-", stdin=text)
    assert result.code == 5
    assert result.err.splitlines()[0].startswith("coaia: line 2 (taken) was not accepted: ")
    assert "add --new-ids to copy the items" in result.err.splitlines()[1]
    assert result.err.splitlines()[2] == (
        "2 items: 1 new, 0 changed, 0 same, 1 failed; the dataset has 1"
    )


def test_a_wrong_file_is_exit_code_2_and_sends_nothing(server, run):
    result = run("fuse", "datasets", "import", "ds", "-", stdin='{"inptu": 1}\n')
    assert (result.code, result.out) == (2, "")
    assert "no field 'inptu' (did you mean 'input'?)" in result.err
    assert server.requests == []


def test_an_export_never_replaces_a_good_file_by_an_error(server, run, project):
    run("fuse", "datasets", "create", "ds")
    (project / "out.jsonl").write_text("good")
    server.fail("401", times=None)
    assert run("fuse", "datasets", "export", "ds", "-o", "out.jsonl").code == 3
    assert run("fuse", "datasets", "get", "ds", "-oft", "-o", "out.jsonl").code == 3
    assert (project / "out.jsonl").read_text() == "good"


def test_without_a_server_one_sentence_says_what_is_missing(run, project):
    for words in (
        ["datasets", "list"],
        ["datasets", "get", "x"],
        ["datasets", "create", "x"],
        ["datasets", "import", "x", "-"],
        ["datasets", "export", "x"],
        ["dataset-items", "create", "x", "-i", "1"],
        ["dataset-items", "list", "x"],
        ["dataset-items", "delete", "x"],
    ):
        result = run("fuse", *words, stdin='{"input": 1}\n')
        assert (result.code, result.out) == (3, "")
        assert result.err.count("\n") == 1
        assert "set LANGFUSE_PUBLIC_KEY" in result.err


@pytest.mark.parametrize("kind", ["v2", "v3", "v4-events_only"])
def test_a_dataset_is_copied_into_another_one(use, run, kind):
    server = use(kind)
    run("fuse", "datasets", "create", "a")
    for number in ("1", "2"):
        words = ["-i", "same", "-e", number, "--id", "i" + number]
        run("fuse", "dataset-items", "create", "a", *words)
    text = run("fuse", "datasets", "export", "a").out
    for told in ("2 new, 0 changed, 0 same", "0 new, 0 changed, 2 same"):
        words = ["import", "b", "-", "--create", "--new-ids"]
        copied = run("fuse", "datasets", *words, stdin=text)
        assert (copied.code, told in copied.err) == (0, True)
    edited = text.replace('"expectedOutput": 1', '"expectedOutput": "one"')
    again = run("fuse", "datasets", "import", "b", "-", "--new-ids", stdin=edited)
    assert "0 new, 1 changed, 1 same; the dataset has 2" in again.err
    assert len(server.dataset_items) == 4


def test_an_export_says_which_endings_it_knows(server, run, project):
    run("fuse", "datasets", "create", "ds")
    for name in ("x.xyz", "x.json"):
        refused = run("fuse", "datasets", "export", "ds", "-o", name)
        assert (refused.code, "use .jsonl or .csv" in refused.err) == (2, True)
        assert not (project / name).exists()
    for words in (["x.jsonl"], ["x"], ["x.xyz", "--format", "csv"]):
        assert run("fuse", "datasets", "export", "ds", "-o", *words).code == 0
