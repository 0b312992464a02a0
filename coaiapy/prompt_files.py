"""Prompts as files: YAML front matter with what belongs to the prompt, then its content.

A text prompt's content stands below the front matter as it is; of the line ends after it one
belongs to the file. A chat prompt's messages are written as YAML. The folders of a name are
folders, and no name leads out of the folder that was given.
"""

import os
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from coaiapy import files
from coaiapy.errors import CoaiaError, StateError, UsageError
from coaiapy.packages import require
from coaiapy.prompt_content import (
    CHAT,
    LATEST,
    TEXT,
    check_content,
    check_labels,
    check_name,
    check_tags,
    content_from,
    yaml_value,
)
from coaiapy.record_fields import Body

ENDING = ".md"
FENCE = "---\n"
CONFLICT = "<<<<<<< "
KEYS = ("name", "type", "labels", "tags", "config")
PROJECT_FILE = 0o644
# What some system cannot have in a file's name, and the sign that stands for it.
_UNSAFE = re.compile(
    r'[/%\\:*?"<>|\x00-\x1f\x7f]|^[. ]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)',
    re.IGNORECASE,
)


class PromptFile(NamedTuple):
    """A prompt as its file says it; ``labels`` and ``tags`` are ``None`` where it says nothing."""

    path: str
    name: str
    type: str
    content: Any
    labels: Optional[List[str]]
    tags: Optional[List[str]]
    config: Any

    def body(self) -> Body:
        """The prompt with the names that servers use."""
        named = {"name": self.name, "type": self.type, "prompt": self.content}
        return dict(named, config=self.config, labels=self.labels, tags=self.tags)


def path_of(name: str) -> str:
    """Return where below the folder the prompt ``name`` is kept: ``a/b`` as ``a/b.md``."""
    # A / that separates nothing from something is part of the name, and of no path.
    steps = [_UNSAFE.sub(_encoded, step) for step in re.split("(?<=[^/])/(?=[^/])", name)]
    folders = [re.sub(r"\.(?=md$)", "%2E", step) for step in steps[:-1]]
    return os.path.join(*folders, steps[-1] + ENDING)


def name_of(path: str) -> str:
    """Return the name of the prompt that is kept at ``path`` below the folder."""
    text = path[: -len(ENDING)].replace(os.sep, "/")
    return re.sub(r"%([0-9A-F]{2})", lambda found: chr(int(found.group(1), 16)), text)


def _encoded(found: Any) -> str:
    return "".join("%{:02X}".format(ord(character)) for character in found.group())


def render(prompt: Body) -> str:
    """Return the file's text for a prompt of a server."""
    heading = {"name": prompt["name"], "type": prompt.get("type") or TEXT}
    labels = [label for label in prompt.get("labels") or [] if label != LATEST]
    heading.update(labels=sorted(labels), tags=sorted(prompt.get("tags") or []))
    heading["config"] = prompt.get("config") or {}
    text = FENCE + _dumped(heading) + FENCE
    if heading["type"] == CHAT:
        return text + _dumped(prompt["prompt"])
    return text + str(prompt["prompt"]) + "\n"


def parse(text: str, path: str) -> PromptFile:
    """Return what the file at ``path`` (below its folder) says; ``UsageError`` if it is none."""
    if text.startswith("---\r\n"):  # a checkout with the line ends of Windows
        text = text.replace("\r\n", "\n")
    if text.startswith(CONFLICT):
        raise UsageError(
            "{} begins with a conflict marker of git: resolve the conflict".format(path)
        )
    end = text.find("\n" + FENCE, len(FENCE) - 1)
    if not text.startswith(FENCE) or end < 0:
        raise UsageError("{}: no front matter between two lines of ---".format(path))
    try:
        heading = yaml_value(text[len(FENCE) : end + 1], "the front matter") or {}
        return _checked(heading, text[end + 1 + len(FENCE) :], path)
    except UsageError as error:
        raise UsageError("{}: {}".format(path, error)) from error


