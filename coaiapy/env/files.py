"""Environment files: variables on disk, as a JSON object or as KEY=VALUE lines.

A file that starts with ``{`` or ``[`` is JSON; any other is KEY=VALUE lines, read by python-dotenv
without interpolation. A change keeps the file's format and line ends, and a KEY=VALUE file's
comments.
"""

import os
import re
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from coaiapy.config.values import DOTENV
from coaiapy.dotenvx.names import KEY_FILE, PRIVATE_KEY, PUBLIC_KEY, is_encrypted, is_public_key
from coaiapy.dotenvx.opening import Opened, Opener
from coaiapy.errors import NotFoundError, StateError, UsageError
from coaiapy.util import files, shell
from coaiapy.util.paths import LARGEST, check_stays, make_private_folder

FORMATS = ("json", "env")
METADATA_PREFIX = "_COAIA_"
_EXPANDED = r"\$\{[^}:]*(?::-[^}]*)?\}"


class EnvFile(NamedTuple):
    """An environment file as it was read: its variables (with coaia's metadata) and its text.

    Lines in ``text`` end with ``\\n``; ``newline`` is how they end in the file. ``lines`` says where
    each variable gets its value; the lines ``skipped`` are no variables.
    """

    path: str
    format: str
    variables: Dict[str, str]
    text: str
    newline: str = "\n"
    lines: Mapping[str, int] = {}
    skipped: Sequence[int] = ()


def load(path: str) -> Optional[EnvFile]:
    """Return the file at ``path``, or None when there is none.

    Raises ``StateError``, naming file and line or variable, when it cannot be understood. Of a
    ``.env`` file, which other programs use as well, lines that are no variable are skipped.
    """
    if not os.path.exists(path):
        return None
    return understood(path, str(raw_text(path)))


def understood(path: str, raw: str, is_lenient: bool = False) -> EnvFile:
    """Return what ``load`` does, for a text that the file at ``path`` has or is to have.

    With ``is_lenient`` the lines that are no variable are skipped in every file.
    """
    skips = is_lenient or is_dotenv(path)
    if not is_dotenv(path):
        files.check_utf8(raw, path)
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    kind = "json" if text.lstrip().startswith(("{", "[")) else "env"
    variables = {}  # type: Dict[str, str]
    lines = {}  # type: Dict[str, int]
    skipped = []  # type: List[int]
    for key, value, line in _parsed(kind, text, path, skipped if skips else None):
        where = "{} line {}".format(path, line)
        if skips and not shell.is_name(key) and not is_public_key(key):
            skipped.append(line)
            continue
        variables[_good_key(key, where)] = _good_value(key, value, where)
        lines[key] = line
    newline = "\r\n" if "\r\n" in raw else "\n"
    return EnvFile(path, kind, variables, text, newline, lines, sorted(skipped))


def is_dotenv(path: str) -> bool:
    """Tell whether a file is one that a project's programs share: ``.env`` or ``.env.NAME``."""
    name = os.path.basename(path)
    return name == DOTENV or name.startswith(DOTENV + ".")


def _parsed(
    kind: str, text: str, path: str, skipped: Optional[List[int]]
) -> Iterable[Tuple[str, str, int]]:
    def skip(line: int, _: str) -> bool:
        if skipped is not None:
            skipped.append(line)
        return skipped is not None

    more = [skip] if kind == "env" else []
    found = _format(kind).parse(text, path, *more)  # type: Iterable[Tuple[str, str, int]]
    return found


def check_exists(path: str) -> None:
    """Raise ``NotFoundError`` when there is no environment file at ``path``."""
    if not os.path.exists(path):
        raise NotFoundError(
            "the environment file {} does not exist: see coaia env list, or create it "
            "with coaia env init".format(path)
        )


def stored_in(path: str) -> Dict[str, str]:
    """Return the variables of the file at ``path`` as they stand there, without metadata.

    ``{}`` if it is missing. Raises ``StateError`` when the file cannot be read or understood.
    """
    found = load(path)
    return without_metadata(found.variables) if found else {}


def variables_in(path: str) -> Mapping[str, str]:
    """Return what ``stored_in`` does; an encrypted value is decrypted when somebody asks for it.

    That raises ``ConfigError`` if its private key is missing, see ``dotenvx.opening``.
    """
    found = load(path)
    if found is None:
        return {}
    variables = without_metadata(found.variables)
    if not any(is_encrypted(value) for value in variables.values()):
        return variables
    return Opened(variables, Opener(path, found.variables))


def expanded_elsewhere(path: str, keys: Iterable[str]) -> List[str]:
    """Return those of ``keys`` that most other programs would read from the file differently.

    These are values with ``${NAME}`` in KEY=VALUE lines: python-dotenv expands them by default, and
    there is no way to escape them.
    """
    found = load(path)
    if found is None or found.format != "env":
        return []
    return [key for key in keys if re.search(_EXPANDED, found.variables.get(key, ""))]


def without_metadata(variables: Mapping[str, str]) -> Dict[str, str]:
    """Return ``variables`` without notes of coaia's about the file, and without its public key."""
    notes = (METADATA_PREFIX, PUBLIC_KEY)
    return {key: value for key, value in variables.items() if not key.startswith(notes)}


