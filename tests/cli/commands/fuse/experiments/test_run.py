"""``coaia fuse experiments run``: every item ends in a stated state, and nothing is done twice."""

import json
import os
import signal
import sys

import pytest
from langfuse_server import KINDS
from langfuse_server.client import Client
from pipeline_runs import wait_until
from processes import start

from coaiapy.experiments.execution.work import MOST_OUTPUT
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records.records import observation_from
from coaiapy.running.supervisor import Supervisor

pytestmark = pytest.mark.usefixtures("short_waits")
SINCE = "2020-01-01T00:00:00.000Z"
EACH = {
    "a": "print('fine')",
    "b": "sys.exit(3)",
    "c": "import time; time.sleep(60)",
    "d": "sys.stdout.buffer.write(b'\\xff\\xfe')",
    "e": "print('x' * {})".format(MOST_OUTPUT + 1),
    "f": "import signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "g": "pass",
}


def ran(project):
    path = project / "ran"
    return sorted(path.read_text().split()) if path.exists() else []


def ask(server, path, **query):
    answer = Client(server)("GET", "/api/public/" + path, query=query or None)
    assert answer.status == 200, answer.body
    return answer.body


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_run_is_seen_in_langfuse_and_nothing_of_it_twice(use, run, questions, project, kind):
    server = use(kind)
    assert run("fuse", "datasets", "import", "ds", "questions.jsonl", "--create").code == 0
    code = 'open("ran", "a").write("x\\n"); print(2 * int(input()))'
    words = ["fuse", "experiments", "run", "ds", "--name", "first", "--description", "why"]
    words += ["--eval", "exact", "--require-delivery", "--limit", "4"]
    for limit, count in (("4", 4), ("6", 6)):
        words[-1] = limit
        done = run(*(words + ["--", sys.executable, "-c", code]))
        assert done.code == 0, done.err
        assert len(ran(project)) == count
    if server.kind.legacy:
        found = ask(server, "datasets/ds/runs/first")
        assert found["description"] == "why" and "input()" in found["metadata"]["command"]
        linked = [(one["datasetItemId"], one["traceId"]) for one in found["datasetRunItems"]]
    if server.kind.rows:
        (found,) = ask(server, "experiments", fromStartTime=SINCE)["data"]
        assert (found["name"], found["description"], found["itemCount"]) == ("first", "why", 6)
        rows = ask(server, "experiment-items", fromStartTime=SINCE)["data"]
        items = [(one["experimentItemId"], one["traceId"]) for one in rows]
        assert not server.kind.legacy or sorted(items) == sorted(linked)
        linked = items
    assert [item for item, _ in sorted(linked)] == ["q{}".format(n) for n in range(6)]
    rows = json.loads(run("fuse", "experiments", "show", "first", "--json").out)
    pages = {server.url + "/trace/" + trace for _, trace in linked}
    assert {row["url"] for row in rows} == pages
    assert pages.issubset(run("fuse", "experiments", "show", "first").out.split())
    listed = json.loads(run("fuse", "scores", "list", "--name", "exact", "--json").out)
    assert sorted(one["traceId"] for one in listed) == sorted(trace for _, trace in linked)
    assert all(one["value"] in (1, True) for one in listed)
    means = json.loads(run("fuse", "scores", "list", "--name", "exact_mean", "--json").out)
    assert [one["value"] for one in means] == ([] if kind == "v2" else [1])


def test_every_item_ends_in_a_state_and_the_totals_add_up(experiment, questions, shown):
    questions(*[{"id": name, "input": "x"} for name in EACH])
    code = "import os, sys; exec({!r}[os.environ['COAIA_ITEM_ID']])".format(EACH)
    done = experiment("--timeout", "12", "--jobs", "4", "--json", code=code)
    assert done.code == 1
    body = json.loads(done.out)
    states = {"ok": 2, "failed": 2, "timed out": 1, "not text": 1, "too large": 1}
    assert body["states"] == states and (body["done"], body["missing"]) == (7, 0)
    items = shown()
    reasons = {name: "{state} {reason}".format(**items[name]) for name in items}
    assert reasons["b"] == "failed exit code 3" and "exit code 139" in reasons["f"]
    assert "12 seconds" in reasons["c"] and str(MOST_OUTPUT) in reasons["e"]
    assert items["a"]["output"] == "fine" and items["g"]["output"] == ""
    assert items["d"]["output"] is None


def test_a_command_that_does_not_exist_ends_every_item(run, questions):
    words = ["fuse", "experiments", "run", "questions.jsonl", "--name", "n", "--json"]
    done = run(*(words + ["--", "no-such-command"]))
    assert done.code == 1 and json.loads(done.out)["states"] == {"not started": 6}
    shown = run("fuse", "experiments", "show", "n", "--failed")
    assert "there is no command 'no-such-command'" in shown.out


