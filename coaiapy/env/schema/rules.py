"""What a schema says about a variable, and what is wrong with a text that is to be its value."""

import re
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.util.formats.problems import Problem
from coaiapy.util.masking import looks_secret
from coaiapy.util.text import parsing
from coaiapy.util.text.wording import counted, cut_repr

STRING = "string"
# What a problem is called, and what that means.
RULES = {
    "missing": "A variable that the schema requires is missing or empty.",
    "wrong-type": "A value is not of the type that the schema says.",
    "not-in-enum": "A value is none of those that the schema lists.",
    "no-match": "A value does not match its pattern.",
    "slow-pattern": "A pattern takes too long on a value, which was not checked then.",
    "out-of-range": "A number or the length of a text is outside its limits.",
    "unknown-variable": "A variable is not in a schema that allows no others.",
    "no-variable": "A line of an environment file is not NAME=VALUE.",
    "wrong-schema": "The schema itself is wrong.",
}
_MAIL = r"[^@\s]{1,64}@[^@\s.]{1,63}(?:\.[^@\s.]{1,63}){0,9}\Z"
_ADDRESS = r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/?#]+[^\s]*\Z"
_WHOLE = r"[+-]?[0-9]{1,400}\Z"
_HIGHEST_PORT = 65535


def _is_port(text: str) -> bool:
    number = parsing.whole_number(text)
    return number is not None and 0 < number <= _HIGHEST_PORT


# The types: whether a text is one, and what it is not otherwise.
TYPES: Dict[str, Tuple[Callable[[str], bool], str]] = {
    STRING: (lambda text: True, "a text"),
    "integer": (lambda text: re.match(_WHOLE, text) is not None, "a whole number"),
    "number": (lambda text: parsing.number(text) is not None, "a number"),
    "boolean": (
        lambda text: text in ("1", "0") or parsing.truth(text) is not None,
        "true or false (or yes, no, on, off, 1, 0)",
    ),
    "url": (lambda text: re.match(_ADDRESS, text) is not None, "an address such as https://host"),
    "email": (lambda text: re.match(_MAIL, text) is not None, "an e-mail address"),
    "port": (_is_port, "a port, 1 to 65535"),
}


class Rule(NamedTuple):
    """What a schema says about a variable; ``line`` is where.

    ``required_in`` are the environments that need it although ``required`` is false. ``pattern`` is a
    regular expression that has to be found in the value. ``limits`` are the smallest and the largest
    number, ``lengths`` the fewest and the most characters, ``None`` for no limit.
    """

    name: str
    line: int
    type: str = STRING
    enum: Tuple[str, ...] = ()
    pattern: Optional[str] = None
    required: bool = False
    required_in: Tuple[str, ...] = ()
    secret: bool = False
    default: Optional[str] = None
    description: str = ""
    limits: Tuple[Optional[float], Optional[float]] = (None, None)
    lengths: Tuple[Optional[int], Optional[int]] = (None, None)

    @property
    def is_secret(self) -> bool:
        """Whether its value must not be shown: the schema says so, or its name does."""
        return self.secret or looks_secret(self.name)

    def is_needed(self, environment: Optional[str]) -> bool:
        """Tell whether an environment, ``None`` for the unnamed one, has to have it."""
        return self.required or (environment or "default") in self.required_in


class Schema(NamedTuple):
    """The rules of a schema by variable, and what is wrong with the schema itself.

    ``is_closed`` says that other variables are not allowed.
    """

    path: str
    rules: Mapping[str, Rule]
    problems: List[Problem]
    is_closed: bool = False


class Complaint(NamedTuple):
    """What is wrong with a value: the rule that it breaks, and what the message says after it."""

    rule: str
    said: str


def complaints(rule: Rule, value: str) -> List[Complaint]:
    """Return what is wrong with a value, apart from its pattern, which takes time of its own."""
    is_one, wanted = TYPES[rule.type]
    if not is_one(value):
        return [Complaint("wrong-type", "is not " + wanted)]
    if rule.enum and value not in rule.enum:
        return [Complaint("not-in-enum", "is not one of " + ", ".join(rule.enum))]
    found = []
    low, high = rule.limits
    number = parsing.number(value) if (low, high) != (None, None) else None
    if number is not None and low is not None and number < low:
        found.append(Complaint("out-of-range", "is less than {:g}".format(low)))
    if number is not None and high is not None and number > high:
        found.append(Complaint("out-of-range", "is more than {:g}".format(high)))
    fewest, most = rule.lengths
    if fewest is not None and len(value) < fewest:
        said = "has less than {}".format(counted(fewest, "character"))
        found.append(Complaint("out-of-range", said))
    if most is not None and len(value) > most:
        found.append(
            Complaint("out-of-range", "has more than {}".format(counted(most, "character")))
        )
    return found


def shown(rule: Rule, value: str) -> str:
    """Return a value as messages show it, nothing of a secret one."""
    return "the value" if rule.is_secret else cut_repr(value)
