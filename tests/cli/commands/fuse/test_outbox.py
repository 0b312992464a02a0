"""``coaia fuse outbox`` as people and scripts use it, rightly and wrongly."""

import json
import os
import re
import stat
import time

import pytest
from delivering import (
    hex_id,
    in_outbox,
    leave,
    records_of,
    trace_of,
    writes,
)

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.send.sender_lock import FileLock, Status, lock_path
from coaiapy.langfuse.traces import traces


@pytest.fixture
def server(use, monkeypatch):
    """A stand-in that the environment names."""
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "20")
    return use("v3")


@pytest.fixture
def coaia(run):
    return lambda *words, **options: run("fuse", "outbox", *words, **options)


# An empty outbox


@pytest.mark.parametrize("command", ["status", "list"])
def test_listings_of_an_empty_outbox(coaia, command):
    assert coaia(command).code == 0
    found = coaia(command, "--json")
    assert (found.code, json.loads(found.out)) == (0, [])


def test_an_empty_outbox_flushes_retries_drops_and_exports_nothing(coaia, server):
    flushed = coaia("flush")
    assert (flushed.code, flushed.out) == (0, "")
    assert "0 records sent" in flushed.err
    assert writes(server) == []
    assert coaia("retry").code == 0
    assert coaia("drop", "--all").code == 0
    exported = coaia("export")
    assert (exported.code, exported.out) == (0, "")


def test_a_wrong_key_is_corrected_and_nothing_is_stranded(run, coaia, server, monkeypatch):
    right = os.environ["LANGFUSE_PUBLIC_KEY"]
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-typo")
    refused = run("fuse", "traces", "create", "x1")
    assert refused.code == 3
    (command,) = re.findall(r"coaia fuse outbox (flush --adopt-from \d+)", refused.err)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", right)
    assert "flush --adopt-from" in coaia("flush").err
    assert "pk-typo" in coaia("status").out
    unasked = coaia(*command.split())
    assert unasked.code == 3 and "pk-typo" in unasked.err and "--yes" in unasked.err
    sent = coaia(*command.split() + ["--yes"])
    assert (sent.code, in_outbox()) == (0, {}) and "1 record sent" in sent.err
    assert list(server.traces()) == ["x1"]
    assert coaia("flush", "--adopt-from", "99").code == 1


@pytest.mark.parametrize(
    "words, code",
    [
        (("show", "1"), 1),
        (("show", "x"), 2),
        (("show",), 2),
        (("retry", "7"), 1),
        (("retry", "0"), 2),
        (("drop",), 2),
        (("drop", "7", "--yes"), 1),
        (("drop", "7", "--all"), 2),
        (("drop", "--state", "sent"), 2),
        (("list", "--state", "sent"), 2),
        (("flush", "now"), 2),
        (("flush", "--timeout", "soon"), 2),
        (("export", "-o"), 2),
        (("export", "-o", "no/such/folder/file"), 6),
        (("flush",), 3),
        (("flush", "--adopt"), 3),
        (("nonsense",), 2),
    ],
)
def test_wrong_use_is_one_sentence_and_the_right_exit_code(coaia, words, code):
    found = coaia(*words)
    assert (found.code, found.out) == (code, "")
    assert re.match(r"coaia: .+\n\Z", found.err), found.err


# Looking


def test_status_counts_by_destination(coaia, server):
    leave(server, records_of(4), rejected=1)
    traces.submit(Settings(base_url="local"), records_of(2, trace=5))
    found = {row["destination"]: row for row in json.loads(coaia("status", "--json").out)}
    mine = found[server.url]
    assert (mine["waiting"], mine["rejected"], mine["local"]) == (3, 1, 0)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", mine["oldest"])
    assert found["local"]["local"] == 2
    table = coaia("status").out
    assert re.search(re.escape(server.url) + r"\s+\S+\s+3\s+1\s+0 ", table)


def test_status_shows_the_sender_of_each_destination(coaia, server):
    (row, *_) = leave(server, records_of(2))
    with Journal() as journal:
        lock = FileLock(lock_path(journal, 1))
        assert lock.take()
        lock.show(Status(1767600000.0, 7, "nobody answers", True))
    (found,) = json.loads(coaia("status", "--json").out)
    assert (found["sender"], found["sender_sent"], found["sender_problem"]) == (
        "running",
        7,
        "nobody answers",
    )
    assert found["sender_since"] == "2026-01-05T08:00:00.000Z"
    assert re.search(r"running +2026-01-05 08:00:00Z +7 +nobody answers", coaia("status").out)
    lock.show(Status(1767600000.0, 7, "", False))
    lock.close()
    (found,) = json.loads(coaia("status", "--json").out)
    assert (found["sender"], found["sender_problem"], found["waiting"]) == ("ended", None, 2)


def test_status_shows_a_running_sender_whose_outbox_is_empty(coaia, server):
    leave(server, records_of(2))
    assert coaia("flush").code == 0
    with Journal() as journal:
        lock = FileLock(lock_path(journal, 1))
        assert lock.take()
        lock.show(Status(1767600000.0, 2, "", True))
    (found,) = json.loads(coaia("status", "--json").out)
    assert (found["waiting"], found["oldest"], found["sender"]) == (0, None, "running")
    lock.close()


