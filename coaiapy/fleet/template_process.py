"""A whole template as one command: a process of its own, which puts out what the last step has."""

import os
from typing import Any, List, Mapping, Optional, Tuple

from coaiapy.config import settings
from coaiapy.errors import CoaiaError, ConfigError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.traces import current, observe
from coaiapy.running.pipelines import tasks
from coaiapy.running.pipelines.steps import FAILED, SUCCEEDED
from coaiapy.running.pipelines.watcher import Watcher
from coaiapy.templating import trusted
from coaiapy.templating.model import PipelineTemplate
from coaiapy.util import packages
from coaiapy.util.formats.json_values import text_or_json


def words_for(
    title: str,
    env_file: Optional[str],
    variables: Mapping[str, Any],
    template: Optional[str] = None,
    document: Optional[Body] = None,
) -> Tuple[List[str], str]:
    """Return the words of a process that runs a template, and what it reads from standard input.

    The template is that of this name, which has to be trusted when it starts, or the ``document``.
    """
    given = {"variables": variables, "template": template, "document": document}
    orders = packages.orders("fleet.template_process.run", dict(given, env_file=env_file))
    return packages.words_of_process(title), orders


def run(
    env_file: Optional[str],
    variables: Mapping[str, Any],
    template: Optional[str],
    document: Optional[Body],
) -> str:
    """Run a template in the trace of this process; return the output of its last command."""
    wanted = _trusted(str(template)) if document is None else PipelineTemplate.from_dict(document)
    here = current.position()
    done = tasks.run(
        tasks.Task(
            wanted,
            variables,
            trace_id=here.trace_id if here else None,
            parent_id=here.parent_id if here else None,
            jobs=os.cpu_count() or 1,
        ),
        settings.load(env_file),
        env_file,
        Watcher(),
        observe.log,
    )
    if done.result.status != SUCCEEDED:
        failed = next((step for step in done.result.steps if step.state == FAILED), None)
        why = "{!r}: {}".format(failed.name, failed.reason) if failed else done.result.status
        raise CoaiaError("the pipeline was not completed: {}".format(why))
    ran = [step for step in done.result.steps if step.command and step.state == SUCCEEDED]
    if not ran:
        raise CoaiaError("no step of the template {!r} has run a command".format(wanted.name))
    found = ran[-1].output
    return text_or_json(found)


def _trusted(name: str) -> PipelineTemplate:
    runnable = trusted.load(name)
    if runnable.untrusted:
        raise ConfigError("the template {!r} has changed, and is not trusted now".format(name))
    return runnable.template
