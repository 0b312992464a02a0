"""Which templates may run their commands: those of a project only when the user trusts their files."""

from typing import Any, List, NamedTuple

from coaiapy.config import trust
from coaiapy.templating import files, inheritance
from coaiapy.templating.files import Source
from coaiapy.templating.model import PipelineTemplate
from coaiapy.util.formats.json_values import text_or_json

# The place whose templates may come from somebody else.
_FOREIGN = "project"
COLUMNS = {"name": "Template", "state": "State", "since": "Since", "path": "File"}


class Runnable(NamedTuple):
    """A template to run, and its files that the user has to trust first."""

    template: PipelineTemplate
    untrusted: List[Source]


def load(name: str) -> Runnable:
    """Return the template ``name`` and those of its files that are not trusted as they are now.

    That is none if no step has a command.
    """
    template, sources = inheritance.load_with_files(files.need(name))
    foreign = [one for one in sources if one.place == _FOREIGN] if commands(template) else []
    untrusted = [one for one in foreign if not trust.is_trusted(one.path, one.digest)]
    return Runnable(template, untrusted)


def project_files(name: str) -> List[Source]:
    """Return the files of the template ``name`` that are in the project."""
    _, sources = inheritance.load_with_files(files.need(name))
    return [one for one in sources if one.place == _FOREIGN]


def commands(template: PipelineTemplate) -> List[str]:
    """Return the commands of a template as its file has them, each with the name of its step."""
    return [
        "{}: {}".format(step.name, _written(step.run))
        for step in template.steps
        if step.run is not None
    ]


def _written(run: Any) -> str:

    return text_or_json(run)


def accept(sources: List[Source]) -> None:
    """Trust files of templates with the content that was read."""
    for source in sources:
        trust.trust(source.path, source.digest)
