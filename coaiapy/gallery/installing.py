"""Installs templates, restores what the lock file says, and removes templates."""

import os
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

from coaiapy.config import trust
from coaiapy.errors import NotFoundError, RefusedError, StateError, UsageError
from coaiapy.gallery import dependencies, fetching, git, lockfile, originals
from coaiapy.gallery.dependencies import Picked, Siblings
from coaiapy.gallery.lockfile import Entry, Home, Lock
from coaiapy.gallery.sources import Source, named_by_template
from coaiapy.templating import changes
from coaiapy.templating.changes import Change
from coaiapy.templating.files import SUFFIXES
from coaiapy.util.text.wording import did_you_mean

COLUMNS = {
    "name": "Name",
    "version": "Version",
    "place": "Place",
    "state": "State",
    "source": "Source",
    "commit": "Commit",
    "path": "Path",
}
_MOST_SOURCES = 10


class InstallOptions(NamedTuple):
    """How to install: whether files that are in the way are replaced, and whether git may ask.

    ``sha256`` is the hash that an archive or a single file must have.
    """

    force: bool = False
    may_ask: bool = False
    sha256: str = ""


class Installed(NamedTuple):
    """What was installed, and of each file of the source that is none why it was left out."""

    picked: List[Picked]
    left_out: List[str]


def install(home: Home, source: Source, names: Sequence[str], options: InstallOptions) -> Installed:
    """Install the named templates of a source, without names all, and those that they extend.

    Raises ``UsageError`` with everything that they need and do not find, and ``StateError`` for files
    that are in the way; then nothing has changed.
    """
    fetched = fetching.fetch(source, may_ask=options.may_ask)
    if options.sha256:
        fetching.check_digest(fetched, options.sha256)
    siblings = dependencies.documents_of(fetched)
    wanted = _named(siblings, names, fetched.source) if names else siblings.all()
    picked = with_bases(home, wanted, dict.fromkeys(wanted, siblings), options.may_ask)
    lockfile.prepared(home)
    with changes.locked(home.base):
        lock = lockfile.read(home)
        check(home, lock, picked)
        doubled = lockfile.same_file(picked, lock)
        if doubled:
            raise StateError(
                "{} is installed, which is the same file as {} on some machines: uninstall it "
                "first".format(doubled[1], doubled[0])
            )
        if not options.force:
            _refuse(list(_in_the_way(home, lock, picked)))
        write(home, dict(lock, **{name: one.entry for name, one in picked.items()}), picked)
    left_out = [] if names else sorted(siblings.left_out.values())
    return Installed([picked[name] for name in sorted(picked)], left_out)


def _named(siblings: Siblings, names: Sequence[str], source: Source) -> Dict[str, Picked]:
    wanted: Dict[str, Picked] = {}
    for name in names:
        one = siblings.get(name)
        if one is None:
            raise NotFoundError(
                "{} has no template {!r}{}: it has {}".format(
                    source,
                    name,
                    did_you_mean(name, siblings.found),
                    ", ".join(siblings.found) or "none",
                )
            )
        wanted[name] = one
    return wanted


def check(home: Home, lock: Lock, picked: Mapping[str, Picked]) -> None:
    """Raise ``UsageError`` with all that the templates, and those that extend them, would lack."""
    documents = dependencies.dependents(home, lock, picked)
    documents.update((name, one.document) for name, one in picked.items())
    problems = dependencies.problems(home, documents)
    if problems:
        raise UsageError("; ".join(problems))


def _refuse(problems: List[str]) -> None:
    if problems:
        raise StateError("; ".join(problems))


def with_bases(
    home: Home, wanted: Mapping[str, Picked], beside: Mapping[str, Siblings], may_ask: bool
) -> Dict[str, Picked]:
    """Return the wanted templates, and those of their bases that come with them.

    ``beside`` has what else is in the source of each. A base that is not there, and that this
    machine does not have either, comes from the source that the template names.
    """
    picked = dict(wanted)
    waiting = [(one, beside[name]) for name, one in wanted.items()]
    asked: Dict[str, Siblings] = {}
    while waiting:
        one, siblings = waiting.pop()
        base = dependencies.base_of(one.document)
        if base is None or base.name in picked:
            continue
        found = siblings.get(base.name)
        if found is None and dependencies.installed(home, base.name) is None:
            siblings = _named_siblings(one, asked, may_ask)
            found = siblings.get(base.name)
        if found is not None:
            picked[base.name] = found
            waiting.append((found, siblings))
    return picked


def _named_siblings(one: Picked, asked: Dict[str, Siblings], may_ask: bool) -> Siblings:
    named = one.document.get("source")
    if not named:
        return Siblings({}, {}, {})
    source = named_by_template(named, one.entry.where())
    if str(source) not in asked:
        if len(asked) >= _MOST_SOURCES:
            raise RefusedError("these templates name more than {} sources".format(_MOST_SOURCES))
        fetched = fetching.fetch(source, may_ask=may_ask)
        asked[str(source)] = dependencies.documents_of(fetched)
    return asked[str(source)]


def _in_the_way(home: Home, lock: Lock, picked: Mapping[str, Picked]) -> Iterable[str]:
    """Yield why a template cannot take its place: another one, or an edited one, is there."""
    for name, one in sorted(picked.items()):
        known = lock.get(name)
        here = [filename for filename in _files_of(name) if home.has(filename)]
        hashes = {trust.digest(home.content_of(filename)) for filename in here}
        if not here or hashes == {one.entry.sha256}:
            continue
        if known is None:
            yield (
                "{} is there and was not installed: rename it, or replace it with --force".format(
                    home.path_of(here[0])
                )
            )
        elif known.source != one.entry.source:
            yield (
                "{} was installed from {}: uninstall it first, or replace it with --force".format(
                    name, known.source
                )
            )
        elif hashes != {known.sha256}:
            yield (
                "{} was changed here: coaia pipeline update {} keeps that, --force does not".format(
                    home.path_of(here[0]), name
                )
            )


