"""Many items into a dataset: only what the server has not, several at a time, counted in the end.

The same file imported again changes nothing: items are known by their ids.
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

# Seconds for one item. Rate limits are counted by the minute.
PATIENCE = 90.0


class FailedItem(NamedTuple):
    """An item that was not accepted: its place in the file, its id, and why."""

    place: str
    id: str
    error: CoaiaError


class Imported(NamedTuple):
    """What became of a file's items; every one of them is counted once.

    ``unsent``: not tried, since ``problem`` ended the import. ``missing``: accepted, and yet not
    there when the dataset was read afterwards. ``there``: the items of the dataset in the end,
    ``None`` where ``problem`` kept it from being read.
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
        """The numbers alone, with all lines of the file as ``total``."""
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
    """Bring the items of a file into a dataset and return the counts.

    ``create`` makes the dataset if there is none, else that is a ``NotFoundError``. ``dry_run``
    sends nothing and counts what would be new or changed.
    """
    with client_for(settings, "dataset items", PATIENCE) as http:
        known: Dict[str, Body] = {}
        if _ensure(settings, dataset_name, create, dry_run):
            known = {item["id"]: item for item in items_of(http, dataset_name)}
        return _brought(http, dataset_name, found, known, dry_run)


def _brought(
    http: LangfuseHttp, dataset_name: str, found: FileItems, known: Dict[str, Body], dry_run: bool
) -> Imported:
    """Bring what is not ``known`` of a file's items into a dataset that is there."""
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
    """Tell whether the dataset is there, after making it if that is wished."""
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
    """Whether a field that the file gives is another on the server."""
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
    """Read the dataset once more; return what is missing in it, and the accepted ids that are there.

    Where it cannot be read, what the server has accepted counts.
    """
    try:
        there = {item["id"] for item in read()}
    except CoaiaError as error:
        return result._replace(problem=error), accepted
    found = [item_id for item_id in accepted if item_id in there]
    return result._replace(missing=len(accepted) - len(found), there=len(there)), found
