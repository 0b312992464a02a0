"""What is run for every item: a command, a model that is asked with a prompt, or a pipeline."""

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy import patience
from coaiapy.errors import UsageError
from coaiapy.experiments import evaluators, items
from coaiapy.experiments.items import Item
from coaiapy.langfuse.prompts import compiled
from coaiapy.langfuse.records.body import Body
from coaiapy.templating.model import (
    PipelineTemplate,
    all_names,
    all_variables,
    lookup_for,
    resolve,
)
from coaiapy.util import packages
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.text.wording import counted

# How a command gets its input; the fourth is its environment.
STDIN, ARGUMENT, JSON = "stdin", "arg", "json"
# What a list of processes shows.
_TITLE = "coaia experiment"


class Start(NamedTuple):
    """What is started for an item: its words, its standard input, and what its environment has more."""

    words: List[str]
    stdin: Optional[str]
    environment: Dict[str, Optional[str]] = {}


class ByCommand(NamedTuple):
    """A command of the user, which gets the input of an item as ``input_as`` says.

    ``grace`` is how many seconds it has to end, once it is asked to.
    """

    words: List[str]
    input_as: str = STDIN
    grace: float = patience.GRACE

    def start(self, item: Item) -> Start:
        """Return what is started for an item; ``UsageError`` if it cannot have its input so."""
        text = text_or_json(item.input)
        if self.input_as == STDIN:
            return Start(self.words, text)
        if self.input_as == JSON:
            return Start(self.words, evaluators.as_json(item.input))
        if not items.fits(text):
            raise UsageError("its input is too long, or has a NUL: use --input-as stdin")
        if self.input_as == ARGUMENT:
            return Start(self.words + [text], None)
        return Start(self.words, None, {"COAIA_ITEM_INPUT": text})


class ByPrompt(NamedTuple):
    """A prompt of Langfuse that a model is asked with; ``model`` overrides that of the prompt."""

    prompt: Body
    model: Optional[str]
    env_file: Optional[str]
    grace: float = patience.GRACE

    def start(self, item: Item) -> Start:
        """Return what is started for an item; ``UsageError`` if a value cannot be put in."""
        content, config = (
            compiled.compiled(self.prompt["prompt"], fields(item)),
            self.prompt.get("config"),
        )
        return _inside(
            "experiments.execution.prompt_process.ask",
            self.env_file,
            content=content,
            prompt=[self.prompt["name"], self.prompt["version"]],
            config=config if isinstance(config, dict) else {},
            model=self.model,
        )

    def check(self, chosen: Iterable[Item]) -> None:
        """Raise ``UsageError`` if an item lacks something that the prompt names."""
        why = "lacks what the prompt {!r} names:".format(self.prompt["name"])
        prompt = self.prompt["prompt"]
        _refuse(why, ((item, ", ".join(compiled.missing(prompt, fields(item)))) for item in chosen))


class ByPipeline(NamedTuple):
    """A template that is run as a pipeline, with the fields of an item as its variables."""

    name: str
    template: PipelineTemplate
    env_file: Optional[str]
    grace: float = 3 * patience.GRACE  # it ends its own commands first

    def start(self, item: Item) -> Start:
        """Return what is started for an item."""
        from coaiapy.fleet import template_process

        return Start(
            *template_process.words_for(_TITLE, self.env_file, self.given(item), self.name)
        )

    def check(self, chosen: Iterable[Item]) -> None:
        """Raise ``UsageError`` if an item lacks a variable, or has one that the template refuses."""
        lookup = lookup_for(self.template, {})
        why = "does not fit the template {!r}:".format(self.name)
        resolved = ((item, resolve(self.template, self.given(item), lookup)) for item in chosen)
        _refuse(why, ((item, "; ".join(one.problems)) for item, one in resolved))

    def given(self, item: Item) -> Mapping[str, Any]:
        """Return the variables that an item has values for."""
        known = fields(item)
        names = [name for one in all_variables(self.template) for name in all_names(one)]
        return {name: known[name] for name in names if name in known}


def fields(item: Item) -> Dict[str, Any]:
    """Return the values that a prompt or a template can use of an item.

    They are ``input``, ``expected``, ``metadata`` and ``id``, and those in an input that is an object.
    """
    known = {name: value for name, value in item.fields.items() if value is not None}
    if isinstance(item.input, dict):
        known.update(item.input)
    return known


def _refuse(why: str, found: Iterable[Tuple[Item, str]]) -> None:
    """Raise ``UsageError`` if there is something wrong with an item: that of the first is told."""
    wrong = ((item, said) for item, said in found if said)
    first = next(wrong, None)
    if first:
        item, lacking = first
        others = sum(1 for _ in wrong)
        more = " (and {} more)".format(counted(others, "item")) if others else ""
        raise UsageError(
            "the item {!r}{}{} {} {}: an input can be an object with such names".format(
                item.id, " of " + item.place if item.place else "", more, why, lacking
            )
        )


def _inside(function: str, env_file: Optional[str], **orders: Any) -> Start:
    """Return the start of a process that does what ``inside`` can."""
    orders["env_file"] = env_file
    return Start(packages.words_of_process(_TITLE), packages.orders(function, orders))
