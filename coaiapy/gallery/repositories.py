"""Reads the templates of a git repository: fetches one commit, and reads the files of one folder."""

import re
from functools import partial
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import unquote

from coaiapy.errors import CoaiaError, NetworkError, NotFoundError, RefusedError
from coaiapy.gallery import git
from coaiapy.gallery.source_folder import (
    Content,
    Folder,
    check_amount,
    chosen_folder,
    is_wanted,
    most_bytes,
    too_large,
)
from coaiapy.gallery.sources import Source, is_range
from coaiapy.templating import versions
from coaiapy.util import masking

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
_EVERYTHING = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
# The bytes of git's listing of one folder: far more than a gallery has.
_LARGEST_FOLDER = 1 << 20
_UNREACHABLE = re.compile(
    r"(?i)could not resolve|failed to connect|connection (?:refused|timed out|reset|closed)|"
    r"couldn't connect|no route to host|network is unreachable|operation timed out|"
    r"unable to look up|the remote end hung up|HTTP 5\d\d|error: 5\d\d"
)
_NO_REF = re.compile(
    r"(?i)couldn't find remote ref|not our ref|unadvertised object|no such remote ref"
)
_LINK, _SUBMODULE = "120000", "160000"


class _File(NamedTuple):
    mode: str
    kind: str
    id: str
    size: str
    name: str


def read(source: Source, commit: str, may_ask: bool) -> Tuple[str, Folder]:
    """Return a commit and the folder with templates in it: ``commit``, or that of the source's ref.

    Raises ``NotFoundError`` if there is no such ref or commit, ``NetworkError`` if it cannot be
    reached, and ``RefusedError`` for all else that git says.
    """
    talk, address = _talk(source, may_ask)
    with git.empty_repository() as folder:
        wanted = commit or source.ref or "HEAD"
        if is_range(wanted):
            wanted = _tag_in(folder, talk, address, source)
        try:
            found = _fetched(folder, talk, address, wanted, source)
        except NotFoundError:
            if not _SHORT_COMMIT.match(wanted):
                raise
            found = _found_in_all(folder, talk, address, wanted, source)
        inside = partial(_files, folder, found, source)
        return found, chosen_folder(inside, source.folder, source.address)


def _talk(source: Source, may_ask: bool) -> Tuple[git.Talk, str]:
    """Return how git is asked, and the address without a user and a password."""
    if not source.asked.lower().startswith(("https://", "http://")):
        return git.Talk(may_ask), source.asked
    address = masking.without_credentials(source.asked)
    pairs = masking.credentials_in(source.asked)[:1]
    host = re.match(r"[A-Za-z]+://[^/]*/?", address)
    headers = [
        (host.group() if host else address, "Basic " + masking.basic(unquote(user), unquote(word)))
        for user, word in pairs
    ]
    return git.Talk(may_ask, headers), address


def _tag_in(folder: str, talk: git.Talk, address: str, source: Source) -> str:
    """Return the tag with the highest version in the range that a source asks for."""
    words = ["ls-remote", "-q", "--tags", "--refs", "--", address]
    said = git.run(words, folder, talk)
    if said.code:
        raise _failure(said.err, source.ref, source)
    names = [
        line.rpartition("refs/tags/")[2] for line in said.out.decode("utf-8", "replace").split("\n")
    ]
    tag = versions.newest(names, source.ref)
    if tag is None:
        raise NotFoundError("{} has no tag of a version in {}".format(source.address, source.ref))
    return "refs/tags/" + tag


def _fetched(folder: str, talk: git.Talk, address: str, wanted: str, source: Source) -> str:
    """Fetch one ref or commit, and return the commit."""
    words = ["fetch", "-q", "--depth=1", "--no-tags", "--no-recurse-submodules", "--"]
    said = git.run(words + [address, wanted], folder, talk)
    if said.code:
        raise _failure(said.err, wanted, source)
    return _commit(folder, "FETCH_HEAD", wanted, source)