def test_what_has_failed_runs_again_only_if_that_is_wished(experiment, project, shown):
    code = (
        "import os, sys; item = os.environ['COAIA_ITEM_ID']; open('ran', 'a').write(item + ' '); "
        "sys.exit(item == 'q3' and not os.path.exists('mended')); "
    )
    assert experiment(code=code).code == 1
    (project / "mended").write_text("")
    assert experiment(code=code).code == 1 and len(ran(project)) == 6
    assert experiment("--rerun-failed", code=code).code == 0
    assert ran(project) == ["q0", "q1", "q2", "q3", "q3", "q4", "q5"]
    assert shown()["q3"]["state"] == "ok" and shown()["q3"]["reason"] is None


def test_retries_are_within_one_result(experiment, project, shown):
    code = "import os, sys; open('ran', 'a').write('x '); sys.exit(len(open('ran').read()) < 4)"
    assert experiment("--limit", "1", "--retries", "2", code=code).code == 0
    assert shown()["q0"]["attempts"] == 2


@pytest.mark.parametrize("way", ["stdin", "arg", "env", "json"])
def test_the_command_gets_its_item(experiment, questions, shown, way):
    questions(
        {"id": "i", "input": {"a": 1}, "expectedOutput": ["x"], "metadata": {"m": "n"}},
        {"id": "t", "input": "text"},
    )
    code = (
        "import json, os, sys; own = {k: v for k, v in os.environ.items() if 'COAIA_ITEM' in k}; "
        "print(json.dumps([sys.stdin.read(), sys.argv[1:], own]))"
    )
    assert experiment("--input-as", way, code=code).code == 0
    text, words, own = json.loads(shown()["i"]["output"])
    given = {"arg": words[0:1], "env": [own.pop("COAIA_ITEM_INPUT", None)]}.get(way, [text])
    assert given == ['{"a": 1}']
    assert own == {
        "COAIA_ITEM_ID": "i",
        "COAIA_ITEM_EXPECTED": '["x"]',
        "COAIA_ITEM_METADATA": '{"m": "n"}',
        "COAIA_ITEM_REPEAT": "1",
    }
    text, words, own = json.loads(shown()["t"]["output"])
    given = {"arg": words[0:1], "env": [own.pop("COAIA_ITEM_INPUT", None)]}.get(way, [text])
    assert given == ['"text"' if way == "json" else "text"]


def test_what_the_command_records_is_part_of_the_trace_of_its_item(experiment, run, shown):
    code = "import os, subprocess, sys; subprocess.check_call([sys.executable, '-m', 'coaiapy', "
    code += "'run', '--name', 'inner', '--', 'true'])"
    assert experiment("--limit", "1", code=code).code == 0
    trace = json.loads(run("fuse", "traces", "tv", shown()["q0"]["trace_id"], "--json").out)
    item = next(one for one in trace["observations"] if one["name"] == "item")
    inner = next(one for one in trace["observations"] if one["name"] == "inner")
    assert inner["parentObservationId"] == item["id"] and trace["name"] == "experiment first"


def test_what_an_item_has_cost_is_shown(experiment, run, shown):
    experiment("--limit", "2")
    assert "USD" not in run("fuse", "experiments", "show", "first").out
    call = {
        "id": "call",
        "name": "call",
        "type": "GENERATION",
        "start_time": "2026-01-01T00:00:00Z",
    }
    made = observation_from(dict(call, cost={"total": 0.25}), shown()["q1"]["trace_id"])
    with Journal() as journal:
        journal.append(LOCAL, [made])
    assert [one["cost"] for one in shown().values()] == [0, 0.25]
    assert "USD" in run("fuse", "experiments", "show", "first").out


def test_which_items_are_run(experiment, questions, shown):
    topics = ("even", "odd")
    questions(
        *[{"id": str(n), "input": "1", "metadata": {"topic": topics[n % 2]}} for n in range(20)]
    )
    assert experiment("--filter", "metadata.topic=odd", "--limit", "3").code == 0
    assert sorted(shown()) == ["1", "3", "5"]
    for name, seed in (("one", "7"), ("two", "7"), ("other", "8")):
        experiment("--sample", "5", "--seed", seed, name=name)
    assert sorted(shown("one")) == sorted(shown("two")) != sorted(shown("other"))
    none = experiment("--filter", "id=none")
    assert none.code == 2 and "no item of 'questions.jsonl' is chosen" in none.err


