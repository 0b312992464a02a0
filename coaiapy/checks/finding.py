"""The results of checks, for ``coaia doctor`` and ``coaia config check``."""

from typing import Any, Callable, Iterable, List, Mapping, NamedTuple

from coaiapy.errors import CoaiaError, ExitCode

OK, WARNING, FAILED = "ok", "warning", "failed"
COLUMNS = {"state": "State", "place": "Where", "text": "What"}


class Finding(NamedTuple):
    """The result of one check: ``state`` is ``OK``, ``WARNING`` or ``FAILED``.

    ``name`` says what was checked, ``text`` what was found, for people; ``facts`` says the same
    for programs. ``code`` is the exit code for a command that ends with this finding.
    """

    state: str
    name: str
    text: str
    code: ExitCode = ExitCode.OK
    facts: Mapping[str, Any] = {}


def asked(name: str, ask: Callable[[], Iterable[Finding]]) -> List[Finding]:
    """Return the findings of ``ask()``, or one failure named ``name`` if it raises."""
    try:
        return list(ask())
    except CoaiaError as error:
        return [failure(name, error)]


def failure(name: str, error: CoaiaError) -> Finding:
    """Return an error as a finding."""
    return Finding(FAILED, name, str(error), error.exit_code)


def has_failed(findings: Iterable[Finding]) -> bool:
    """Return whether one of the findings is a failure."""
    return any(one.state == FAILED for one in findings)


def worst(findings: Iterable[Finding]) -> ExitCode:
    """Return the highest exit code of the findings."""
    return max((one.code for one in findings), default=ExitCode.OK)
