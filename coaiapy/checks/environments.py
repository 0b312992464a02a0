"""``coaia env check``: what in the files of an environment breaks the schema of the project."""

import os
import time
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence

from coaiapy import patience
from coaiapy.dotenvx.names import is_encrypted
from coaiapy.dotenvx.opening import Opener
from coaiapy.env import cascade
from coaiapy.env import files as env_files
from coaiapy.env.names import CONTEXT_KEYS
from coaiapy.env.places import cascade_of, path_of
from coaiapy.env.schema import files as schema_files
from coaiapy.env.schema.rules import Complaint, Rule, Schema, complaints, shown
from coaiapy.errors import CoaiaError
from coaiapy.running import expressions
from coaiapy.util.formats.json_schema import end_at_text
from coaiapy.util.formats.problems import Problem
from coaiapy.util.text.wording import did_you_mean


class Value(NamedTuple):
    """A value of a variable, and where it is: in a line of a file, or in this process.

    ``is_sealed`` says that it is encrypted there.
    """

    name: str
    text: str
    path: str
    line: int
    is_sealed: bool = False


class Checked(NamedTuple):
    """The problems of an environment, and what could not be checked, a sentence each."""

    problems: List[Problem]
    remarks: List[str]


def check(
    schema: Schema, environment: Optional[str] = None, dotenv: Optional[bool] = None
) -> Checked:
    """Return all violations in the files of an environment, also in values that others hide.

    Of the OS environment the variables of the schema are checked. Raises ``StateError`` for a file
    that is no text or no JSON.
    """
    values: List[Value] = []
    problems: List[Problem] = []
    remarks: List[str] = []
    for path in cascade_of(environment, dotenv) + [path_of(None, "global")]:
        if os.path.exists(path):
            values.extend(_read(path, problems, remarks))
    own = [name for name in schema.rules if name in os.environ]
    values.extend(Value(name, cascade.os_value(name), cascade.OS_ENVIRONMENT, 0) for name in own)
    remarks += _violations(schema, values, problems)
    problems.extend(_missing(schema, environment, values))
    return Checked(problems, remarks)


def check_files(paths: Sequence[str], schema_path: Optional[str] = None) -> Checked:
    """Return all violations in these files, each for itself, so that nothing is missing in them.

    The schema is the one in the folder of a file, unless ``schema_path`` names one; one of the files
    may be a schema itself.
    """
    problems: List[Problem] = []
    remarks: List[str] = []
    values: Dict[str, List[Value]] = {}
    for path in paths:
        folder, name = os.path.split(path)
        found = values.setdefault(folder, [])
        if name not in schema_files.NAMES and path != schema_path:
            found.extend(_read(path, problems, remarks))
    for folder in values:
        schema = schema_files.load(schema_path, folder)
        remarks.extend(_violations(schema, values[folder], problems))
    return Checked(sorted(set(problems)), sorted(set(remarks)))


def _violations(schema: Schema, values: Sequence[Value], problems: List[Problem]) -> List[str]:
    """Add what is wrong with the values, and with the schema, to the problems; return remarks."""
    problems.extend(schema.problems)
    known = [one for one in values if one.name in schema.rules]
    for one in known:
        rule = schema.rules[one.name]
        problems.extend(_problem(schema, one, broken) for broken in _broken(rule, one.text))
    if schema.is_closed:
        problems.extend(_unknown(schema, values))
    return _match(schema, known, problems)


def complaints_with_pattern(rule: Rule, text: str) -> List[str]:
    """Return what is wrong with a value that somebody types, a part of a sentence each."""
    found = [one.said for one in _broken(rule, text)]
    if rule.pattern is not None and text and not found and expressions.can_be_bounded():
        answers = expressions.found_in(end_at_text(rule.pattern), [text], patience.EXPRESSIONS)
        if answers is None:
            return ["takes too long to be compared with the pattern " + rule.pattern]
        found = [] if answers[0] else ["does not match " + rule.pattern]
    return found


