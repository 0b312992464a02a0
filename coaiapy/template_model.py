"""A pipeline template as a value: its variables, its steps, and what describes them."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.template_document import Document, checked_document, without_nulls


class PipelineVariable(NamedTuple):
    """What the user may give; ``default`` may be an expression, ``None`` means there is none."""

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
        """Return the variable as a template file has it."""
        return _told(self, always=("name", "type", "required"))


class PipelineStep(NamedTuple):
    """One observation to make, or with ``for_each`` one per item; texts may be expressions."""

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
        """Return the step as a template file has it."""
        return _told(self, always=("name", "observation_type"))


class PipelineTemplate(NamedTuple):
    """A whole template, with everything that it inherits; ``source`` is the file it is from."""

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
    def from_dict(cls, document: Mapping[str, Any]) -> "PipelineTemplate":
        """Return the template of a document; ``StateError`` lists what is wrong with it."""
        source = "template {!r}".format(document.get("name", ""))
        return template_from(checked_document(dict(document), source), None)

    def to_dict(self) -> Document:
        """Return the template as its file has it."""
        document = _told(self, always=("name", "version", "description"))
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

    def validate_variables(self, values: Mapping[str, Any]) -> List[str]:
        """Return what is wrong with ``values`` as variables of this template; nothing: ``[]``."""
        from coaiapy.template_variables import resolve

        return resolve(self, values).problems


def template_from(document: Document, source: Optional[str]) -> PipelineTemplate:
    """Return the template of a document that was checked before."""
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
    """The entries without those that only take something away from a base."""
    kept = [entry for entry in entries if not entry.get("remove")]
    return [without_nulls(dict(entry, remove=None)) for entry in kept]


def _told(record: Any, always: Tuple[str, ...]) -> Document:
    """The fields that say something: the given ones, and those that are ``always`` told."""
    defaults = record._field_defaults
    return {
        key: value
        for key, value in record._asdict().items()
        if key in always or value != defaults[key]
    }
