"""What scores an output: rules that are built in, and what a command of the user says."""

import json
import math
import os
import re
import shlex
import sys
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from coaiapy.errors import UsageError
from coaiapy.experiments.items import Item
from coaiapy.util.formats import json_values
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.packages import require
from coaiapy.util.text.parsing import expression, number
from coaiapy.util.text.wording import did_you_mean

# The characters of a comment that are kept.
_LONGEST_COMMENT = 2000
_SPEC = re.compile(
    r"(?:(?P<name>[^:=<>]+):)?(?P<kind>[a-z]+)(?:(?P<sign>[=<>])(?P<argument>.*))?\Z", re.S
)


class Judgement(NamedTuple):
    """What an evaluator says of an output: a number, a bool or a label, and why."""

    name: str
    value: Any
    comment: Optional[str] = None


class Rule(NamedTuple):
    """An evaluator that is built in: ``judge`` returns its value for an output and its item.

    One that ``compares`` has nothing to say of an item that expects nothing.
    """

    name: str
    judge: Callable[[str, Item], Any]
    compares: bool


class Command(NamedTuple):
    """An evaluator that is a command: its words, and the name of its scores unless it says one."""

    name: str
    words: List[str]


class WrongJudgementError(ValueError):
    """An evaluator has said nothing that could be a score."""


def rule(spec: str) -> Rule:
    """Return the evaluator of ``KIND``, ``KIND=ARGUMENT`` or ``NAME:KIND=ARGUMENT``."""
    found = _SPEC.match(spec)
    kinds = ", ".join(_KINDS)
    if not found or found.group("kind") not in _KINDS:
        given = found.group("kind") if found else spec
        raise UsageError(
            "--eval: {!r} is no evaluator{}: the evaluators are {}".format(
                spec, did_you_mean(given, _KINDS), kinds
            )
        )
    kind, sign, argument = found.group("kind"), found.group("sign"), found.group("argument")
    makes, signs = _KINDS[kind]
    if (sign or "") not in signs:
        raise UsageError(
            "--eval: {!r} is not how {} is written: {}".format(spec, kind, _FORMS[kind])
        )
    compares = kind in _COMPARING or kind == "contains" and not sign
    try:
        return Rule(found.group("name") or kind, makes(sign or "", argument or ""), compares)
    except ValueError as error:
        raise UsageError("--eval: {!r}: {}".format(spec, error)) from error


def _exact(sign: str, argument: str) -> Callable[[str, Item], Any]:
    return lambda output, item: _same(output, item.expected)


def _same(output: str, expected: Any) -> bool:
    if isinstance(expected, str):
        return output.strip() == expected.strip()
    found = _json_of(output)
    return found is not None and json.dumps(found[0], sort_keys=True) == json.dumps(
        expected, sort_keys=True
    )


def _json_of(text: str) -> Optional[List[Any]]:
    try:
        return [json_values.parse(text)]
    except ValueError:
        return None


def _contains(sign: str, argument: str) -> Callable[[str, Item], Any]:
    return lambda output, item: (argument or text_or_json(item.expected)) in output


def _regex(sign: str, argument: str) -> Callable[[str, Item], Any]:
    try:
        pattern = expression(argument)
    except ValueError as error:
        raise ValueError("it {}".format(error)) from error
    return lambda output, item: bool(pattern.search(output))


def _json(sign: str, argument: str) -> Callable[[str, Item], Any]:
    def judge(output: str, item: Item) -> bool:
        if isinstance(item.expected, (dict, list)):
            return _same(output, item.expected)
        return _json_of(output) is not None

    return judge


def _number(sign: str, argument: str) -> Callable[[str, Item], Any]:
    most = number(argument) if argument else 0
    if most is None or most < 0:
        raise ValueError(
            "the difference that is allowed must be a number, not {!r}".format(argument)
        )

    def judge(output: str, item: Item) -> bool:
        found, wanted = number(output), number(item.expected)
        if found is None or wanted is None:
            return False
        return abs(found - wanted) <= most or math.isclose(found - wanted, most, rel_tol=1e-9)

    return judge


def _levenshtein(sign: str, argument: str) -> Callable[[str, Item], Any]:
    package = require("rapidfuzz.distance", "coaiapy[experiments]")

    def judge(output: str, item: Item) -> float:
        wanted = text_or_json(item.expected)
        return round(float(package.Levenshtein.normalized_similarity(output, wanted)), 6)

    return judge


def _length(sign: str, argument: str) -> Callable[[str, Item], Any]:
    wanted = number(argument)
    if wanted is None:
        raise ValueError("the number of characters is missing: length<500")
    tests: Dict[str, Callable[[int], bool]] = {
        "<": lambda count: count < wanted,
        ">": lambda count: count > wanted,
        "=": lambda count: count == wanted,
    }
    return lambda output, item: tests[sign](len(output))