def check_key(key: str) -> None:
    """Raise ``UsageError`` when ``key`` is not allowed as the name of a user's variable."""
    shell.check_name(key)
    if key.startswith((PUBLIC_KEY, PRIVATE_KEY)):
        raise UsageError(
            "{} cannot be a variable of an environment file: coaia env encrypt writes the public key "
            "there, and private keys belong in {} or the OS environment".format(key, KEY_FILE)
        )
    if key.startswith(METADATA_PREFIX):
        raise UsageError(
            "{} is reserved for coaia itself ({}...): choose another name".format(
                key, METADATA_PREFIX
            )
        )


def change(
    path: str, edit: Callable[[Dict[str, str]], None], format: str = "json"
) -> Dict[str, str]:
    """Change the variables of the file at ``path``, and return them.

    ``edit`` gets them as a dict and modifies it; the file is locked meanwhile. If ``edit`` raises,
    the file stays as it is. A missing or empty file is written in ``format``; any other keeps its
    format.
    """
    _make_folder_of(path)
    with files.locked(path):
        found = load(path)
        variables = dict(found.variables) if found else {}
        is_own = is_all_own(path, variables)
        edit(variables)
        if found is None or not found.text.strip():
            _write(path, variables, render(variables, format), is_own)
        elif variables != found.variables:
            changed = render(variables, found.format, found.text)
            _write(path, variables, changed.replace("\n", found.newline), is_own)
    return variables


def replace(path: str, variables: Dict[str, str], format: str = "json") -> None:
    """Write a new file with ``variables`` to ``path``, in place of any that is there."""
    _make_folder_of(path)
    with files.locked(path):
        _write(path, variables, render(variables, format), is_own=True)


def rewrite(path: str, raw: str, before: Optional[str], is_own: bool) -> None:
    """Replace the whole text of the file at ``path``, which is ``before`` (``None``: no file).

    ``is_own`` says that the text has nothing that waits for trust. Raises ``StateError`` if the text
    cannot be understood, or the file is another by now.
    """
    variables = understood(path, raw).variables
    _make_folder_of(path)
    with files.locked(path):
        if raw_text(path) != before:
            raise StateError("{} was changed by another program meanwhile".format(path))
        _write(path, variables, raw, is_own)


def raw_text(path: str) -> Optional[str]:
    """Return the text of a file with its own line ends, ``None`` if there is no file."""
    return text_of(path) if os.path.exists(path) else None


def text_of(path: str) -> str:
    """Return the text of a file that should exist, with its own line ends.

    That of a ``.env`` file may have comments that are not UTF-8, see ``files.read_shared_text``.
    """
    read = files.read_shared_text if is_dotenv(path) else files.read_text
    return read(path, newline="")


def is_all_own(path: str, variables: Mapping[str, str]) -> bool:
    """Tell whether nothing in a file waits for trust, so that nothing has to after a change."""
    from coaiapy.env import untrusted  # not at the top: who only reads a file needs no trust

    return not untrusted.needing_trust(variables) or untrusted.is_trusted(path)


def _write(path: str, variables: Mapping[str, str], text: str, is_own: bool) -> None:
    """Replace the file; if nothing in it waited for trust before, nothing does afterwards."""
    from coaiapy.config import trust
    from coaiapy.env import untrusted

    content = files.shared_bytes(text)
    if len(content) > LARGEST:
        raise StateError(
            "{} would be larger than {} MB, and could not be read again: keep large values in files "
            "of their own".format(path, LARGEST >> 20)
        )
    is_kept = untrusted.needing_trust(variables) or untrusted.is_trusted(path)
    if is_own and is_kept and not untrusted.is_free(path):
        trust.trust(path, trust.digest(content))
    files.write_atomic(path, content)


def remove(path: str) -> bool:
    """Remove the file at ``path``; return False when there was none."""
    if not os.path.lexists(path):
        return False
    with files.locked(path):
        try:
            os.unlink(path)
        except OSError as error:
            raise StateError("cannot remove {}: {}".format(path, files.reason(error))) from error
    return True


def render(variables: Dict[str, str], format: str, text: str = "") -> str:
    """Return the text of a file with ``variables``; ``text`` is its text before the change."""
    for name, value in variables.items():
        if not is_public_key(name):  # dotenvx gives it names that no shell allows
            shell.check_name(name)
        shell.check_value(name, value)
    return str(_format(format).render(variables, text))


def _format(name: str) -> Any:
    """Return the module that parses and renders a format, importing only that one."""
    if name == "json":
        from coaiapy.util.formats import env_json

        return env_json
    if name == "env":
        from coaiapy.util.formats import env_lines

        return env_lines
    raise UsageError("unknown format {!r}: use one of {}".format(name, ", ".join(FORMATS)))


def _good_key(key: str, where: str) -> str:
    if not shell.is_name(key) and not is_public_key(key):
        raise StateError(
            "{}: {!r} cannot name a variable (letters, digits and _ only): rename it".format(
                where, key
            )
        )
    return key


def _good_value(key: str, value: str, where: str) -> str:
    try:
        return shell.check_value(key, value)
    except UsageError as error:
        raise StateError("{}: {}".format(where, error)) from error


def _make_folder_of(path: str) -> None:
    if not os.path.isabs(path):  # the project's, which may be somebody else's
        check_stays(path)
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        make_private_folder(folder)