def _read(path: str, problems: List[Problem], remarks: List[str]) -> List[Value]:
    """Return the values of a file, decrypted; its lines that are no variable are among the problems.

    An encrypted value whose key is not there is left out, with a remark, but for its name.
    """
    found = env_files.understood(path, env_files.text_of(path), is_lenient=True)
    if not env_files.is_dotenv(path):
        said = "this is not NAME=VALUE, or the name has other characters than letters, digits and _"
        problems.extend(Problem(path, line, 1, "no-variable", said) for line in found.skipped)
    opener = Opener(path, found.variables)
    values, failures = [], []
    for name, text in env_files.without_metadata(found.variables).items():
        is_sealed = is_encrypted(text)
        try:
            text = opener.open(name, text)
        except CoaiaError as error:
            failures.append(str(error))
        values.append(Value(name, text, path, found.lines[name], is_sealed))
    if failures:
        others = " (nor are {} more)".format(len(failures) - 1) if failures[1:] else ""
        remarks.append("not checked: {}{}".format(failures[0], others))
    return values


def _broken(rule: Rule, text: str) -> List[Complaint]:
    """Return what is wrong with a value; an empty one is none, and one still encrypted not known."""
    return [] if text == "" or is_encrypted(text) else complaints(rule, text)


def _problem(schema: Schema, one: Value, broken: Complaint) -> Problem:
    rule = schema.rules[one.name]
    value = "the value" if one.is_sealed else shown(rule, one.text)
    said = "{}: {} {}".format(one.name, value, broken.said)
    if one.line:
        return Problem(one.path, one.line, 1, broken.rule, said)
    return Problem(schema.path, rule.line, 1, broken.rule, "{} in {}".format(said, one.path))


def _match(schema: Schema, values: Sequence[Value], problems: List[Problem]) -> List[str]:
    """Compare values with the patterns, in bounded time; add what does not match to the problems."""
    by_pattern: Dict[str, List[Value]] = {}
    for one in values:
        pattern = schema.rules[one.name].pattern
        if pattern is not None and one.text and not is_encrypted(one.text):
            by_pattern.setdefault(pattern, []).append(one)
    if by_pattern and not expressions.can_be_bounded():
        return ["the patterns are not checked: this system cannot end one that takes too long"]
    end = time.monotonic() + patience.EXPRESSIONS
    for pattern, group in by_pattern.items():
        left = end - time.monotonic()
        texts = [one.text for one in group]
        answers = expressions.found_in(end_at_text(pattern), texts, left) if left > 0 else None
        if answers is None:
            said = Complaint(
                "slow-pattern", "is not checked, for {} takes too long".format(pattern)
            )
            problems.append(_problem(schema, group[0], said))
            continue
        said = Complaint("no-match", "does not match " + pattern)
        matched = zip(group, answers)
        problems.extend(_problem(schema, one, said) for one, is_found in matched if not is_found)
    return []


def _missing(
    schema: Schema, environment: Optional[str], values: Sequence[Value]
) -> Iterator[Problem]:
    given = {one.name for one in values if one.text}
    others = {one.name for one in values if one.name not in schema.rules}
    place = path_of(environment)
    for rule in schema.rules.values():
        if rule.name in given or not rule.is_needed(environment):
            continue
        empty = next((one for one in values if one.name == rule.name and one.line), None)
        if empty:
            said = "{} is required, but it is empty".format(rule.name)
            yield Problem(empty.path, empty.line, 1, "missing", said)
            continue
        said = "{} is required, and {} does not give it".format(rule.name, place)
        yield Problem(schema.path, rule.line, 1, "missing", said + did_you_mean(rule.name, others))


def _unknown(schema: Schema, values: Sequence[Value]) -> Iterator[Problem]:
    for one in values:
        is_known = one.name in schema.rules or one.name in CONTEXT_KEYS
        if not is_known and one.path != path_of(None, "global"):  # that is for all projects
            said = "{} is not in {}".format(one.name, schema.path)
            said += did_you_mean(one.name, schema.rules)
            yield Problem(one.path, one.line, 1, "unknown-variable", said)
