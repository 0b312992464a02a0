"""Gets the templates of a source, whichever kind it is."""

import os
from typing import Any, Dict, NamedTuple, Optional, Tuple
from urllib.parse import unquote, urlsplit

from coaiapy import patience
from coaiapy.config import trust
from coaiapy.errors import NotFoundError, RefusedError, StateError, UsageError
from coaiapy.gallery import archives, repositories
from coaiapy.gallery.source_folder import (
    Content,
    Folder,
    check_amount,
    chosen_folder,
    is_wanted,
    most_bytes,
)
from coaiapy.gallery.sources import FILE, FOLDER, GIT, WEB, Source, is_loopback
from coaiapy.util import deadlines, masking, threads
from coaiapy.util.http.answers import moved_to
from coaiapy.util.http.exchange import answer_of, bearer, opened
from coaiapy.util.http.retry import TemporaryError, at_most, is_temporary, retrying
from coaiapy.util.packages import require
from coaiapy.util.paths import absolute, entries, is_below, read_regular

_MOST_REDIRECTS = 5


class Fetched(NamedTuple):
    """What was found at a source: the commit of a repository, or the hash of an archive or file.

    ``folder`` is where the templates stand in it, ``files`` are their contents by name, with the line
    ends of Unix. ``left_out`` says of each other file why it cannot be a template: it is a link.
    """

    source: Source
    commit: str
    digest: str
    folder: str
    files: Dict[str, bytes]
    left_out: Dict[str, str]


def fetch(source: Source, commit: str = "", may_ask: bool = False) -> Fetched:
    """Return the templates of a source, of a repository those at ``commit`` if one is given.

    ``may_ask`` lets git ask a person for a password.
    """
    digest = ""
    if source.kind == GIT:
        commit, folder = repositories.read(source, commit, may_ask)
    elif source.kind in (WEB, FILE):
        content = _downloaded(source) if source.kind == WEB else _read(source)
        digest = trust.digest(content)
        name = unquote(urlsplit(source.address).path) if source.kind == WEB else source.address
        folder = archives.folder_of(content, name, source.folder)
    else:
        folder = chosen_folder(lambda path: _listed(source, path), source.folder, source.address)
    return _fetched(source, commit, digest, folder)


def from_folder(folder: str) -> Fetched:
    """Return the templates in just this folder on this machine, as they are on the disk."""
    source = Source(FOLDER, folder, absolute(folder))
    return _fetched(source, "", "", Folder("", _listed(source, "") or {}))


def _fetched(source: Source, commit: str, digest: str, folder: Folder) -> Fetched:
    found = Fetched(source, commit, digest, folder.path, {}, {})
    for name, content in folder.files.items():
        if isinstance(content, bytes):
            found.files[name] = content.replace(b"\r\n", b"\n")
        else:
            found.left_out[name] = str(content)
    return found


def check_digest(fetched: Fetched, wanted: str) -> None:
    """Raise ``RefusedError`` if an archive or a file is not the one with the ``wanted`` SHA-256."""
    if not fetched.digest:
        raise UsageError(
            "--sha256 is for an archive or a single file; {} is none: leave it out".format(
                fetched.source
            )
        )
    if fetched.digest != wanted.lower():
        raise RefusedError(
            "{} has the SHA-256 {}, not {}: do not trust it before you know why".format(
                fetched.source, fetched.digest, wanted.lower()
            )
        )


def _read(source: Source) -> bytes:
    return read_regular(source.asked, archives.LARGEST)


def _listed(source: Source, path: str) -> Optional[Dict[str, Content]]:
    """Return the wanted files of a folder on this machine; a link may not lead out of it."""
    folder = os.path.join(source.asked, path)
    if not os.path.isdir(folder):
        return None
    names = [name for name in entries(folder) if is_wanted(name)]
    check_amount(len(names), source.address)
    return {name: _read_in(os.path.join(folder, name), name, source) for name in names}


def _read_in(path: str, name: str, source: Source) -> Content:
    if not is_below(path, source.asked):
        return RefusedError("{} is a link that leads out of {}".format(path, source.address))
    try:
        return read_regular(path, most_bytes(name))
    except StateError as error:
        return RefusedError(str(error))


def _downloaded(source: Source) -> bytes:
    """Return the body at an address of the web, also after redirections to other https addresses."""
    deadline = deadlines.after(patience.WEB_API.whole)
    wait = at_most(patience.WEB_API.tries, patience.WEB_API.longest_pause, deadline=deadline)
    url = masking.without_credentials(source.asked)
    threads.prepare(url)
    for _ in range(_MOST_REDIRECTS):
        answer = retrying(lambda: _answer(url, source, deadline), wait)  # noqa: B023
        if answer.status not in (301, 302, 303, 307, 308):
            break
        url = _redirected(url, moved_to(url, answer), source)
    else:
        said = "{} redirects more than {} times".format(source.address, _MOST_REDIRECTS - 1)
        raise RefusedError(said)
    if answer.status == 404:
        raise NotFoundError("there is no {}".format(source.address))
    if answer.status != 200:
        raise RefusedError("{} answered with HTTP status {}".format(source.address, answer.status))
    if len(answer.body) > archives.LARGEST:
        raise RefusedError("{} is larger than {} MB".format(source.address, archives.LARGEST >> 20))
    return answer.body


def _redirected(url: str, target: str, source: Source) -> str:
    """Return where a redirection leads, without what it names as user and password.

    It leads to https, or from this machine to this machine.
    """
    to = masking.without_credentials(target)
    if to.lower().startswith("https://") or (is_loopback(url) and is_loopback(to)):
        return to
    raise RefusedError("{} leads to no address with https".format(source.address))


def _answer(url: str, source: Source, deadline: deadlines.Deadline) -> Any:
    """Return the answer to one request; ``TemporaryError`` if it may be another one later.

    The user and the password of a source are for its own host alone.
    """
    requests: Any = require("requests")
    pairs = masking.credentials_in(source.asked)[:1] if _host(url) == _host(source.asked) else []

    def sign(request: Any) -> Any:
        for user, word in pairs:
            secret = masking.basic(unquote(user), unquote(word))
            request.headers["Authorization"] = "Basic " + secret
        return request

    def ask() -> Any:
        return opened(
            requests,
            "GET",
            url,
            deadline.timeouts(patience.WEB_API.connect),
            {"Accept-Encoding": "identity"},  # the hash is that of the file
            auth=sign if pairs else bearer(""),
        )

    answer = answer_of(ask, source.address, deadline, archives.LARGEST)
    if is_temporary(answer.status):
        said = "{} answered with HTTP status {}".format(source.address, answer.status)
        raise TemporaryError(said)
    return answer


def _host(url: str) -> Tuple[str, str]:
    """Return the scheme and the host with the port of an address."""
    parts = urlsplit(masking.without_credentials(url))
    return parts.scheme, parts.netloc.lower()
