"""Process tags: named instructions for a language model, in files and in settings.

A tag is looked for in ``./.coaia/tags/``, then as ``TAG_instruction`` in coaia.json, then in
``~/.coaia/tags/``, then among the built-in ones. A tag's file is ``TAG.md`` or ``TAG.txt``. It
holds the instruction, after an optional front matter between two lines of ``---``::

    ---
    description: what it is for
    temperature: 0.2
    model: gpt-4o-mini
    ---
    Say it in one sentence.
"""

import os
import re
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.errors import CoaiaError, ConfigError, NotFoundError, UsageError
from coaiapy.util import files
from coaiapy.util.paths import entries, state_folder
from coaiapy.util.text import parsing
from coaiapy.util.text.front_matter import front_matter
from coaiapy.util.text.wording import did_you_mean

SUFFIXES = (".md", ".txt")
INSTRUCTION = "_instruction"
TEMPERATURE = "_temperature"
_NAME = re.compile(r"\w[\w.-]{0,99}\Z")
_FRONT_KEYS = ("description", "model", "temperature")


class Tag(NamedTuple):
    """A named instruction; ``place`` is the file or setting that it comes from."""

    name: str
    instruction: str
    place: str
    temperature: Optional[float] = None
    model: Optional[str] = None
    description: str = ""


BUILT_IN = "built-in"
_BUILT_IN = (
    Tag(
        "summarizer",
        "Summarize the text that the user sends. Keep its language, its facts, names and numbers; "
        "add nothing of your own. Answer only with the summary.",
        BUILT_IN,
        description="a summary",
    ),
    Tag(
        "csv2json",
        "Turn the table that the user sends as comma-separated values into a JSON list with one "
        "object per row, named after the headings. Answer only with the JSON, without a fence.",
        BUILT_IN,
        description="a table as JSON",
    ),
    Tag(
        "dictkore",
        "Correct the dictated text that the user sends: spelling, punctuation, words that were "
        "misheard. Keep its language, its meaning and its tone. Answer only with the text.",
        BUILT_IN,
        description="a dictation, corrected",
    ),
    Tag(
        "d2s",
        "Turn the description that the user sends into a short story that keeps every fact of it, "
        "in the same language. Answer only with the story.",
        BUILT_IN,
        description="a description as a story",
    ),
)


def find(name: str, config: Mapping[str, Any]) -> Optional[Tag]:
    """Return the tag ``name``, or ``None`` if there is none; ``config`` is the merged coaia.json.

    Raises ``UsageError`` for an invalid name, ``ConfigError`` for a tag that is broken.
    """
    if not _NAME.match(name):
        raise UsageError(
            "{!r} is not a valid tag: use letters, digits, '.', '_' and '-'".format(name)
        )
    places = [lambda: _in_folder(_project_folder(), name), lambda: _in_settings(name, config)]
    places += [lambda: _in_folder(_user_folder(), name), lambda: _built_in(name)]
    for look in places:
        tag = look()
        if tag is not None:
            return tag._replace(temperature=_effective_temperature(tag, config))
    return None


def need(name: str, config: Mapping[str, Any]) -> Tag:
    """Return the tag ``name``; ``NotFoundError``, with a suggestion, if there is none."""
    tag = find(name, config)
    if tag is None:
        known = sorted({name for name, _ in _names(config)})
        raise NotFoundError(
            "no tag {0!r}{1}: set {0}{2} in coaia.json or write .coaia/tags/{0}.md; "
            "coaia p --list shows what there is".format(
                name, did_you_mean(name, known), INSTRUCTION
            )
        )
    return tag


def find_all(config: Mapping[str, Any]) -> Tuple[List[Tag], List[str]]:
    """Return all tags, sorted by name, and an error message for each that is broken."""
    tags, complaints = [], []
    for name in sorted({name for name, _ in _names(config)}):
        try:
            tag = find(name, config)
        except CoaiaError as error:
            complaints.append(str(error))
        else:
            if tag is not None:
                tags.append(tag)
    return tags, complaints


def _project_folder() -> str:
    return os.path.join(".coaia", "tags")


def _user_folder() -> str:
    return os.path.join(state_folder(), "tags")


def _names(config: Mapping[str, Any]) -> Iterator[Tuple[str, str]]:
    for folder in (_project_folder(), _user_folder()):
        for entry in entries(folder):
            name, suffix = os.path.splitext(entry)
            if suffix in SUFFIXES and _NAME.match(name):
                yield name, folder
    for key in config:
        if key.endswith(INSTRUCTION) and _NAME.match(key[: -len(INSTRUCTION)]):
            if key != "default_preprompt" + INSTRUCTION:
                yield key[: -len(INSTRUCTION)], "coaia.json"
    for tag in _BUILT_IN:
        yield tag.name, BUILT_IN


def _in_folder(folder: str, name: str) -> Optional[Tag]:
    for suffix in SUFFIXES:
        path = os.path.join(folder, name + suffix)
        if os.path.isfile(path):
            return _from_text(name, path, files.read_text(path))
    return None


def _from_text(name: str, path: str, text: str) -> Tag:
    found = front_matter(text)
    front = _settings_in(found.heading, path) if found else {}
    instruction = found.content if found else text
    if not instruction.strip():
        raise ConfigError("the tag file {} contains no instruction: write one".format(path))
    return Tag(
        name,
        instruction.strip(),
        path,
        temperature=_temperature(front.get("temperature"), path),
        model=front.get("model"),
        description=front.get("description", ""),
    )


def _settings_in(heading: str, path: str) -> Dict[str, str]:
    """Return the fields in front matter; not YAML, so that no package is needed to read it."""
    front = {}
    for line in heading.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in _FRONT_KEYS:
            raise ConfigError(
                "{}: {!r} is not one of {}: correct it".format(path, line, ", ".join(_FRONT_KEYS))
            )
        front[key.strip()] = value.strip().strip("\"'")
    return front


def _in_settings(name: str, config: Mapping[str, Any]) -> Optional[Tag]:
    instruction = config.get(name + INSTRUCTION)
    if instruction is None or not str(instruction).strip():
        return None
    if not isinstance(instruction, str):
        raise ConfigError("{}{} in coaia.json is not a text: correct it".format(name, INSTRUCTION))
    return Tag(name, instruction, "coaia.json")


def _effective_temperature(tag: Tag, config: Mapping[str, Any]) -> Optional[float]:
    key = tag.name + TEMPERATURE
    set_one = _temperature(config.get(key), key + " in coaia.json")
    return set_one if tag.temperature is None else tag.temperature


def _built_in(name: str) -> Optional[Tag]:
    return next((tag for tag in _BUILT_IN if tag.name == name), None)


def _temperature(value: Any, place: str) -> Optional[float]:
    if value is None or value == "":
        return None
    try:
        return checked_temperature(value)
    except ValueError as error:
        raise ConfigError("{}: temperature {}".format(place, error)) from error


def checked_temperature(value: Any) -> float:
    """Return a temperature; ``ValueError`` if ``value`` is not a number from 0 to 2."""
    number = parsing.number(value)
    if number is None or not 0 <= number <= 2:
        raise ValueError("{!r} is not a number from 0 to 2".format(value))
    return float(number)
