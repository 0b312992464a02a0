"""The values to offer for an option or an argument: its choices, else what its metavar stands for.

All of them are on this machine: no server is asked, and nothing is written.
"""

import argparse
import json
import os
from typing import Any, Callable, Dict, List, Mapping, NamedTuple

from coaiapy.errors import CoaiaError

WORDS = "words"
PARTS = "parts"  # more of the same word follows: no space after it
FILES = "files"
ENV_FILES = "env-files"  # any file, and those that begin with .env
FOLDERS = "folders"

# What the words before have given: the last value of each option or argument by its dest.
Given = Dict[str, Any]

_LARGE = 100000

PATHS = {"FILE": FILES, "ENV_FILE": ENV_FILES, "IMAGE": FILES, "TEXT|FILE|-": FILES, "DIR": FOLDERS}


class Candidate(NamedTuple):
    """A text to put, and a line about it."""

    text: str
    help: str = ""


class Offer(NamedTuple):
    """What can stand in place of the word in progress.

    ``kind`` is ``WORDS`` or ``PARTS`` of words; with any other kind the shell offers the paths
    that it sees.
    """

    kind: str
    candidates: List[Candidate]


def values_of(action: argparse.Action, given: Given, text: str) -> Offer:
    """Return what can be a value of ``action``, of which ``text`` is typed."""
    if action.choices is not None:
        return Offer(WORDS, [Candidate(str(choice)) for choice in action.choices])
    kind = str(action.metavar or action.dest.upper())
    if kind in PATHS:
        return Offer(PATHS[kind], [])
    if kind == "KEY=VALUE":
        return _assignments(given, text)
    return Offer(WORDS, SOURCES[kind](given) if kind in SOURCES else [])


def _templates(given: Given) -> List[Candidate]:
    from coaiapy.templating import files as template_files

    found, _ = template_files.find_all()
    return [Candidate(one.name, _description(one.path)) for one in found]


def _description(path: str) -> str:
    """Return what a template says of itself; the path of one that takes long to read, or fails."""
    from coaiapy.util.files import read_text

    try:
        if path.endswith(".json") and os.path.getsize(path) < _LARGE:
            described = json.loads(read_text(path))["description"]
            return described if isinstance(described, str) else path
    except (CoaiaError, OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    return path


def _assignments(given: Given, text: str) -> Offer:
    """Offer ``NAME=`` for each variable of the template, after that the values it may have."""
    from coaiapy import pipeline

    variables = pipeline.load(given["template"]).variables
    name, equals, _ = text.partition("=")
    if not equals:
        return Offer(PARTS, [Candidate(one.name + "=", one.description or "") for one in variables])
    found: List[Any] = []
    for variable in variables:
        if variable.name == name:
            found = ["true", "false"] if variable.type == "boolean" else variable.choices or []
    return Offer(WORDS, [Candidate("{}={}".format(name, choice)) for choice in found])


def _environments(given: Given) -> List[Candidate]:
    from coaiapy import environment

    location = given.get("location") or "project"
    return [
        Candidate(one.name, one.path)
        for one in environment.environments()
        if one.name and one.location == location
    ]


def _variables(given: Given) -> List[Candidate]:
    from coaiapy import environment

    paths = [environment.path_of(given.get("name"), given.get("location") or "project")]
    if given.get("name") is None and given.get("location") is None:
        paths.append(environment.path_of(None, "global"))
    return [Candidate(name, path) for path in paths for name in environment.variables_in(path)]


def _score_configs(given: Given) -> List[Candidate]:
    from coaiapy.config import settings
    from coaiapy.langfuse.client.project import recorded
    from coaiapy.langfuse.scores import config_cache as score_config_cache

    project = recorded(settings.load(given.get("env")))
    configs = score_config_cache.peek(project.id) if project else []
    return [
        Candidate(
            one["name"], "{} {}".format(one.get("dataType", ""), one.get("description") or "")
        )
        for one in configs
        if not one.get("isArchived")
    ]


def _presets(given: Given) -> List[Candidate]:
    from coaiapy.langfuse.scores import presets

    return [
        Candidate(one["name"], one.get("description", "")) for one in presets.get_built_in_presets()
    ]


def _process_tags(given: Given) -> List[Candidate]:
    from coaiapy.config import files as config_files
    from coaiapy.llm import tags as process_tags

    tags, _ = process_tags.find_all(config_files.merged())
    return [Candidate(tag.name, tag.description or tag.instruction) for tag in tags]


SOURCES: Mapping[str, Callable[[Given], List[Candidate]]] = {
    "TEMPLATE": _templates,
    "ENVIRONMENT": _environments,
    "VARIABLE": _variables,
    "NAME|ID": _score_configs,
    "PRESET": _presets,
    "PROCESS_TAG": _process_tags,
}
