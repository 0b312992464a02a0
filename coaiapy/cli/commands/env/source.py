"""``coaia env source``: an environment as lines that a shell evaluates, or as people look at it."""

import argparse
import os
from typing import List

from coaiapy import environment
from coaiapy.cli.commands.env.listing import (
    add_place,
    add_reveal,
    masked,
    path_of,
    reader,
    shown_table,
)
from coaiapy.cli.commands.env.notes import note_eval
from coaiapy.cli.options import add_json, add_shell
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.env import cascade, command_environment
from coaiapy.env.places import chosen


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env source``."""
    add_place(parser)
    parser.add_argument("--export", action="store_true", help="print shell lines for eval")
    add_shell(parser)
    add_json(parser)
    add_reveal(parser)
    as_command(
        parser,
        source,
        """eval "$(coaia env source --export)"
        coaia env source --name dev --export --shell fish | source
        coaia env source --name dev""",
        local=True,
    )


def source(args: argparse.Namespace, context: Context) -> None:
    """Show one environment, or print the lines that load it into a shell."""
    if not args.export:
        return _show_sourced(args, context)
    layers = _sourced(args)
    variables = cascade.together(layers)
    given, remarks = command_environment.without_held(layers)
    for line in environment.export_commands(cascade.together(given), args.shell):
        context.say(line)
    for sentence in remarks:
        context.warn(sentence)
    environment.take_up(variables)
    note_eval(context)
    return None


def _show_sourced(args: argparse.Namespace, context: Context) -> None:
    """Show what a shell would get; values are only decrypted to be shown."""
    variables = cascade.together(_sourced(args, reader(args)))
    if not args.reveal:
        variables = masked(variables)
    if args.json:
        from coaiapy.cli.output import print_json

        return print_json(context, variables)
    return context.say(shown_table(context, variables))


def _sourced(
    args: argparse.Namespace, read: cascade.Reader = environment.variables_in
) -> List[cascade.Layer]:
    """Return the environment that is named; else the cascade, if one is chosen, or ``.coaia-env``."""
    if args.name is None and args.location is None and chosen():
        layers = list(cascade.project_layers(chosen(), read=read))
        if any(os.path.exists(layer.place) for layer in layers):
            return layers
    path = path_of(args)
    environment.check_exists(path)
    return [cascade.Layer(path, read(path))]
