"""Prompts of a Langfuse server: each has numbered versions, and labels that point to versions.

Prompts that were fetched are kept on disk (``cache.py``) and used when the server is down.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, NetworkError, NotFoundError, StateError, UsageError
from coaiapy.langfuse.client import features
from coaiapy.langfuse.client.http import LangfuseHttp, post_once, quoted
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.client.pages import rows_from
from coaiapy.langfuse.client.server import needing
from coaiapy.langfuse.prompts import cache
from coaiapy.langfuse.prompts.content import (
    LATEST,
    LONGEST_COMMIT_MESSAGE,
    PRODUCTION,
    PROTECTED,
    TEXT,
    check_content,
    check_labels,
    check_name,
    check_tags,
    is_same,
)
from coaiapy.langfuse.prompts.labels import log
from coaiapy.langfuse.prompts.labels.log import PLAIN, Held, Intent, held_by, named
from coaiapy.langfuse.records.body import Body
from coaiapy.util.text.notes import tell
from coaiapy.util.threads import run_all, values_of
from coaiapy.util.times import epoch_moment

PROMPTS = "/api/public/v2/prompts"


class FetchedPrompt(NamedTuple):
    """A prompt, and a note for the user, such as that it is a copy from disk; may be empty."""

    prompt: Body
    note: str = ""


def list_prompts(
    settings: Settings,
    name: Optional[str] = None,
    label: Optional[str] = None,
    tag: Optional[str] = None,
) -> List[Body]:
    """Return every prompt that meets the conditions, without its content.

    Each has ``name``, ``type``, ``versions``, ``labels``, ``tags``, ``lastUpdatedAt``,
    ``lastConfig``. Old servers do not list the type, so that one version of each prompt is read; if
    that fails, the type is ``None``.
    """
    with client_for(settings, "prompts") as http:
        rows = _rows(http, name, label, tag)
    untyped = [row for row in rows if not row.get("type")]
    with client_for(settings, "prompts", seconds=settings.timeout) as hasty:
        asked = run_all(lambda row: _type_of(hasty, row), untyped, (NetworkError,))
    for row, found in zip(untyped, values_of(asked, (CoaiaError,))):
        row["type"] = found
    return rows


def list_names(settings: Settings, label: Optional[str] = None) -> List[str]:
    """Return the names of all prompts, or of those that have a version with the label."""
    with client_for(settings, "prompts") as http:
        return [row["name"] for row in _rows(http, None, label, None)]


def get_prompt(
    settings: Settings,
    name: str,
    label: Optional[str] = None,
    version: Optional[int] = None,
    resolve: bool = True,
) -> Body:
    """Return one version from the server; by default the one with the label ``production``.

    With ``resolve=False`` references to other prompts are not replaced by their content. Raises
    ``NotFoundError`` if there is no such version.
    """
    label = _label(label, version)
    with client_for(settings, "prompts") as http:
        return _get(http, name, label, version, resolve)


def exists(settings: Settings, name: str, version: Optional[int], label: Optional[str]) -> bool:
    """Tell whether the server has this version of a prompt, or one with this label."""
    try:
        get_prompt(settings, name, label, version, resolve=False)
    except NotFoundError:
        return False
    return True


def fetch_prompt(
    settings: Settings,
    name: str,
    label: Optional[str] = None,
    version: Optional[int] = None,
    offline: bool = False,
    max_age: Optional[float] = None,
) -> FetchedPrompt:
    """Return one version as ``get_prompt`` does, or its copy on disk.

    The copy is returned if it is at most ``max_age`` seconds old, if the server is down, or when
    ``offline``, which asks no server and raises ``NotFoundError`` without a fitting copy. If there
    is a copy, the server gets only one timeout to answer.
    """
    label = _label(label, version)
    copy = cache.find(settings, name, label, version)
    if copy is not None and max_age is not None and copy.age <= max_age:
        return FetchedPrompt(copy.prompt)
    if offline:
        if copy is None or max_age is not None:
            raise NotFoundError(_no_copy(name, label, version, copy, max_age))
        return FetchedPrompt(copy.prompt)
    try:
        with client_for(settings, "prompts", seconds=settings.timeout if copy else None) as http:
            prompt = _get(http, name, label, version, True)
    except NetworkError as error:
        if copy is None:
            raise
        fetched = epoch_moment(copy.fetched_at)
        return FetchedPrompt(
            copy.prompt, "this is the copy that was fetched at {}: {}".format(fetched, error)
        )
    except NotFoundError:
        cache.forget(settings, name)
        raise
    return FetchedPrompt(prompt, _kept(settings, prompt, label))


def create_prompt(
    settings: Settings,
    name: str,
    content: Any,
    commit_message: Optional[str] = None,
    labels: Optional[Sequence[str]] = None,
    tags: Optional[Sequence[str]] = None,
    prompt_type: str = TEXT,
    config: Any = None,
    intent: Intent = PLAIN,
) -> Body:
    """Create a new version of a prompt and return it.

    ``content`` is a text, or for the type ``chat`` a list of messages. After a lost response the
    server is asked whether the version exists before another try. ``CoaiaError`` if a label is not
    where the ``intent`` says that it was seen.
    """
    body = _new_version(name, content, commit_message, labels, tags, prompt_type, config)
    with client_for(settings, "prompts") as http:
        held = _held(http, name, body["labels"], intent)
        before = _newest_version(http, name)

        def find() -> Optional[Body]:
            return _version_after(http, body, before)

        what = described(name, None, None)
        created = post_once(http, PROMPTS, body, find, what, patience.PROMPT_POSTS)
    _log_moves(settings, created, {one: held[one] for one in body["labels"]}, intent)
    cache.forget(settings, name)
    return created


def update_prompt_version_labels(
    settings: Settings,
    name: str,
    version: int,
    new_labels: Sequence[str],
    intent: Intent = PLAIN,
) -> Body:
    """Move labels to a version from any other one, and return it; labels cannot be removed.

    ``CoaiaError`` if a label is not where the ``intent`` says that it was seen,
    ``WrongDialectError`` for servers before 3.15, which cannot do that.
    """
    labels = check_labels(new_labels)
    if not labels:
        raise UsageError("give a label to set; the server sets the label latest itself")
    path = "{}/{}/versions/{}".format(PROMPTS, quoted(name), version)
    with client_for(settings, "prompts") as http:
        held = _held(http, name, labels, intent)
        with needing(http, features.LABEL_VERSIONS):
            labelled: Body = http.request("PATCH", path, json={"newLabels": labels}, retry=True)
    _log_moves(settings, labelled, {one: held[one] for one in labels}, intent)
    cache.forget(settings, name)
    return labelled


def delete_prompt(
    settings: Settings, name: str, version: Optional[int] = None, label: Optional[str] = None
) -> None:
    """Delete one version of a prompt, those with a label, or all.

    Raises ``WrongDialectError`` for servers before 3.138, which cannot do that.
    """
    if version and label:
        raise UsageError("choose what to delete by version or by label, not by both")
    with client_for(settings, "prompts") as http:
        try:
            with needing(http, features.DELETE_PROMPTS):
                http.request("DELETE", _path(name), {"version": version, "label": label})
        except NotFoundError as error:
            what = described(name, label, version)
            raise NotFoundError("there is no {} to delete".format(what)) from error
    if not version and not label:
        log.add_deleted(settings, name)
    cache.forget(settings, name)


def described(name: str, label: Optional[str], version: Optional[int]) -> str:
    """Return words for a prompt and the chosen version: ``prompt 'x' (label production)``."""
    words = " ({})".format(cache.selector(label, version)) if label or version else ""
    return "prompt {!r}{}".format(name, words)


def list_versions(settings: Settings, name: str) -> List[Body]:
    """Return every version of a prompt, the newest first; ``NotFoundError`` if there is none."""
    with client_for(settings, "prompts") as http:
        known = [row for row in _rows(http, name, None, None) if row["name"] == name]
        if not known:
            raise NotFoundError("no prompt {!r}: coaia fuse prompts list shows them".format(name))
        numbers = sorted(known[0]["versions"], reverse=True)
        outcomes = run_all(lambda number: _get(http, name, None, number, False), numbers)
    return [prompt for prompt in values_of(outcomes) if prompt is not None]


def _rows(
    http: LangfuseHttp, name: Optional[str], label: Optional[str], tag: Optional[str]
) -> List[Body]:
    query = {"name": name, "label": label, "tag": tag}
    rows = {row["name"]: row for row in rows_from(http, PROMPTS, query, 0, None)}
    return list(rows.values())


def _type_of(http: LangfuseHttp, row: Body) -> Optional[str]:
    """Return a prompt's type from its newest version; all versions have the same type."""
    versions = row.get("versions")
    return _get(http, row["name"], None, max(versions), False).get("type") if versions else None


