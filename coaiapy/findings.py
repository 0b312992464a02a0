"""What was found when something was checked: how it is, in a sentence and as an exit code."""

from typing import Any, Callable, Iterable, List, Mapping, NamedTuple

from coaiapy.errors import CoaiaError, ExitCode

OK, WARNING, FAILED = "ok", "warning", "failed"


class Finding(NamedTuple):
    """One thing that was checked: ``state`` is ``OK``, ``WARNING`` or ``FAILED``.

    ``name`` says what was checked, ``text`` what was found, ``code`` which exit code that calls
    for. ``facts`` are what was found, for programs.
    """

    state: str
    name: str
    text: str
    code: ExitCode = ExitCode.OK
    facts: Mapping[str, Any] = {}


def asked(name: str, ask: Callable[[], Iterable[Finding]]) -> List[Finding]:
    """Return what ``ask`` finds; a ``CoaiaError`` that it raises is the one finding on ``name``."""
    try:
        return list(ask())
    except CoaiaError as error:
        return [failure(name, error)]


def failure(name: str, error: CoaiaError) -> Finding:
    """Return the finding that ``error`` is."""
    return Finding(FAILED, name, str(error), error.exit_code)


def has_failed(findings: Iterable[Finding]) -> bool:
    """Return whether one of the findings is a failure."""
    return any(one.state == FAILED for one in findings)


def worst(findings: Iterable[Finding]) -> ExitCode:
    """Return the exit code of the worst finding."""
    return max((one.code for one in findings), default=ExitCode.OK)
