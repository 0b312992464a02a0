"""Brings installed templates up to date: what has changed at the source is merged into local edits."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from coaiapy.config import trust
from coaiapy.errors import NotFoundError, RefusedError, StateError
from coaiapy.gallery import dependencies, fetching, git, installing, lockfile, originals
from coaiapy.gallery.dependencies import Picked, Siblings
from coaiapy.gallery.installing import CHANGED, CONFLICT
from coaiapy.gallery.lockfile import Entry, Home, Lock
from coaiapy.gallery.sources import Source
from coaiapy.templating import changes
from coaiapy.util.text.wording import did_you_mean

CURRENT, UPDATED, MERGED, GONE, NEW = (
    "up to date",
    "updated",
    "merged",
    "gone from its source",
    "new",
)
OUTDATED_COLUMNS = {
    "name": "Name",
    "version": "Version",
    "newest": "Newest",
    "commit": "Commit",
    "newest_commit": "Newest commit",
    "state": "State",
    "source": "Source",
}


class Update(NamedTuple):
    """What an update does to one template: ``old`` is what its file has, ``new`` what it gets.

    ``after`` is its new entry, ``None`` if it is gone from its source; then it stays as it is.
    """

    name: str
    state: str
    before: Optional[Entry]
    after: Optional[Entry]
    old: bytes
    new: bytes
    conflicts: int = 0

    @property
    def file_name(self) -> str:
        """The name of its file from now on."""
        entry = self.after or self.before
        return entry.file_name if entry else ""


class Newest(NamedTuple):
    """The newest templates of the sources of installed ones, by name, and what is beside each."""

    found: Dict[str, Picked]
    beside: Dict[str, Siblings]


def update(home: Home, names: Sequence[str], dry_run: bool, may_ask: bool) -> List[Update]:
    """Update the named installed templates, or all, and return what that does, also without doing it.

    A conflict is marked in the file as git marks it. Raises ``NotFoundError`` for a name that is not
    installed, and ``UsageError`` with all that the new versions would lack.
    """
    lock = lockfile.read(home)
    chosen = _chosen(lock, names)
    newest = _newest(lock, chosen, may_ask)
    picked = installing.with_bases(home, newest.found, newest.beside, may_ask)
    for name, one in list(picked.items()):
        if name not in chosen and one.entry.sha256 == getattr(lock.get(name), "sha256", ""):
            del picked[name]
    for name in set(picked) - set(chosen):  # a base that came from elsewhere stays as it is
        if name in lock and lock[name].source != picked[name].entry.source:
            del picked[name]
    bases = _bases(home, lock, picked, may_ask)
    with changes.locked(home.base):
        lock = lockfile.read(home)
        updates = [_gone(home, lock[name]) for name in chosen if name not in picked]
        updates += [_updated(home, lock.get(name), one, bases) for name, one in picked.items()]
        installing.check(home, lock, picked)
        if not dry_run and any(one.before != one.after or one.old != one.new for one in updates):
            _write(home, lock, picked, updates)
    return sorted(updates)


def _chosen(lock: Lock, names: Sequence[str]) -> List[str]:
    for name in names:
        if name not in lock:
            raise NotFoundError(
                "{!r} is not installed{}: coaia pipeline list --installed shows what is".format(
                    name, did_you_mean(name, lock)
                )
            )
    return sorted(set(names) or lock)


def _newest(lock: Lock, names: Sequence[str], may_ask: bool) -> Newest:
    groups: Dict[Source, Siblings] = {}
    newest = Newest({}, {})
    for name in names:
        source = lock[name].where()
        if source not in groups:
            groups[source] = dependencies.documents_of(fetching.fetch(source, may_ask=may_ask))
        one = groups[source].get(name)
        if one is not None:
            newest.found[name] = one
            newest.beside[name] = groups[source]
    return newest


def _bases(home: Home, lock: Lock, names: Mapping[str, Any], may_ask: bool) -> Dict[str, bytes]:
    """Return by hash what was installed of the templates that were edited here.

    Without it, as after a source has lost its history, every difference is a conflict.
    """
    known = [lock[name] for name in names if name in lock]
    edited = [one for one in known if installing.state_of(home, one) == CHANGED]
    try:
        return originals.contents(edited, may_ask)
    except (NotFoundError, RefusedError):
        return {}


def _gone(home: Home, entry: Entry) -> Update:
    here = home.content_of(entry.file_name) if home.has(entry.file_name) else b""
    return Update(entry.name, GONE, entry, None, here, here)


def _updated(home: Home, entry: Optional[Entry], one: Picked, bases: Mapping[str, bytes]) -> Update:
    before = entry.file_name if entry else one.entry.file_name
    old = home.content_of(before) if home.has(before) else None
    state, new, conflicts = UPDATED, one.content, 0
    if entry is None:
        state = NEW
        if old not in (None, new):
            raise StateError(
                "{} is needed by what is updated, but another template is there: rename it".format(
                    home.path_of(before)
                )
            )
    elif one.entry.sha256 == entry.sha256:
        one = one._replace(entry=entry)  # another commit with the same file is no news
        state, new = (UPDATED, new) if old is None else (CURRENT, old)
        conflicts = git.conflicts_in(new)  # of an earlier update
    elif old in (None, one.content):
        pass
    elif trust.digest(old) != entry.sha256:
        labels = (before + " (here)", "as installed", str(one.entry.where()))
        base = bases.get(entry.sha256, b"")
        new, conflicts = git.merge(old, base, one.content, labels)
        state = MERGED
    state = CONFLICT if conflicts else state
    return Update(one.entry.name, state, entry, one.entry, old or b"", new, conflicts)


def _write(home: Home, lock: Lock, picked: Mapping[str, Picked], updates: Sequence[Update]) -> None:
    merged = {one.name: picked[one.name]._replace(content=one.new) for one in updates if one.after}
    for one in picked.values():
        originals.keep(one.content)
    entries = {one.name: one.after for one in updates if one.after}
    installing.write(home, dict(lock, **entries), merged)


def diff(one: Update) -> List[str]:
    """Return the lines of a unified diff of a template's file, none if nothing changes."""
    import difflib

    names = [entry.file_name if entry else "/dev/null" for entry in (one.before, one.after)]
    lines = difflib.unified_diff(
        one.old.decode("utf-8", "replace").split("\n"),
        one.new.decode("utf-8", "replace").split("\n"),
        "a/" + names[0],
        "b/" + names[1],
        lineterm="",
    )
    return list(lines)


def outdated(home: Home, may_ask: bool) -> List[Dict[str, Any]]:
    """Return a dict for each installed template that is not the newest of its source.

    Its keys are those of ``OUTDATED_COLUMNS``.
    """
    lock = lockfile.read(home)
    newest = _newest(lock, sorted(lock), may_ask)
    rows = []
    for name in sorted(lock):
        entry, one = lock[name], newest.found.get(name)
        if one is not None and one.entry.sha256 == entry.sha256:
            continue
        rows.append(
            {
                "name": name,
                "version": entry.version,
                "newest": one.entry.version if one else "",
                "commit": entry.commit[:12],
                "newest_commit": one.entry.commit[:12] if one else "",
                "state": "outdated" if one else GONE,
                "source": entry.shown_source(),
            }
        )
    return rows