def _get(
    http: LangfuseHttp, name: str, label: Optional[str], version: Optional[int], resolve: bool
) -> Body:
    query = {"label": label, "version": version, "resolve": None if resolve else False}
    prompt: Body = http.request("GET", _path(name), query)
    return prompt


def _path(name: str) -> str:
    return PROMPTS + "/" + quoted(name)


def _label(label: Optional[str], version: Optional[int]) -> Optional[str]:
    if label and version:
        raise UsageError("choose a prompt by its label or by its version, not by both")
    return None if version else label or PRODUCTION


def _new_version(
    name: str,
    content: Any,
    commit_message: Optional[str],
    labels: Optional[Sequence[str]],
    tags: Optional[Sequence[str]],
    prompt_type: str,
    config: Any,
) -> Body:
    check_name(name)
    check_content(content, prompt_type)
    if commit_message and len(commit_message) > LONGEST_COMMIT_MESSAGE:
        raise UsageError(
            "the commit message has {} characters: use at most {}".format(
                len(commit_message), LONGEST_COMMIT_MESSAGE
            )
        )
    body: Body = {"name": name, "type": prompt_type, "prompt": content}
    body["labels"] = check_labels(labels or [])
    if tags is not None:
        body["tags"] = check_tags(tags)
    if commit_message:
        body["commitMessage"] = commit_message
    if config is not None:
        body["config"] = config
    return body


