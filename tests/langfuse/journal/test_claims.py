"""Claims: no two processes or threads send the same record at the same time."""

import subprocess
import sys
import time

import pytest
from delivering import LEASE, claim, keys, records_of
from processes import environment

from coaiapy.langfuse.journal import claims
from coaiapy.patience import LONGEST_CLAIM


@pytest.fixture
def here(journal):
    """A destination."""
    return journal.destination("http://one", "pk")


def test_the_oldest_are_claimed_first_up_to_a_count_and_a_size(journal, here):
    journal.append(here, records_of(6))
    with claims.claimant(journal) as name:
        assert keys(claim(journal, name, here, most=2)) == [r.id for r in records_of(6)[:2]]
        size = len(journal.db.execute("SELECT body FROM records WHERE seq = 3").fetchone()[0])
        assert len(claim(journal, name, here, most_bytes=2 * size)) == 2
        assert len(claim(journal, name, here, most_bytes=1)) == 1, "one too big goes alone"


def test_what_one_has_claimed_nobody_else_gets(journal, here):
    journal.append(here, records_of(3))
    with claims.claimant(journal) as one, claims.claimant(journal) as other:
        assert len(claim(journal, one, here)) == 3
        assert claim(journal, other, here) == []


def test_whatever_ends_a_go_at_sending_lets_go_of_its_claims(journal, here):
    journal.append(here, records_of(3))
    with pytest.raises(KeyboardInterrupt), claims.claimant(journal) as name:
        assert len(claim(journal, name, here)) == 3
        raise KeyboardInterrupt
    assert not claims.are_held_by_others(journal, "another process", [here])
    with claims.claimant(journal) as other:
        assert len(claim(journal, other, here)) == 3


def test_a_leftover_of_this_process_that_could_not_be_let_go_is_void(journal, here, monkeypatch):
    journal.append(here, records_of(3))
    monkeypatch.setattr(claims, "release", lambda journal, name: None)
    with claims.claimant(journal) as name:
        assert len(claim(journal, name, here)) == 3
    with claims.claimant(journal) as other:
        assert len(claim(journal, other, here)) == 3


def in_child(code, *words):
    script = (
        "import sys\nfrom coaiapy.langfuse.journal import claims\nfrom coaiapy.langfuse.journal.db import Journal\n"
        + code
    )
    return subprocess.Popen(
        [sys.executable, "-c", script] + [str(word) for word in words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )


CLAIM_AND_WAIT = """
with Journal() as journal, claims.claimant(journal) as name:
    taken = claims.claim(journal, name, [int(sys.argv[1])], 600, 100, 10**6)
    print(len(taken)); sys.stdout.flush()
    sys.stdin.read()
"""


def test_the_claim_of_a_living_process_counts_and_that_of_a_killed_one_is_void(journal, here):
    journal.append(here, records_of(3))
    child = in_child(CLAIM_AND_WAIT, here)
    try:
        assert child.stdout.readline().strip() == b"3"
        with claims.claimant(journal) as name:
            assert claim(journal, name, here) == []
            child.kill()
            child.wait()
            assert len(claim(journal, name, here)) == 3
    finally:
        child.kill()
        child.communicate()


def test_on_windows_no_process_is_asked_whether_it_lives(journal, here, monkeypatch):
    journal.append(here, records_of(1))
    child = in_child(CLAIM_AND_WAIT, here)
    try:
        assert child.stdout.readline().strip() == b"1"
        child.kill()
        child.wait()
        with claims.claimant(journal) as name:
            with monkeypatch.context() as windows:
                windows.setattr("coaiapy.langfuse.journal.claims.os.name", "nt")
                windows.setattr("coaiapy.langfuse.journal.claims.os.kill", None)
                assert claim(journal, name, here) == []
            assert len(claim(journal, name, here)) == 1
    finally:
        child.kill()
        child.communicate()


def test_a_claim_that_ran_out_is_void_and_one_that_is_renewed_is_not(journal, here):
    journal.append(here, records_of(2))
    with claims.claimant(journal) as one, claims.claimant(journal) as other:
        claims.claim(journal, one, [here], -1.0, 100, 10**6)
        claims.renew(journal, one, LEASE)
        assert claim(journal, other, here) == []
        claims.renew(journal, one, -1.0)
        assert len(claim(journal, other, here)) == 2


def test_a_claim_from_another_machine_holds_until_its_time_is_over(journal, here):
    """One for longer than any claim lasts was made while the clock was wrong."""
    journal.append(here, records_of(1))
    now = time.time()
    with claims.claimant(journal) as name:
        for until, expected in ((now + 60, 0), (now - 1, 1), (now + 2 * LONGEST_CLAIM, 1)):
            journal.db.execute(
                "UPDATE deliveries SET claimed_by = 'elsewhere:1:ab', claimed_until = ?", (until,)
            )
            assert len(claim(journal, name, here)) == expected


@pytest.mark.parametrize("wanted", [[2], [1, 2, 3], [1, 3], [3, 1, 2], [1, 1, 3], [], None])
def test_a_condition_holds_for_exactly_the_rows_that_are_named(journal, here, wanted):
    journal.append(here, records_of(4))
    found = list(journal.rows("SELECT seq FROM records WHERE " + claims.among("seq", wanted)))
    assert {row["seq"] for row in found} == set([1, 2, 3, 4] if wanted is None else wanted)
