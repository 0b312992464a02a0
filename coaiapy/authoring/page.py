"""A page in Markdown on a template: what it is for, its variables, its steps."""

from shlex import quote
from typing import Any, Iterator, List, Sequence

from coaiapy.authoring.graph import mermaid
from coaiapy.templating.model import PipelineTemplate, PipelineVariable
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.formats.tables.table import markdown_code, markdown_text
from coaiapy.util.text.wording import one_line


def page(template: PipelineTemplate) -> str:
    """Return the page; texts of the template mean nothing to Markdown or HTML."""
    return "\n".join(_lines(template)) + "\n"


def _lines(template: PipelineTemplate) -> Iterator[str]:
    yield "# {}".format(markdown_text(template.name))
    if template.description:
        yield ""
        yield markdown_text(template.description)
    yield ""
    yield "Version {}{}.".format(
        markdown_text(template.version),
        ", by {}".format(markdown_text(template.author)) if template.author else "",
    )
    yield from _section("Use", ["```sh", _command(template), "```"])
    if template.variables:
        yield from _section("Variables", list(_variables(template.variables)))
    if template.steps:
        yield from _section("Steps", list(_steps(template)))
        yield from _section("Graph", ["```mermaid", mermaid(template), "```"])


def _section(title: str, lines: List[str]) -> List[str]:
    return ["", "## " + title, ""] + lines


def _command(template: PipelineTemplate) -> str:
    words = ["coaia", "pipeline", "create", template.name]
    for variable in template.variables:
        if variable.is_needed:
            words += ["--var", "{}=...".format(variable.name)]
    return one_line(" ".join(map(quote, words)))


def _variables(variables: Sequence[PipelineVariable]) -> Iterator[str]:
    yield from _heading("Name", "Type", "Default", "Description")
    for one in variables:
        default = "required" if one.is_needed else ""
        if one.default is not None:
            default = _value(one.default)
        about = markdown_text(one.description or "")
        if one.choices:
            about += " (one of {})".format(", ".join(map(_value, one.choices)))
        for limit, word in ((one.minimum, "more"), (one.maximum, "less")):
            if limit is not None:
                about += " ({} or {})".format(limit, word)
        if one.aliases:
            about += " (also {})".format(", ".join(map(markdown_code, one.aliases)))
        yield _row(markdown_code(one.name), one.type, default, about.strip())


def _steps(template: PipelineTemplate) -> Iterator[str]:
    yield from _heading("Name", "Type", "Parent", "Made", "Description")
    for step in template.steps:
        made = []
        if step.for_each is not None:
            made.append("for each of {}".format(_value(step.for_each)))
        if step.conditional is not None:
            made.append("if {}".format(_value(step.conditional)))
        yield _row(
            _value(step.name),
            step.observation_type,
            _value(step.parent) if step.parent else "",
            " ".join(made) or "once",
            markdown_text(step.description or ""),
        )


def _heading(*names: str) -> List[str]:
    return [_row(*names), _row(*["---"] * len(names))]


def _row(*cells: str) -> str:
    return "| {} |".format(" | ".join(one_line(cell) for cell in cells))


def _value(value: Any) -> str:

    text = text_or_json(value)
    return markdown_code(text).replace("|", "\\|") if text else "empty"
