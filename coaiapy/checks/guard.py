"""``coaia env guard``: what must not be committed: private keys, and secrets in plain text."""

import os
import re
from typing import (
    Callable,
    Container,
    Iterable,
    Iterator,
    List,
    Match,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

from coaiapy import patience
from coaiapy.config import files as config_files
from coaiapy.config.schema import key_for
from coaiapy.dotenvx import keys
from coaiapy.dotenvx.names import KEY_FILE, PLAIN, PRIVATE_KEY, is_encrypted
from coaiapy.env import places
from coaiapy.env.schema.files import secret_names
from coaiapy.errors import StateError, UsageError
from coaiapy.util import files, masking, paths
from coaiapy.util.formats.problems import Problem
from coaiapy.util.paths import read_regular
from coaiapy.util.text.wording import one_line

RULES = {
    "key-file": "A file with private keys is about to be committed",
    "private-key": "A private key is about to be committed",
    "plain-secret": "A secret is about to be committed in plain text",
}
_NAMED_KEY = PRIVATE_KEY + r"""[A-Za-z0-9_.-]*["']? *[:=] *["']?(0x)?[0-9a-fA-F]{64}"""
_KEY = "[0-9a-fA-F]{64}"
# What stands for a secret that is elsewhere: $NAME, ${NAME...}, and references to password managers.
_REFERENCE = r"(?:\$\w+|\$\{[^{}]*\}|(?:op|bw)://.*)\Z"
_OTHER_NAMES = r"(?:.+\.env|\.flaskenv|\.dev\.vars.*)\Z"


class Content(NamedTuple):
    """A file that may be committed, and its text."""

    path: str
    text: str


# Returns every variable of a file, with its value and line.
Reader = Callable[[Content], Iterable[Tuple[str, str, int]]]


def named(paths: Sequence[str]) -> List[Content]:
    """Return the files at ``paths`` as they are on disk; ``StateError`` if one cannot be read."""
    return [Content(path, _text(read_regular(path, files.LARGEST_INPUT))) for path in paths]


def staged() -> List[Content]:
    """Return what the next commit of git gets, as far as it may have secrets.

    Raises ``UsageError`` where there is no repository, or no git.
    """
    # First: outside a repository, the others print pages of help.
    above = os.fsdecode(_git("rev-parse", "--show-cdup").strip())  # git names files from its top
    changed = ("diff", "--cached", "--name-only", "-z", "--no-renames", "--diff-filter=ACMT")
    paths = [path for path in _git(*changed).split(b"\0") if path]
    with_keys = _git(*(changed + ("-G" + _KEY,))).split(b"\0")
    return [
        Content(above + os.fsdecode(path), _text(_git("cat-file", "blob", b":" + path)))
        for path in paths
        if path in with_keys or _reader_of(os.fsdecode(path)) or _is_key_file(os.fsdecode(path))
    ]


def problems(contents: Sequence[Content]) -> List[Problem]:
    """Return what must not be committed as it is; no value is in a message."""
    known = _known_keys(contents)
    return [problem for one in contents for problem in _problems(one, known)]


def _known_keys(contents: Sequence[Content]) -> Set[str]:
    """Return the private keys of this machine: in its environment, and in files beside the contents."""
    folders = {os.path.dirname(one.path) for one in contents}.union(paths.up_to_repository())
    found = keys.in_environment()
    for folder in sorted(folders):
        try:
            found += keys.in_file(os.path.join(folder, KEY_FILE))
        except StateError:  # whoever decrypts with it says so
            continue
    return {key.key.lower() for key in found}


def _problems(one: Content, known: Container[str]) -> Iterator[Problem]:
    if _is_key_file(one.path):
        said = "this file holds private keys: git rm --cached it, and add it to .gitignore"
        yield Problem(one.path, 1, 1, "key-file", said)
        return
    for line, text in enumerate(one.text.splitlines(), 1):
        found = re.search(_NAMED_KEY, text) or _known_key_in(text, known)
        if found:
            said = "this is a private key: it belongs in {}, or where it is never committed"
            yield Problem(one.path, line, found.start() + 1, "private-key", said.format(KEY_FILE))
    read = _reader_of(one.path)
    secret = secret_names(os.path.dirname(one.path)) if read else ()
    for name, value, line in read(one) if read else ():
        if _is_plain_secret(name, value, secret):
            said = "{} is a secret in plain text: encrypt it (coaia env encrypt), or leave the file out"
            yield Problem(one.path, line, 1, "plain-secret", said.format(name))


def _known_key_in(text: str, known: Container[str]) -> Optional[Match[str]]:
    """Return where a line has one of the ``known`` keys, whatever stands beside it."""
    found = re.finditer(r"(?<![0-9a-fA-F])(?:0x)?({})(?![0-9a-fA-F])".format(_KEY), text)
    return next((one for one in found if one.group(1).lower() in known), None)


def _is_key_file(path: str) -> bool:
    base = os.path.basename(path)
    return base == KEY_FILE or base.startswith(KEY_FILE + ".")


def _reader_of(path: str) -> Optional[Reader]:
    """Return what reads the variables of a file of this name, ``None`` for other files."""
    base = os.path.basename(path)
    if base == config_files.NAME:
        return _settings
    own = places.DEFAULT_CONFIG.project_env_file
    is_own = base == own or base.startswith(own + ".") and not base.endswith(".schema.json")
    is_shared = base == places.DOTENV or places.is_shared_name(base)
    return _variables if is_own or is_shared or re.match(_OTHER_NAMES, base) else None


def _variables(one: Content) -> List[Tuple[str, str, int]]:
    """Return every variable with its line, also one that a later line replaces."""
    from coaiapy.util.formats import env_json, env_lines

    if one.text.lstrip().startswith("{"):
        return env_json.parse(one.text, one.path)
    return env_lines.parse(one.text, one.path, lambda line, text: True)


def _settings(one: Content) -> Iterator[Tuple[str, str, int]]:
    from coaiapy.util.formats import json_values, line_numbers

    try:
        values = json_values.parse_unique(one.text)
    except ValueError as error:
        raise StateError("{} is not JSON ({}): correct it".format(one.path, error)) from error
    place_of = line_numbers.json_places(one.text)
    for path, value in config_files.leaves(values if isinstance(values, dict) else {}):
        if isinstance(value, str):
            yield path, value, place_of(path.split(".")).line


def _is_plain_secret(name: str, value: str, secret: Container[str]) -> bool:
    text = value.strip()
    if not text or is_encrypted(text) or name.endswith(PLAIN) or re.match(_REFERENCE, text):
        return False
    if name.startswith(PRIVATE_KEY):
        return not re.search("[0-9a-fA-F]{64}", text)  # that has a rule of its own
    if name in secret:
        return True
    key = key_for(name)
    is_address = "://" in text and not masking.credentials_in(text)
    return bool(key and key.secret and not is_address) or masking.looks_secret(name, text)


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace")


def _git(*words: Union[str, bytes]) -> bytes:
    """Return what a command of git prints."""
    import subprocess

    command: List[Union[str, bytes]] = ["git", *words]
    try:
        return subprocess.check_output(command, stderr=subprocess.PIPE, timeout=patience.GIT_INDEX)
    except (OSError, subprocess.SubprocessError) as error:
        printed = getattr(error, "stderr", None)
        said = printed.decode("utf-8", "replace") if printed else str(error)
        raise UsageError(
            "cannot ask git what is staged ({}): name the files to check".format(
                one_line(said.strip())
            )
        ) from error
