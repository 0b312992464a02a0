"""The lock file: what is installed, from where, and exactly which content. It belongs in git.

It is JSON with one line for each fact, in the order of the templates' names, so that a review shows
what has changed. Hashes are those of contents with the line ends of Unix: git may change them.
"""

import json
import os
import re
from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from coaiapy.errors import StateError, UsageError
from coaiapy.gallery.sources import Source, check_ref, parse, without_secrets
from coaiapy.templating import changes
from coaiapy.templating.files import MOST_BYTES, NAME, SUFFIXES, places
from coaiapy.util import files
from coaiapy.util.formats import json_values, line_numbers
from coaiapy.util.paths import check_stays, make_private_folder, read_regular

FORM = 1
_LARGEST = 4 << 20
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_PATH = re.compile(r"(?!/)(?:[^\x00-\x1f\\:/]+/)*[A-Za-z0-9][A-Za-z0-9._-]*\Z")
# The lines that git puts around the two sides of a conflict.
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)


class Entry(NamedTuple):
    """An installed template: its name, version and hash, and where it came from.

    ``path`` is that of its file in the source. ``commit`` is that of a repository, ``archive_sha256``
    the hash of an archive or a single file; they are empty for other sources.
    """

    name: str
    version: str
    source: str
    path: str
    sha256: str
    ref: str = ""
    commit: str = ""
    archive_sha256: str = ""

    @property
    def file_name(self) -> str:
        """The name of its file, here and there."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder of its file in the source."""
        return self.path.rpartition("/")[0]

    def shown_source(self) -> str:
        """Return the source as listings show it, which need not exist any more."""
        return str(Source("", without_secrets(self.source), "", self.ref, self.folder))

    def where(self) -> Source:
        """Return the source that it came from."""
        return parse(self.source)._replace(ref=self.ref, folder=self.folder)


Lock = Dict[str, Entry]


class Home(NamedTuple):
    """The folder that holds installed templates and their lock file: ``.coaia`` here or of the user."""

    base: str
    place: str

    @property
    def lock_path(self) -> str:
        """The path of the lock file."""
        return os.path.join(self.base, changes.LOCK)

    def path_of(self, file: str) -> str:
        """Return the path of an installed file."""
        return os.path.join(self.base, "templates", file)

    def has(self, file: str) -> bool:
        """Tell whether there is such a file, even if it cannot be read."""
        return os.path.lexists(self.path_of(file))

    def content_of(self, file: str) -> bytes:
        """Return the content of an installed file, with the line ends of Unix."""
        return read_regular(self.path_of(file), 2 * MOST_BYTES).replace(b"\r\n", b"\n")


def home(is_global: bool) -> Home:
    """Return the folder of the user, or that of the project in the current folder."""
    place = {one.name: one for one in places()}["user" if is_global else "project"]
    return Home(os.path.dirname(place.folder), place.name)


def prepared(one: Home) -> Home:
    """Return a home whose folders exist; ``StateError`` if a link leads them out of the project."""
    if one.place == "project":
        check_stays(one.path_of("x"))
    make_private_folder(os.path.join(one.base, "templates"))
    return one


def read(one: Home) -> Lock:
    """Return what the lock file says, nothing if there is none; ``StateError`` if it is broken."""
    changes.settle(one.base)
    if not os.path.lexists(one.lock_path):
        return {}
    text = files.read_text(one.lock_path, most=_LARGEST)
    conflict = _CONFLICT.search(text)
    if conflict:
        return _merged(one, text)
    return _parsed(one, text)


def _merged(one: Home, text: str) -> Lock:
    """Return the entries of both sides of a conflict of git, if they contradict each other in none."""
    ours, theirs = (_parsed(one, side) for side in sides(text))
    both = sorted(name for name in set(ours) & set(theirs) if ours[name] != theirs[name])
    if both:
        raise StateError(
            "{}, line {}: git could not merge what both sides say about {}: take one side (git "
            "checkout --ours or --theirs), then install these again".format(
                one.lock_path,
                text.count("\n", 0, _first_conflict(text)) + 1,
                ", ".join(both),
            )
        )
    return dict(theirs, **ours)


