"""Which templates belong together: those that others extend, and what all of them need."""

from typing import Collection, Dict, Iterator, List, Mapping, NamedTuple, Optional

from coaiapy.errors import CoaiaError, RefusedError, UsageError
from coaiapy.gallery.fetching import Fetched
from coaiapy.gallery.lockfile import Entry, Home, Lock
from coaiapy.templating import files, versions
from coaiapy.templating.document import Document


class Picked(NamedTuple):
    """A template of a source that is to be installed: its entry for the lock file, and its file."""

    entry: Entry
    content: bytes
    document: Document


class Siblings(NamedTuple):
    """The templates of one source by name, and what is wrong with its other files.

    ``broken`` are files that should be mended, ``left_out`` links and the like, which are none.
    """

    found: Dict[str, Picked]
    broken: Dict[str, str]
    left_out: Dict[str, str]

    def get(self, name: str) -> Optional[Picked]:
        """Return a template, ``None`` if there is none.

        Raises ``UsageError`` for a broken file, ``RefusedError`` for a link.
        """
        if name in self.broken:
            raise UsageError(self.broken[name])
        if name in self.left_out and name not in self.found:
            raise RefusedError(self.left_out[name])
        return self.found.get(name)

    def all(self) -> Dict[str, Picked]:
        """Return all templates; ``UsageError`` with the problems of all broken files."""
        if self.broken:
            raise UsageError("; ".join(self.broken.values()))
        return self.found


def documents_of(fetched: Fetched) -> Siblings:
    """Return the templates of a source. A file without any of the keys of a template is none."""
    found: Dict[str, Picked] = {}
    broken: Dict[str, str] = {}
    for file in sorted(fetched.files):
        name = file.rpartition(".")[0]
        if file.startswith("."):
            continue
        try:
            files.check_name(name)
            one = _read(fetched, name, file)
        except CoaiaError as error:
            broken[name] = str(error)
            continue
        if name.lower() in map(str.lower, found):
            broken[name] = "{}: two files define this template".format(name)
        elif any(key in one.document for key in ("extends", "trace")) or _has_parts(one.document):
            found[name] = one
    left_out = {file.rpartition(".")[0]: why for file, why in fetched.left_out.items()}
    return Siblings(found, broken, left_out)


def _has_parts(document: Document) -> bool:
    return bool(document["steps"] or document["variables"])


def _read(fetched: Fetched, name: str, file: str) -> Picked:
    where = "{}/{}".format(fetched.source, file)
    source = files.read_content(files.Found(name, where, ""), fetched.files[file])
    path = "/".join(filter(None, [fetched.folder, file]))
    entry = Entry(
        name,
        versions.version_of(source.document),
        fetched.source.address,
        path,
        source.digest,
        fetched.source.ref,
        fetched.commit,
        fetched.digest,
    )
    return Picked(entry, fetched.files[file], source.document)


def base_of(document: Document) -> Optional[versions.Wanted]:
    """Return the template that this one extends."""
    extends = document.get("extends")
    return versions.wanted(extends) if extends else None


def installed(home: Home, name: str) -> Optional[Document]:
    """Return the document of a template that a home's templates find when they are used.

    The templates of the user do not find those of a project. A broken file is no template.
    """
    for place in files.places():
        if place.name == "project" and home.place != "project":
            continue
        try:
            found = files.find_in(place, name)
            if found:
                return files.read(found).document
        except CoaiaError:
            return None
    return None


def dependents(home: Home, lock: Lock, names: Collection[str]) -> Dict[str, Document]:
    """Return the installed templates, beside those of ``names``, that extend one of these."""
    documents = {name: installed(home, name) for name in sorted(lock) if name not in names}
    return {
        name: document
        for name, document in documents.items()
        if document and (base_of(document) or versions.Wanted("", "")).name in names
    }


def problems(home: Home, chosen: Mapping[str, Document]) -> List[str]:
    """Return everything that the chosen templates need and will not have, and their circles."""
    found: List[str] = []
    for name in sorted(chosen):
        told = ["{}: {}".format(name, one) for one in versions.unmet(chosen[name])]
        told += ["{}: {}".format(name, one) for one in _of_base(home, chosen, name)]
        found += [one for one in told if one not in found]
    return found + sorted(set(_circles(home, chosen)))


def _of_base(home: Home, chosen: Mapping[str, Document], name: str) -> Iterator[str]:
    wanted = base_of(chosen[name])
    if wanted is None:
        return
    base = chosen.get(wanted.name) or installed(home, wanted.name)
    if wanted.problem:
        yield "extends {}: {}".format(wanted.name, wanted.problem)
    elif base is None:
        yield "it extends {}, which is neither in its source nor installed".format(
            versions.written(wanted)
        )
    else:
        missed = wanted.missed_by(versions.version_of(base))
        if missed:
            yield "extends: " + missed


def _circles(home: Home, chosen: Mapping[str, Document]) -> Iterator[str]:
    for start in chosen:
        way = [start]
        while True:
            document = chosen.get(way[-1]) or installed(home, way[-1])
            wanted = base_of(document) if document else None
            if wanted is None:
                break
            if wanted.name in way:
                circle = way[way.index(wanted.name) :]
                first = circle.index(min(circle))
                turned = circle[first:] + circle[:first]
                yield "these extend each other: {}".format(" -> ".join(turned + turned[:1]))
                break
            way.append(wanted.name)
