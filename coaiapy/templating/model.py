"""The classes for a template, its variables and its steps, and the values of the variables."""

from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.env import cascade
from coaiapy.templating.document import (
    Document,
    checked_document,
    convert,
    has_expression,
    value_problem,
    without_nulls,
)
from coaiapy.templating.language import Language, TemplateError
from coaiapy.templating.versions import DEFAULT, version_of
from coaiapy.util.old_names import with_old_names
from coaiapy.util.text.wording import did_you_mean

# Looks up an environment variable: returns its text and the place it comes from, or None.
Lookup = Callable[[str], Optional[Tuple[str, str]]]


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

    With ``run`` it has a command, and ``output`` may be one of ``document.OUTPUTS``. Texts may contain
    expressions.
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
    run: Any = None
    env: Dict[str, Any] = {}
    cwd: Optional[str] = None
    stdin: Optional[str] = None
    timeout: Any = None
    retries: Any = 0
    backoff: Any = 1
    continue_on_error: Any = False
    needs: Any = None

    @property
    def output_form(self) -> str:
        """How the output of its command is read."""
        return self.output if isinstance(self.output, str) else "text"

    def to_dict(self) -> Document:
        """Return the step as in a template file."""
        return _set_fields(self, always=("name", "observation_type"))


class PipelineTemplate(NamedTuple):
    """A template, merged with those it extends; ``source`` is the path of its file.

    ``origin`` is where it is published, the ``source`` in its file.
    """

    name: str
    version: str = DEFAULT
    description: Optional[str] = None
    author: Optional[str] = None
    created_at: Optional[str] = None
    variables: List[PipelineVariable] = []
    steps: List[PipelineStep] = []
    extends: Optional[str] = None
    metadata: Dict[str, Any] = {}
    trace: Dict[str, Any] = {}
    source: Optional[str] = None
    requires: Dict[str, Any] = {}
    origin: Optional[str] = None

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
        if self.origin:
            document["source"] = document.pop("origin")
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

        return resolve(self, values).problems


def template_from(document: Document, source: Optional[str]) -> PipelineTemplate:
    """Return the template in a document that has been checked."""
    fields = dict(document)
    fields["variables"] = [PipelineVariable(**entry) for entry in _kept(document["variables"])]
    fields["steps"] = [_step(entry) for entry in _kept(document["steps"])]
    fields["version"] = version_of(document)
    fields["origin"] = fields.pop("source", None)
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


# Variables that every template has, also without declaring them: they become fields of the trace.
COMMON = (
    PipelineVariable("user_id", required=False, description="The user the trace belongs to"),
    PipelineVariable("session_id", required=False, description="The session of the trace"),
)


class Resolved(NamedTuple):
    """The values of the variables by name, and what is wrong with them: empty if nothing is."""

    values: Dict[str, Any]
    problems: List[str]


def no_environment(key: str) -> Optional[Tuple[str, str]]:
    """Return ``None``: a lookup that finds nothing."""
    return None


def all_variables(template: PipelineTemplate) -> List[PipelineVariable]:
    """Return the declared variables, then those that every template has."""
    declared = {name for variable in template.variables for name in all_names(variable)}
    common = [variable for variable in COMMON if variable.name not in declared]
    return list(template.variables) + common


def all_names(variable: PipelineVariable) -> List[str]:
    """Return the name of a variable and its aliases."""
    return [variable.name] + list(variable.aliases)


def environment_key(name: str) -> str:
    """Return the name of the environment variable for a template's variable."""
    return "COAIA_" + name.upper()


def lookup_for(template: PipelineTemplate, given: Mapping[str, Any]) -> Lookup:
    """Return the look-up, in the environment, of the variables that are not given."""
    names = [name for variable in all_variables(template) for name in all_names(variable)]
    return cascade.find_all(
        [environment_key(name) for name in names if given.get(name) is None]
    ).get


def resolve(
    template: PipelineTemplate,
    given: Mapping[str, Any],
    lookup: Lookup = no_environment,
    language: Optional[Language] = None,
) -> Resolved:
    """Return the value of each variable: given, else from the environment, else its default.

    Texts are converted to the declared type. All problems are collected; a variable with a problem
    has no value.
    """
    variables = all_variables(template)
    problems = _unknown(variables, given)
    values: Dict[str, Any] = {}
    for variable in variables:
        source = ""
        try:
            source, value = _stated(variable, given, lookup)
            if source:
                values[variable.name] = _accepted(variable, value)
            elif variable.is_needed:
                problems.append("the variable {!r} is required".format(variable.name))
        except ValueError as error:
            problems.append("{} {}".format(source or repr(variable.name), error))
    wanting = [variable for variable in variables if variable.name not in values]
    if not problems:
        try:
            _Defaults(template, wanting, values, language).fill_all()
        except TemplateError as error:
            problems.append(str(error))
    return Resolved(values, problems)


