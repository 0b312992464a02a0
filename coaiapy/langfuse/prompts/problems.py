"""What is wrong in a folder of prompt files, as far as the files tell, each with its line."""

import os
import re
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Sequence, Tuple

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, UsageError
from coaiapy.langfuse.prompts import files
from coaiapy.langfuse.prompts.compare import (
    BEHIND,
    CHANGED,
    DELETED,
    DIVERGED,
    DRIFTED,
    LABELS,
    MISSING,
    NEW,
    UNMERGED,
    UNREADABLE,
    Compared,
    drift,
)
from coaiapy.langfuse.prompts.compiled import VARIABLE
from coaiapy.langfuse.prompts.content import CHAT, yaml_value
from coaiapy.langfuse.prompts.faults import KEY, LINE, MESSAGE, Place, faults_of, placed
from coaiapy.langfuse.prompts.files import PromptFile
from coaiapy.langfuse.prompts.prompts import exists
from coaiapy.langfuse.prompts.references import Links, Reference, references_in
from coaiapy.util.files import read_found_input_text
from coaiapy.util.formats import json_values, line_numbers, yaml_values
from coaiapy.util.formats.problems import Problem
from coaiapy.util.text.front_matter import FrontMatter
from coaiapy.util.text.wording import cut_repr

RULES = {
    "not-readable": "The file can be read.",
    "front-matter": "The front matter is YAML and has the keys of a prompt.",
    "name": "A server accepts the name of the prompt.",
    "duplicate-name": "A prompt is in one file only.",
    "version": "The version is a whole number.",
    "type": "The type is text or chat, and fits the content.",
    "labels": "Labels are a list of names that a server accepts.",
    "tags": "Tags are a list of texts.",
    "messages": "A chat prompt is a list of messages.",
    "conflict": "No conflict of git is left.",
    "variable": "Variables are written as {{name}}.",
    "reference": "References lead to text prompts that exist, and not in a circle.",
    "differs": "The file and the server have the same prompt.",
    "drift": "Labels are on the server where the file says.",
}
# Braces before a letter, which no ``VARIABLE`` begins with.
_BRACES = re.compile(r"\{\{\s*[^\W\d][^\n{}]*\}{0,2}")
_MARKER = re.compile(r"^<{7} ", re.MULTILINE)
_DIFFERS = {
    CHANGED: "{what} of the file and of version {version} on the server differ: push or pull it",
    BEHIND: "the file is of version {fileVersion}, and the server has version {version}: pull it",
    DIVERGED: "changed since version {fileVersion} was pulled, and on the server, which has version "
    "{version}: look at coaia fuse prompts diff",
    UNMERGED: "conflict markers of git: resolve the conflict",
    NEW: "the server does not have this prompt: push it",
    DELETED: "this prompt was deleted on the server: remove the file, or push it with --recreate",
    MISSING: "this prompt is only on the server: pull it",
    UNREADABLE: "the server's prompt could not be read",
}
_BEGINNING: Place = (KEY, "")


class Text(NamedTuple):
    """A prompt file: its path from here, its parts, and the name that the prompt has or would have."""

    path: str
    front: FrontMatter
    name: str

    def problem(self, rule: str, message: str, place: Place = _BEGINNING) -> Problem:
        """Return a problem at a place of a fault."""
        kind, at = place
        if kind == LINE:
            line, column = self._content_line() + int(at) - 1, 1
        elif kind == MESSAGE:
            found = _message_places(self.front.content)(int(at))
            line, column = self._content_line() + found.line - 1, found.column
        else:
            places = line_numbers.yaml_places(self.front.heading)
            line, column = places([at] if at else [])
            line += bool(self.front.opening)
        return Problem(self.path, line, column, rule, message)

    def at(self, offset: int, rule: str, message: str) -> Problem:
        """Return a problem at an offset in the content."""
        before = self.front.content[:offset]
        line = self._content_line() + before.count("\n")
        return Problem(self.path, line, offset - before.rfind("\n"), rule, message)

    def _content_line(self) -> int:
        return 1 + "".join(self.front[:3]).count("\n")


def _message_places(content: str) -> Callable[[int], line_numbers.Place]:
    try:
        value = json_values.parse_unique(content)
        places = line_numbers.json_places(content)
    except ValueError:
        value = yaml_values.load(content)
        places = line_numbers.yaml_places(content)
    above = ["messages"] if isinstance(value, dict) else []
    return lambda number: places(above + [number])


class Checked(NamedTuple):
    """The problems in a folder; the texts of its prompts by name; the files that are no prompts.

    Only a server can tell about those in ``conflicts``, where a prompt may be about conflicts, and in
    ``elsewhere``, where references lead out of the folder.
    """

    problems: List[Problem]
    texts: Dict[str, Text]
    others: List[str]
    conflicts: List[Problem]
    elsewhere: List[Tuple[Reference, Problem]]


