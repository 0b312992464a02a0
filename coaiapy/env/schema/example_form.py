"""A schema as comments: a ``.env.example`` that says above each variable what it is.

The comments are a part of what @env-spec tools write:

    # Port that the server listens on.
    # @type=port @required=forEnv(production)
    PORT=8000

A value is the default, except for a secret. A variable is required unless ``@optional`` says otherwise.
"""

import re
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from coaiapy.env.schema.json_form import pattern_complaint
from coaiapy.env.schema.rules import TYPES, Rule, Schema
from coaiapy.util import shell
from coaiapy.util.formats import env_lines
from coaiapy.util.formats.problems import Problem
from coaiapy.util.masking import looks_secret
from coaiapy.util.text.wording import did_you_mean

_MARK = re.compile(
    r'@(?P<word>[A-Za-z]+)(?:=(?P<value>"(?:[^"\\]|\\.)*"|[^\s()"]+(?:\([^()]*\))?)|\([^()]*\))?'
    r"(?:\s+|\Z)"
)
_CALL = re.compile(r"(\w+)\((.*)\)\Z", re.DOTALL)
# What other programs make of these does not concern a check.
_OF_OTHERS = ("docs", "docsUrl", "example", "icon", "deprecated", "auditIgnore")


class _WrongError(Exception):
    """What is wrong with a mark."""


def parse(text: str, path: str) -> Schema:
    """Return the schema in the text of an example, with what is wrong with it."""
    rules: Dict[str, Rule] = {}
    problems: List[Problem] = []
    for one in env_lines.described(text, path):
        if not shell.is_name(one.key):
            said = "{!r} cannot name a variable".format(one.key)
            problems.append(Problem(path, one.line, 1, "wrong-schema", said))
            continue
        rules[one.key] = _rule(one, path, problems)
    return Schema(path, rules, problems)


def _rule(one: env_lines.Described, path: str, problems: List[Problem]) -> Rule:
    rule = Rule(one.key, one.line, required=True)
    about = []
    for line, comment in one.comments:
        if not comment.startswith("@"):
            about.append(comment)
            continue
        marks, rest = _marks(comment)
        if rest:
            said = "{!r} is no mark such as @optional or @type=port".format(rest)
            problems.append(Problem(path, line, 1, "wrong-schema", said))
        for word, value in marks:
            try:
                rule = _apply(rule, word, value)
            except _WrongError as error:
                said = "@{} {}".format(word, error)
                problems.append(Problem(path, line, 1, "wrong-schema", said))
    default = None if rule.secret or looks_secret(one.key) or not one.value else one.value
    return rule._replace(default=default, description=" ".join(about))


def _marks(comment: str) -> Tuple[List[Tuple[str, Optional[str]]], str]:
    found, place = [], 0
    while place < len(comment):
        mark = _MARK.match(comment, place)
        if mark is None or comment.startswith("#", place):
            break
        found.append((mark.group("word"), mark.group("value")))
        place = mark.end()
    rest = comment[place:]
    return found, "" if rest.startswith("#") else rest


class _Given(NamedTuple):
    """The value of a mark: a word, with what is in brackets behind it."""

    word: str
    inside: Tuple[str, ...] = ()


def _given(value: Optional[str]) -> _Given:
    if value is None:
        return _Given("true")
    if value.startswith('"'):
        return _Given(value[1:-1].replace('\\"', '"'))
    call = _CALL.match(value)
    if call is None:
        return _Given(value)
    inside = [part.strip().strip("\"'") for part in call.group(2).split(",")]
    return _Given(call.group(1), tuple(part for part in inside if part))


def _apply(rule: Rule, word: str, value: Optional[str]) -> Rule:
    if word in _OF_OTHERS:
        return rule
    apply = _APPLY.get(word)
    if apply is None:
        raise _WrongError("is not known" + did_you_mean(word, _APPLY))
    return apply(rule, _given(value))


def _required(rule: Rule, given: _Given) -> Rule:
    if given.word == "forEnv" and given.inside:
        return rule._replace(required=False, required_in=given.inside)
    return rule._replace(required=_switch(given))


def _type(rule: Rule, given: _Given) -> Rule:
    if given.word == "enum" and given.inside:
        return rule._replace(enum=given.inside)
    if given.word not in TYPES or given.inside:
        wanted = ", ".join(sorted(TYPES))
        raise _WrongError("must be one of {} or enum(a, b), without options".format(wanted))
    return rule._replace(type=given.word)


def _pattern(rule: Rule, given: _Given) -> Rule:
    complaint = pattern_complaint(given.word)
    if complaint:
        raise _WrongError(complaint)
    return rule._replace(pattern=given.word)


def _switch(given: _Given) -> bool:
    if given.word not in ("true", "false"):
        raise _WrongError("must be true or false")
    return given.word == "true"


_APPLY: Dict[str, Callable[[Rule, _Given], Rule]] = {
    "required": _required,
    "optional": lambda rule, given: rule._replace(required=not _switch(given)),
    "sensitive": lambda rule, given: rule._replace(secret=_switch(given)),
    "type": _type,
    "pattern": _pattern,
}
