"""Problems in files, each with its line and column, in the forms that people, CI and editors read."""

import os
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple

from coaiapy import __version__
from coaiapy.util.text.wording import one_line

FORMS = ("text", "json", "github", "sarif")
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://github.com/jgwill/coaiapy"


class Problem(NamedTuple):
    """What is wrong in a file, and where; lines and columns are counted from 1, in characters.

    ``rule`` names the kind of problem in lower case with hyphens (``unused-variable``). Problems
    sort by file, line and column.
    """

    path: str
    line: int
    column: int
    rule: str
    message: str

    def text(self) -> str:
        """Return ``path:line:column: message``, as compilers write it, on one line."""
        path, message = one_line(self.path), one_line(self.message)
        return "{}:{}:{}: {}".format(path, self.line, self.column, message)


def as_github(problems: Iterable[Problem]) -> List[str]:
    """Return a line for each problem that GitHub Actions shows beside the changed line."""
    return [
        "::error file={},line={},col={},title={}::{}".format(
            _property(_uri_path(one.path)),
            one.line,
            one.column,
            _property(one.rule),
            _data(one.message),
        )
        for one in problems
    ]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(problems: Iterable[Problem], rules: Mapping[str, str]) -> Dict[str, Any]:
    """Return a log of the format SARIF 2.1.0, which code scanning and editors read.

    ``rules`` has a sentence on each kind of problem.
    """
    driver = {
        "name": "coaia",
        "version": __version__,
        "informationUri": _HOME,
        "rules": [
            {"id": rule, "shortDescription": {"text": about}}
            for rule, about in sorted(rules.items())
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one) for one in problems],
    }
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(one: Problem) -> Dict[str, Any]:
    place = {
        "artifactLocation": {"uri": _uri(one.path)},
        "region": {"startLine": one.line, "startColumn": one.column},
    }
    return {
        "ruleId": one.rule,
        "level": "error",
        "message": {"text": one.message},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    quoted = quote(os.fsencode(_uri_path(path)))
    return "file://" + quoted if quoted.startswith("/") else quoted


def _uri_path(path: str) -> str:
    return path.replace(os.sep, "/")
