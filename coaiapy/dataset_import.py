"""Imports many items into a dataset, several at a time, and counts what became of them.

Only items that are new or different are sent. They are recognised by their ids, so that importing
the same file again changes nothing.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.dataset_files import FileItems
from coaiapy.dataset_items import as_server_knows, items_of, put
from coaiapy.datasets import create_dataset, get_dataset
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.parallel import run_all
from coaiapy.record_fields import Body
from coaiapy.server_only import client_for
from coaiapy.settings import Settings

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
    the dataset when it was read afterwards. ``there`` is the number of items in the dataset after
    the import, ``None`` if it could not be read because of ``problem``.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    repeated: int = 0
    unsent: int = 0
    missing: int = 0
    there: Optional[int] = None
    failed: Sequence[FailedItem] = ()
    problem: Optional[CoaiaError] = None

    def counts(self) -> Body:
        """Return only the numbers; ``total`` is the number of items in the file."""
        total = self.new + self.changed + self.same + self.repeated + self.unsent
        counts: Body = {"total": total + len(self.failed) + self.missing}
        counts.update(new=self.new, changed=self.changed, same=self.same, repeated=self.repeated)
        counts.update(failed=len(self.failed), unsent=self.unsent, missing=self.missing)
        return dict(counts, there=self.there)


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
    with client_for(settings, "dataset items", PATIENCE) as http:
        known: Dict[str, Body] = {}
        if _ensure(settings, dataset_name, create, dry_run):
            known = {item["id"]: item for item in items_of(http, dataset_name)}
        return _import(http, dataset_name, found, known, dry_run)


def _import(
    http: LangfuseHttp, dataset_name: str, found: FileItems, known: Dict[str, Body], dry_run: bool
) -> Imported:
    """Import those of a file's items that are not ``known`` or differ from what is known."""
    items = as_server_knows(http, found.items)
    new = [item for item in items if item["id"] not in known]
    changed = [item for item in items if item["id"] in known and _differs(item, known[item["id"]])]
    same = len(items) - len(new) - len(changed)
    if dry_run:
        return Imported(len(new), len(changed), same, found.repeated, there=len(known))
    result = Imported(same=same, repeated=found.repeated)
    if not new and not changed:
        return result._replace(there=len(known))
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
    accepted = [one.item["id"] for one in outcomes if one.was_tried and one.error is None]
    result = result._replace(unsent=unsent, failed=failed, problem=problem)
    if problem is None:
        result, accepted = _compared(result, accepted, read)
    changed = sum(item_id in known for item_id in accepted)
    return result._replace(new=len(accepted) - changed, changed=changed)


def _compared(result: Imported, accepted: List[str], read: Any) -> Tuple[Imported, List[str]]:
    """Read the dataset again; return ``result`` with its counts, and the accepted ids found there.

    If it cannot be read, all accepted ids count as found.
    """
    try:
        there = {item["id"] for item in read()}
    except CoaiaError as error:
        return result._replace(problem=error), accepted
    found = [item_id for item_id in accepted if item_id in there]
    return result._replace(missing=len(accepted) - len(found), there=len(there)), found
