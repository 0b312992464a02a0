"""Scores: evaluations of traces, observations, sessions and dataset runs.

They are written like every record: checked, saved in the journal, and sent from there.
"""

import itertools
from typing import Any, Callable, Iterable, List, Mapping, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError, NotFoundError, UsageError
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.damage import open_reporting
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.read import pending
from coaiapy.langfuse.read.readers import of_server
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import SCORE_TYPES
from coaiapy.langfuse.records.records import Score, score_from
from coaiapy.langfuse.scores import values as score_values
from coaiapy.langfuse.scores.configs import get as get_config
from coaiapy.langfuse.scores.readers import (
    EVERY_SCORE,
    LocalScores,
    ScoreFilter,
    ScoreReader,
    added,
    shown,
)
from coaiapy.langfuse.send import delivery
from coaiapy.util.text.notes import Note, ignore_note


def plain(values: Mapping[str, Any]) -> Score:
    """Return a score without a config from its fields.

    Without a ``data_type``, a number is NUMERIC and any other text CATEGORICAL. Raises
    ``UsageError`` for a wrong field.
    """
    given = {key: value for key, value in values.items() if value is not None}
    if "value" in given:
        data_type = given.pop("dataType", None) or given.pop("data_type", None)
        if data_type is not None and str(data_type).upper() not in SCORE_TYPES:
            raise UsageError(
                "data_type: {!r} is not one of {}".format(data_type, ", ".join(SCORE_TYPES))
            )
        given["data_type"], given["value"] = score_values.unconfigured(given["value"], data_type)
    return score_from(given)


def configured(config: Mapping[str, Any], values: Mapping[str, Any]) -> Score:
    """Return a score with a config from its fields; its name and data type are the config's.

    Raises ``UsageError`` for a value that the config does not allow.
    """
    given = {key: value for key, value in values.items() if value is not None}
    for field in ("dataType", "data_type"):
        if str(given.pop(field, config["dataType"])).upper() != config["dataType"]:
            raise UsageError(
                "{}: the score config {!r} is {}".format(field, config["name"], config["dataType"])
            )
    if "value" not in given:
        raise UsageError(
            "value: missing; {} takes {}".format(
                score_values.subject(config), score_values.takes(config)
            )
        )
    given.update(
        name=config["name"],
        data_type=config["dataType"],
        value=score_values.accepted(config, given["value"]).sent,
        config_id=config["id"],
    )
    return score_from(given)


def from_values(settings: Settings, values: Mapping[str, Any], note: Note = ignore_note) -> Score:
    """Return a score from its fields; the field ``config`` may be a score config's name or id.

    Raises ``UsageError`` for a wrong field, and ``NotFoundError`` for an unknown config.
    """
    given = dict(values)
    named = given.pop("config", None)
    if named is None:
        return plain(given)
    return configured(get_config(settings, str(named), note), given)


def submit(settings: Settings, scores: Iterable[Score]) -> delivery.Outcome:
    """Save scores in the journal, try to send them, and return the outcome."""
    with Journal() as journal:
        destination = destination_of(journal, settings)
        placed = (_placed(journal, settings, destination, score) for score in scores)
        written = journal.append(destination, placed)
        return delivery.deliver(journal, settings, written)


def withdraw(settings: Settings, score: Score) -> None:
    """Delete a score from the journal, so that it is not sent later."""
    with Journal() as journal:
        LocalScores(journal, destination_of(journal, settings)).delete(score.id)


def _placed(journal: Journal, settings: Settings, destination: int, score: Score) -> Score:
    """Return a score with the environment of its trace, or of the settings.

    The trace id gets the form in which the trace was written: a UUID may be given with or without
    dashes.
    """
    known: Body = {}
    if score.trace_id is not None:
        known = journal_reads.trace(journal, destination, score.trace_id) or {}
    return score._replace(
        trace_id=known.get("id", score.trace_id),
        environment=score.environment or known.get("environment") or settings.environment,
    )


