"""Where templates come from: reads what ``coaia pipeline install`` takes, and keeps secrets out of it.

A source is a git repository, a folder, or an archive or a single file, here or on the web. ``@REF``
names a branch, a tag or a commit of a repository, or a range of the versions that its tags are
(``@^1``), and ``#FOLDER`` a folder in it.
"""

import os
import re
from typing import Mapping, NamedTuple, Optional, Tuple

from coaiapy.errors import NotFoundError, StateError, UsageError
from coaiapy.templating.files import NAME, SUFFIXES
from coaiapy.util import masking
from coaiapy.util.paths import absolute
from coaiapy.util.text.wording import did_you_mean

GIT, WEB, FILE, FOLDER = ("git", "web", "file", "folder")
ARCHIVES = (".zip", ".tar.gz", ".tgz")
GALLERY = "gallery"
# The templates of coaiapy's own repository.
OWN_GALLERY = "https://github.com/jgwill/coaiapy.git#templates"
_LONGEST = 2000
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://[^/]*")
# git@example.com:team/templates.git
_SCP = re.compile(r"(?:[^@/:\\]+@)?[^/:\\]{2,}:")
# What no name of a branch, a tag or a commit has, and what git would read as a pattern or an option.
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/+.]|[/.]\Z|\.lock\Z")
# A range of versions, which no ref can be: the highest tag in it is meant.
_RANGE = re.compile(r"[\^~]\d{1,9}(?:\.\d{1,9}){0,2}\Z")
_NO_FOLDER = re.compile(r"[\x00-\x1f\x7f\\:]|(?:^|/)\.\.?(?:/|\Z)|^/|//")
_BEFORE_REF = re.compile(r"(?P<scheme>[^/@]+://)(?P<user>[^/@]+@)[^/@]+/[^@]*\.git@")
_LOOPBACK = re.compile(r"(?i)http://(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?(?:/|\Z)")