def test_repetitions_are_results_of_their_own(experiment, run, project):
    done = experiment("--repeat", "3", "--limit", "2", "--json")
    assert done.code == 0 and json.loads(done.out)["done"] == 6
    listed = json.loads(run("fuse", "experiments", "show", "first", "--json").out)
    pairs = {(one["item"], one["repeat"], one["trace_id"]) for one in listed}
    assert len(pairs) == 6 and {repeat for _, repeat, _ in pairs} == {1, 2, 3}


def test_secrets_of_an_output_are_not_recorded(experiment, shown, project, run):
    assert experiment("--limit", "1", code="print('key sk-" + "a" * 30 + "')").code == 0
    assert "sk-aaa" not in shown()["q0"]["output"]


def test_neither_secrets_of_the_command_nor_of_its_arguments_are_recorded(run, questions, home):
    words = ["fuse", "experiments", "run", "questions.jsonl", "--name", "n", "--limit", "1"]
    words += ["--metadata", "token=sk-" + "b" * 30, "--", "echo", "sk-" + "a" * 30]
    assert run(*words).code == 0
    listed = run("fuse", "experiments", "list", "--json").out
    assert "echo" in listed and "sk-aaa" not in listed and "sk-bbb" not in listed
    for file in (home / ".coaia").glob("coaia.db*"):
        assert b"sk-aaa" not in file.read_bytes()


def slow(project, *options):
    """Start a run of six items; the first three end at once, the fourth waits to be killed."""
    code = (
        "import os, sys, time; item = os.environ['COAIA_ITEM_ID']; "
        "open('ran', 'a').write(item + ' '); "
        "time.sleep(60 if item == 'q3' and not os.path.exists('go') else 0); print(item)"
    )
    words = ["fuse", "experiments", "run", "questions.jsonl", "--name", "first", "--jobs", "1"]
    return words + list(options) + ["--", sys.executable, "-c", code]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_was_ended_goes_on_with_what_is_missing(run, questions, project, number):
    process = start(*slow(project))
    try:
        wait_until(lambda: "q3" in ran(project) and listed(run))
        process.send_signal(number)
        process.communicate(timeout=200)
    finally:
        process.kill()
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert (
            json.loads(run("fuse", "experiments", "list", "--json").out)[0]["results"] == "3 of 6"
        )
    (project / "go").write_text("")
    done = run(*slow(project, "--json"))
    assert done.code == 0, done.err
    assert json.loads(done.out)["states"] == {"ok": 6}
    assert ran(project) == ["q0", "q1", "q2", "q3", "q3", "q4", "q5"]


def test_a_command_that_ends_together_with_the_signal_is_not_waited_for(experiment, monkeypatch):
    """A terminal sends Ctrl-C to both."""
    turn = Supervisor.turn

    def turn_with_signal(supervisor, seconds):
        assert not supervisor.received, "nothing runs any more"
        ended = turn(supervisor, seconds)
        if ended is not None:
            os.kill(os.getpid(), signal.SIGINT)
        return ended

    monkeypatch.setattr(Supervisor, "turn", turn_with_signal)
    assert experiment("--jobs", "1").code == 130


def test_two_runs_of_one_name_at_once_do_not_do_the_work_twice(run, questions, project, home):
    process = start(*slow(project))
    try:
        wait_until(lambda: "q3" in ran(project) and listed(run))
        for words in (slow(project), ["fuse", "experiments", "score", "first", "--eval", "exact"]):
            done = run(*words)
            assert done.code == 6 and done.err.count("\n") == 1
            assert "another process works on the run 'first' of 'questions'" in done.err
        (project / "go").write_text("")
        assert run(*[word.replace("first", "second") for word in slow(project)]).code == 0
    finally:
        process.kill()
        process.wait()
    assert run(*slow(project)).code == 0
    assert not list((home / ".coaia").glob("*.lock"))


def test_the_dataset_as_it_was_is_asked_for(use, run, questions, project):
    server = use("v3")
    run("fuse", "datasets", "import", "ds", "questions.jsonl", "--create")
    words = ["fuse", "experiments", "run", "ds", "--name", "n", "--version", "2026-01-31"]
    done = run(*(words + ["--", "cat"]))
    assert done.code == 0, done.err
    asked = [one for one in server.requests if one.path.endswith("/dataset-items")]
    assert asked[-1].query["version"] == ["2026-01-31T00:00:00.000Z"]
    words[3] = "questions.jsonl"
    refused = run(*(words + ["--", "cat"]))
    assert refused.code == 2 and "--version is for datasets of a server" in refused.err


