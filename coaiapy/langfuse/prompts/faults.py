"""What is wrong in a prompt file's front matter and content, all of it."""

from typing import Any, Callable, Iterator, List, NamedTuple, Tuple, Union

from coaiapy.errors import UsageError
from coaiapy.langfuse.prompts.content import (
    CHAT,
    TEXT,
    check_content,
    check_labels,
    check_name,
    check_tags,
    faulty_messages,
    messages_from,
)
from coaiapy.util.formats.yaml_values import NotYamlError

KEYS = ("name", "type", "version", "labels", "tags", "config")
# A key of the front matter, a message by its number from 0, or a line of the content from 1.
Place = Tuple[str, Union[str, int]]
KEY, MESSAGE, LINE = "key", "message", "line"


class Fault(NamedTuple):
    """What is wrong: its kind, which is one of ``problems.RULES``, a sentence, and where it is."""

    rule: str
    message: str
    place: Place = (KEY, "")


def faults_of(heading: Any, content: str, name: str) -> Iterator[Fault]:
    """Yield what is wrong in the front matter and content of a file.

    ``name`` is that of the prompt if the front matter has none.
    """
    if not isinstance(heading, dict):
        yield Fault("front-matter", "the front matter is not a list of names and values")
        return
    for key in heading:
        if key not in KEYS:
            known = ", ".join(KEYS)
            message = "the front matter can have {}, but not {!r}".format(known, key)
            yield Fault("front-matter", message, (KEY, str(key)))
    yield from _faults_of_name(heading, name)
    yield from _told("version", _check_version, heading.get("version"))
    prompt_type = heading.get("type", TEXT)
    if prompt_type == CHAT:
        yield from _faults_of_messages(content)
    else:
        yield from _told("type", check_content, content, prompt_type)
    yield from _told("labels", _check_labels, heading.get("labels"), heading.get("version"))
    yield from _told("tags", _check_tags, heading.get("tags"))


def _told(key: str, check: Callable[..., Any], *values: Any) -> Iterator[Fault]:
    try:
        check(*values)
    except UsageError as error:
        yield Fault(key, str(error), (KEY, key))


def _faults_of_name(heading: Any, name: str) -> Iterator[Fault]:
    given = heading.get("name", name)
    if not isinstance(given, str):
        message = "the name {!r} is not a text: put it in quotes".format(given)
        yield Fault("name", message, (KEY, "name"))
    elif heading.get("version") is None:  # a server once accepted what none does today
        yield from _told("name", check_name, given)


def _faults_of_messages(content: str) -> Iterator[Fault]:
    try:
        messages = messages_from(content)
    except UsageError as error:
        line, message = placed(error)
        yield Fault("messages", message, (LINE, line))
        return
    for number, problem in faulty_messages(messages):
        yield Fault("messages", problem, (MESSAGE, number))


def placed(error: UsageError) -> Tuple[int, str]:
    """Return the line that an error about a text in YAML is about, and its sentence without that."""
    cause = error.__cause__
    if not isinstance(cause, NotYamlError) or not cause.line:
        return 1, str(error)
    return cause.line, str(error).replace(str(cause), cause.problem)


def _check_version(value: Any) -> None:
    if value is not None and (type(value) is not int or value < 1):
        raise UsageError("the version {!r} is not a whole number above 0".format(value))


def listed_labels(value: Any) -> Any:
    """Return the labels in a heading as a list, also a single one that is written without."""
    return [value] if isinstance(value, str) else value


def _check_labels(value: Any, version: Any) -> None:
    labels = _listed("labels", listed_labels(value))
    if version is None:
        check_labels(labels)
    else:  # a server once accepted what none does today
        check_tags(labels, "label")


def _check_tags(value: Any) -> None:
    check_tags(_listed("tags", value))


def _listed(key: str, value: Any) -> List[Any]:
    if value is not None and not isinstance(value, list):
        example = value if isinstance(value, str) else "a, b"
        raise UsageError("{} is not a list, such as [{}]".format(key, example))
    return value or []
