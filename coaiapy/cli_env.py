"""``coaia env``: variables that outlive a shell session."""

import argparse
from typing import Callable, Iterable, List, NamedTuple, Optional

from coaiapy import cli_env_list, env_files, environment, shell
from coaiapy.cli_common import Handler, Parser, add_command, subcommands
from coaiapy.cli_env_list import add_place, add_reveal, path_of, shown_table
from coaiapy.cli_input import agrees
from coaiapy.cli_streams import Context, is_terminal

# What is said where this shell and ``.coaia-env`` have different traces, by the one that is saved.
_CHOICE_OF_TRACE = {
    "project": "this is the trace that .coaia-env got last; this shell still has {!r}: eval the lines "
    "above to go on with the saved one, or save the other with --from shell",
    "shell": "this is the trace that this shell has; .coaia-env has {!r}: save that one with "
    "--from project",
}


class Command(NamedTuple):
    """A subcommand: its help, its examples, and what adds its options."""

    name: str
    handler: Handler
    help: str
    example: str
    add_options: Callable[[Parser], None]


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Fill the parser of ``coaia env``: with one command when ``words`` name it, else with all."""
    group = subcommands(
        parser,
        """coaia env set COAIA_USER_ID john
        eval "$(coaia env source --export)\"""",
    )
    after = words[1 + min(words.index(name) for name in ("env", "environment") if name in words) :]
    for command in [one for one in COMMANDS if after[:1] == [one.name]] or COMMANDS:
        branch = add_command(group, command.name, command.handler, command.help, command.example)
        command.add_options(branch)


def init(args: argparse.Namespace, context: Context) -> None:
    """Make an environment file, or complete the one that is there."""
    path = path_of(args)
    existed = environment.init(
        path,
        args.name,
        args.location or "project",
        format=args.format or "json",
        force=args.force,
    )
    if existed and not args.force:
        context.note("{} was there: its values are kept (--force starts anew)".format(path))
        _note_format(args, path, context)
    else:
        context.note("made {}".format(path))


def get(args: argparse.Namespace, context: Context) -> None:
    """Print the value of one variable."""
    if args.name is None and args.location is None:
        context.say(environment.find(args.key))
    else:
        context.say(environment.find_in(path_of(args), args.key))


def set_(args: argparse.Namespace, context: Context) -> None:
    """Keep one variable, or print the line that sets it for this shell only."""
    if args.temp:
        env_files.check_key(args.key)
        context.say(shell.export_line(args.key, args.value))
        _note_eval(context)
        return
    path = path_of(args)
    environment.set_variable(path, args.key, args.value, args.format or "json")
    context.note("{} is kept in {}".format(args.key, path))
    _note_format(args, path, context)
    _note_expanded(path, [args.key], context)


def unset(args: argparse.Namespace, context: Context) -> None:
    """Remove one variable, or print the line that removes it from this shell only."""
    if args.temp:
        context.say(shell.unset_line(args.key))
        _note_eval(context)
        return
    path = path_of(args)
    removed = environment.unset_variable(path, args.key)
    text = "{} is removed from {}" if removed else "{} was not set in {}"
    context.note(text.format(args.key, path))


def source(args: argparse.Namespace, context: Context) -> None:
    """Show one environment, or print the lines that load it into a shell."""
    variables = environment.existing_variables_in(path_of(args))
    if not args.export:
        context.say(shown_table(context, variables, args.reveal))
        return
    for line in environment.export_commands(variables, args.shell):
        context.say(line)
    environment.take_up(variables)
    _note_eval(context)


def save(args: argparse.Namespace, context: Context) -> None:
    """Keep the current trace's ids, and print the lines that set them."""
    saved = environment.save_context(
        path_of(args), args.context_name, args.force, args.format or "json", args.source
    )
    for line in environment.export_commands(saved.variables):
        context.say(line)
    context.note("saved {} in {}".format(", ".join(saved.variables), saved.path))
    _note_expanded(saved.path, saved.variables, context)
    if saved.passed_over:
        context.note(_CHOICE_OF_TRACE[saved.source].format(saved.passed_over))


