"""Prompts as files in a folder: YAML front matter with the prompt's fields, then its content.

The content of a text prompt follows the front matter unchanged, with one line end added. The
messages of a chat prompt are written as YAML. Folders in a prompt's name become folders on disk;
characters that could lead out of the given folder are encoded.
"""

import os
import re
from hashlib import sha256
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from coaiapy.errors import CoaiaError, StateError, UsageError
from coaiapy.langfuse.prompts.content import (
    CHAT,
    LATEST,
    TEXT,
    check_labels,
    check_tags,
    content_from,
    yaml_value,
)
from coaiapy.langfuse.prompts.faults import LINE, faults_of, listed_labels
from coaiapy.langfuse.prompts.references import resolved
from coaiapy.langfuse.records.body import Body
from coaiapy.util import files
from coaiapy.util.packages import require
from coaiapy.util.paths import check_stays, make_folders
from coaiapy.util.text.front_matter import FENCE, FrontMatter, begins_front_matter, front_matter

ENDING = ".md"
CONFLICT = "<<<<<<< "
# Bytes: every file system allows a file name of this length with an extension.
LONGEST_STEP = 200
# What some operating system does not allow in a file name, and %, which is used to encode it.
_UNSAFE = re.compile(
    r'[/%\\:*?"<>|\x00-\x1f\x7f]|^[. ]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)',
    re.IGNORECASE,
)
# Both sides of a conflict, as git writes them.
_CONFLICT_LINES = re.compile(r"^<{7} .*^={7}$.*^>{7} ", re.MULTILINE | re.DOTALL)
PROJECT_FILE = 0o644


class PromptFile(NamedTuple):
    """A prompt in a file; ``labels`` and ``tags`` are ``None`` if the file does not have them.

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
        """Return the prompt with the field names of Langfuse's API."""
        named = {"name": self.name, "type": self.type, "prompt": self.content}
        named.update(config=self.config, labels=self.labels, tags=self.tags)
        return dict(named, version=self.version)


def path_of(name: str) -> str:
    """Return the path, below the folder, of the file of prompt ``name``: ``a/b`` is ``a/b.md``."""
    # Only a / between two other characters separates folders; any other / is encoded.
    steps = [_file_name(step) for step in re.split("(?<=[^/])/(?=[^/])", name)]
    folders = [re.sub(r"\.(?=md$)", "%2E", step) for step in steps[:-1]]
    return os.path.join(*folders, steps[-1] + ENDING)


def name_of(path: str) -> str:
    """Return the name of the prompt whose file has this path below the folder."""
    text = path[: -len(ENDING)].replace(os.sep, "/")
    return re.sub(r"%([0-9A-F]{2})", lambda found: chr(int(found.group(1), 16)), text)


def _file_name(step: str) -> str:
    """Return one part of a prompt's name as a file name; the end of a long one becomes a hash."""
    safe = _UNSAFE.sub(_encoded, step)
    data = safe.encode("utf-8", "surrogatepass")
    if len(data) <= LONGEST_STEP:
        return safe
    start = data[: LONGEST_STEP - 17].decode("utf-8", "ignore")
    return "{}~{}".format(start, sha256(data).hexdigest()[:16])


def _encoded(found: Any) -> str:
    return "".join("%{:02X}".format(ord(character)) for character in found.group())


def render(prompt: Body) -> str:
    """Return the text of the file for a prompt from a server."""
    heading = {"name": prompt["name"], "type": prompt.get("type") or TEXT}
    if prompt.get("version"):
        heading["version"] = prompt["version"]
    if prompt.get("labels") is not None:
        heading["labels"] = sorted(label for label in prompt["labels"] if label != LATEST)
    heading["tags"] = sorted(prompt.get("tags") or [])
    heading["config"] = prompt.get("config") or {}
    text = FENCE + _dumped(heading) + FENCE
    if heading["type"] == CHAT:
        return text + _dumped(prompt["prompt"])
    return text + str(prompt["prompt"]) + "\n"


def parse(text: str, path: str) -> PromptFile:
    """Return the prompt in a file's text; ``path`` is its path below the folder.

    Raises ``UsageError`` if it is not a valid prompt file.
    """
    try:
        front = parts_of(text)
        heading = yaml_value(front.heading, "the front matter") or {}
        return _checked(heading, front.content, path)
    except UsageError as error:
        raise UsageError("{}: {}".format(path, error)) from error


def parts_of(text: str) -> FrontMatter:
    """Return the front matter and the content of a file's text, with Unix line ends.

    Raises ``UsageError`` if there are not both.
    """
    if text.startswith(CONFLICT):
        raise UsageError("begins with a conflict marker of git: resolve the conflict")
    if _has_windows_lines(text):
        text = text.replace("\r\n", "\n")
    front = front_matter(text)
    if not front:
        raise UsageError("no front matter between two lines of ---")
    return front


def has_heading(text: str) -> bool:
    """Tell whether a text begins with front matter, or with a conflict marker in its place."""
    return begins_front_matter(text) or text.startswith(CONFLICT)


def _has_windows_lines(text: str) -> bool:
    return text.split("\n", 1)[0].endswith("\r")


