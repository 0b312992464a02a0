"""``coaia pipeline show`` and ``docs``: a template as text, as a graph and as a page."""

import argparse
from typing import Any, List

from coaiapy import pipeline
from coaiapy.cli.options import add_json, add_output
from coaiapy.cli.output import print_json, put_text, show_trace
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.util.formats.tables.table import table


def build(group: Any) -> None:
    """Add both commands to ``coaia pipeline``."""
    parser = add_command(
        group,
        "show",
        show,
        "show the variables and steps of a template",
        """coaia pipeline show simple-trace
        coaia pipeline show llm-chain --preview
        coaia pipeline show data-pipeline --graph mermaid""",
        local=True,
    )
    parser.add_argument("template", metavar="TEMPLATE")
    parser.add_argument(
        "--preview",
        action="store_true",
        help="show the trace that the default values produce; write nothing",
    )
    parser.add_argument(
        "--graph",
        choices=("mermaid", "dot"),
        help="print the steps as a graph, for Mermaid or Graphviz",
    )
    add_json(parser)
    parser = add_command(
        group,
        "docs",
        docs,
        "write a page in Markdown on a template",
        "coaia pipeline docs data-pipeline -o data-pipeline.md",
        local=True,
    )
    parser.add_argument("template", metavar="TEMPLATE")
    add_output(parser, "-o")


def show(args: argparse.Namespace, context: Context) -> None:
    """Show a template, or the trace it makes of its defaults."""
    template = pipeline.load(args.template)
    if args.preview:
        print_pipeline(args, context, pipeline.preview(template))
        context.note("preview: nothing was written; <...> marks a variable that needs a value")
    elif args.graph:
        from coaiapy.authoring.graph import LANGUAGES

        context.say(LANGUAGES[args.graph](template))
    elif args.json:
        print_json(context, dict(template.to_dict(), path=template.source))
    else:
        context.say(_described(template))


def _described(template: pipeline.PipelineTemplate) -> str:
    heading = [("Template", "{} {}".format(template.name, template.version))]
    heading.extend(
        (label, text)
        for label, text in (
            ("About", template.description),
            ("Author", template.author),
            ("Extends", template.extends),
            ("File", template.source),
        )
        if text
    )
    parts = ["\n".join("{:<9} {}".format(label + ":", text) for label, text in heading)]
    variables = [_variable_row(variable) for variable in template.variables]
    parts.append(table(variables, ("Variable", "Type", "Default", "Description")))
    steps = [_step_row(step) for step in template.steps]
    parts.append(table(steps, ("Step", "Type", "Parent", "Made")))
    return "\n\n".join(parts)


def _variable_row(variable: pipeline.PipelineVariable) -> List[Any]:
    about = variable.description or ""
    if variable.choices:
        about += " (one of {})".format(", ".join(map(str, variable.choices)))
    limits = [
        "{} or {}".format(limit, word)
        for limit, word in ((variable.minimum, "more"), (variable.maximum, "less"))
        if limit is not None
    ]
    if limits:
        about += " ({})".format(", ".join(limits))
    if variable.aliases:
        about += " (also: {})".format(", ".join(variable.aliases))
    default = variable.default
    if isinstance(default, (list, bool)):
        default = ",".join(map(str, default)) if isinstance(default, list) else str(default).lower()
    return [
        variable.name,
        variable.type,
        "(required)" if variable.is_needed else default,
        about.strip(),
    ]


def _step_row(step: pipeline.PipelineStep) -> List[Any]:
    made = []
    if step.for_each is not None:
        made.append("for each of {}".format(step.for_each))
    if step.conditional is not None:
        made.append("if {}".format(step.conditional))
    return [step.name, step.observation_type, step.parent, " ".join(made) or "once"]


def docs(args: argparse.Namespace, context: Context) -> None:
    """Write the page of a template."""
    from coaiapy.authoring.page import page

    put_text(context, page(pipeline.load(args.template)), args.output)


def print_pipeline(args: argparse.Namespace, context: Context, made: pipeline.Pipeline) -> None:
    """Print the trace that a template makes, as a tree or as JSON."""
    if args.json:
        print_json(context, made.body())
    else:
        show_trace(context, made.body())