def clear(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Remove an environment's file, once somebody has said so."""
    path = path_of(args)
    environment.check_exists(path)
    if not args.yes and not agrees(context, "remove {} and all its variables?".format(path)):
        context.note("{} is kept".format(path))
        return 1
    env_files.remove(path)
    context.note("removed {}".format(path))
    return None


def _note_eval(context: Context) -> None:
    """A person who sees such lines on the terminal may not know what they are for."""
    if is_terminal(context.stdout):
        context.note('this changes nothing by itself: load it with eval "$(coaia env ...)"')


def _note_format(args: argparse.Namespace, path: str, context: Context) -> None:
    if args.format is None:
        return
    found = env_files.load(path)
    if found and found.format != args.format:
        context.note("{} keeps the format it has: {}".format(path, found.format))


def _note_expanded(path: str, keys: Iterable[str], context: Context) -> None:
    for key in env_files.expanded_elsewhere(path, keys):
        context.note(
            "{} holds ${{...}}, which python-dotenv expands when it reads {} with its defaults; "
            "coaia does not: choose --format json for a new file if other programs read it".format(
                key, path
            )
        )


def _add_format(parser: Parser) -> None:
    parser.add_argument(
        "--format",
        choices=env_files.FORMATS,
        help="of a new file: a JSON object (default) or KEY=VALUE lines; a file keeps its own",
    )


def _add_force(parser: Parser, help: str) -> None:
    parser.add_argument("--force", action="store_true", help=help)


def _add_persistence(parser: Parser, temp_help: str) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--persist", action="store_true", help="change the environment's file (default)"
    )
    either.add_argument("--temp", action="store_true", help=temp_help)


def _add_init(parser: Parser) -> None:
    add_place(parser)
    _add_format(parser)
    _add_force(parser, "start anew: what an existing file holds is lost")


def _add_get(parser: Parser) -> None:
    parser.add_argument("key", metavar="VARIABLE")
    add_place(parser)


def _add_set(parser: Parser) -> None:
    parser.add_argument("key", metavar="VARIABLE")
    parser.add_argument("value", metavar="VALUE", help="after -- if it looks like an option")
    add_place(parser)
    _add_format(parser)
    _add_persistence(parser, "print the line to eval for this shell only; keep nothing")


def _add_unset(parser: Parser) -> None:
    parser.add_argument("key", metavar="VARIABLE")
    add_place(parser)
    _add_format(parser)
    _add_persistence(parser, "print the line to eval for this shell only; change no file")


def _add_source(parser: Parser) -> None:
    add_place(parser)
    parser.add_argument("--export", action="store_true", help="print lines to eval in a shell")
    parser.add_argument(
        "--shell", choices=shell.SHELLS, default="posix", help="whose lines (default: posix)"
    )
    add_reveal(parser)


def _add_save(parser: Parser) -> None:
    add_place(parser)
    _add_format(parser)
    parser.add_argument(
        "--from",
        dest="source",
        choices=environment.SOURCES,
        help="save the trace of this shell, or that of .coaia-env (default: the one that came last)",
    )
    parser.add_argument("--context-name", metavar="TEXT", help="a description to keep with it")
    _add_force(parser, "replace the ids of another context")


def _add_clear(parser: Parser) -> None:
    add_place(parser)
    parser.add_argument("--yes", "--confirm", dest="yes", action="store_true", help="do not ask")


COMMANDS = (
    Command(
        "init",
        init,
        "make an environment file; one that is there keeps its values",
        """coaia env init
        coaia env init --global
        coaia env init --name dev --format env""",
        _add_init,
    ),
    Command(
        "list",
        cli_env_list.show,
        "show the variables of every environment, or of one",
        """coaia env list
        coaia env list --name dev --json""",
        cli_env_list.add_options,
    ),
    Command(
        "get",
        get,
        "print a variable: of the OS environment, else the project, else the global environment",
        """coaia env get COAIA_TRACE_ID
        coaia env get COAIA_USER_ID --location global""",
        _add_get,
    ),
    Command(
        "set",
        set_,
        "keep a variable",
        """coaia env set COAIA_USER_ID john
        coaia env set OFFSET -5 --name dev
        eval "$(coaia env set DEBUG_MODE true --temp)\"""",
        _add_set,
    ),
    Command(
        "unset",
        unset,
        "remove a variable",
        """coaia env unset OLD_VARIABLE
        eval "$(coaia env unset DEBUG_MODE --temp)\"""",
        _add_unset,
    ),
    Command(
        "source",
        source,
        "load an environment into a shell, or show it",
        """eval "$(coaia env source --export)"
        coaia env source --name dev --export --shell fish | source
        coaia env source --name dev""",
        _add_source,
    ),
    Command(
        "save",
        save,
        "keep the ids of the current trace, session, user and observation under a name",
        """coaia env save --name llm-session
        coaia env save --name llm-session --context-name "second draft" --force""",
        _add_save,
    ),
    Command(
        "clear",
        clear,
        "remove an environment and all its variables",
        """coaia env clear --name dev
        coaia env clear --global --yes""",
        _add_clear,
    ),
)
