"""What ``coaia fuse experiments run`` runs for every item: a command, a prompt, or a pipeline."""

import argparse
import shlex
from typing import Any, Iterable

from coaiapy.cli.commands.pipeline.worker import add_queue
from coaiapy.cli.options import add_words, add_yes
from coaiapy.cli.parser import Parser
from coaiapy.cli.streams import Context
from coaiapy.errors import CoaiaError, UsageError

_USAGE = (
    "coaia fuse experiments run DATASET --name RUN [options] "
    "(-- COMMAND [ARG ...] | --prompt NAME | --pipeline TEMPLATE)"
)
_WAYS = ("stdin", "arg", "env", "json")


def add_task(parser: Parser) -> None:
    """Add the options for what is run."""
    add_words(parser, _USAGE)
    parser.add_argument(
        "--input-as",
        choices=_WAYS,
        default=_WAYS[0],
        help="how the command gets the input: on standard input, texts as they are and others as "
        "JSON (default); as its last argument; in COAIA_ITEM_INPUT; as JSON in any case",
    )
    parser.add_argument(
        "--prompt",
        metavar="NAME",
        help="ask a model with this prompt of Langfuse: the fields of an item are its variables",
    )
    parser.add_argument(
        "--label", metavar="LABEL", help="label of the prompt (default: production)"
    )
    parser.add_argument(
        "--model",
        help="language model (default: that of the prompt's config, else of the settings)",
    )
    parser.add_argument(
        "--pipeline",
        metavar="TEMPLATE",
        help="run this template as a pipeline: the fields of an item are its variables, the output "
        "is that of its last step",
    )
    parser.add_argument(
        "--on",
        choices=("here", "redis"),
        default="here",
        help="where the template of --pipeline runs: here (default), or on the workers that take its "
        "items from the Redis in the settings (coaia worker)",
    )
    add_queue(parser)
    add_yes(parser, help="trust the template without asking, if it has changed")


def check(args: argparse.Namespace) -> None:
    """Raise ``UsageError`` unless the command line says in one way what is run."""
    given = [bool(args.command), args.prompt is not None, args.pipeline is not None]
    if sum(given) != 1:
        what = "more than one thing to run is given" if any(given) else "the command is missing"
        raise UsageError("{}: {}".format(what, _USAGE))
    if args.prompt is None and (args.label or args.model):
        raise UsageError("--label and --model are for --prompt: add it, or leave them out")
    if args.on != "here" and args.pipeline is None:
        raise UsageError(
            "--on redis is for --pipeline: workers run templates that they have and trust, and no "
            "command that comes through Redis; write a template with it, or leave --on out"
        )
    if not args.command and args.input_as != _WAYS[0]:
        raise UsageError("--input-as is for a command: leave it out")


def task(args: argparse.Namespace, context: Context, known: Any, chosen: Iterable[Any]) -> Any:
    """Return what is run for every item; raises ``CoaiaError`` if it cannot be run for one."""
    from coaiapy.experiments.execution import tasks

    if args.command:
        return tasks.ByCommand(args.command, args.input_as)
    if args.prompt is not None:
        from coaiapy.langfuse.prompts import prompts

        found = prompts.fetch_prompt(known, args.prompt, args.label)
        if found.note:
            context.note(found.note)
        made: Any = tasks.ByPrompt(found.prompt, args.model, context.env_file)
    else:
        made = tasks.ByPipeline(args.pipeline, _template(args, context), context.env_file)
    made.check(chosen)
    return made


def _template(args: argparse.Namespace, context: Context) -> Any:
    from coaiapy.cli.commands.pipeline.trust import is_trusted
    from coaiapy.templating import trusted

    runnable = trusted.load(args.pipeline)
    if not trusted.commands(runnable.template):
        raise UsageError(
            "no step of the template {!r} has a command: there would be no output".format(
                args.pipeline
            )
        )
    if not is_trusted(context, args.pipeline, runnable, args.yes):
        raise CoaiaError("the template {!r} is not trusted: nothing was run".format(args.pipeline))
    return runnable.template


def described(args: argparse.Namespace, made: Any) -> Any:
    """Return what is run, as metadata of the run."""
    if args.command:
        return {"command": " ".join(map(shlex.quote, args.command))}
    if args.prompt is None:
        from coaiapy.running.pipelines.earlier_run import digest

        return {"pipeline": args.pipeline, "pipeline_sha256": digest(made.template)}
    told = {"prompt": args.prompt, "prompt_version": made.prompt["version"], "model": made.model}
    return {name: value for name, value in told.items() if value is not None}
