"""Scores and score configs under the names and keywords that scripts import.

Each function reads the current settings. Functions that returned a server's text in earlier
releases return JSON text. Errors are raised, unless a function's description says that it returns
``Error: ...``. When the server is down and an old config from the cache is used, a
``StaleScoreConfigWarning`` is issued.
"""

import warnings
from typing import Any, Callable, Dict, List, Optional, Sequence

from coaiapy.config import settings
from coaiapy.errors import CoaiaError
from coaiapy.langfuse.client.project import current_project
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.display import fields, listing, with_note
from coaiapy.langfuse.records.ids import span_trace_id
from coaiapy.langfuse.records.records import Score
from coaiapy.langfuse.scores import config_files as score_config_files
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores import presets as score_presets
from coaiapy.langfuse.scores import scores
from coaiapy.langfuse.scores.config_cache import (
    MAX_AGE_HOURS,
    cache_score_config,
    get_project_cache_path,
    is_cache_stale,
    load_project_cache,
    save_project_cache,
)
from coaiapy.langfuse.scores.configs import Made
from coaiapy.langfuse.scores.presets import get_built_in_presets, get_preset_by_name, list_presets
from coaiapy.langfuse.scores.readers import ScoreFilter
from coaiapy.langfuse.scores.values import validate_score_value
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.send.outcome import Outcome
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.legacy.json_text import for_people, parsed, rows, to_text
from coaiapy.util.old_names import with_old_names
from coaiapy.util.times import parse_time

__all__ = [
    "BUILT_IN_PRESETS",
    "StaleScoreConfigWarning",
    "apply_score_config",
    "apply_score_to_trace",
    "cache_score_config",
    "create_score",
    "create_score_config",
    "create_score_for_target",
    "export_score_configs",
    "format_import_preview",
    "format_preset_display",
    "format_presets_table",
    "format_score_configs_table",
    "format_scores_table",
    "get_built_in_presets",
    "get_config_with_auto_refresh",
    "get_current_project_info",
    "get_preset_by_name",
    "get_project_cache_path",
    "get_score_by_id",
    "get_score_config",
    "import_score_configs",
    "import_score_configs_legacy",
    "install_preset",
    "install_presets_interactive",
    "is_cache_stale",
    "list_available_configs",
    "list_presets",
    "list_score_configs",
    "list_scores",
    "load_project_cache",
    "save_project_cache",
    "update_score_config",
    "validate_score_value",
]

BUILT_IN_PRESETS = get_built_in_presets()
_TARGETS = {"trace": "trace_id", "session": "session_id", "run": "dataset_run_id"}


class StaleScoreConfigWarning(UserWarning):
    """A score config may be out of date, or the cache cannot be used."""


def _warn(sentence: str) -> None:
    warnings.warn(sentence, StaleScoreConfigWarning, stacklevel=4)


def get_current_project_info() -> Optional[Dict[str, Any]]:
    """Return ``{"id", "name"}`` of the project of the keys; both are ``local`` without keys.

    The server is asked only once; the answer is kept in the journal.
    """
    project = current_project(settings.load())
    return {"id": project.id, "name": project.name}


def get_config_with_auto_refresh(
    config_name_or_id: str, max_age_hours: float = MAX_AGE_HOURS
) -> Optional[Body]:
    """Return an active score config by name (in any case) or id, or ``None``.

    It comes from the cache if that is at most ``max_age_hours`` old, else from the server.
    """
    found = score_configs.find(settings.load(), config_name_or_id, _warn, max_age_hours)
    return None if found is None or found.get("isArchived") else found


def list_available_configs(category: Optional[str] = None, cached_only: bool = False) -> List[Body]:
    """Return the score configs that can be applied; with ``cached_only`` no server is asked."""
    return score_presets.list_available(settings.load(), category, cached_only, _warn)


def list_score_configs(debug: bool = False) -> str:
    """Return the list of all score configs, with archived ones, as JSON text."""
    return to_text(score_configs.list_all(settings.load(), with_archived=True))