@pytest.mark.parametrize("kind", sorted(KINDS) + ["local"])
def test_a_run_is_deleted_here_and_where_the_server_can(use, run, experiment, kind):
    server = use(kind) if kind != "local" else None
    run("fuse", "datasets", "import", "questions", "questions.jsonl", "--create")
    assert experiment("--eval", "exact").code == 0
    asked = run("fuse", "experiments", "delete", "first")
    assert asked.code != 0 and json.loads(run("fuse", "experiments", "list", "--json").out)
    done = run("fuse", "experiments", "delete", "first", "--yes")
    there = kind in ("v3", "v4-legacy", "v4-dual")
    assert done.code == 0 and ("also in Langfuse" in done.err) == there, done.err
    if there:
        path = "/api/public/datasets/questions/runs/first"
        assert Client(server)("GET", path).status == 404
    again = run("fuse", "experiments", "delete", "first", "--yes")
    assert again.code == 1 and "no experiment 'first'" in again.err


def listed(run):
    """Tell whether three results are known: they are written together, half a second later."""
    found = json.loads(run("fuse", "experiments", "list", "--json").out)
    return found and found[0]["results"] == "3 of 6"


def test_a_server_that_fails_often_loses_and_doubles_nothing(use, run, questions, experiment):
    server = use("v3")
    run("fuse", "datasets", "import", "questions", "questions.jsonl", "--create")
    for after in (1, 2, 4):
        server.fail("503", times=1, path="dataset-run-items", after=after)
    server.fail("answer lost", times=1, path="dataset-run-items", after=3)
    done = experiment("--require-delivery")
    assert done.code == 0, done.err
    again = experiment("--require-delivery")
    assert again.code == 0 and "not all items" not in again.err
    found = ask(server, "datasets/questions/runs/first")["datasetRunItems"]
    assert sorted(one["datasetItemId"] for one in found) == ["q{}".format(n) for n in range(6)]


def test_items_that_the_server_has_not_are_named(use, experiment):
    use("v3")
    done = experiment()
    assert done.code == 0
    assert "6 items are not in the dataset 'questions' of the server" in done.err


def test_what_is_wrong_is_said_before_anything_runs(run, questions, project):
    words = ["fuse", "experiments", "run"]
    for options, said in (
        (["questions.jsonl", "--name", "n"], "the command is missing"),
        (["questions.jsonl", "--name", " ", "--", "true"], "a run needs a name"),
        (["nowhere.jsonl", "--name", "n", "--", "true"], "nowhere.jsonl cannot be read"),
        (["ds", "--name", "n", "--", "true"], "in local mode"),
        (
            ["questions.jsonl", "--name", "n", "--eval", "exakt", "--", "true"],
            "did you mean 'exact'",
        ),
        (["questions.jsonl", "--name", "n", "--filter", "topic=1", "--", "true"], "not a filter"),
    ):
        done = run(*(words + options))
        assert done.code in (2, 3, 6) and said in done.err, done.err
    assert not os.path.exists(str(project / "ran"))


def test_a_run_goes_on_only_with_what_it_was_begun_with(experiment, run, project):
    assert experiment("--limit", "2").code == 0
    other = experiment(code="print(1)")
    assert other.code == 2 and len(ran(project)) == 2
    assert "was begun with the command" in other.err and "choose another --name" in other.err
    assert run("fuse", "experiments", "delete", "first", "--yes").code == 0
    assert experiment(code="print(1)").code == 0


def test_results_of_a_larger_choice_stay_expected(experiment):
    assert experiment("--limit", "4", "--repeat", "2").code == 0
    body = json.loads(experiment("--limit", "5", "--json").out)
    assert (body["worked_on"], body["done"], body["expected"], body["missing"]) == (1, 9, 9, 0)


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "it is empty"),
        ('{"id": "a", "input": 2}\n{"id": "a", "input": 1}\n', "'a' is already the id of line 1"),
        ('{"id": 1}\n', "1 of 1 item is wrong, so nothing was run"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(run, project, content, said):
    (project / "bad.jsonl").write_text(content, encoding="utf-8")
    done = run("fuse", "experiments", "run", "bad.jsonl", "--name", "n", "--", "true")
    assert done.code == 2 and "bad.jsonl: " in done.err and said in done.err


def test_a_name_with_line_ends_stays_in_its_line(experiment, run):
    done = experiment("--eval", "exact", name="two\nlines")
    assert done.code == 0 and done.out.startswith("two\\nlines  6 of 6 done")
    assert experiment("--eval", "exact", name="other").code == 0
    compared = run("fuse", "experiments", "compare", "two\nlines", "other").out
    assert compared.startswith("two\\nlines -> other\n")