def _checked(heading: Any, content: str, path: str) -> PromptFile:
    if not isinstance(heading, dict):
        raise UsageError("the front matter is no list of names and values")
    for key in heading:
        if key not in KEYS:
            raise UsageError("the front matter knows {}, not {!r}".format(", ".join(KEYS), key))
    name, prompt_type = heading.get("name", name_of(path)), heading.get("type", TEXT)
    if not isinstance(name, str):
        raise UsageError("the name {!r} is not a text: put it in quotes".format(name))
    check_name(name)
    if prompt_type == CHAT:
        value = content_from(content, CHAT)
    else:
        value = content[:-1] if content.endswith("\n") else content
    check_content(value, prompt_type)
    labels, tags = (_listed(heading, key) for key in ("labels", "tags"))
    return PromptFile(
        path,
        name,
        prompt_type,
        value,
        None if labels is None else check_labels(labels),
        None if tags is None else check_tags(tags),
        heading.get("config") or {},
    )


def _listed(heading: Body, key: str) -> Optional[List[Any]]:
    value = heading.get(key)
    if value is not None and not isinstance(value, list):
        raise UsageError("{} is not a list, such as [{}]".format(key, value))
    return value


def _dumped(value: Any) -> str:
    """Return YAML for people, or, where its fine print would change the value, plainer YAML."""
    yaml = require("yaml", "PyYAML")

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]
        """Writes texts of several lines as blocks."""

    def text(dumper: Any, data: str) -> Any:
        style = "|" if "\n" in data else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    for dumper, unicode in ((Dumper, True), (yaml.SafeDumper, True), (yaml.SafeDumper, False)):
        said: str = yaml.dump(
            value,
            Dumper=dumper,
            allow_unicode=unicode,
            default_flow_style=False,
            sort_keys=False,
            width=float("inf"),
        )
        if _says(yaml, said, value):
            break
    return said


def _says(yaml: Any, text: str, value: Any) -> bool:
    try:
        return bool(yaml.safe_load(text) == value)
    except yaml.YAMLError:
        return False


class Folder(NamedTuple):
    """What is in a folder of prompts: its prompts by name, what is wrong with the other prompt
    files by their path, and the paths of texts without front matter (a README)."""

    prompts: Dict[str, PromptFile]
    broken: Dict[str, CoaiaError]
    others: List[str]

    def checked(self) -> "Folder":
        """Return the folder; raise what is wrong with a file of it, if something is."""
        for path in sorted(self.broken):
            raise self.broken[path]
        return self


def read_folder(folder: str) -> Folder:
    """Return what is in ``folder``, nothing if it does not exist."""
    found = Folder({}, {}, [])
    for path in _paths(folder):
        try:
            text = _read(os.path.join(folder, path))
            if not has_heading(text):
                found.others.append(path)
                continue
            _add(found.prompts, parse(text, path))
        except CoaiaError as error:
            found.broken[path] = error
    return found


def read_checked(folder: str) -> Folder:
    """Return what is in ``folder``; ``UsageError`` if there is none, or a file is broken."""
    if not os.path.isdir(folder):
        raise UsageError("there is no folder {}: coaia fuse prompts pull makes one".format(folder))
    return read_folder(folder).checked()


def _add(prompts: Dict[str, PromptFile], prompt: PromptFile) -> None:
    first = prompts.setdefault(prompt.name, prompt)
    if first is not prompt:
        raise UsageError(
            "{} and {} are both the prompt {!r}: remove one".format(
                first.path, prompt.path, prompt.name
            )
        )


def _paths(folder: str) -> Iterator[str]:
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(ENDING) and not name.startswith("."):
                yield os.path.relpath(os.path.join(base, name), folder)


def has_heading(text: str) -> bool:
    """Whether a file says that it is a prompt, or did so before a merge went wrong."""
    first = text.split("\n", 1)[0].rstrip()
    return first + "\n" == FENCE or first.startswith(CONFLICT)


def _read(path: str) -> str:
    """Return the text with the line ends that it has, without a byte-order mark."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except UnicodeDecodeError as error:
        raise UsageError("{} is not UTF-8 text: save it as UTF-8".format(path)) from error
    except OSError as error:
        raise StateError("cannot read {}: {}".format(path, files.reason(error))) from error


def write(folder: str, path: str, text: str) -> None:
    """Write a prompt's file; ``StateError`` if a link would lead out of ``folder``."""
    target = os.path.join(folder, path)
    inside = os.path.join(os.path.realpath(folder), "")
    if not os.path.realpath(target).startswith(inside):
        raise StateError("{} leads out of {}: remove the link".format(target, folder))
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    except OSError as error:
        raise StateError("cannot write {}: {}".format(target, files.reason(error))) from error
    files.write_atomic(target, text, PROJECT_FILE)