def get_score_config(config_id: str) -> str:
    """Return one score config, as the server has it now, as JSON text."""
    return to_text(score_configs.get_from_server(settings.load(), config_id))


def create_score_config(
    name: str,
    data_type: str,
    description: Optional[str] = None,
    categories: Any = None,
    min_value: Optional[float] = None,
    max_value: Optional[float] = None,
) -> str:
    """Create a score config and return it as JSON text; ``categories`` may be JSON text."""
    values = {
        "name": name,
        "dataType": data_type,
        "description": description,
        "categories": parsed(categories),
        "minValue": min_value,
        "maxValue": max_value,
    }
    return to_text(score_configs.create(settings.load(), values, allow_duplicates=True))


def update_score_config(
    config_id: str, description: Optional[str] = None, is_archived: Optional[bool] = None
) -> str:
    """Change a score config and return it as JSON text."""
    changes = {"description": description, "isArchived": is_archived}
    return to_text(score_configs.update(settings.load(), config_id, changes))


def apply_score_config(
    config_name_or_id: str,
    target_type: str,
    target_id: str,
    value: Any,
    observation_id: Optional[str] = None,
    comment: Optional[str] = None,
) -> str:
    """Write a score with a value that a config allows; return JSON text with its ``id``.

    If the server cannot be reached, returns ``{"id", "status": "waiting"}``: the score is sent
    later and must not be applied again. After any other failure returns a text that begins with
    ``Error:``; nothing is sent later, and the score may be applied again.
    """
    values = {
        _target(target_type): target_id,
        "observation_id": observation_id,
        "config": config_name_or_id,
        "value": value,
        "comment": comment,
    }
    known = settings.load()
    try:
        score = scores.from_values(known, values, _warn)
        return _told(score, scores.submit(known, [score]), lambda: scores.withdraw(known, score))
    except CoaiaError as error:
        return "Error: {}".format(error)


def create_score(score_id: str, score_name: str, score_value: Any = 1.0) -> str:
    """Raise ``UsageError``: no server accepts a score without a target."""
    return _written({"id": score_id, "name": score_name, "value": score_value})


def create_score_for_target(
    target_type: str,
    target_id: str,
    score_id: str,
    score_value: Any = 1.0,
    score_name: Optional[str] = None,
    observation_id: Optional[str] = None,
    config_id: Optional[str] = None,
    comment: Optional[str] = None,
) -> str:
    """Write a score on a ``trace``, ``session`` or ``run``; return JSON text with its ``id``.

    If the server cannot be reached, returns ``{"id", "status": "waiting"}`` and sends the score
    later. With ``config_id`` the score has the config's name, and its value must be one that the
    config allows. Raises ``ValueError`` for any other type of target.
    """
    values = {
        _target(target_type): target_id,
        "id": score_id,
        "name": None if config_id else score_name or score_id,
        "value": score_value,
        "observation_id": observation_id,
        "config": config_id,
        "comment": comment,
    }
    return _written(values)


def apply_score_to_trace(trace_id: str, score_id: str, score_value: Any = 1.0) -> str:
    """Write a score on a trace; its name is ``score_id``. See ``create_score_for_target``."""
    return create_score_for_target("trace", trace_id, score_id, score_value)


def list_scores(
    debug: bool = False,
    user_id: Optional[str] = None,
    name: Optional[str] = None,
    from_timestamp: Optional[str] = None,
    to_timestamp: Optional[str] = None,
    config_id: Optional[str] = None,
) -> str:
    """Return the list of scores, the latest first, as JSON text.

    With ``user_id`` only scores of that user's traces.
    """
    known = settings.load()
    wanted = ScoreFilter(
        name=name,
        config_id=config_id,
        from_time=parse_time(from_timestamp) if from_timestamp else None,
        to_time=parse_time(to_timestamp) if to_timestamp else None,
        user_id=user_id,
    )
    found = scores.list_scores(known, wanted)
    if user_id is not None:
        own = trace_reads.list_traces(known, TraceFilter(user_id=user_id))
        keys = {span_trace_id(trace["id"]) for trace in own}
        found = [
            one for one in found if one.get("traceId") and span_trace_id(one["traceId"]) in keys
        ]
    return to_text(found)


