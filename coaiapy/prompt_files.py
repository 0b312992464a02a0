"""Prompts as files: YAML front matter with what belongs to the prompt, then its content.

A text prompt's content stands below the front matter as it is; of the line ends after it one
belongs to the file. A chat prompt's messages are written as YAML. The folders of a name are
folders, and no name leads out of the folder that was given.
"""

import os
import re
from hashlib import sha256
from typing import Any, List, NamedTuple, Optional

from coaiapy import front_matter
from coaiapy.errors import UsageError
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
CONFLICT = "<<<<<<< "
KEYS = ("name", "type", "version", "labels", "tags", "config")
# Bytes of a name that a file system surely takes, with room for an ending.
LONGEST_STEP = 200
# What some system cannot have in a file's name, and the sign that stands for it.
_UNSAFE = re.compile(
    r'[/%\\:*?"<>|\x00-\x1f\x7f]|^[. ]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)',
    re.IGNORECASE,
)
# Both sides of a conflict, as git writes them.
_CONFLICT_LINES = re.compile(r"^<{7} .*^={7}$.*^>{7} ", re.MULTILINE | re.DOTALL)


class PromptFile(NamedTuple):
    """A prompt as its file says it; ``labels`` and ``tags`` are ``None`` where it says nothing.

    ``version`` is the server's version that the file was pulled from or pushed as, if any.
    """

    path: str
    name: str
    type: str
    content: Any
    labels: Optional[List[str]]
    tags: Optional[List[str]]
    config: Any
    version: Optional[int] = None

    def body(self) -> Body:
        """The prompt with the names that servers use."""
        named = {"name": self.name, "type": self.type, "prompt": self.content}
        named.update(config=self.config, labels=self.labels, tags=self.tags)
        return dict(named, version=self.version)


def path_of(name: str) -> str:
    """Return where below the folder the prompt ``name`` is kept: ``a/b`` as ``a/b.md``."""
    # A / that separates nothing from something is part of the name, and of no path.
    steps = [_file_name(step) for step in re.split("(?<=[^/])/(?=[^/])", name)]
    folders = [re.sub(r"\.(?=md$)", "%2E", step) for step in steps[:-1]]
    return os.path.join(*folders, steps[-1] + ENDING)


def name_of(path: str) -> str:
    """Return the name of the prompt that is kept at ``path`` below the folder."""
    text = path[: -len(ENDING)].replace(os.sep, "/")
    return re.sub(r"%([0-9A-F]{2})", lambda found: chr(int(found.group(1), 16)), text)


def _file_name(step: str) -> str:
    """Return a name for a file; of one that is too long the end becomes a digest of it."""
    safe = _UNSAFE.sub(_encoded, step)
    data = safe.encode("utf-8", "surrogatepass")
    if len(data) <= LONGEST_STEP:
        return safe
    start = data[: LONGEST_STEP - 17].decode("utf-8", "ignore")
    return "{}~{}".format(start, sha256(data).hexdigest()[:16])


def _encoded(found: Any) -> str:
    return "".join("%{:02X}".format(ord(character)) for character in found.group())


def render(prompt: Body) -> str:
    """Return the file's text for a prompt of a server."""
    heading = {"name": prompt["name"], "type": prompt.get("type") or TEXT}
    if prompt.get("version"):
        heading["version"] = prompt["version"]
    labels = [label for label in prompt.get("labels") or [] if label != LATEST]
    heading.update(labels=sorted(labels), tags=sorted(prompt.get("tags") or []))
    heading["config"] = prompt.get("config") or {}
    text = front_matter.FENCE + _dumped(heading) + front_matter.FENCE
    if heading["type"] == CHAT:
        return text + _dumped(prompt["prompt"])
    return text + str(prompt["prompt"]) + "\n"


def parse(text: str, path: str) -> PromptFile:
    """Return what the file at ``path`` (below its folder) says; ``UsageError`` if it is none."""
    if text.startswith(CONFLICT):
        raise UsageError(
            "{} begins with a conflict marker of git: resolve the conflict".format(path)
        )
    if _has_windows_lines(text):
        text = text.replace("\r\n", "\n")
    front = front_matter.parts(text)
    if not front:
        raise UsageError("{}: no front matter between two lines of ---".format(path))
    try:
        heading = yaml_value(front.heading, "the front matter") or {}
        return _checked(heading, front.content, path)
    except UsageError as error:
        raise UsageError("{}: {}".format(path, error)) from error


def has_heading(text: str) -> bool:
    """Whether a file says that it is a prompt, or did so before a merge went wrong."""
    return front_matter.begins(text) or text.startswith(CONFLICT)


def _has_windows_lines(text: str) -> bool:
    return text.split("\n", 1)[0].endswith("\r")


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
        _version(heading.get("version")),
    )


def _version(value: Any) -> Optional[int]:
    if value is not None and (type(value) is not int or value < 1):
        raise UsageError("the version {!r} is not a whole number above 0".format(value))
    return value  # type: ignore[no-any-return]


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


def is_unmerged(content: Any) -> bool:
    """Whether a prompt's text holds both sides of a conflict of git."""
    return isinstance(content, str) and bool(_CONFLICT_LINES.search(content))


def with_version(text: str, file: PromptFile, version: int) -> str:
    """Return the text of ``file`` with another version, and nothing else changed if possible."""
    is_windows = _has_windows_lines(text)
    front = front_matter.parts(text.replace("\r\n", "\n") if is_windows else text)
    changed = "".join(front._replace(heading=_renumbered(front.heading, version))) if front else ""
    try:
        is_good = parse(changed, file.path) == file._replace(version=version)
    except UsageError:
        is_good = False
    if not is_good:
        return render(dict(file.body(), version=version))
    return changed.replace("\n", "\r\n") if is_windows else changed


def _renumbered(heading: str, version: int) -> str:
    line = "version: {}\n".format(version)
    renumbered, count = re.subn(r"(?m)^version:.*\n", line, heading, count=1)
    return renumbered if count else heading + line