def check_folder(folder: str, names: Sequence[str] = ()) -> Checked:
    """Return what is wrong in the files of ``folder``, or in those of the prompts of ``names``.

    Raises ``StateError`` if there is no such folder.
    """
    files.need_folder(folder)
    checked = Checked([], {}, [], [], [])
    prompts: Dict[str, PromptFile] = {}
    for path in files.paths_of(folder):
        _add(checked, prompts, folder, path)
    for name, prompt in prompts.items():
        _add_content(checked, checked.texts[name], prompt.content)
    _add_references(checked, prompts)
    if not names:
        return checked
    chosen = {checked.texts[name].path for name in names if name in checked.texts}
    return checked._replace(
        problems=[one for one in checked.problems if one.path in chosen],
        conflicts=[one for one in checked.conflicts if one.path in chosen],
        elsewhere=[one for one in checked.elsewhere if one[1].path in chosen],
    )


def _add(checked: Checked, prompts: Dict[str, PromptFile], folder: str, path: str) -> None:
    """Add what is wrong in a file by itself, and its prompt if nothing is."""
    shown = os.path.join(folder, path)
    try:
        raw = read_found_input_text(shown, newline="")
    except CoaiaError as error:
        checked.problems.append(Problem(shown, 1, 1, "not-readable", str(error)))
        return
    if not files.has_heading(raw):
        checked.others.append(path)
        return
    try:
        front = files.parts_of(raw)
    except UsageError as error:
        checked.problems.append(Problem(shown, 1, 1, "front-matter", str(error)))
        return
    text, name = Text(shown, front, ""), files.name_of(path)
    try:
        heading = yaml_value(front.heading, "the front matter") or {}
    except UsageError as error:
        line, message = placed(error)
        checked.problems.append(Problem(shown, 1 + line, 1, "front-matter", message))
        return
    faults = list(faults_of(heading, front.content, name))
    checked.problems.extend(text.problem(*one) for one in faults)
    if isinstance(heading, dict) and isinstance(heading.get("name"), str):
        name = heading["name"]
    first = checked.texts.setdefault(name, text._replace(name=name))
    if first.path != shown:
        message = "the prompt {!r} is in {} too: remove one".format(name, first.path)
        checked.problems.append(text.problem("duplicate-name", message, (KEY, "name")))
    elif not faults:
        prompts[name] = files.parse(raw, path)


def _add_content(checked: Checked, text: Text, content: Any) -> None:
    """Add what is wrong with variables, and where conflicts of git are left."""
    raw = text.front.content
    if files.is_unmerged(content):
        found: Any = _MARKER.search(raw)
        message = "conflict markers of git: resolve the conflict"
        checked.conflicts.append(text.at(found.start(), "conflict", message))
    for braces in _BRACES.finditer(raw):
        if not VARIABLE.match(braces.group()):
            message = "nothing takes the place of {}: a variable is {{{{name}}}}, of letters a-z, digits and _"
            checked.problems.append(
                text.at(braces.start(), "variable", message.format(cut_repr(braces.group())))
            )
    if isinstance(content, list):
        variables = set(VARIABLE.findall(raw))
        for number, part in enumerate(content):
            name = part.get("name")
            if part.get("type") == "placeholder" and name in variables:
                message = "{!r} is a placeholder and a variable: rename one".format(name)
                checked.problems.append(text.problem("variable", message, (MESSAGE, number)))


def _add_references(checked: Checked, prompts: Dict[str, PromptFile]) -> None:
    """Add what is wrong with references between prompts."""
    found = {name: list(references_in(checked.texts[name].front.content)) for name in prompts}
    links = Links({name: [one.name for one in refs] for name, refs in found.items()})
    for name, references in found.items():
        text = checked.texts[name]
        for one in references:
            problem = one.problem or _wrong_target(one, prompts) or links.problem(name, one.name)
            if problem:
                checked.problems.append(text.at(one.start, "reference", problem))
            elif one.name not in checked.texts:
                problem = "there is no prompt {!r} in the folder to refer to".format(one.name)
                checked.elsewhere.append((one, text.at(one.start, "reference", problem)))


def _wrong_target(one: Reference, prompts: Dict[str, PromptFile]) -> str:
    target = prompts.get(one.name)
    if target is None or target.type != CHAT:
        return ""
    return "{!r} is a chat prompt: only text prompts can be referred to".format(one.name)


def compared_problems(
    settings: Settings, folder: str, checked: Checked, differing: Iterable[Compared], label: str
) -> List[Problem]:
    """Return what differs between the files and the server as problems of the files.

    ``label`` is the one of the server's versions that were compared.
    """
    found = []
    for one in differing:
        shown = os.path.join(folder, files.path_of(one.name))
        text = checked.texts.get(one.name) or Text(shown, FrontMatter("", "", "", ""), one.name)
        if one.state not in (LABELS, DRIFTED):
            told = _DIFFERS[one.state].format(what=", ".join(one.differences), **one.row())
            found.append(text.problem("differs", told))
        for said in drift(settings, one, label):
            found.append(text.problem("drift", said, (KEY, "labels")))
    return found


def missing_references(settings: Settings, checked: Checked) -> List[Problem]:
    """Return the problems of references to prompts that the server does not have either."""
    chosen = {(one.name, one.version, one.label) for one, _ in checked.elsewhere}
    missing = {one for one in chosen if not exists(settings, *one)}
    return [
        problem._replace(message=problem.message + ", nor {} on the server".format(one.selector))
        for one, problem in checked.elsewhere
        if (one.name, one.version, one.label) in missing
    ]
