"""One damaged row of the journal is set aside and named; everything else goes on."""

import sqlite3
import time

import pytest

from coaiapy.langfuse.journal.db import journal_path

DAMAGES = [
    "",
    "{",
    '{"id": "bad", "name": "x',
    "null",
    "[1]",
    "5",
    "{}",
    '{"id": 5}',
    b"\xff\x00",
    "[" * 5000,
]
READS = ("traces list", "traces trace-view good", "sessions list", "scores list", "outbox status")
READS += ("traces list-observations", "outbox list", "doctor")


def damage(sql, *values):
    """Change the journal as another program would; a number of seconds is from now."""
    db = sqlite3.connect(journal_path())
    try:
        with db:
            assert db.execute(sql, values).rowcount == 1
    finally:
        db.close()


def write(run):
    for words in (
        "traces create good -s s",
        "traces create bad -s s",
        "traces add-observation worse good -n step",
        "scores create worst --trace-id good -n q -v 1",
    ):
        assert run("fuse", *words.split()).code in (0, 3), words


@pytest.mark.parametrize(
    "record, body",
    [("bad", body) for body in DAMAGES]
    + [(record, body) for record in ("worse", "worst") for body in DAMAGES[:2]],
)
def test_a_damaged_row_of_this_machine(run, body, record):
    write(run)
    damage("UPDATE records SET body = ? WHERE id = ?", body, record)
    for words in READS:
        result = run("fuse", *words.split())
        assert result.code in (0, 5), (words, result)
        assert "unexpected" not in result.err
    listed = run("fuse", "outbox", "list", "--csv", "--columns", "row,id,state,reason").out
    row = listed.splitlines()[1].split(",")
    assert row[1:3] == [record, "rejected"] and "damaged" in row[3]
    shown = run("fuse", "outbox", "show", row[0])
    assert shown.code == 0 and str(record) in shown.out
    assert run("fuse", "outbox", "drop", row[0], "--yes").code == 0
    assert run("fuse", "outbox", "list", "--csv", "--columns", "row").out == "row\n"
    assert "good" in run("fuse", "traces", "list").out


@pytest.mark.parametrize("kind", ["local", "v3", "v4-events_only"])
@pytest.mark.parametrize(
    "record, words",
    [
        ("bad", "traces list"),
        ("bad", "sessions get s"),
        ("worse", "traces trace-view good"),
        ("worse", "traces list-observations"),
        ("worst", "scores list"),
    ],
)
def test_a_command_that_only_reads_names_a_damaged_row_once(run, use, kind, record, words):
    use(kind)
    write(run)
    damage("UPDATE records SET body = '{' WHERE id = ?", record)
    first, second = (run("fuse", *words.split()) for _ in range(2))
    assert first.code == 0, first
    assert first.err.count("is damaged in the journal and was set aside") == 1
    assert "damaged" not in second.err


def test_many_damaged_rows_are_one_note(run):
    for number in range(8):
        run("fuse", "traces", "create", "t{}".format(number))
        damage("UPDATE records SET body = '{' WHERE id = ?", "t{}".format(number))
    said = run("fuse", "traces", "list").err
    assert "8 records are damaged in the journal and were set aside (1, 2, 3, 4, 5 ...)" in said
    assert said.count("damaged") == 1


@pytest.mark.parametrize("body", DAMAGES)
def test_a_damaged_row_that_waits(run, use, body):
    server = use("v3")
    server.fail("500", times=None)
    for name in ("bad", "next"):
        run("fuse", "traces", "create", name, "--timeout", "0.3")
    damage("UPDATE records SET body = ? WHERE id = 'bad'", body)
    server.heal()
    flushed = run("fuse", "outbox", "flush")
    assert "is damaged in the journal" in flushed.err and "unexpected" not in flushed.err
    assert list(server.traces()) == ["next"]
    assert run("fuse", "traces", "create", "new").code == 0
    assert run("fuse", "outbox", "flush").code == 0
    assert sorted(server.traces()) == ["new", "next"]


@pytest.mark.parametrize("body", DAMAGES)
def test_a_damaged_record_is_whole_again_when_it_is_written_again(run, body):
    write(run)
    damage("UPDATE records SET body = ? WHERE id = 'bad'", body)
    assert run("fuse", "traces", "create", "bad", "-n", "mended").code == 0
    assert "mended" in run("fuse", "traces", "list").out


@pytest.mark.parametrize("seconds", [7200, 86400 * 365, 1e300])
def test_a_claim_of_a_wrong_clock_holds_nothing_back(run, use, seconds):
    server = use("v3")
    server.fail("500", times=None)
    run("fuse", "traces", "create", "t", "--timeout", "0.3")
    server.heal()
    damage(
        "UPDATE deliveries SET claimed_by = 'another host:1:aa', claimed_until = ?",
        time.time() + seconds,
    )
    assert run("fuse", "outbox", "flush", "--timeout", "60").code == 0
    assert list(server.traces()) == ["t"]
