"""Scores are listed by every kind of server."""

import uuid

import pytest
from langfuse_server import KINDS

from coaiapy import patience
from coaiapy.config import settings
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.scores import scores
from coaiapy.langfuse.scores.readers import ScoreFilter, ScoreReader

WHERE = sorted(KINDS) + ["local"]


def write(**values):
    known = settings.load()
    score = scores.from_values(known, values)
    outcome = scores.submit(known, [score])
    assert not outcome.rejected and not outcome.waiting, outcome
    return score


def listed(**wanted):
    return scores.list_scores(settings.load(), ScoreFilter(**wanted))


@pytest.mark.parametrize("kind", WHERE)
def test_filters_pages_and_order(use, kind):
    use(kind)
    known = settings.load()
    many = [
        scores.plain(
            {
                "name": "even" if number % 2 == 0 else "odd",
                "value": number,
                "trace_id": "t",
                "timestamp": "2026-01-31T12:00:{:02d}.{:03d}Z".format(*divmod(number, 10)),
            }
        )
        for number in range(230)
    ]
    outcome = scores.submit(known, many)
    assert not outcome.waiting and not outcome.rejected
    every = scores.list_scores(known)
    assert len(every) == 230
    assert len({one["id"] for one in every}) == 230
    assert len(scores.list_scores(known, limit=7)) == 7
    assert {one["value"] % 2 for one in listed(name="odd")} == {1}
    assert len(listed(name="odd")) == 115
    assert listed(name="nobody") == []
    if kind != "v2":  # which keeps the time of arrival alone
        assert [one["value"] for one in every] == list(range(230))[::-1]
        window = listed(from_time="2026-01-31T12:00:02.000Z", to_time="2026-01-31T12:00:03.000Z")
        assert [one["value"] for one in window] == list(range(20, 30))[::-1]


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_what_is_not_readable_yet_is_shown_all_the_same(use, kind):
    use(kind, visible_after=1000)
    score = write(name="quality", value="calm", trace_id="t")
    assert [(one["id"], one["unconfirmed"]) for one in listed(trace_id="t")] == [(score.id, "sent")]
    assert scores.get_score(settings.load(), score.id)["value"] == "calm"


def test_an_error_is_no_empty_list(use, monkeypatch):
    for pause in ("FIRST_PAUSE", "LONGEST_PAUSE"):  # longer than a request may take: one try
        monkeypatch.setattr(patience, pause, 100.0)
    server = use("v4-dual")
    listed()
    server.fail("500", times=None)
    with pytest.raises(Exception) as error:
        listed()
    assert error.value.exit_code == 4


def test_the_newest_listing_is_asked(use):
    asked = {}
    for kind in sorted(KINDS):
        server = use(kind)
        listed(trace_id="t")
        paths = {one.path for one in server.requests if one.path.endswith("/scores")}
        (asked[kind],) = [path[len("/api/public") :] for path in paths]
    assert asked.pop("v2") == "/scores"
    assert set(asked.values()) == {"/v3/scores"}


def test_servers_between_the_generations_are_asked_by_their_own_listing(use):
    server = use("v3")
    write(name="quality", value="calm", trace_id="t", id="one")
    write(name="quality", value=False, session_id="s")
    reader = ScoreReader(LangfuseHttp(settings.load()), Server("3.100.0", "v3"))
    server.forget_requests()
    (found,) = reader.scores(ScoreFilter(trace_id="t"))
    assert (found["value"], found["dataType"]) == ("calm", "CATEGORICAL")
    assert [one["value"] for one in reader.scores(ScoreFilter(session_id="s"))] == [False]
    assert reader.score("one") == found
    assert reader.score("nobody") is None
    assert {one.path.rpartition("/scores")[0] for one in server.requests} == {"/api/public/v2"}


def test_the_filter_takes_ids_in_every_form():
    plain, dashed = uuid.UUID(int=5).hex, str(uuid.UUID(int=5))
    assert ScoreFilter(trace_id=dashed).accepts({"traceId": plain})
    assert ScoreFilter(trace_id="seed").accepts({"traceId": ids.span_trace_id("seed")})
    assert not ScoreFilter(trace_id="seed").accepts({"sessionId": "seed"})