def _first_conflict(text: str) -> int:
    found = _CONFLICT.search(text)
    return found.start() if found else 0


def sides(text: str) -> Tuple[str, str]:
    """Return the two texts that git could not merge, from the one with its marks."""
    kept: Tuple[List[str], List[str]] = ([], [])
    into = [0, 1]
    for line in text.split("\n"):
        mark = _CONFLICT.match(line)
        if mark:
            into = {"<": [0], "|": [], "=": [1], ">": [0, 1]}[line[0]]
            continue
        for side in into:
            kept[side].append(line)
    return "\n".join(kept[0]), "\n".join(kept[1])


def _parsed(one: Home, text: str) -> Lock:
    try:
        document = json_values.parse_unique(text)
    except ValueError as error:
        raise _broken(one, "not JSON: {}".format(error)) from error
    form = document.get("version") if isinstance(document, dict) else None
    if form != FORM:
        raise _broken(one, "its version is {!r}, and this coaia knows {}".format(form, FORM))
    entries = document.get("templates")
    if not isinstance(entries, dict):
        raise _broken(one, "templates is not an object")
    lock = {name: _entry(one, text, name, entries[name]) for name in sorted(entries)}
    doubled = same_file(lock, lock)
    if doubled:
        raise _broken(one, "{} are one file on some machines".format(" and ".join(doubled)))
    return lock


def same_file(names: Iterable[str], others: Iterable[str]) -> List[str]:
    """Return a name and another one of which only the case differs, nothing if there are none."""
    known: Dict[str, str] = {name.lower(): name for name in others}
    pairs = ((name, known.get(name.lower(), name)) for name in names)
    return next(([name, other] for name, other in pairs if name != other), [])


def _entry(one: Home, text: str, name: str, fields: Any) -> Entry:
    try:
        if not isinstance(fields, dict) or not all(isinstance(x, str) for x in fields.values()):
            raise ValueError("its values are not texts")
        entry = Entry(name=name, **fields)
        _check(entry)
        return entry
    except (TypeError, ValueError, UsageError) as error:
        line = line_numbers.in_json(text, ("templates", name))
        raise _broken(one, "line {}: {!r}: {}".format(line, name, error)) from error


def _check(entry: Entry) -> None:
    stem, suffix = os.path.splitext(entry.file_name)
    if not NAME.match(entry.name) or stem != entry.name or suffix not in SUFFIXES:
        raise ValueError("its name and its path do not belong together")
    if not _PATH.match(entry.path) or ".." in entry.path.split("/"):
        raise ValueError("{!r} is not a path in a source".format(entry.path))
    if not _HASH.match(entry.sha256) or not _HASH.match(entry.archive_sha256 or entry.sha256):
        raise ValueError("a SHA-256 is not 64 hexadecimal digits")
    if entry.commit and not _COMMIT.match(entry.commit):
        raise ValueError("{!r} is not a commit".format(entry.commit))
    if entry.ref:
        check_ref(entry.ref)


def _broken(one: Home, problem: str) -> StateError:
    return StateError(
        "{} is broken: {}: take it from git again, or remove it and install anew".format(
            one.lock_path, problem
        )
    )


def is_written(one: Home, lock: Lock) -> bool:
    """Tell whether the lock file says just this, without the marks of a conflict."""
    return files.read_text(one.lock_path, most=_LARGEST) == text_of(lock)


def text_of(lock: Lock) -> str:
    """Return the text of a lock file: the same for the same templates."""
    entries = {
        name: {key: value for key, value in lock[name]._asdict().items() if value and key != "name"}
        for name in sorted(lock)
    }
    document = {"version": FORM, "templates": entries}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