def run_id(settings: Settings, dataset: str, run: str) -> str:
    """Return the id of a dataset's run, given by its name or id.

    Raises ``NotFoundError`` if there is none, ``ConfigError`` in local mode, and
    ``WrongDialectError`` if the server's mode has no dataset runs.
    """
    if settings.is_local:
        raise ConfigError(
            "there are no dataset runs in local mode: give the id of the run, without --dataset"
        )
    from coaiapy.langfuse.client import reachability
    from coaiapy.langfuse.client.errors import WrongDialectError
    from coaiapy.langfuse.client.http import quoted
    from coaiapy.langfuse.client.pages import numbered

    path = "/api/public/datasets/{}/runs".format(quoted(dataset))
    try:
        with reachability.client(settings) as http:
            for row in numbered(http, path, {}, None):
                if run in (row.get("name"), row["id"]):
                    return str(row["id"])
    except WrongDialectError as error:
        raise WrongDialectError(
            "this Langfuse server cannot find a run by its name (it is in the mode events_only): "
            "give the run's id with --run, without --dataset"
        ) from error
    raise NotFoundError("the dataset {!r} has no run {!r}".format(dataset, run))


def list_scores(
    settings: Settings,
    wanted: ScoreFilter = EVERY_SCORE,
    limit: Optional[int] = None,
    note: Note = ignore_note,
) -> List[Body]:
    """Return the scores that ``wanted`` accepts, the latest first, at most ``limit`` of them.

    Scores of this machine that the server does not show yet are added, marked ``unconfirmed``. If
    the server cannot be reached, those that this machine has written are returned, if there are
    any, and ``note`` is called with a sentence about it.
    """
    with open_reporting(settings.is_local, note) as journal:
        destination = destination_of(journal, settings)

        def ask(reader: Any) -> List[Body]:
            return list(itertools.islice(reader.scores(wanted, limit), limit))

        local = LocalScores(journal, destination)
        if settings.is_local:
            return ask(local)
        listed = _from_server_or_recalled(journal, settings, ask, local, note)
        records = pending.records(journal, destination)
        fresh = [shown(body) for kind, body in records if kind == "score"]
        return added(listed, fresh, wanted, limit)


def of_config(
    settings: Settings, wanted: ScoreFilter, name_or_id: str, note: Note = ignore_note
) -> ScoreFilter:
    """Return ``wanted`` limited to the scores of one config."""
    return wanted._replace(config_id=get_config(settings, name_or_id, note)["id"])


def get_score(settings: Settings, score_id: str, note: Note = ignore_note) -> Body:
    """Return one score; ``NotFoundError`` if neither the server nor this machine has it.

    A score that the server does not show yet, or has refused, is marked ``unconfirmed``. If the
    server cannot be reached, what this machine has written is returned, as by ``list_scores``.
    """
    ids.check_given(score_id, "score")
    with open_reporting(settings.is_local, note) as journal:
        destination = destination_of(journal, settings)
        local = LocalScores(journal, destination)
        if settings.is_local:
            found = local.score(score_id)
        else:
            found = _from_server_or_recalled(
                journal, settings, lambda reader: reader.score(score_id), local, note
            )
            for kind, body in [] if found else pending.records(journal, destination):
                if kind == "score" and body["id"] == score_id:
                    found = shown(body)
    if found is None:
        raise NotFoundError("no score {!r}: coaia fuse scores list shows them".format(score_id))
    return found


def delete_score(settings: Settings, score_id: str) -> None:
    """Delete a score on the server and in the journal; ``NotFoundError`` if there is none.

    The server deletes it some time later.
    """
    ids.check_given(score_id, "score")
    with Journal() as journal:
        local = LocalScores(journal, destination_of(journal, settings))
        is_known = local.score(score_id) is not None
        if not settings.is_local:
            is_known = _deleted_there(journal, settings, score_id) or is_known
        if not is_known:
            raise NotFoundError("no score {!r} to delete".format(score_id))
        local.delete(score_id)


def _deleted_there(journal: Journal, settings: Settings, score_id: str) -> bool:
    """Ask the server to delete a score, and tell whether it showed the score before.

    The request is made in any case: servers accept every id, and also delete a score that they do
    not show yet.
    """
    is_there = _from_server(journal, settings, lambda reader: reader.score(score_id)) is not None
    try:
        _from_server(journal, settings, lambda reader: reader.delete(score_id))
    except NotFoundError:
        return False
    return is_there


def _from_server_or_recalled(
    journal: Journal,
    settings: Settings,
    ask: Callable[[Any], Any],
    local: LocalScores,
    note: Note,
) -> Any:
    try:
        return _from_server(journal, settings, ask)
    except NetworkError as error:
        found = ask(local)
        if not found:
            raise
        note("{}; this is what this machine has written".format(error))
        return found


def _from_server(journal: Journal, settings: Settings, ask: Callable[[ScoreReader], Any]) -> Any:
    """Return ``ask(reader)`` with the reader for this server."""
    return of_server(journal, settings, lambda http, server: ask(ScoreReader(http, server)))
