"""Pipelines: makes a whole trace from a template.

from coaiapy.pipeline import TemplateLoader, create
pipeline = create(TemplateLoader().load_template("data-pipeline"), {"user_id": "john"})
traces.submit(settings.load(), [pipeline.trace] + pipeline.observations)
"""

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional

from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.records import Observation, Trace, observation_from
from coaiapy.templating import files as template_files
from coaiapy.templating import inheritance
from coaiapy.templating.inheritance import Listing, list_templates, load
from coaiapy.templating.language import TemplateError
from coaiapy.templating.model import (
    Lookup,
    PipelineStep,
    PipelineTemplate,
    PipelineVariable,
    checked_values,
    lookup_for,
    no_environment,
    placeholders,
)
from coaiapy.templating.render import RenderedStep, new_language, render_steps, trace_for
from coaiapy.templating.starter import init

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Listing",
    "Pipeline",
    "PipelineStep",
    "PipelineTemplate",
    "PipelineVariable",
    "TemplateError",
    "TemplateLoader",
    "TemplateRenderer",
    "create",
    "init",
    "list_templates",
    "load",
    "preview",
]
JUDGE_VARIABLES = ("enable_judge_evaluation", "enable_judge")


class TemplateLoader:
    """Finds, reads and saves templates; for scripts."""

    def list_templates(self, include_path: bool = False) -> List[Dict[str, Any]]:
        """Return each template as a dict: ``name``, ``description``, ``version``, ``author``.

        ``include_path`` adds ``path``. Broken files are left out; ``pipeline.list_templates``
        reports them.
        """
        keys = ["name", "description", "version", "author"] + (["path"] if include_path else [])
        return [{key: listed[key] for key in keys} for listed in list_templates().templates]

    def load_template(self, name: str) -> Optional[PipelineTemplate]:
        """Return the template merged with those it extends, or ``None`` if there is none.

        Raises ``StateError`` if its file is broken and ``UsageError`` for an invalid name.
        """
        found = template_files.find(name)
        return inheritance.load_found(found) if found else None

    def save_template(
        self, template: PipelineTemplate, location: str = "user", format: str = "json"
    ) -> "Path":
        """Save a template in the folder of the ``user`` or the ``project``; return its path."""
        from pathlib import Path

        from coaiapy.util import times

        document = template._replace(created_at=template.created_at or times.now()).to_dict()
        return Path(template_files.write(document, template.name, location, format, True))


class TemplateRenderer:
    """Renders templates into plain dicts; for scripts."""

    def render_template(
        self, template: PipelineTemplate, variables: Mapping[str, Any]
    ) -> List[Dict[str, Any]]:
        """Return a dict for each step: ``name``, ``type``, ``description``, ``variables`` (with
        ``input`` and ``output``), ``metadata`` and, if it has one, ``parent`` (its name).

        Raises ``ValueError`` for missing or wrong variables.
        """
        language = new_language()
        values = checked_values(template, variables, no_environment, language)
        steps = render_steps(template, values, language)
        rendered = []
        for step in steps:
            own = {key: step.fields[key] for key in ("input", "output") if key in step.fields}
            entry = {
                "name": step.name,
                "type": step.type,
                "description": step.description,
                "variables": dict(step.others, **own),
                "metadata": step.fields["metadata"],
            }
            if step.parent is not None:
                entry["parent"] = steps[step.parent].name
            rendered.append(entry)
        return rendered


class Pipeline(NamedTuple):
    """A trace and its observations in the template's order, valid but not written yet."""

    trace: Trace
    observations: List[Observation]

    @property
    def root(self) -> Optional[Observation]:
        """The first observation that has no parent."""
        tops = [each for each in self.observations if each.parent_id is None]
        return tops[0] if tops else None

    def environment(self) -> Dict[str, Optional[str]]:
        """Return the variables of the context for this trace; ``None`` means not set."""
        return {
            "COAIA_TRACE_ID": self.trace.id,
            "COAIA_SESSION_ID": self.trace.session_id,
            "COAIA_USER_ID": self.trace.user_id,
            "COAIA_PARENT_OBSERVATION_ID": self.root.id if self.root else None,
            "COAIA_LAST_OBSERVATION_ID": self.observations[-1].id if self.observations else None,
        }

    def body(self) -> Body:
        """Return the trace with its ``observations``, under the names of Langfuse's API."""
        observations = [observation.body() for observation in self.observations]
        return dict(self.trace.body(), observations=observations)


def create(
    template: PipelineTemplate,
    variables: Optional[Mapping[str, Any]] = None,
    trace_id: Optional[str] = None,
    session_id: Optional[str] = None,
    user_id: Optional[str] = None,
    enable_judge: bool = False,
) -> Pipeline:
    """Return the pipeline that ``template`` makes from ``variables``; nothing is written or sent.

    A variable that is not given comes from the environment (``COAIA_<NAME>``: OS, project, global),
    else from the template's default. ``enable_judge`` adds ``enable_judge`` to the trace's metadata
    and sets the template's variable of that name, if it has one; no judge is called. Raises
    ``TemplateError``, which is also a ``ValueError``, with everything that is wrong.
    """
    given = dict(variables or {})
    for name, value in (("session_id", session_id), ("user_id", user_id)):
        if value is not None:
            given[name] = value
    for name in JUDGE_VARIABLES:
        if enable_judge and name in template.get_variable_names():
            given.setdefault(name, True)
    pipeline = _made(template, given, lookup_for(template, given), trace_id)
    if enable_judge:
        metadata = dict(pipeline.trace.metadata or {}, enable_judge=True)
        pipeline = pipeline._replace(trace=pipeline.trace._replace(metadata=metadata))
    return pipeline


def preview(template: PipelineTemplate) -> Pipeline:
    """Return the pipeline from the template's defaults, with placeholders for other variables."""
    return _made(template, placeholders(template), no_environment, "(preview)")


def _made(
    template: PipelineTemplate, given: Mapping[str, Any], lookup: Lookup, trace_id: Optional[str]
) -> Pipeline:
    language = new_language()
    values = checked_values(template, given, lookup, language)
    trace = trace_for(template, values, language, trace_id)
    steps = render_steps(template, values, language)
    return Pipeline(trace, _observations(trace, steps))


def _observations(trace: Trace, steps: List[RenderedStep]) -> List[Observation]:
    """Return one observation for each step.

    They start a millisecond apart, so that every listing keeps their order. They have no end time,
    since nothing has run yet.
    """
    moments = _moments(trace.timestamp, len(steps))
    made_ids = [ids.new_observation_id() for _ in steps]
    observations = []
    for step, own_id, moment in zip(steps, made_ids, moments):
        fields = dict(
            step.fields,
            id=own_id,
            start_time=moment,
            parent_id=None if step.parent is None else made_ids[step.parent],
            environment=trace.environment,
        )
        observations.append(observation_from(fields, trace.id))
    return observations


def _moments(start: str, count: int) -> List[str]:
    from datetime import timedelta

    from coaiapy.util import times

    first = times.from_text(start)
    return [times.to_text(first + timedelta(milliseconds=i)) for i in range(count)]