def test_list_shows_each_record_and_can_be_narrowed_down(coaia, server):
    rows = leave(server, records_of(4), rejected=1)
    everything = json.loads(coaia("list", "--json").out)
    assert [one["row"] for one in everything] == list(rows)
    rejected = json.loads(coaia("list", "--state", "rejected", "--json").out)
    assert [(one["id"], one["reason"]) for one in rejected] == [(hex_id(0, 32), "name: too long")]
    table = coaia("list", "--state", "rejected")
    assert "name: too long" in table.out
    assert "1 record" in table.err


def test_show_tells_everything_of_one_record(coaia, server):
    rows = leave(server, [trace_of(1, name="nightly")], rejected=1)
    shown = json.loads(coaia("show", rows[0], "--json").out)
    assert shown["body"]["name"] == "nightly"
    assert (shown["state"], shown["reason"]) == ("rejected", "name: too long")
    assert "name: too long" in coaia("show", rows[0]).out


# Sending


def test_flush_sends_what_waits(coaia, server):
    leave(server, records_of(4))
    found = coaia("flush")
    assert (found.code, found.out) == (0, "")
    assert "4 records sent" in found.err
    assert len(server.observations()) == 3
    assert in_outbox() == {}


def test_flush_says_as_json_what_came_of_it(coaia, server):
    leave(server, records_of(3) + [trace_of(8, name="x" * 1001)])
    found = coaia("flush", "--json")
    assert found.code == 5
    counts = json.loads(found.out)
    assert (counts["sent"], counts["waiting"], counts["elsewhere"]) == (3, 0, 0)
    assert [one["id"] for one in counts["rejected"]] == [hex_id(8, 32)]
    assert "was rejected: " in found.err


@pytest.mark.parametrize("words, code", [((), 0), (("--require-delivery",), 4)])
def test_flush_that_cannot_send_keeps_everything(coaia, server, words, code):
    leave(server, records_of(3))
    server.fail("refuse")
    found = coaia("flush", "--timeout", "0.3", *words)
    assert found.code == code
    assert "not sent yet: 3 records in the outbox, nothing is lost" in found.err
    assert len(in_outbox()) == 3


def test_flush_with_keys_that_are_not_taken_says_which(coaia, server):
    leave(server, records_of(3))
    server.fail("401", times=None)
    found = coaia("flush")
    assert found.code == 3
    assert "LANGFUSE_PUBLIC_KEY" in found.err
    assert "sk-test" not in found.err
    assert len(in_outbox()) == 3


def test_flush_names_what_waits_for_others(coaia, server, langfuse):
    other = langfuse("v3")
    leave(other, records_of(3))
    found = coaia("flush")
    assert found.code == 0
    assert "3 records in the outbox for other servers or projects" in found.err


def test_flush_adopts_what_was_written_locally_only_when_told(coaia, server):
    traces.submit(Settings(base_url="local"), records_of(3))
    assert "0 records sent" in coaia("flush").err
    assert "3 records sent" in coaia("flush", "--adopt").err
    assert hex_id(0, 32) in server.traces()


def test_a_write_without_a_server_to_require(run, monkeypatch):
    words = ("fuse", "traces", "create", "one")
    assert run(*words).code == 0
    assert run(*words, "--require-delivery").code == 3


@pytest.mark.parametrize(
    "fault, words, code",
    [
        ("500", (), 0),
        ("500", ("--require-delivery",), 4),
        ("401", (), 3),
        ("404 html", (), 5),
        ("429", ("--require-delivery",), 4),
    ],
)
def test_the_exit_code_of_a_write_says_what_became_of_it(run, server, fault, words, code):
    server.fail(fault, times=None, method="POST")
    limit = "3" if code in (0, 4) else "60"  # which is then used up
    found = run("fuse", "traces", "create", "one", "--timeout", limit, *words)
    assert found.code == code, found.err
    assert found.out == "one\n"
    assert "not sent yet: 1 record in the outbox, nothing is lost" in found.err
    assert in_outbox() == {"one": "waiting"}


def test_a_write_that_is_refused_says_why_and_where_it_is(run, server):
    found = run("fuse", "traces", "create", "one", "-n", "x" * 1001)
    assert found.code == 5
    assert re.search(r"trace one was rejected: .*name.*coaia fuse outbox show \d+", found.err)


# Changing


def test_retry_lets_rejected_records_wait_again(coaia, server):
    rows = leave(server, records_of(3), rejected=2)
    found = coaia("retry", rows[0])
    assert (found.code, found.out) == (0, "")
    assert "1 record waiting again" in found.err
    assert coaia("retry", rows[2]).code == 1, "it was not rejected"
    assert "1 record waiting again" in coaia("retry").err
    assert set(in_outbox().values()) == {"waiting"}


def test_drop_without_a_terminal_needs_yes(coaia, server):
    rows = leave(server, records_of(3))
    found = coaia("drop", rows[0])
    assert found.code == 3
    assert "--yes" in found.err
    assert len(in_outbox()) == 3
    assert coaia("drop", rows[0], "--yes").code == 0
    assert len(in_outbox()) == 2