def _held(
    http: LangfuseHttp, name: str, labels: Sequence[str], intent: Intent
) -> Dict[str, Optional[Held]]:
    """Return which versions labels are on right before a write; ``CoaiaError`` if one has moved."""
    wanted = dict.fromkeys(list(labels) + list(intent.seen))
    held = {label: held_by(_labelled(http, name, label)) for label in wanted}
    for label, seen in intent.seen.items():
        if held[label] != seen:
            raise CoaiaError(
                "the label {} of {} was moved to {} meanwhile: nothing was changed, look at the "
                "difference again".format(label, name, named(held[label]))
            )
    return held


def _log_moves(
    settings: Settings, prompt: Body, held: Dict[str, Optional[Held]], intent: Intent
) -> None:
    """Log which labels a write has moved, and tell of a deployment that nobody was asked about."""
    log.add(settings, prompt, held, intent)
    after = held_by(prompt)
    for label in PROTECTED:
        before = held.get(label)
        if before and after and before != after and label not in intent.seen:
            tell(
                "{0} of {1} moved from version {2} to {3}: coaia fuse prompts rollback {1} takes it "
                "back".format(label, prompt["name"], before.version, after.version)
            )


def _labelled(http: LangfuseHttp, name: str, label: str) -> Optional[Body]:
    try:
        return _get(http, name, label, None, False)
    except NotFoundError:
        return None


def _newest_version(http: LangfuseHttp, name: str) -> int:
    newest = _labelled(http, name, LATEST)
    return newest["version"] if newest else 0


def _version_after(http: LangfuseHttp, body: Body, before: int) -> Optional[Body]:
    """Return a version newer than number ``before`` that has the content of ``body``, or None."""
    name = body["name"]
    for version in range(_newest_version(http, name), before, -1):
        prompt = _get(http, name, None, version, False)
        if is_same(prompt, body) and set(body["labels"]) <= set(prompt["labels"]):
            return prompt
    return None


def _kept(settings: Settings, prompt: Body, label: Optional[str]) -> str:
    try:
        cache.keep(settings, prompt, label)
    except StateError as error:
        return "the prompt could not be stored for times when the server is down: {}".format(error)
    return ""


def _no_copy(
    name: str,
    label: Optional[str],
    version: Optional[int],
    copy: Optional[cache.Copy],
    max_age: Optional[float],
) -> str:
    words = cache.selector(label, version)
    if copy is None:
        return "there is no copy of prompt {!r} ({}): fetch it once without --offline".format(
            name, words
        )
    return "the copy of prompt {!r} ({}) of {} is older than {:g} seconds".format(
        name, words, epoch_moment(copy.fetched_at), max_age or 0
    )