def _found_in_all(folder: str, talk: git.Talk, address: str, wanted: str, source: Source) -> str:
    """Fetch all branches and tags, for a commit that the server does not give by itself."""
    words = ["fetch", "-q", "--no-tags", "--no-recurse-submodules", "--"]
    said = git.run(words + [address] + _EVERYTHING, folder, talk)
    if said.code:
        raise _failure(said.err, wanted, source)
    return _commit(folder, wanted, wanted, source)


def _commit(folder: str, name: str, wanted: str, source: Source) -> str:
    said = git.run(["rev-parse", "-q", "--verify", name + "^{commit}"], folder)
    commit = said.out.decode("ascii", "replace").strip()
    if said.code or not _COMMIT.match(commit):
        raise NotFoundError("{} has no commit {!r}".format(source.address, wanted))
    return commit


def _failure(err: str, wanted: str, source: Source) -> CoaiaError:
    if _NO_REF.search(err):
        return NotFoundError("{} has no branch, tag or commit {!r}".format(source.address, wanted))
    lines = [line for line in err.splitlines() if line.strip()] or ["no reason given"]
    told = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))] or lines
    reason = re.sub(r"^(?:fatal|error|ERROR): ", "", told[0]).rstrip(".")
    reason = masking.said(reason, masking.in_url(source.asked))
    if _UNREACHABLE.search(err):
        return NetworkError("{} could not be reached: {}".format(source.address, reason))
    return RefusedError(
        "git cannot read {}: {}; check the address, and that git clone works for it".format(
            source.address, reason
        )
    )


def _files(folder: str, commit: str, source: Source, path: str) -> Optional[Dict[str, Content]]:
    """Return the wanted files of one folder of the commit, ``None`` if there is no such folder."""
    tree = "{}:{}".format(commit, path)
    words = ["cat-file", "--batch-check=%(objecttype) %(objectsize)"]
    kind, _, size = git.run(words, folder, given=tree.encode("utf-8") + b"\n").out.partition(b" ")
    if kind != b"tree":
        return None
    if int(size) > _LARGEST_FOLDER:
        raise RefusedError("the folder {!r} of {} is too large".format(path, source.address))
    listed = git.run(["ls-tree", "-z", "-l", tree], folder)
    files = [one for one in _parsed(listed.out) if is_wanted(one.name)]
    check_amount(len(files), source.address)
    found: Dict[str, Content] = {one.name: problem for one, problem in _unfit(files, source)}
    fit = [one for one in files if one.name not in found]
    found.update(zip([one.name for one in fit], _blobs(folder, fit)))
    return found


def _unfit(files: List[_File], source: Source) -> Iterator[Tuple[_File, RefusedError]]:
    """Yield the files that cannot be templates, each with the reason."""
    for one in files:
        if one.mode in (_LINK, _SUBMODULE) or one.kind != "blob":
            said = "{} in {} is no regular file, but a link or a folder"
            yield one, RefusedError(said.format(one.name, source.address))
        elif int(one.size) > most_bytes(one.name):
            yield one, too_large(one.name, source.address)


def _parsed(listed: bytes) -> Iterator[_File]:
    for entry in listed.split(b"\0"):
        if entry:
            head, _, name = entry.partition(b"\t")
            mode, kind, id_, size = head.decode("ascii", "replace").split()
            yield _File(mode, kind, id_, size, name.decode("utf-8", "replace"))


def _blobs(folder: str, files: List[_File]) -> Iterator[bytes]:
    """Yield the content of each file."""
    given = "".join(one.id + "\n" for one in files).encode("ascii")
    out = git.run(["cat-file", "--batch"], folder, given=given).out
    for _ in files:
        head, _, out = out.partition(b"\n")
        end = int(head.split()[2])
        yield out[:end]
        out = out[end + 1 :]
