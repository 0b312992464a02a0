"""Changes several files of a ``.coaia`` folder as one: also a killed change happens wholly, or not at all.

The new contents are first written to a folder beside the files. Giving it its name decides: from then
on whoever looks at the templates next completes the change, and before that nothing has changed.
"""

import json
import os
import re
import shutil
from contextlib import contextmanager
from typing import Any, Iterator, List, NamedTuple, Optional

from coaiapy.config import trust
from coaiapy.errors import StateError
from coaiapy.util import files
from coaiapy.util.paths import check_stays, current_folder, entries, read_regular, reason

LOCK = "templates.lock"
_PENDING = ".templates-change"
_PLAN = "plan.json"
# A folder with changes may have come with the project: it can name nothing but these.
_PATH = re.compile(r"templates\.lock\Z|templates/[A-Za-z0-9][A-Za-z0-9._-]{0,110}\Z")
_MOST = 10000


class Change(NamedTuple):
    """One file of the folder: its path in there, the hash of what it has now, and its new content.

    ``None`` stands for no file.
    """

    path: str
    before: Optional[str]
    content: Optional[bytes]


class _Step(NamedTuple):
    path: str
    before: Optional[str]
    after: Optional[str]


def apply(folder: str, changes: List[Change]) -> None:
    """Make all of ``changes`` in ``folder``, or none. The caller has it ``locked``.

    Raises ``StateError`` if they cannot be written, or a link leads out of the project.
    """
    if len(changes) > _MOST:
        raise StateError("{} files would change at once, more than {}".format(len(changes), _MOST))
    _remove_remains(folder)
    stage = os.path.join(folder, "{}.{}".format(_PENDING, os.urandom(8).hex()))
    steps = []
    try:
        os.mkdir(stage, 0o700)
        files.write_atomic(os.path.join(stage, ".gitignore"), "*\n")
        for i, one in enumerate(changes):
            if os.path.isdir(_check_target(folder, one.path)):
                raise StateError("cannot write {}: it is a folder".format(one.path))
            if one.content is not None:
                files.write_atomic(os.path.join(stage, str(i)), one.content)
            after = None if one.content is None else trust.digest(one.content)
            steps.append(_Step(one.path, one.before, after))
        plan = json.dumps([list(step) for step in steps])
        files.write_atomic(os.path.join(stage, _PLAN), plan)
        os.rename(stage, os.path.join(folder, _PENDING))
    except OSError as error:
        raise StateError("cannot write in {}: {}".format(folder, reason(error))) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    _complete(folder)


def settle(folder: str) -> None:
    """Complete the change of ``folder`` that another process has begun, if there is one."""
    if os.path.lexists(os.path.join(folder, _PENDING)):
        with locked(folder):
            pass


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Hold the lock for changing ``folder`` in the block; no change is half done then."""
    with files.locked(os.path.join(folder, LOCK)):
        if os.path.lexists(os.path.join(folder, _PENDING)):
            _complete(folder)
        yield


def _complete(folder: str) -> None:
    """Make what is left of a change; a file that has changed since it was decided is left alone."""
    pending = os.path.join(folder, _PENDING)
    plan = list(_steps(pending))
    try:
        for i, step in enumerate(plan):
            target = _check_target(folder, step.path)
            now = trust.digest_of(target) if os.path.lexists(target) else None
            if now != step.before or now == step.after:
                continue
            if step.after is None:
                os.unlink(target)
            else:
                os.makedirs(os.path.dirname(target), 0o700, exist_ok=True)
                os.replace(os.path.join(pending, str(i)), target)
        os.rename(pending, os.path.join(folder, "{}.{}".format(_PENDING, os.urandom(8).hex())))
    except OSError as error:
        raise StateError("cannot write in {}: {}".format(folder, reason(error))) from error
    _remove_remains(folder)


def _remove_remains(folder: str) -> None:
    for name in entries(folder):
        if name.startswith(_PENDING + "."):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def _steps(pending: str) -> Iterator[_Step]:
    """Yield the steps of a change; ``StateError`` if it was not written by ``apply``."""
    try:
        check_stays(pending, os.path.dirname(pending))
        plan: Any = json.loads(read_regular(os.path.join(pending, _PLAN)).decode("utf-8"))
        if not isinstance(plan, list) or len(plan) > _MOST:
            raise ValueError("not a list of steps")
        for i, entry in enumerate(plan):
            step = _Step(*entry)
            if step.after is not None and trust.digest(_staged(pending, i)) != step.after:
                if trust.digest_of(_target(os.path.dirname(pending), step.path)) != step.after:
                    raise ValueError("the content of step {} is not what it was".format(i))
            yield step
    except (StateError, ValueError, TypeError, RecursionError) as error:
        raise StateError(
            "{} is damaged: if no coaia command runs in this project, remove it".format(pending)
        ) from error


def _staged(pending: str, number: int) -> bytes:
    path = os.path.join(pending, str(number))
    if not os.path.lexists(path):
        return b""
    check_stays(path, pending)
    return read_regular(path)


def _target(folder: str, path: str) -> str:
    if not (isinstance(path, str) and _PATH.match(path)):
        raise StateError("{!r} is no file that a change of templates may write".format(path))
    return os.path.join(folder, *path.split("/"))


def _check_target(folder: str, path: str) -> str:
    target = _target(folder, path)
    if os.path.dirname(folder) == current_folder():
        check_stays(target)
    return target