def _checked(heading: Any, content: str, path: str) -> PromptFile:
    for fault in faults_of(heading, content, name_of(path)):
        kind, place = fault.place
        at = "line {} of the content: ".format(place) if kind == LINE else ""
        raise UsageError(at + fault.message)
    version, prompt_type = heading.get("version"), heading.get("type", TEXT)
    labels, tags = listed_labels(heading.get("labels")), heading.get("tags")
    if labels is not None and version is None:
        labels = check_labels(labels)
    return PromptFile(
        path,
        heading.get("name", name_of(path)),
        prompt_type,
        content_from(_without_end(content, prompt_type), prompt_type),
        None if labels is None else check_tags(labels, "label"),
        None if tags is None else check_tags(tags),
        heading.get("config") or {},
        version,
    )


def _without_end(content: str, prompt_type: str) -> str:
    """Return the content without the line end that a file of a text prompt has after it."""
    return content[:-1] if prompt_type == TEXT and content.endswith("\n") else content


def _dumped(value: Any) -> str:
    """Return a value as YAML, in the most readable style that gives the same value when read.

    Some texts change when they are written as a block or with non-ASCII characters.
    """
    yaml = require("yaml", "PyYAML")

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]
        """Writes texts of several lines as YAML blocks."""

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
        if _reads_back_as(yaml, said, value):
            break
    return said


def _reads_back_as(yaml: Any, text: str, value: Any) -> bool:
    try:
        return bool(yaml.safe_load(text) == value)
    except yaml.YAMLError:
        return False


def is_unmerged(content: Any) -> bool:
    """Tell whether a prompt's text has the markers of an unresolved git conflict."""
    return isinstance(content, str) and bool(_CONFLICT_LINES.search(content))


def with_version(text: str, file: PromptFile, version: int) -> str:
    """Return the text of ``file`` with another version.

    Only that line is changed, if the result is valid; else the file is written anew.
    """
    is_windows = _has_windows_lines(text)
    front = front_matter(text.replace("\r\n", "\n") if is_windows else text)
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


class Folder(NamedTuple):
    """The content of a folder of prompts.

    ``prompts`` are by name; ``broken`` are the errors of invalid prompt files by path; ``others``
    are the paths of texts without front matter, such as a README.
    """

    prompts: Dict[str, PromptFile]
    broken: Dict[str, CoaiaError]
    others: List[str]

    def checked(self) -> "Folder":
        """Return the folder; raise the error of the first broken file, if there is one."""
        for path in sorted(self.broken):
            raise self.broken[path]
        return self


def read_folder(folder: str) -> Folder:
    """Return the content of ``folder``; it is empty if the folder does not exist."""
    found = Folder({}, {}, [])
    for path in paths_of(folder):
        try:
            text = files.read_found_input_text(os.path.join(folder, path), newline="")
            if not has_heading(text):
                found.others.append(path)
                continue
            _add(found.prompts, parse(text, path))
        except CoaiaError as error:
            found.broken[path] = error
    return found


def read_checked(folder: str) -> Folder:
    """Return the content of ``folder``; ``UsageError`` if a file is broken.

    ``StateError`` if there is no such folder.
    """
    need_folder(folder)
    return read_folder(folder).checked()


def need_folder(folder: str) -> None:
    """Raise ``StateError`` if there is no such folder."""
    if os.path.isfile(folder):
        raise StateError("{} is a file: give the folder of prompts that it is in".format(folder))
    if not os.path.isdir(folder):
        raise StateError(
            "there is no folder {}: create it with coaia fuse prompts pull".format(folder)
        )


def _add(prompts: Dict[str, PromptFile], prompt: PromptFile) -> None:
    first = prompts.setdefault(prompt.name, prompt)
    if first is not prompt:
        raise UsageError(
            "{} and {} both contain the prompt {!r}: remove one".format(
                first.path, prompt.path, prompt.name
            )
        )


def paths_of(folder: str) -> Iterator[str]:
    """Yield the paths, below a folder, of the files that may have prompts."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(ENDING) and not name.startswith("."):
                yield os.path.relpath(os.path.join(base, name), folder)


def read_file(path: str) -> PromptFile:
    """Return the prompt of one file, with the text of others of its folder where it refers to them."""
    text = files.read_input_text(path, newline="")
    folder = _folder_of(path, parse(text, os.path.basename(path)).name)
    file = parse(text, os.path.relpath(path, folder))
    texts = {
        name: one.content for name, one in read_folder(folder).prompts.items() if one.type == TEXT
    }
    if file.type == TEXT:
        return file._replace(content=resolved(file.content, texts))
    messages = [
        dict(one, content=resolved(one["content"], texts)) if "content" in one else one
        for one in file.content
    ]
    return file._replace(content=messages)


def _folder_of(path: str, name: str) -> str:
    """Return the folder of prompts that a file is in, as its prompt's name tells.

    If it does not, that is the first folder on the way to the file.
    """
    whole, below = os.path.abspath(path), os.sep + path_of(name)
    steps = os.path.relpath(path).split(os.sep)
    if below.count(os.sep) > 1 and whole.endswith(below):
        return whole[: -len(below)]
    return steps[0] if len(steps) > 1 and steps[0] != os.pardir else os.path.dirname(whole)


def note_version(folder: str, file: PromptFile, version: int) -> None:
    """Write the server's version number into a prompt's file, if it is another."""
    if version != file.version:
        text = files.read_found_input_text(os.path.join(folder, file.path), newline="")
        write_file(folder, file.path, with_version(text, file, version))


def write_file(folder: str, path: str, text: str) -> None:
    """Write a prompt's file; ``StateError`` if a symbolic link leads out of ``folder``, or it is one."""
    target = os.path.join(folder, path)
    check_stays(target, folder)
    check_stays(target)
    make_folders(os.path.dirname(target))
    files.write_atomic(target, text, PROJECT_FILE)
