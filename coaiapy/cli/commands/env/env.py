"""``coaia env``: variables that outlive a shell session."""

import argparse
from typing import Any, Dict, Iterable, List, Optional

from coaiapy import environment
from coaiapy.cli.branches import Branch, add_branches, command_place
from coaiapy.cli.commands.env.listing import (
    add_dotenv,
    add_format,
    add_place,
    note_format,
    path_of,
)
from coaiapy.cli.commands.env.notes import note_eval, note_new_key
from coaiapy.cli.input import STDIN, agrees, read_stdin_line
from coaiapy.cli.options import add_json, add_yes
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.dotenvx.names import is_encrypted
from coaiapy.env import changes
from coaiapy.env import files as env_files
from coaiapy.util import shell

# What is said where this shell and ``.coaia-env`` have different traces, by the one that is saved.
_CHOICE_OF_TRACE = {
    "project": "saved the newer trace, which is in .coaia-env; this shell still uses {!r}: eval the "
    "lines above to continue with the saved one, or save the other one with --from shell",
    "shell": "saved the trace that this shell uses; .coaia-env has {!r}: to save that one, use "
    "--from project",
}


COMMANDS = (
    Branch(
        "init",
        "commands.env.init.build",
        "create an environment file, or complete an existing one",
    ),
    Branch(
        "list", "commands.env.listing.build", "list the variables of all environments or of one"
    ),
    Branch(
        "get",
        "commands.env.env.build_get",
        "print a variable from the process, else the project, else the global environment",
    ),
    Branch("set", "commands.env.env.build_set", "set a variable"),
    Branch("unset", "commands.env.env.build_unset", "remove a variable"),
    Branch(
        "source",
        "commands.env.source.build",
        "print the lines that load an environment into a shell, or show its variables",
    ),
    Branch(
        "save",
        "commands.env.env.build_save",
        "save the ids of the current trace, session, user and observation",
    ),
    Branch("clear", "commands.env.env.build_clear", "delete an environment with all its variables"),
    Branch("run", "commands.env.run.build", "start a command with the variables of an environment"),
    Branch(
        "diff",
        "commands.env.edit.build_diff",
        "show in which variables two environments differ (exit code 1 if in any)",
    ),
    Branch("copy", "commands.env.edit.build_copy", "copy an environment to another name"),
    Branch("edit", "commands.env.edit.build_edit", "edit an environment's file in your editor"),
    Branch(
        "check",
        "commands.env.schema.build_check",
        "check an environment's files against the project's schema",
    ),
    Branch(
        "docs", "commands.env.schema.build_docs", "write the project's schema as a Markdown table"
    ),
    Branch(
        "encrypt", "commands.env.encryption.build_encrypt", "encrypt the values of an environment"
    ),
    Branch(
        "decrypt", "commands.env.encryption.build_decrypt", "write encrypted values in plain text"
    ),
    Branch(
        "rotate",
        "commands.env.encryption.build_rotate",
        "make a new pair of keys, and encrypt every value again",
    ),
    Branch(
        "keypair",
        "commands.env.encryption.build_keypair",
        "show the public key of an environment, and where its private key is",
    ),
    Branch(
        "guard",
        "commands.env.guard.build",
        "refuse secrets and private keys that are about to be committed",
    ),
)


def build(parser: Parser, words: List[str]) -> None:
    """Add the commands to ``coaia env``."""
    add_branches(
        parser,
        COMMANDS,
        words,
        """coaia env set COAIA_USER_ID john
        eval "$(coaia env source --export)\"""",
        command_place(words) + 1,
    )


def get(args: argparse.Namespace, context: Context) -> None:
    """Print the value of one variable."""
    if args.name is None and args.location is None:
        value = environment.find(args.key, args.dotenv)
    else:
        value = environment.find_in(path_of(args), args.key)
    if args.json:
        return _print_json(context, {"variable": args.key, "value": value})
    context.say(value)
    return None


def _print_json(context: Context, value: Dict[str, str]) -> None:
    from coaiapy.cli.output import print_json  # slow to import, and env get is asked often

    print_json(context, value)


