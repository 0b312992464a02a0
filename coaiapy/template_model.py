"""The classes for a pipeline template, its variables and its steps."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.template_document import Document, checked_document, without_nulls
from coaiapy.util.old_names import with_old_names


class PipelineVariable(NamedTuple):
    """A variable of a template; ``default`` may be an expression, ``None`` means no default."""

    name: str
    type: str = "string"
    required: bool = True
    default: Any = None
    description: Optional[str] = None
    choices: Optional[List[Any]] = None
    minimum: Any = None
    maximum: Any = None
    aliases: List[str] = []

    @property
    def is_needed(self) -> bool:
        """Whether the user must give a value."""
        return self.required and self.default is None

    def to_dict(self) -> Document:
        """Return the variable as in a template file."""
        return _set_fields(self, always=("name", "type", "required"))


class PipelineStep(NamedTuple):
    """A step: makes one observation, or with ``for_each`` one for each item.

    Texts may contain expressions.
    """

    name: str
    observation_type: str = "EVENT"
    description: Optional[str] = None
    parent: Optional[str] = None
    variables: Dict[str, Any] = {}
    metadata: Dict[str, Any] = {}
    conditional: Any = None
    for_each: Any = None
    level: str = "DEFAULT"
    status_message: Optional[str] = None
    model: Optional[str] = None
    model_parameters: Any = None
    usage: Any = None
    input: Any = None
    output: Any = None

    def to_dict(self) -> Document:
        """Return the step as in a template file."""
        return _set_fields(self, always=("name", "observation_type"))


class PipelineTemplate(NamedTuple):
    """A template, merged with those it extends; ``source`` is the path of its file."""

    name: str
    version: str = "1.0"
    description: Optional[str] = None
    author: Optional[str] = None
    created_at: Optional[str] = None
    variables: List[PipelineVariable] = []
    steps: List[PipelineStep] = []
    extends: Optional[str] = None
    metadata: Dict[str, Any] = {}
    trace: Dict[str, Any] = {}
    source: Optional[str] = None

    @classmethod
    @with_old_names(data="document")
    def from_dict(cls, document: Mapping[str, Any]) -> "PipelineTemplate":
        """Return the template of a document; ``UsageError`` lists what is wrong with it."""
        source = "template {!r}".format(document.get("name", ""))
        return template_from(checked_document(dict(document), source), None)

    def to_dict(self) -> Document:
        """Return the template as in a template file."""
        document = _set_fields(self, always=("name", "version", "description"))
        document.pop("source", None)
        document["variables"] = [variable.to_dict() for variable in self.variables]
        document["steps"] = [step.to_dict() for step in self.steps]
        return document

    def get_variable_names(self) -> List[str]:
        """Return the names of the declared variables."""
        return [variable.name for variable in self.variables]

    def get_required_variables(self) -> List[str]:
        """Return the names of the variables that must be given."""
        return [variable.name for variable in self.variables if variable.is_needed]

    @with_old_names(provided_vars="values")
    def validate_variables(self, values: Mapping[str, Any]) -> List[str]:
        """Return what is wrong with ``values`` for the variables, an empty list if nothing is."""
        from coaiapy.template_variables import resolve

        return resolve(self, values).problems


def template_from(document: Document, source: Optional[str]) -> PipelineTemplate:
    """Return the template in a document that has been checked."""
    fields = dict(document)
    fields["variables"] = [PipelineVariable(**entry) for entry in _kept(document["variables"])]
    fields["steps"] = [_step(entry) for entry in _kept(document["steps"])]
    fields["version"] = str(document.get("version", "1.0"))
    fields.setdefault("name", "")
    return PipelineTemplate(source=source, **fields)


def _step(entry: Document) -> PipelineStep:
    step = PipelineStep(**entry)
    return step._replace(observation_type=step.observation_type.upper())


def _kept(entries: List[Document]) -> List[Document]:
    """Return the entries without those that only remove one of the base template."""
    kept = [entry for entry in entries if not entry.get("remove")]
    return [without_nulls(dict(entry, remove=None)) for entry in kept]


def _set_fields(record: Any, always: Tuple[str, ...]) -> Document:
    """Return the fields that differ from their defaults, and those in ``always``."""
    defaults = record._field_defaults
    return {
        key: value
        for key, value in record._asdict().items()
        if key in always or value != defaults[key]
    }
