"""An experiment: a command that runs for every item of a dataset, under one name.

All ids derive from the names, so that whoever runs the same experiment again writes the same
records: the trace of an item begins with the 16 hex digits of the experiment.
"""

import json
from typing import Any, Dict, List, NamedTuple, Optional

from coaiapy import patience
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.util import times
from coaiapy.util.formats import json_values
from coaiapy.util.text.wording import did_you_mean

_FIND = (
    "SELECT id, started_at, plan FROM experiments WHERE destination = ? ORDER BY started_at DESC"
)

# What a run cannot go on without, or with another one of it, as its metadata has it.
_WHAT = ("command", "prompt", "prompt_version", "model", "pipeline", "pipeline_sha256")
# The columns of a list of runs.
COLUMNS = {
    "name": "Name",
    "dataset": "Dataset",
    "startedAt": "Started",
    "from": "From",
    "results": "Results",
    "scores": "Scores",
    "id": "ID",
}


class Plan(NamedTuple):
    """What belongs to an experiment as a whole.

    ``dataset_id`` is that of the Langfuse dataset, ``None`` for a file; ``expected`` is the number of
    results that there are to be, ``items`` that of the items that were chosen last.
    """

    name: str
    dataset: str
    dataset_id: Optional[str] = None
    description: Optional[str] = None
    metadata: Body = {}
    version: Optional[str] = None
    items: int = 0
    repeat: int = 1
    started_at: str = ""
    expected: int = 0

    @property
    def id(self) -> str:
        """The id of the experiment: 16 hex digits."""
        return ids.derived_observation_id("experiment", self.dataset, self.name)

    def trace_id(self, item_id: str, repeat: int) -> str:
        """Return the id of the trace of an item, which counts its repetitions from 1."""
        return self.id + ids.derived_observation_id(self.id, item_id, str(repeat))


def observation_id(trace_id: str) -> str:
    """Return the id of the observation that a trace of an item has of its command."""
    return ids.derived_observation_id(trace_id, "item")


def score_id(target: str, name: str) -> str:
    """Return the id of the score of this name, of an item's trace or of an experiment."""
    return ids.derived_observation_id(target, "score", name)


def metadata_of(what: Body, commit: Optional[str], more: Body) -> Body:
    """Return the metadata of a run: what is run and the commit of git, and what is given."""
    found = dict(what)
    if commit:
        found["git_commit"] = commit
    return dict(found, **more)


def commit() -> Optional[str]:
    """Return the commit of git that this folder is at, ``None`` if that is not known."""
    import subprocess

    try:
        said = subprocess.check_output(
            ["git", "rev-parse", "HEAD"], stderr=subprocess.DEVNULL, timeout=patience.GIT_HEAD
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.decode("ascii", "replace").strip() or None


def checked(plan: Plan) -> Plan:
    """Return a plan whose texts can be stored; ``UsageError`` if one of them cannot."""
    if not plan.name.strip():
        raise UsageError("--name: a run needs a name")
    try:
        return plan._replace(
            name=json_values.plain_text(plan.name), metadata=json_values.plain(plan.metadata)
        )
    except ValueError as error:
        raise UsageError("the name or the metadata of the run {}".format(error)) from error


def earlier(journal: Journal, destination: int, plan: Plan) -> Optional[Plan]:
    """Return an experiment as it was begun before, ``None`` if it was not.

    Raises ``UsageError`` if it was begun with something else to run: the results would be mixed.
    """
    known = {one.id: one for one in every(journal, destination)}.get(plan.id)
    if known is None:
        return None
    for name in _WHAT:
        before, now = known.metadata.get(name), plan.metadata.get(name)
        if before != now:
            raise UsageError(
                "the run {0!r} was begun with the {1} {2}, and this is {3}: choose another --name, or "
                "delete what there is (coaia fuse experiments delete)".format(
                    plan.name, name.replace("_", " "), *map(_said, (before, now))
                )
            )
    return known


def _said(value: Any) -> str:
    return "none" if value is None else repr(value)


def save(journal: Journal, destination: int, plan: Plan, known: Optional[Plan]) -> Plan:
    """Save an experiment, or the new plan of one that is ``known``; return it as it is saved."""
    plan = plan._replace(started_at=known.started_at if known else times.now())
    text = json.dumps(plan._asdict())
    with journal.transaction() as db:
        db.execute(
            "INSERT OR REPLACE INTO experiments (destination, id, started_at, plan)"
            " VALUES (?, ?, ?, ?)",
            (destination, plan.id, plan.started_at, text),
        )
    return plan


def every(journal: Journal, destination: int) -> List[Plan]:
    """Return the experiments of a destination, the latest first."""
    return [Plan(**_fields(row["plan"])) for row in journal.rows(_FIND, destination)]


def _fields(text: str) -> Dict[str, Any]:
    known = json.loads(text)
    return {name: known[name] for name in Plan._fields if name in known}


def find(journal: Journal, destination: int, run: str, dataset: Optional[str] = None) -> Plan:
    """Return the experiment of this name or id, or the ``latest`` one.

    Raises ``NotFoundError`` if this machine has none, ``UsageError`` if several have the name.
    """
    known = [one for one in every(journal, destination) if dataset in (None, one.dataset)]
    if run == "latest" and known and run not in [one.name for one in known]:
        return known[0]
    return chosen(known, run, "no experiment {!r} was run on this machine")


def chosen(known: List[Plan], run: str, nothing: str) -> Plan:
    """Return the one of these experiments that has this name or id.

    ``nothing`` says that there is none: ``NotFoundError``. Raises ``UsageError`` for several.
    """
    found = [one for one in known if run in (one.name, one.id)]
    if not found:
        hint = did_you_mean(run, {one.name for one in known})
        raise NotFoundError(
            "{}{}: coaia fuse experiments list shows them".format(nothing.format(run), hint)
        )
    if len(found) > 1:
        raise UsageError(
            "there are experiments {!r} with the datasets {}: say which with --dataset".format(
                run, ", ".join(one.dataset for one in found)
            )
        )
    return found[0]


def forget(journal: Journal, destination: int, plan: Plan) -> None:
    """Delete an experiment with all records of its items from the journal."""
    first, last = plan.id + "0" * 16, plan.id + "f" * 16
    with journal.transaction() as db:
        db.execute(
            "DELETE FROM records WHERE destination = ? AND trace_key BETWEEN ? AND ?",
            (destination, first, last),
        )
        db.execute(
            "DELETE FROM experiments WHERE destination = ? AND id = ?", (destination, plan.id)
        )
