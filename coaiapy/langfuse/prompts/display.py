"""Prompts formatted for people."""

import difflib
from typing import Iterable, Optional

from coaiapy.langfuse.prompts import files
from coaiapy.langfuse.prompts.content import TEXT
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.display import cell, fields, listing
from coaiapy.util.times import moment

COLUMNS = {
    "name": "Name",
    "type": "Type",
    "versions": "Versions",
    "labels": "Labels",
    "tags": "Tags",
    "lastUpdatedAt": "Updated",
}
VERSION_COLUMNS = {
    "version": "Version",
    "labels": "Labels",
    "commitMessage": "Commit message",
    "createdAt": "Created",
}
PULLED_COLUMNS = {"state": "State", "name": "Name", "version": "Version", "path": "Path"}
COMPARED_COLUMNS = {"state": "State", "name": "Name", "differences": "Differences", "path": "Path"}


def format_prompts_table(prompts: Iterable[Body]) -> str:
    """Return a table of the rows of ``prompts.list_prompts``."""
    return listing(prompts, COLUMNS)


def format_prompt_display(prompt: Body, local: bool = False) -> str:
    """Return one version of a prompt: its fields, then its content."""
    heading = {
        "name": prompt["name"],
        "version": prompt["version"],
        "type": prompt.get("type") or TEXT,
        "labels": cell(prompt.get("labels") or []),
        "tags": cell(prompt.get("tags") or []),
        "config": prompt.get("config") or {},
        "commit": prompt.get("commitMessage") or "",
        "updated": moment(prompt.get("updatedAt"), local),
    }
    return "{}\n\n{}".format(fields(heading), _content(prompt["prompt"]))


def unified_diff(before: str, after: str, old: str, new: str) -> str:
    """Return the unified diff of two texts with these names; an empty text if they are the same."""
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), old, new)
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def version_diff(before: Optional[Body], after: Body) -> str:
    """Return the unified diff of two versions of a prompt: their content, type, tags and config.

    One without a number is that of a file.
    """
    old, new = (files.render(_unlabelled(one)) if one else "" for one in (before, after))
    return unified_diff(old, new, _title(before), _title(after))


def _unlabelled(prompt: Body) -> Body:
    return dict(prompt, version=None, labels=None)


def _title(prompt: Optional[Body]) -> str:
    if prompt is None:
        return "/dev/null"
    number = prompt.get("version")
    return "{} {}".format(
        prompt["name"], "version {}".format(number) if number else "in the folder"
    )


def _content(content: object) -> str:
    if not isinstance(content, list):
        return str(content)
    return "\n\n".join(_message(message) for message in content)


def _message(message: Body) -> str:
    if message.get("type") == "placeholder":
        return "[placeholder {}]".format(message.get("name"))
    return "[{}]\n{}".format(message.get("role"), message.get("content"))
