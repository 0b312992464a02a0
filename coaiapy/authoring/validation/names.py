"""The names that expressions use: what is not declared, and what is declared and never used."""

from typing import Any, Iterator, List, Set, Tuple

from coaiapy.authoring.validation.reading import Subject, is_taken_out
from coaiapy.authoring.validation.rules import Flaw
from coaiapy.errors import UsageError
from coaiapy.pipeline import JUDGE_VARIABLES
from coaiapy.templating.expressions.shell_text import pieces_of, shell_text
from coaiapy.templating.language import Language, TemplateError
from coaiapy.templating.model import COMMON, PipelineStep, PipelineTemplate, all_names
from coaiapy.util.formats.json_schema import Path
from coaiapy.util.text.wording import did_you_mean

_LOOP = {"item", "index", "number"}
_STEPS = "steps"
# Fields of a step that are no texts to render.
_PLAIN = ("observation_type",)
# Fields that are an expression also without braces.
_BARE = ("conditional", "for_each")
# Fields that name steps, as those are written in the file or as they are rendered.
_NAMING = ("parent", "needs")


class Text:
    """A text of a template that may have expressions, with what these can use."""

    def __init__(self, part: Path, value: str, known: Set[str]) -> None:
        self.part = part
        self.value = value
        self.known = known

    def find(self, language: Language) -> Set[str]:
        """Return the names that it uses; an error begins with ``x``."""
        field = self.part[2] if len(self.part) == 3 and self.part[0] == "steps" else ""
        if field == "run":
            return language.names_in_command(self.value, "x")
        if field in _BARE and self.value.strip():
            return language.names_in_expression(self.value, "x")
        return language.names_in(self.value, "x")


def flaws(subject: Subject, language: Language) -> Iterator[Flaw]:
    """Yield what is wrong with names, and with expressions that cannot be read."""
    template = subject.template
    used: Set[str] = set()
    for text in texts(template, language):
        try:
            names = text.find(language)
        except TemplateError as error:
            yield Flaw(text.part, "expression", str(error)[len("x: ") :])
            continue
        used |= names
        for name in sorted(names - text.known):
            message = "there is no variable {!r}{}".format(name, _hint(name, text))
            yield Flaw(text.part, "undefined-variable", message)
    yield from _unused(subject, used)
    yield from _shell_flaws(template)


def _hint(name: str, text: Text) -> str:
    if name in _LOOP:
        return ": only a step with for_each has one, in fields other than that"
    if name == _STEPS:
        return ": only steps know what other steps give"
    return did_you_mean(name, text.known)


def texts(template: PipelineTemplate, language: Language) -> Iterator[Text]:
    """Yield every text of a template."""
    variables = {name for one in list(template.variables) + list(COMMON) for name in all_names(one)}
    known = variables | language.functions()
    for i, variable in enumerate(template.variables):
        yield from _texts_in(("variables", i, "default"), variable.default, known)
    yield from _texts_in(("trace",), template.trace, known)
    names = {step.name for step in template.steps}
    for i, step in enumerate(template.steps):
        if not is_taken_out(step.name):
            yield from _texts_of_step(("steps", i), step, known, names)


def _texts_of_step(part: Path, step: PipelineStep, known: Set[str], names: Any) -> Iterator[Text]:
    steps = known | {_STEPS}
    inside = steps | (_LOOP if step.for_each is not None else set())
    for field, value in step._asdict().items():
        if field in _PLAIN:
            continue
        here = steps if field == "for_each" else known if field == "needs" else inside
        for text in _texts_in(part + (field,), value, here):
            if field not in _NAMING or text.value not in names:
                yield text


def _texts_in(part: Path, value: Any, known: Set[str]) -> Iterator[Text]:
    waiting: List[Tuple[Path, Any]] = [(part, value)]
    while waiting:
        part, value = waiting.pop()
        if isinstance(value, str):
            yield Text(part, value, known)
        elif isinstance(value, dict):
            waiting.extend((part + (key,), one) for key, one in value.items())
        elif isinstance(value, list):
            waiting.extend((part + (i,), one) for i, one in enumerate(value))


def _unused(subject: Subject, used: Set[str]) -> Iterator[Flaw]:
    """A command gets every variable in its environment: nobody knows whether it uses it."""
    template = subject.template
    if any(step.run is not None for step in template.steps):
        return
    special = {one.name for one in COMMON}.union(JUDGE_VARIABLES)
    for i, variable in enumerate(template.variables):
        names = set(all_names(variable))
        part = ("variables", i, "name")
        if names & (used | special) or is_taken_out(variable.name) or not subject.is_own(part):
            continue
        yield Flaw(part, "unused-variable", "the variable {!r} is never used".format(variable.name))


def _shell_flaws(template: PipelineTemplate) -> Iterator[Flaw]:
    """Yield the commands with an expression where a shell would not read its value as one word."""
    for i, step in enumerate(template.steps):
        pieces = pieces_of(step.run) if isinstance(step.run, str) else None
        if pieces is None:
            continue
        try:
            shell_text(pieces)
        except UsageError as error:
            yield Flaw(("steps", i, "run"), "command", str(error))