def _files_of(name: str) -> List[str]:
    return [name + suffix for suffix in SUFFIXES]


def write(home: Home, lock: Lock, picked: Mapping[str, Picked], gone: Sequence[str] = ()) -> None:
    """Write files and the lock file as one change; the caller holds the lock.

    A file of a picked template with another suffix goes.
    """
    made = []
    for name, one in sorted(picked.items()):
        originals.keep(one.content)
        made.append(_change(home, "templates/" + one.entry.file_name, one.content))
        others = [filename for filename in _files_of(name) if filename != one.entry.file_name]
        made += [_removal(home, filename) for filename in others if home.has(filename)]
    made += [_removal(home, filename) for filename in gone if home.has(filename)]
    made.append(_change(home, changes.LOCK, lockfile.text_of(lock).encode("utf-8")))
    changes.apply(home.base, made)


def _change(home: Home, path: str, content: Optional[bytes]) -> Change:
    target = os.path.join(home.base, *path.split("/"))
    return Change(path, trust.digest_of(target) if os.path.lexists(target) else None, content)


def _removal(home: Home, filename: str) -> Change:
    return _change(home, "templates/" + filename, None)


class Restored(NamedTuple):
    """What a restoration has written, and what was there already."""

    written: List[Entry]
    kept: List[Entry]


def restore(home: Home, options: InstallOptions) -> Restored:
    """Write every template of the lock file that is missing, exactly as it was.

    Nothing is fetched for what is there. Raises ``StateError`` for a file that is not what the lock file
    says (with ``force`` it is replaced), ``RefusedError`` if a source has another content now.
    """
    lock = lockfile.read(home)
    if not lock:
        raise NotFoundError(
            "{} does not exist or is empty: name a source to install from".format(home.lock_path)
        )
    state = {name: state_of(home, entry) for name, entry in lock.items()}
    changed = [home.path_of(lock[name].file_name) for name in lock if state[name] == CHANGED]
    if changed and not options.force:
        raise StateError(
            "{} not what {} says: add --force to replace what was changed".format(
                ", ".join(changed) + (" is" if len(changed) == 1 else " are"), changes.LOCK
            )
        )
    missing = [lock[name] for name in sorted(lock) if state[name] != INSTALLED]
    contents = originals.contents(missing, options.may_ask)
    lost = [entry.name for entry in missing if entry.sha256 not in contents]
    if lost:
        raise RefusedError(
            "the source does not have the content of {} any more that {} names: install {} again".format(
                ", ".join(lost), changes.LOCK, "it" if len(lost) == 1 else "them"
            )
        )
    if missing or not lockfile.is_written(home, lock):
        lockfile.prepared(home)
        with changes.locked(home.base):
            picked = {one.name: Picked(one, contents[one.sha256], {}) for one in missing}
            write(home, lockfile.read(home), picked)
    return Restored(missing, [lock[name] for name in sorted(lock) if state[name] == INSTALLED])


INSTALLED, CHANGED, MISSING, CONFLICT = "installed", "changed", "missing", "conflict"


def state_of(home: Home, entry: Entry) -> str:
    """Return ``installed``, ``changed`` if the file is another by now, or ``missing``."""
    if not home.has(entry.file_name):
        return MISSING
    is_same = trust.digest(home.content_of(entry.file_name)) == entry.sha256
    return INSTALLED if is_same else CHANGED


def _shown_state(home: Home, entry: Entry) -> str:
    """Return ``state_of``, or that a file still has the marks of a conflict of an update."""
    state = state_of(home, entry)
    is_torn = state == CHANGED and git.conflicts_in(home.content_of(entry.file_name))
    return CONFLICT if is_torn else state


def listed(home: Home) -> List[Dict[str, str]]:
    """Return a dict for each installed template, with the keys of ``COLUMNS`` and the full hash."""
    lock = lockfile.read(home)
    return [
        {
            "name": name,
            "version": entry.version,
            "place": home.place,
            "state": _shown_state(home, entry),
            "source": entry.shown_source(),
            "commit": entry.commit[:12],
            "sha256": entry.sha256,
            "path": home.path_of(entry.file_name),
        }
        for name, entry in sorted(lock.items())
    ]


def uninstall(home: Home, names: Sequence[str], force: bool) -> List[Entry]:
    """Remove installed templates and their entries.

    Raises ``NotFoundError`` for one that is not installed, and ``StateError`` for one that was changed
    here or that others extend, unless ``force``.
    """
    with changes.locked(lockfile.prepared(home).base):
        lock = lockfile.read(home)
        for name in names:
            if name not in lock:
                raise NotFoundError(
                    "{!r} is not installed{}: coaia pipeline list --installed shows what is".format(
                        name, did_you_mean(name, lock)
                    )
                )
        gone = [lock[name] for name in sorted(set(names))]
        if not force:
            _refuse(list(_kept_by(home, lock, gone)))
        left = {name: entry for name, entry in lock.items() if name not in names}
        write(home, left, {}, [entry.file_name for entry in gone])
    return gone


def _kept_by(home: Home, lock: Lock, gone: List[Entry]) -> Iterable[str]:
    for entry in gone:
        if state_of(home, entry) == CHANGED:
            yield "{} was changed here: --force removes it".format(home.path_of(entry.file_name))
    names = [entry.name for entry in gone]
    for name, document in dependencies.dependents(home, lock, names).items():
        yield "{} extends {}: --force removes that all the same".format(name, document["extends"])