def set_(args: argparse.Namespace, context: Context) -> None:
    """Keep one variable, or print the line that sets it for this shell only."""
    env_files.check_key(args.key)
    value = read_stdin_line(context) if args.value == STDIN else args.value
    if args.temp:
        context.say(shell.export_line(args.key, value))
        note_eval(context)
        return
    path = path_of(args)
    if args.encrypt:
        note_new_key(context, changes.set_encrypted(path, args.key, value, args.format or "json"))
        is_sealed = True
    else:
        kept = environment.set_variable(path, args.key, value, args.format or "json")[args.key]
        is_sealed = is_encrypted(kept)
    context.note("set {} in {}{}".format(args.key, path, ", encrypted" if is_sealed else ""))
    note_format(args, path, context)
    _note_expanded(path, [args.key], context)


def unset(args: argparse.Namespace, context: Context) -> None:
    """Remove one variable, or print the line that removes it from this shell only."""
    if args.temp:
        context.say(shell.unset_line(args.key))
        note_eval(context)
        return
    path = path_of(args)
    removed = environment.unset_variable(path, args.key)
    text = "removed {} from {}" if removed else "{} was not set in {}"
    context.note(text.format(args.key, path))


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
    if not args.yes and not agrees(context, "delete {} and all its variables?".format(path)):
        context.note("kept {}".format(path))
        return 1
    env_files.remove(path)
    context.note("deleted {}".format(path))
    return None


def _note_expanded(path: str, keys: Iterable[str], context: Context) -> None:
    for key in env_files.expanded_elsewhere(path, keys):
        context.note(
            "{} contains ${{...}}, which coaia keeps as it is, but python-dotenv expands when it "
            "reads {}: if other programs read the file, use --format json for a new one".format(
                key, path
            )
        )


def _add_variable(parser: Parser) -> None:
    parser.add_argument("key", metavar="VARIABLE")


def _add_persistence(parser: Parser, temp_help: str) -> Any:
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--persist", action="store_true", help="change the environment file (default)"
    )
    either.add_argument("--temp", action="store_true", help=temp_help)
    return either


def build_get(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env get``."""
    _add_variable(parser)
    add_place(parser, default="project, then global")
    add_dotenv(parser)
    add_json(parser)
    as_command(
        parser,
        get,
        """coaia env get COAIA_TRACE_ID
        coaia env get COAIA_USER_ID --location global""",
        local=True,
    )


def build_set(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env set``."""
    _add_variable(parser)
    parser.add_argument(
        "value",
        metavar="VALUE",
        help="the value (- for standard input); put -- before one that looks like an option",
    )
    add_place(parser)
    add_format(parser)
    either = _add_persistence(
        parser, "print a line for eval that sets it in this shell; change no file"
    )
    either.add_argument(
        "--encrypt",
        action="store_true",
        help="write the value encrypted (needs coaiapy[crypto]); see coaia env encrypt",
    )
    as_command(
        parser,
        set_,
        """coaia env set COAIA_USER_ID john
        coaia env set API_TOKEN - --encrypt
        coaia env set OFFSET -5 --name dev
        eval "$(coaia env set DEBUG_MODE true --temp)\"""",
        local=True,
    )


def build_unset(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env unset``."""
    _add_variable(parser)
    add_place(parser)
    add_format(parser)
    _add_persistence(parser, "print a line for eval that unsets it in this shell; change no file")
    as_command(
        parser,
        unset,
        """coaia env unset OLD_VARIABLE
        eval "$(coaia env unset DEBUG_MODE --temp)\"""",
        local=True,
    )


def build_save(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env save``."""
    add_place(parser)
    add_format(parser)
    parser.add_argument(
        "--from",
        dest="source",
        choices=environment.SOURCES,
        help="save the trace of this shell or that of ./.coaia-env (default: the newer one)",
    )
    parser.add_argument("--context-name", metavar="TEXT", help="description to save with the ids")
    parser.add_argument(
        "--force", action="store_true", help="overwrite the ids of another saved trace"
    )
    as_command(
        parser,
        save,
        """coaia env save --name llm-session
        coaia env save --name llm-session --context-name "second draft" --force""",
        local=True,
    )


def build_clear(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env clear``."""
    add_place(parser)
    add_yes(parser, "--confirm")
    as_command(
        parser,
        clear,
        """coaia env clear --name dev
        coaia env clear --global --yes""",
        local=True,
    )
