"""Imports many items into a dataset, several at a time, and counts what became of them.

Only items that are new or different are sent. They are recognised by their ids, so that importing
the same file again changes nothing.
"""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.config.settings import Settings
from coaiapy.dataset_files import FileItems
from coaiapy.dataset_items import archived_among, as_server_knows, is_archived, items_of, put
from coaiapy.datasets import create_dataset, get_dataset
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.records.fields import Body
from coaiapy.util.threads import run_all

# Seconds to try to send each item. Rate limits are counted by the minute.
PATIENCE = 90.0


class FailedItem(NamedTuple):
    """An item that was not accepted: its place in the file, its id, and why."""

    place: str
    id: str
    error: CoaiaError


class Imported(NamedTuple):
    """What became of a file's items; every item is in exactly one of the counts.

    ``unsent``: not tried, because ``problem`` ended the import. ``missing``: accepted, but not in
    the dataset when it was read afterwards. ``there`` is the number of active items in the dataset
    after the import, ``None`` if it could not be read because of ``problem``; ``archived`` is how
    many of the file's items are archived there.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    repeated: int = 0
    unsent: int = 0
    missing: int = 0
    there: Optional[int] = None
    archived: int = 0
    failed: Sequence[FailedItem] = ()
    problem: Optional[CoaiaError] = None

    def counts(self) -> Body:
        """Return only the numbers; ``total`` is the number of items in the file."""
        total = self.new + self.changed + self.same + self.repeated + self.unsent
        counts: Body = {"total": total + len(self.failed) + self.missing}
        counts.update(new=self.new, changed=self.changed, same=self.same, repeated=self.repeated)
        counts.update(failed=len(self.failed), unsent=self.unsent, missing=self.missing)
        return dict(counts, there=self.there, archived=self.archived)


def import_dataset_items(
    settings: Settings,
    dataset_name: str,
    found: FileItems,
    dry_run: bool = False,
    create: bool = False,
) -> Imported:
    """Import the items of a file into a dataset and return the counts.

    ``create`` makes the dataset if it does not exist; without it that raises ``NotFoundError``.
    ``dry_run`` sends nothing and counts what would be new or changed.
    """
    with client_for(settings, "dataset items", seconds=PATIENCE) as http:
        known: Dict[str, Body] = {}
        if _ensure(settings, dataset_name, create, dry_run):
            known = _known(http, dataset_name, found.items)
        return _import(http, dataset_name, found, known, dry_run)


def _known(http: LangfuseHttp, dataset_name: str, items: List[Body]) -> Dict[str, Body]:
    """Return the dataset's items by their ids, also those of ``items`` that are archived there.

    An empty listing is taken for a new dataset, unless the file has archived items.
    """
    known = {item["id"]: item for item in items_of(http, dataset_name)}
    if known or any(map(is_archived, items)):
        unlisted = [item["id"] for item in items if item["id"] not in known]
        archived = archived_among(http, dataset_name, unlisted)
        known.update((item["id"], item) for item in archived)
    return known


def _import(
    http: LangfuseHttp, dataset_name: str, found: FileItems, known: Dict[str, Body], dry_run: bool
) -> Imported:
    """Import those of a file's items that are not ``known`` or differ from what is known."""
    items = as_server_knows(http, found.items)
    new = [item for item in items if item["id"] not in known]
    changed = [item for item in items if item["id"] in known and _differs(item, known[item["id"]])]
    same = len(items) - len(new) - len(changed)
    if dry_run:
        result = Imported(len(new), len(changed), same, found.repeated)
        return result._replace(there=_active(known.values()))
    archived = sum(is_archived(known.get(item["id"], {})) for item in items if item not in changed)
    result = Imported(same=same, repeated=found.repeated, archived=archived)
    if not new and not changed:
        return result._replace(there=_active(known.values()))
    outcomes = run_all(
        lambda item: put(http, dataset_name, item), new + changed, (NetworkError, ConfigError)
    )
    return _counted(result, outcomes, found, known, lambda: items_of(http, dataset_name))


def _ensure(settings: Settings, name: str, create: bool, dry_run: bool) -> bool:
    """Return whether the dataset exists now; create it if it is missing and ``create`` is true."""
    try:
        get_dataset(settings, name)
    except NotFoundError:
        if not create:
            raise
        if dry_run:
            return False
        create_dataset(settings, name)
    return True


def _active(items: Iterable[Body]) -> int:
    return sum(not is_archived(item) for item in items)


def _differs(item: Body, known: Body) -> bool:
    """Tell whether a field in the file has another value on the server."""
    return any(known.get(key) != value for key, value in item.items())


def _counted(
    result: Imported, outcomes: Any, found: FileItems, known: Dict[str, Body], read: Any
) -> Imported:
    failed: List[FailedItem] = []
    problem = None
    for outcome in outcomes:
        error = outcome.error
        if error is None:
            continue
        if not isinstance(error, CoaiaError):
            raise error
        failed.append(FailedItem(found.places[outcome.item["id"]], outcome.item["id"], error))
        if isinstance(error, (NetworkError, ConfigError)):
            problem = error
    unsent = sum(not outcome.was_tried for outcome in outcomes)
    written = [one.value for one in outcomes if one.was_tried and one.error is None]
    archived = result.archived + len(written) - _active(written)
    result = result._replace(unsent=unsent, failed=failed, problem=problem, archived=archived)
    accepted = [item["id"] for item in written]
    if problem is None:
        result, accepted = _compared(result, written, read)
    changed = sum(item_id in known for item_id in accepted)
    return result._replace(new=len(accepted) - changed, changed=changed)


def _compared(result: Imported, written: List[Body], read: Any) -> Tuple[Imported, List[str]]:
    """Read the dataset again; return ``result`` with its counts, and the written ids found there.

    Archived ones are not listed: for them the answer to the write counts. If the dataset cannot be
    read, all written ids count as found.
    """
    accepted = [item["id"] for item in written]
    try:
        there = {item["id"]: item for item in read()}
    except CoaiaError as error:
        return result._replace(problem=error), accepted
    active = _active(there.values())
    there.update((item["id"], item) for item in written if is_archived(item))
    found = [item_id for item_id in accepted if item_id in there]
    return result._replace(missing=len(accepted) - len(found), there=active), found
