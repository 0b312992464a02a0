"""Destinations in the journal: a project on a server, identified by base URL and public key.

A project may get new keys. Records that were written with its old keys are sent with the new ones,
once the server has said that both belong to the same project.
"""

from typing import Any, Callable, List

from coaiapy.config.settings import Settings
from coaiapy.langfuse.journal.damage import whole
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.journal.staging import (
    IMMUTABLE,
    known_body,
    merge_bodies,
    merge_into,
    to_json,
)
from coaiapy.langfuse.records.body import Body


def destination_of(journal: Journal, settings: Settings) -> int:
    """Return the journal's number of the destination that the settings write to."""
    if settings.is_local:
        return LOCAL
    return journal.destination(settings.base_url, settings.public_key)


def name_project(journal: Journal, destination: int, project: Any) -> None:
    """Save which project a destination is; ``project`` has ``id`` and ``name``."""
    with journal.transaction() as db:
        db.execute(
            "UPDATE destinations SET project_id = ?, project_name = ? WHERE id = ?",
            (project["id"], project.get("name"), destination),
        )


def is_named(journal: Journal, destination: int) -> bool:
    """Tell whether the project of a destination is known."""
    sql = "SELECT 1 FROM destinations WHERE id = ? AND project_id IS NOT NULL"
    return any(True for _ in journal.rows(sql, destination))


def of_same_project(journal: Journal, destination: int) -> List[int]:
    """Return the numbers of all destinations that are the same project on the same server."""
    sql = (
        "SELECT other.id FROM destinations AS mine JOIN destinations AS other"
        " ON other.base_url = mine.base_url"
        " AND (other.id = mine.id OR other.project_id = mine.project_id) WHERE mine.id = ?"
    )
    return [int(row["id"]) for row in journal.rows(sql, destination)]


def as_it_is(body: Body) -> Body:
    """Return a score unchanged: the default for the scores that ``adopt`` takes."""
    return body


def adopt(
    journal: Journal,
    destination: int,
    source: int = LOCAL,
    score: Callable[[Body], Body] = as_it_is,
) -> int:
    """Move records from ``source`` to another destination's outbox; return how many.

    From local mode all records are moved; from another destination those in its outbox that it has
    never accepted. A record that the destination has already is merged: the later values win,
    except in fields that a server keeps from the first write. ``score`` converts the body of a
    score to what the destination accepts.
    """
    row = "SELECT * FROM records WHERE seq = ?"
    with journal.transaction() as db:
        found = db.execute(_TAKEN, {"source": source, "destination": destination}).fetchall()
        for taken, own in whole(journal, found):
            if taken["kind"] == "score":
                body = to_json(score(own))
                db.execute("UPDATE records SET body = ? WHERE seq = ?", (body, taken["seq"]))
            if taken["known"] is None:
                db.execute(
                    "UPDATE records SET destination = ? WHERE seq = ?", (destination, taken["seq"])
                )
                db.execute(
                    "INSERT OR REPLACE INTO deliveries (seq, destination) VALUES (?, ?)",
                    (taken["seq"], destination),
                )
            else:
                mine, known = (db.execute(row, (taken[n],)).fetchone() for n in ("seq", "known"))
                merge_into(db, known, _merged(mine, known))
                db.execute("DELETE FROM records WHERE seq = ?", (taken["seq"],))
        db.execute(
            "INSERT OR IGNORE INTO experiments SELECT ?, id, started_at, plan FROM experiments"
            " WHERE destination = ?",
            (destination, source),
        )
        return len(found)


_TAKEN = """
SELECT mine.seq, mine.kind, mine.body, other.seq AS known FROM records AS mine
LEFT JOIN records AS other ON other.destination = :destination AND other.kind = mine.kind
    AND other.trace_key = mine.trace_key AND other.key = mine.key
WHERE mine.destination = :source AND mine.kind != 'damaged' AND (:source = {local} OR mine.sent_revision = 0
    AND EXISTS (SELECT 1 FROM deliveries WHERE seq = mine.seq))
ORDER BY mine.seq
""".format(local=LOCAL)


def _merged(local: Any, known: Any) -> Body:
    ours, theirs = known_body(local), known_body(known)
    if local["written_at"] >= known["written_at"]:
        return merge_bodies(theirs, ours)
    kept = {name: theirs[name] for name in IMMUTABLE + ("id", "traceId") if name in theirs}
    return merge_bodies(dict(ours, **kept), theirs)
