"""What a setting is: its name, where it is set, its type; and the check of a value."""

from typing import Any, NamedTuple, Tuple

from coaiapy.util.text.parsing import expression, number, truth

TEXT = "text"
WHOLE = "a whole number"
NUMBER = "a number"
SECONDS = "a number of seconds"
EXPRESSION = "a regular expression"
SWITCH = "true or false"
# Those whose values are texts.
TEXTS = (TEXT, EXPRESSION)
_DAY = 86400


class Key(NamedTuple):
    """One setting: ``name`` is its path in coaia.json, ``variables`` the strongest first.

    ``fallbacks`` are variables of other programs: they count where nothing else gives the setting.
    ``choices`` are the only texts that a text may be, if there are any.
    """

    name: str
    variables: Tuple[str, ...]
    kind: str
    description: str
    default: Any = None
    secret: bool = False
    fallbacks: Tuple[str, ...] = ()
    choices: Tuple[str, ...] = ()

    @property
    def all_variables(self) -> Tuple[str, ...]:
        """Every variable that is read, the strongest first."""
        return self.variables + self.fallbacks


def checked(key: Key, value: Any) -> Any:
    """Return ``value`` as the type of ``key``; a text from a variable or a file is read as one.

    Raises ``ValueError`` saying what the value should be.
    """
    if key.kind in TEXTS:
        if not isinstance(value, str):
            raise ValueError("is not a text: put it in quotes")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError("contains an incomplete character") from error
        text = _chosen(key, value.strip())
        return text if key.kind == TEXT else _expression(text)
    if key.kind == SWITCH:
        return _switch(value)
    return _number(value, key.kind)


def _chosen(key: Key, text: str) -> str:
    if not key.choices:
        return text
    if text.lower() not in key.choices:
        raise ValueError("is not one of {}".format(", ".join(key.choices)))
    return text.lower()


def _expression(text: str) -> str:
    if expression(text).match(""):
        raise ValueError("also matches nothing at all: name what to mask")
    return text


def _switch(value: Any) -> bool:
    found = truth(value)
    if found is None:
        raise ValueError("is not true or false")
    return found


def _number(value: Any, kind: str) -> Any:
    found = number(value)
    if found is None:
        raise ValueError("is not {}".format(kind))
    if kind == SECONDS and not 0 < found < _DAY:
        raise ValueError("is not {} above 0 and below a day".format(kind))
    if found < 0 or (kind == WHOLE and found != int(found)):
        raise ValueError("is not {} from 0 up".format(kind))
    return int(found) if kind == WHOLE else float(found)
