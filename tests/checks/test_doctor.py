"""The doctor's verdicts on servers of every kind, and on all that can be wrong."""

import json
import os

import pytest
from langfuse_server import KINDS

from coaiapy.checks import doctor
from coaiapy.checks.finding import worst
from coaiapy.errors import ExitCode
from coaiapy.langfuse.client import server as servers
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.journal.db import Journal, journal_path


def verdicts():
    return {one.name: one for one in doctor.examine()}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_healthy_server_has_nothing_but_good_verdicts(run, use, kind):
    server = use(kind, prefix="/langfuse")
    result = run("fuse", "doctor")
    assert result.code == 0, result.out
    lines = [line.split(None, 2) for line in result.out.splitlines()]
    assert [line[0] for line in lines] == ["ok"] * 8
    checks = "settings journal server credentials version generation clock outbox"
    assert [line[1] for line in lines] == checks.split()
    assert lines[3][2] == "project Test Project (test-project)"
    assert lines[4][2] == KINDS[kind].version
    assert lines[5][2].startswith(kind + ":")
    assert server.url in result.out


def test_the_json_form_says_the_same(run, use):
    use("v3")
    result = run("fuse", "test-connection", "--json")
    found = json.loads(result.out)
    assert (result.code, found["exit_code"]) == (0, 0)
    for verdict in found["verdicts"]:
        assert list(verdict) == ["check", "state", "text", "code", "facts"]
    facts = {verdict["check"]: verdict["facts"] for verdict in found["verdicts"]}
    assert facts["credentials"] == {"project_id": "test-project", "project_name": "Test Project"}
    assert facts["generation"] == {"mode": "v3", "generation": "legacy"}
    assert abs(facts["clock"]["skew_seconds"]) <= 3
    assert facts["outbox"] == {"waiting": 0, "rejected": 0, "local": 0}


def test_settings_say_where_they_come_from_and_show_no_key(run, use, project, monkeypatch):
    server = use("v3", public_key="pk-lf-0123456789", secret_key="sk-lf-verysecret")
    monkeypatch.delenv("LANGFUSE_PUBLIC_KEY")
    monkeypatch.delenv("LANGFUSE_SECRET_KEY")
    (project / "coaia.json").write_text(json.dumps({"langfuse_public_key": server.public_key}))
    (project / ".env").write_text("LANGFUSE_SECRET_KEY={}\n".format(server.secret_key))
    result = run("fuse", "doctor")
    assert result.code == 0
    said = result.out.splitlines()[0]
    assert "LANGFUSE_BASE_URL {} (OS environment)".format(server.url) in said
    assert "LANGFUSE_PUBLIC_KEY pk-lf-**** (coaia.json)" in said
    assert "LANGFUSE_SECRET_KEY **** (.env)" in said
    assert "0123456789" not in result.out and "verysecret" not in result.out


def test_local_mode_says_so_and_is_well(run):
    result = run("fuse", "doctor")
    assert result.code == 0
    assert "local mode: no Langfuse keys are set" in result.out
    assert "server" not in result.out


def test_what_was_remembered_of_the_server_is_asked_anew(use):
    server = use("v4-events_only")
    with Journal() as journal:
        servers.remember(journal, server.url, Server("3.225.4", "v3"))
    assert verdicts()["generation"].facts["mode"] == "v4-events_only"
    with Journal() as journal:
        assert servers.recall(journal, server.url).mode == "v4-events_only"


def test_a_wrong_key_leaves_the_generation_unknown(use, monkeypatch):
    use("v3")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    found = verdicts()
    assert found["credentials"].code == ExitCode.CONFIG
    assert "LANGFUSE_SECRET_KEY" in found["credentials"].text
    assert found["version"].text == "3.225.4"
    assert "generation" not in found


def test_a_server_that_is_not_there_ends_the_questions(use):
    use("v3").stop_listening()
    found = verdicts()
    assert found["server"].code == ExitCode.NETWORK
    assert set(found) == {"settings", "journal", "server", "outbox"}


@pytest.mark.parametrize(
    "fault, code",
    [("502 html", ExitCode.NETWORK), ("200 html", ExitCode.NETWORK), ("404 html", ExitCode.CONFIG)],
)
def test_what_answers_may_be_no_langfuse(use, fault, code):
    use("v3").fail(fault, times=None)
    assert verdicts()["server"].code == code


@pytest.mark.parametrize("offset, side", [(-3600, "ahead of"), (3600, "behind")])
def test_a_clock_that_is_off_is_a_warning(use, offset, side):
    use("v3").clock_offset = offset
    found = verdicts()["clock"]
    assert (found.state, found.code) == ("warning", ExitCode.OK)
    assert "s {} the server's".format(side) in found.text


def test_what_the_outbox_holds_is_told(run, use, monkeypatch):
    server = use("v3")
    server.stop_listening()
    run("fuse", "traces", "create", "t1", "--timeout", "0.2")
    server.start_listening()
    found = verdicts()["outbox"]
    assert (found.state, found.code) == ("warning", ExitCode.OK)
    assert found.text == "1 waiting, 0 rejected, 0 local; coaia fuse outbox flush sends them"
    server.public_key = "pk-other"
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-other")
    assert verdicts()["outbox"].text.endswith("coaia fuse outbox status shows for which server")


def test_rejected_records_call_for_their_exit_code(run, use):
    server = use("v3")
    server.fail("half refused", times=None)
    run("pipeline", "create", "simple-trace", "--var", "trace_name=x")
    found = verdicts()["outbox"]
    assert (found.state, found.code) == ("failed", ExitCode.REFUSED)
    assert found.facts["rejected"] == 1


def test_a_damaged_journal_is_the_worst_of_all(run, use):
    use("v3")
    with Journal():
        pass
    with open(journal_path(), "r+b") as stream:
        stream.write(b"this is no database at all.....")
    result = run("fuse", "doctor")
    assert result.code == ExitCode.STATE
    assert "failed   journal" in result.out
    assert "ok       credentials" in result.out


def test_much_damage_is_told_in_one_line(run, use):
    use("v3")
    for number in range(40):
        run("fuse", "traces", "create", "t{}".format(number), "-i", "x" * 2000)
    with Journal() as journal:
        journal.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(journal_path(), "r+b") as stream:
        stream.seek(40000)
        stream.write(os.urandom(60000))
    (line,) = [line for line in run("fuse", "doctor").out.splitlines() if "journal" in line]
    assert line.startswith("failed   journal") and len(line) < 600
    assert len(run("fuse", "doctor").out.splitlines()) < 12


def test_half_a_pair_of_keys_is_a_mistake(monkeypatch):
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
    found = doctor.examine()
    assert found[0].name == "settings"
    assert worst(found) == ExitCode.CONFIG