def get_score_by_id(score_id: str) -> str:
    """Return one score as JSON text."""
    return to_text(scores.get_score(settings.load(), score_id))


def import_score_configs(
    import_file: str,
    show_guidance: bool = True,
    allow_duplicates: bool = False,
    selected_configs: Optional[Sequence[str]] = None,
) -> str:
    """Create the score configs of an export file; return a report with one line for each."""
    chosen = score_config_files.select(score_config_files.read(import_file), selected_configs)
    report = _report(score_configs.create_all(settings.load(), chosen, allow_duplicates))
    if show_guidance:
        report += "\napply one: coaia fuse score-configs apply NAME --trace-id ID -v VALUE"
    return report


import_score_configs_legacy = with_old_names(interactive=None, force="allow_duplicates")(
    import_score_configs
)


@for_people
def format_scores_table(scores_json: Any) -> str:
    """Return a table of what ``list_scores`` returned."""
    keys = ("id", "name", "value", "timestamp", "traceId", "sessionId")
    found = rows(scores_json)
    return listing(found, with_note({key: key for key in keys}, found))


@for_people
def format_score_configs_table(configs_json: Any) -> str:
    """Return a table of what ``list_score_configs`` returned."""
    keys = ("id", "name", "dataType", "description", "createdAt")
    return listing(rows(configs_json), {key: key for key in keys})


@for_people
def format_presets_table(presets: Any) -> str:
    """Return a table of what ``list_presets`` returned."""
    keys = ("name", "category", "dataType", "description")
    return listing(rows(presets), {key: key for key in keys})


@for_people
def format_preset_display(preset: Any) -> str:
    """Return a preset with one field on each line."""
    return fields(parsed(preset))


def export_score_configs(output_file: Optional[str] = None, include_metadata: bool = True) -> str:
    """Return the export of all score configs as JSON text; also write it to a file if one is named.

    A file that exists is replaced.
    """
    exported = score_config_files.export(settings.load(), include_metadata)
    if output_file is not None:
        score_config_files.write(output_file, exported, force=True)
    return to_text(exported)


def format_import_preview(import_file: str) -> str:
    """Return a table of the score configs in an export file."""
    return format_score_configs_table(score_config_files.read(import_file))


@with_old_names(preset_name="name")
def install_preset(name: str, check_duplicates: bool = True, interactive: bool = False) -> str:
    """Create the score config of a preset and return a report of one line.

    ``interactive`` has no effect: nothing is ever asked.
    """
    preset = score_presets.get(name)
    return _report(score_presets.install(settings.load(), [preset], not check_duplicates))


def install_presets_interactive(
    preset_names: Optional[Sequence[str]] = None, category: Optional[str] = None
) -> str:
    """Create the score configs of presets, by default of all, and return a report.

    In spite of its name it never asks anything.
    """
    if preset_names:
        wanted = [score_presets.get(name) for name in preset_names]
    else:
        wanted = score_presets.list_presets(category)
    return _report(score_presets.install(settings.load(), wanted))


def _target(target_type: str) -> str:
    if target_type not in _TARGETS:
        raise ValueError(
            "target_type {!r} is not one of {}".format(target_type, ", ".join(sorted(_TARGETS)))
        )
    return _TARGETS[target_type]


def _written(values: Body) -> str:
    known = settings.load()
    score = scores.from_values(known, values, _warn)
    return _told(score, scores.submit(known, [score]))


def _told(score: Score, outcome: Outcome, on_error: Callable[[], None] = lambda: None) -> str:
    """Return the result of writing a score as JSON text; waiting in the outbox is no failure."""
    try:
        delivery.check(outcome)
    except CoaiaError:
        on_error()
        raise
    return to_text(dict({"id": score.id}, **({"status": "waiting"} if outcome.waiting else {})))


def _report(made: Any) -> str:
    return "\n".join(map(_line, made))


def _line(one: Made) -> str:
    return "{}: {} ({})".format(one.name, one.outcome, one.reason or one.id)
