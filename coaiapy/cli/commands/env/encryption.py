"""``coaia env encrypt``, ``decrypt``, ``rotate`` and ``keypair``: values that only a key opens."""

import argparse
import os
from typing import Dict, List, Optional

from coaiapy.cli.commands.env.listing import add_place, path_of
from coaiapy.cli.commands.env.notes import note_new_key
from coaiapy.cli.options import add_json
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.dotenvx.names import PRIVATE_KEY
from coaiapy.env import encryption
from coaiapy.env import files as env_files
from coaiapy.errors import StateError, UsageError
from coaiapy.util.masking import MASK


def encrypt(args: argparse.Namespace, context: Context) -> None:
    """Encrypt some variables of an environment, or all."""
    path = _target(args)
    changed = encryption.encrypt(path, args.keys)
    note_new_key(context, changed.new_key)
    if not changed.names:
        return context.note("nothing to encrypt in {}".format(path))
    context.note("encrypted {} in {}".format(", ".join(changed.names), path))
    return _note_format(path, context)


def decrypt(args: argparse.Namespace, context: Context) -> None:
    """Write some encrypted variables of an environment in plain text, or all."""
    path = _target(args)
    names = encryption.decrypt(path, args.keys)
    if names:
        context.note("{} in {} is plain text now".format(", ".join(names), path))
    else:
        context.note("nothing in {} is encrypted".format(path))


def rotate(args: argparse.Namespace, context: Context) -> None:
    """Make a new pair of keys for an environment, and encrypt its values again."""
    path = _target(args)
    changed = encryption.rotate(path)
    note_new_key(context, changed.new_key)
    context.note("encrypted {} in {} again".format(", ".join(changed.names), path))
    name = changed.new_key.name if changed.new_key else PRIVATE_KEY
    if name in os.environ:
        context.note(
            "{} in this shell is the old key: replace it wherever it is set (coaia env keypair "
            "--reveal shows the new one)".format(name)
        )


def keypair(args: argparse.Namespace, context: Context) -> None:
    """Show the names of the keys of an environment, the public one, and where the private one is."""
    path = _target(args)
    env_files.check_exists(path)
    found = encryption.keypair(path)
    private = found.private.key if found.private and args.reveal else None
    if args.json:
        from coaiapy.cli.output import print_json

        return print_json(context, _as_json(found, private))
    context.say("{}={}".format(found.public_name, found.public))
    if found.private:
        context.say("{}={}".format(found.private_name, private or MASK))
        return context.note("the private key is in {}".format(found.place))
    return context.note(
        "the private key is not here: set {}, or put that into .env.keys".format(found.private_name)
    )


def _target(args: argparse.Namespace) -> str:
    """Return the path of the file that the options name."""
    if args.file and (args.name or args.location):
        raise UsageError("--file names the file itself: leave out --name and --location")
    if args.file and not os.path.exists(args.file):
        raise StateError("cannot read {}: there is no such file".format(args.file))
    return str(args.file) if args.file else path_of(args)


def _as_json(found: encryption.Keys, private: Optional[str]) -> Dict[str, Optional[str]]:
    shown = private or (MASK if found.private else None)
    return {found.public_name: found.public, found.private_name: shown, "place": found.place}


def _note_format(path: str, context: Context) -> None:
    found = env_files.load(path)
    if found and found.format == "json":
        context.note(
            "{} is JSON, which dotenvx does not read: for a file that both read, use coaia env init "
            "--format env".format(path)
        )


def _add_target(parser: Parser) -> None:
    add_place(parser)
    parser.add_argument("--file", help="file of variables, such as .env, instead of an environment")


def _add_keys(parser: Parser, help: str) -> None:
    parser.add_argument("keys", metavar="VARIABLE", nargs="*", help=help)


def build_encrypt(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env encrypt``."""
    _add_keys(parser, "what to encrypt (default: all but ids, empty values and NAME_PLAIN)")
    _add_target(parser)
    as_command(
        parser,
        encrypt,
        """coaia env encrypt
        coaia env encrypt API_TOKEN DB_PASSWORD --name production
        coaia env encrypt --file .env""",
        local=True,
    )


def build_decrypt(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env decrypt``."""
    _add_keys(parser, "what to write in plain text (default: all that is encrypted)")
    _add_target(parser)
    as_command(
        parser,
        decrypt,
        """coaia env decrypt
        coaia env decrypt API_URL --name production""",
        local=True,
    )


def build_rotate(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env rotate``."""
    _add_target(parser)
    as_command(
        parser,
        rotate,
        """coaia env rotate
        coaia env rotate --name production""",
        local=True,
    )


def build_keypair(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env keypair``."""
    _add_target(parser)
    add_json(parser)
    parser.add_argument(
        "--reveal", action="store_true", help="show the private key too, instead of ****"
    )
    as_command(
        parser,
        keypair,
        """coaia env keypair
        coaia env keypair --name production --reveal""",
        local=True,
    )