class Source(NamedTuple):
    """A place with templates; ``asked`` is its address as it is asked, with whatever secret is in it.

    ``address`` has none, and is what the lock file and messages say.
    """

    kind: str
    address: str
    asked: str
    ref: str = ""
    folder: str = ""

    def __str__(self) -> str:
        folder = "#" + self.folder if self.folder else ""
        return self.address + folder + ("@" + self.ref if self.ref else "")

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, by its path."""
        return self.kind in (FILE, FOLDER) or not _is_remote(self.address)


def parse(text: str, galleries: Optional[Mapping[str, str]] = None) -> Source:
    """Return the source that ``text`` names; ``galleries`` are names of others, with what they mean.

    Raises ``UsageError`` for what is none, ``StateError`` for a path that does not exist,
    and ``NotFoundError`` for a word that names no gallery.
    """
    _check_text(text)
    address, ref, folder = _split(text)
    known = dict({GALLERY: OWN_GALLERY}, **(galleries or {}))
    if address in known and not os.path.exists(address):
        meant = parse(os.path.expanduser(known[address]))
        source = meant._replace(ref=ref or meant.ref, folder=folder or meant.folder)
    elif _is_remote(address):
        source = _remote(address, ref, folder)
    elif NAME.match(address) and not os.path.exists(address):
        raise NotFoundError(
            "there is no gallery {!r}{}, and no folder of this name".format(
                address, did_you_mean(address, known)
            )
        )
    else:
        source = _local(address, ref, folder)
    _check_parts(source)
    return source


def check_ref(ref: str) -> str:
    """Return ``ref``.

    ``UsageError`` if it can be neither the name of a branch, a tag or a commit, nor a range of versions.
    """
    if not is_range(ref) and (_NO_REF.search(ref) or len(ref) > 200):
        raise UsageError(
            "{!r} is not the name of a branch, a tag or a commit, nor a range such as ^1".format(
                ref
            )
        )
    return ref


def is_range(ref: str) -> bool:
    """Tell whether a ref is a range of versions, such as ``^1`` or ``~1.2``."""
    return bool(_RANGE.match(ref))


def named_by_template(text: str, by: Source) -> Source:
    """Return the source that a template from ``by`` names for the templates that it extends.

    A stranger's template may send coaia to no other place than one on the web: ``UsageError``.
    """
    source = parse(text)
    if by.is_local or source.address.lower().startswith("https://"):
        return source
    raise UsageError("the source {} of a template must be an https address".format(source))


def anywhere(source: Source) -> Source:
    """Return a source whose address means the same in every folder."""
    return source._replace(address=source.asked) if source.address.startswith(".") else source


def _check_text(text: str) -> None:
    shown = masking.without_credentials(text[:_LONGEST])
    if not text.strip() or len(text) > _LONGEST or re.search(r"[\x00-\x1f\x7f]", text):
        raise UsageError("{!r} is not a source of templates".format(shown))
    if text.startswith("-") or re.match(r"[A-Za-z0-9+.-]+::", text):
        raise UsageError(
            "{!r} is not a source: name a repository, a folder or an archive".format(shown)
        )


def _check_parts(source: Source) -> None:
    if source.ref:
        check_ref(source.ref)
        if source.kind != GIT:
            raise UsageError(
                "{} is not a git repository, so it has no {!r}: leave @{} out".format(
                    source.address, source.ref, source.ref
                )
            )
    if source.folder and (_NO_FOLDER.search(source.folder) or len(source.folder) > 500):
        raise UsageError("{!r} is not a folder in {}".format(source.folder, source.address))


def _split(text: str) -> Tuple[str, str, str]:
    """Return address, ref and folder; the ref may stand after either of the others."""
    if not _is_remote(text) and os.path.exists(text):
        return text, "", ""
    head, _, folder = text.partition("#")
    folder, _, folder_ref = folder.partition("@")
    address, ref = _split_ref(head)
    if ref and folder_ref:
        raise UsageError(
            "{} names two refs: leave one out".format(masking.without_credentials(text))
        )
    return address, ref or folder_ref, folder.strip("/")


def _split_ref(head: str) -> Tuple[str, str]:
    if not _is_remote(head):
        if os.path.exists(head):
            return head, ""
        places = [i for i, character in enumerate(head) if character == "@"]
        ends = [i for i in reversed(places) if os.path.exists(head[:i])] or places[:1]
        return (head[: ends[0]], head[ends[0] + 1 :]) if ends else (head, "")
    plain = _without_credentials(head)
    start = len(head) - len(plain)
    authority = _SCHEME.match(plain) or _SCP.match(plain)
    # An @ at the beginning of a name belongs to it: https://example.com/@team/templates.git
    ref = re.search(r"(?<=[^/])@", plain[authority.end() :]) if authority else None
    if not (authority and ref):
        return head, ""
    at = start + authority.end() + ref.start()
    return head[:at], head[at + 1 :]


def _without_credentials(head: str) -> str:
    """Return an address without credentials, but with its ref.

    A password may have an @ and a slash in it, and a ref too. Behind a name that ends with .git, an
    @ begins a ref.
    """
    if "://" not in head:
        return head
    found = _BEFORE_REF.match(head)
    if found:
        return found.group("scheme") + head[found.end("user") :]
    return masking.without_credentials(head)


def is_loopback(address: str) -> bool:
    """Tell whether an address of the web is on this machine, so that nobody else can change it."""
    return bool(_LOOPBACK.match(masking.without_credentials(address)))


def _is_remote(address: str) -> bool:
    return bool(_SCHEME.match(address) or _SCP.match(address))


def _remote(address: str, ref: str, folder: str) -> Source:
    scheme = address.partition("://")[0].lower() if "://" in address else "ssh"
    path = address.partition("?")[0].lower()
    is_file = scheme in ("http", "https") and path.endswith(ARCHIVES + SUFFIXES)
    if scheme not in ("http", "https", "ssh", "git", "file"):
        raise UsageError(
            "{} is not an address that templates come from: use https, ssh, git or file".format(
                masking.shown_url(address)
            )
        )
    if is_file and scheme == "http" and not is_loopback(address):
        raise UsageError(
            "{} could be changed on its way: use https".format(masking.shown_url(address))
        )
    return Source(WEB if is_file else GIT, without_secrets(address), address, ref, folder)


def without_secrets(address: str) -> str:
    """Return an address as the lock file has it; the user of ssh stays, who is no secret.

    A query with anything in it that may be a secret is left out as a whole.
    """
    if "://" not in address:
        return address
    scheme, _, rest = masking.without_credentials(address).partition("://")
    if masking.query_secrets(address, is_setting=True):
        rest = rest.partition("?")[0]
    user = ""
    if scheme.lower() == "ssh":
        user = "".join(name + "@" for name, _ in masking.credentials_in(address)[:1] if name)
        lone = re.match(r"(?i)ssh://([^/@:]+)@", address)
        user = lone.group(1) + "@" if lone else user
    return "{}://{}{}".format(scheme, user, rest)


def _local(path: str, ref: str, folder: str) -> Source:
    if not os.path.exists(path):
        raise StateError(
            "{} does not exist: name a folder, an archive, or the address of a git repository".format(
                path
            )
        )
    if os.path.isfile(path):
        if not path.lower().endswith(ARCHIVES + SUFFIXES):
            raise UsageError(
                "{} is neither a template nor an archive: its name must end with one of {}".format(
                    path, ", ".join(SUFFIXES + ARCHIVES)
                )
            )
        kind = FILE
    else:
        kind = GIT if _is_repository(path) or ref else FOLDER
    return Source(kind, _portable(path), absolute(path), ref, folder)


def _portable(path: str) -> str:
    """Return a path as the lock file has it: one that was relative stays so, and begins with a dot."""
    if os.path.isabs(path):
        return os.path.normpath(path)
    shown = os.path.normpath(path).replace(os.sep, "/")
    return shown if shown.startswith(".") else "./" + shown


def _is_repository(path: str) -> bool:
    inside = [os.path.join(path, name) for name in ("HEAD", "objects", "refs")]
    return os.path.exists(os.path.join(path, ".git")) or all(map(os.path.exists, inside))