def checked_values(
    template: PipelineTemplate, given: Mapping[str, Any], lookup: Lookup, language: Language
) -> Dict[str, Any]:
    """Return the value of each variable; raise ``TemplateError`` with everything that is wrong."""
    values, problems = resolve(template, given, lookup, language)
    if problems:
        raise TemplateError(
            "template {!r}: validation failed: {} (coaia pipeline show {} lists its "
            "variables)".format(template.name, "; ".join(problems), template.name)
        )
    return values


def names_of(template: PipelineTemplate, values: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the values that expressions may use, by the variables' names and aliases."""
    return {
        name: values[variable.name]
        for variable in all_variables(template)
        for name in all_names(variable)
    }


def placeholders(template: PipelineTemplate) -> Dict[str, Any]:
    """Return a placeholder value for each variable that must be given, for a preview."""
    return placeholders_of(template.variables)


def placeholders_of(variables: Iterable[PipelineVariable]) -> Dict[str, Any]:
    """Return a placeholder value for each of the variables that must be given."""
    return {one.name: _placeholder(one) for one in variables if one.is_needed}


def _placeholder(variable: PipelineVariable) -> Any:
    value: Any = "<{}>".format(variable.name)
    if variable.choices:
        value = variable.choices[0]
    elif variable.type in ("number", "integer"):
        value = 1 if variable.minimum is None else max(1, variable.minimum)
        value = value if variable.maximum is None else min(value, variable.maximum)
    elif variable.type in ("boolean", "object"):
        value = True if variable.type == "boolean" else {}
    return [value] if variable.type == "list" else value


def _unknown(variables: List[PipelineVariable], given: Mapping[str, Any]) -> List[str]:
    known = [name for variable in variables for name in all_names(variable)]
    problems = []
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known) or "; its variables are {}".format(", ".join(known))
            problems.append("there is no variable {!r}{}".format(name, hint))
    return problems


def _stated(
    variable: PipelineVariable, given: Mapping[str, Any], lookup: Lookup
) -> Tuple[str, Any]:
    """Return where a value was given (words for a message) and the value; ``""`` if it was not.

    An empty environment variable counts as not set. Raises ``ValueError`` if it was given twice.
    """
    stated = [name for name in all_names(variable) if given.get(name) is not None]
    if len(stated) > 1:
        raise ValueError("and {!r} are the same variable: give one".format(stated[1]))
    if stated:
        return repr(stated[0]), given[stated[0]]
    key = key_used(variable, given, lookup)
    text, place = (key and lookup(key)) or ("", "")
    return ("{!r} in {}".format(key, place), text) if text else ("", None)


def key_used(variable: PipelineVariable, given: Mapping[str, Any], lookup: Lookup) -> Optional[str]:
    """Return the environment variable that a value comes from, ``None`` if it comes from none."""
    names = all_names(variable)
    keys = [] if any(given.get(name) is not None for name in names) else map(environment_key, names)
    return next((key for key in keys if (lookup(key) or ("", ""))[0]), None)


def _accepted(variable: PipelineVariable, value: Any) -> Any:
    """Return ``value`` as the variable's type; ``ValueError`` if it is not allowed."""
    converted = convert(value, variable.type)
    if variable.is_needed and converted == "":
        raise ValueError("must not be empty")
    problem = value_problem(converted, variable._asdict())
    if problem:
        raise ValueError(problem)
    return converted


class _Defaults:
    """Fills in defaults. One that is an expression may use other variables, but not in a cycle."""

    def __init__(
        self,
        template: PipelineTemplate,
        variables: List[PipelineVariable],
        values: Dict[str, Any],
        language: Optional[Language],
    ) -> None:
        self._waiting = {variable.name: variable for variable in variables}
        self._aliases = {
            alias: variable.name
            for variable in all_variables(template)
            for alias in variable.aliases
        }
        self._values = values
        self._language = language
        self._open: List[str] = []

    def fill_all(self) -> None:
        for name in self._waiting:
            self._fill(name)

    def _fill(self, name: str) -> None:
        if name not in self._waiting or name in self._values:
            return
        where = "default of {!r}".format(name)
        if name in self._open:
            cycle = " -> ".join(self._open[self._open.index(name) :] + [name])
            raise TemplateError("{}: forms a cycle: {}".format(where, cycle))
        variable = self._waiting[name]
        self._open.append(name)
        default = self._rendered(variable, where)
        self._open.pop()
        try:
            self._values[name] = None if default is None else _accepted(variable, default)
        except ValueError as error:
            raise TemplateError("{}: {}".format(where, error)) from error

    def _rendered(self, variable: PipelineVariable, where: str) -> Any:
        default = variable.default
        if not _has_expressions(default):
            return default
        if self._language is None:
            return None
        for needed in sorted(self._language.names_in(default, where)):
            self._fill(self._aliases.get(needed, needed))
        names = dict(self._values)
        names.update({alias: names[name] for alias, name in self._aliases.items() if name in names})
        return self._language.render(default, names, where)


def _has_expressions(value: Any) -> bool:
    if isinstance(value, (dict, list)):
        return any(
            _has_expressions(item)
            for item in (value.values() if isinstance(value, dict) else value)
        )
    return has_expression(value)