def test_drop_takes_only_what_was_chosen(coaia, server):
    rows = leave(server, records_of(4), rejected=2)
    assert coaia("drop", rows[3], "--state", "rejected", "--yes").code == 1, "it waits"
    assert "2 records deleted" in coaia("drop", "--state", "rejected", "--yes").err
    assert set(in_outbox().values()) == {"waiting"}
    assert "2 records deleted" in coaia("drop", "--all", "--yes").err
    assert in_outbox() == {}


def test_drop_of_one_unknown_row_drops_none(coaia, server):
    rows = leave(server, records_of(3))
    assert coaia("drop", rows[0], 999, "--yes").code == 1
    assert len(in_outbox()) == 3


def test_export_is_one_json_line_a_record(coaia, server):
    leave(server, records_of(3), rejected=1)
    lines = [json.loads(line) for line in coaia("export").out.splitlines()]
    assert [line["kind"] for line in lines] == ["trace", "observation", "observation"]
    assert lines[1]["body"]["traceId"] == hex_id(0, 32)
    chosen = coaia("export", "--state", "rejected")
    assert len(chosen.out.splitlines()) == 1
    assert "1 record exported" in chosen.err


def test_export_to_a_file_replaces_it_whole_and_privately(coaia, server, project):
    leave(server, records_of(3))
    target = project / "waiting.jsonl"
    target.write_text("old")
    assert coaia("export", "-o", "waiting.jsonl").out == ""
    assert len(target.read_text().splitlines()) == 3
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert os.listdir(str(project)) == ["waiting.jsonl"]


def test_an_export_that_fails_leaves_the_old_file(coaia, server, project, monkeypatch):
    leave(server, records_of(3))
    (project / "waiting.jsonl").write_text("old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)  # a disk that fills up cannot be had in a test
    found = coaia("export", "-o", "waiting.jsonl")
    assert found.code == 6
    assert "No space left" in found.err
    assert (project / "waiting.jsonl").read_text() == "old"
    assert os.listdir(str(project)) == ["waiting.jsonl"]


def test_a_damaged_journal_is_said_by_every_command(coaia, server):
    leave(server, records_of(1))
    with open(journal_path(), "wb") as stream:
        stream.write(b"this is no database" * 500)
    for words in (("status",), ("list",), ("flush",), ("retry",), ("export",)):
        found = coaia(*words)
        assert found.code == 6
        assert "is damaged" in found.err


def test_where_local_records_are_is_told_once_a_day_and_by_status(run, monkeypatch):
    assert "kept locally" not in run("--quiet", "fuse", "traces", "create", "t0").err
    assert "kept locally" in run("fuse", "traces", "create", "t1").err
    assert "kept locally" not in run("fuse", "traces", "create", "t2").err
    assert "kept locally" in run("fuse", "outbox", "status").err
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 25 * 3600)
    assert "kept locally" in run("fuse", "traces", "create", "t3").err
    monkeypatch.setattr(time, "time", lambda: now - 25 * 3600)
    assert "kept locally" in run("fuse", "traces", "create", "t4").err


# When records are sent


def test_with_manual_delivery_only_a_flush_sends(run, coaia, server, monkeypatch):
    monkeypatch.setenv("COAIA_DELIVERY", "Manual")
    created = run("fuse", "traces", "create", "t")
    assert (created.code, created.err) == (0, "") and writes(server) == []
    flushed = coaia("flush", "--wait")
    assert flushed.code == 0 and "1 record sent" in flushed.err and in_outbox() == {}


@pytest.mark.parametrize("mode", ["manual", "background"])
def test_required_delivery_waits_whatever_the_settings_say(run, server, monkeypatch, mode):
    monkeypatch.setenv("COAIA_DELIVERY", mode)
    assert run("fuse", "traces", "create", "t", "--require-delivery").code == 0
    assert len(writes(server)) == 1 and in_outbox() == {}


def test_a_flush_that_waits_goes_on_until_the_server_is_back(coaia, server, monkeypatch):
    leave(server, records_of(2))
    monkeypatch.setattr(patience, "DELIVERY", 0.2)
    server.fail("503", times=None)
    assert coaia("flush").code == 0 and len(in_outbox()) == 2
    server.heal()
    server.fail("503", times=2)
    flushed = coaia("flush", "--wait")
    assert (flushed.code, in_outbox()) == (0, {})


def test_a_flush_that_waits_in_vain_fails(coaia, server):
    leave(server, records_of(2))
    server.fail("503", times=None)
    assert coaia("flush", "--timeout", "0.5").code == 0
    flushed = coaia("flush", "--wait", "--timeout", "0.5")
    assert flushed.code == 4 and "nothing is lost" in flushed.err


def test_another_word_for_delivery_is_said_before_anything_is_written(run, monkeypatch):
    monkeypatch.setenv("COAIA_DELIVERY", "later")
    found = run("fuse", "traces", "create", "t")
    assert (found.code, found.err.count("\n")) == (3, 1)
    assert "'later' is not one of wait, background, manual" in found.err