_Maker = Callable[[str, str], Callable[[str, Item], Any]]
# What each kind makes, and the signs that may follow its name.
_KINDS: Dict[str, Tuple[_Maker, Tuple[str, ...]]] = {
    "exact": (_exact, ("",)),
    "contains": (_contains, ("", "=")),
    "regex": (_regex, ("=",)),
    "json": (_json, ("",)),
    "number": (_number, ("", "=")),
    "levenshtein": (_levenshtein, ("",)),
    "length": (_length, ("<", ">", "=")),
}
_FORMS = {
    "exact": "exact",
    "contains": "contains or contains=TEXT",
    "regex": "regex=PATTERN",
    "json": "json",
    "number": "number or number=0.01",
    "levenshtein": "levenshtein",
    "length": "length<500",
}
# These compare with what is expected: an item without that has no such score.
_COMPARING = ("exact", "number", "levenshtein")


def as_json(value: Any) -> str:
    """Return any value as JSON, also a text."""
    return json.dumps(value, ensure_ascii=False)


def question(item: Item, output: str) -> str:
    """Return what a command that evaluates reads from its standard input."""
    return json.dumps(
        {
            "input": item.input,
            "output": output,
            "expected": item.expected,
            "metadata": item.metadata,
        },
        ensure_ascii=False,
    )


def said(text: str, name: str) -> List[Judgement]:
    """Return what a command has said: a number, a word, or JSON with name, value and comment.

    The JSON may be a list of several. Raises ``WrongJudgementError`` for anything else.
    """
    found = _json_of(text.strip())
    if not found and text.lstrip().startswith("{"):
        raise WrongJudgementError("it has said what begins like JSON and is none")
    values: Any = found[0] if found else text.strip()
    given = values if isinstance(values, list) else [values]
    if not given:
        raise WrongJudgementError("it has said nothing")
    return [_judgement(one, name) for one in given]


def _judgement(said_value: Any, name: str) -> Judgement:
    comment = None
    if isinstance(said_value, Mapping):
        if "value" not in said_value:
            raise WrongJudgementError("its JSON has no value")
        name = str(said_value.get("name") or name)
        comment = said_value.get("comment")
        said_value = said_value["value"]
    if isinstance(said_value, str):
        if not said_value or len(said_value) > 500 or "\n" in said_value:
            raise WrongJudgementError("it has said neither a number nor a word nor JSON")
    elif not isinstance(said_value, (bool, int, float)):
        raise WrongJudgementError("its value is neither a number nor a word")
    told = None if comment is None else text_or_json(comment)[:_LONGEST_COMMENT]
    try:
        for text in (name, told or "", said_value if isinstance(said_value, str) else ""):
            json_values.plain_text(text)
    except ValueError as error:
        raise WrongJudgementError("what it has said {}".format(error)) from error
    return Judgement(name, said_value, told)


def command(text: str) -> Command:
    """Return the evaluator of ``COMMAND`` or ``NAME:COMMAND``, whose words are as in a shell."""
    name, colon, rest = text.partition(":")
    named = bool(colon and re.match(r"[\w.()-]{1,35}\Z", name)) and not rest.startswith("//")
    try:
        words = shlex.split(rest if named else text)
    except ValueError as error:
        raise UsageError("--eval-cmd: {!r} is no command: {}".format(text, error)) from error
    if not words:
        raise UsageError("--eval-cmd: the command is empty")
    return Command(name if named else _stem(words), words)


def judge(tag: str, env_file: Optional[str]) -> Command:
    """Return the evaluator that asks a language model by a process tag, as ``coaia p`` does.

    Its answers are read as those of a command, and each is a generation in the trace of its item.
    Raises ``NotFoundError`` if there is no such tag.
    """
    from coaiapy.config import files
    from coaiapy.llm import tags

    tags.need(tag, files.merged())
    alone = ["-I"] if sys.flags.isolated else []
    words = [sys.executable] + alone + ["-m", "coaiapy"]
    if env_file:
        words += ["--env", env_file]
    return Command(tag, words + ["p", tag])


def _stem(words: Sequence[str]) -> str:
    """Return the name for the scores of a command: that of the program, or of its script."""
    script = next((word for word in words[1:] if word.endswith((".py", ".sh", ".js"))), words[0])
    return os.path.splitext(os.path.basename(script))[0]


def check_names(given: Sequence[Any]) -> None:
    """Raise ``UsageError`` if two evaluators have the same name."""
    found = [one.name for one in given]
    for name in found:
        if found.count(name) > 1:
            raise UsageError(
                "two evaluators are called {0!r}: name one of them, as in other:{0}".format(name)
            )
