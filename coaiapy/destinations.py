"""Where records belong: one project on one server, known by its address and its keys.

Keys come and go; the project stays. What was written with a project's earlier keys is sent with
its present ones, once the server has told that they are of the same project.
"""

from typing import Any, List

from coaiapy.journal import LOCAL, Journal
from coaiapy.settings import Settings


def destination_of(journal: Journal, settings: Settings) -> int:
    """Return the journal's number for the project that the settings write to."""
    if settings.is_local:
        return LOCAL
    return journal.destination(settings.base_url, settings.public_key)


def name_project(journal: Journal, destination: int, project: Any) -> None:
    """Remember which project a destination is; ``project`` has ``id`` and ``name``."""
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
    """Return the destination and every other one of its project on its server."""
    sql = (
        "SELECT other.id FROM destinations AS mine JOIN destinations AS other"
        " ON other.base_url = mine.base_url"
        " AND (other.id = mine.id OR other.project_id = mine.project_id) WHERE mine.id = ?"
    )
    return [int(row["id"]) for row in journal.rows(sql, destination)]
