"""``coaia tash``, ``coaia fetch`` and ``coaia stash``: values under keys, in Redis or here."""

import argparse
from typing import List, Optional

from coaiapy.cli.delivery import add_trace_options, recorder
from coaiapy.cli.input import STDIN, agrees, read_stdin_bytes
from coaiapy.cli.options import add_json, add_output, add_yes
from coaiapy.cli.output import add_listing_options, print_json, show_listing
from coaiapy.cli.parser import Parser, add_command, as_command, subcommands
from coaiapy.cli.streams import Context, write_bytes
from coaiapy.errors import ExitCode, NotFoundError, UsageError
from coaiapy.stash import stash
from coaiapy.stash.local import LocalStash
from coaiapy.stash.patterns import is_pattern
from coaiapy.util.files import read_bytes, write_output
from coaiapy.util.text.parsing import whole_number
from coaiapy.util.text.wording import counted

_PATTERN = "a key, or a pattern for keys with *, ? or [a-z]"


def tash(args: argparse.Namespace, context: Context) -> None:
    """Keep a value."""
    value = _value(args, context)
    with _opened(context, args.verbose) as store:
        recorder(args, context).observe_step(
            "tash",
            {"key": args.key, "bytes": len(value)},
            lambda: stash.put(store, args.key, value, args.ttl),
        )
        kept = "for {} s".format(args.ttl) if args.ttl else "until it is deleted"
        said = "stashed {} bytes under {} in {}, {}"
        context.note(said.format(len(value), args.key, store.where, kept))


def fetch(args: argparse.Namespace, context: Context) -> None:
    """Print a value, or write it to a file."""
    with _opened(context, args.verbose) as store:
        try:
            value = stash.get(store, args.key)
        except NotFoundError:
            if args.default is None:
                raise
            value = args.default.encode("utf-8")
    if args.json:
        return print_json(context, {"key": args.key, "value": _text_of(args, value)})
    if args.output:
        write_output(args.output, value)
        context.note("wrote {} bytes to {}".format(len(value), args.output))
    else:
        write_bytes(context.stdout, value)


def _text_of(args: argparse.Namespace, value: bytes) -> str:
    if args.output:
        raise UsageError("--json and --output exclude each other: give one of them")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            "the value of {!r} is not UTF-8 text, which JSON needs: write it to a file with "
            "-O FILE".format(args.key)
        ) from error


def list_(args: argparse.Namespace, context: Context) -> None:
    """Show what is stashed."""
    with _opened(context) as store:
        found = store.entries(args.pattern)
    show_listing(args, context, [one._asdict() for one in found], stash.COLUMNS, "value")


def ttl(args: argparse.Namespace, context: Context) -> None:
    """Print how long a value stays; for a pattern, of each that it matches."""
    with _opened(context) as store:
        if _means_several(store, args.pattern):
            found = [one._asdict() for one in store.entries(args.pattern)]
            return show_listing(args, context, found, stash.TTL_COLUMNS, "value")
        entry = store.entry(args.pattern)
    if entry is None:
        raise NotFoundError("nothing is stashed under {!r} in {}".format(args.pattern, store.where))
    if args.json or args.jsonl or args.csv or args.columns:
        return show_listing(args, context, [entry._asdict()], stash.COLUMNS, "value")
    context.say("stays" if entry.ttl is None else str(entry.ttl))
    return None


def delete(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Remove values; what a pattern matches is named and agreed upon first."""
    with _opened(context) as store:
        patterns = [one for one in args.patterns if _means_several(store, one)]
        exact = [one for one in args.patterns if one not in patterns]
        keys = exact + [one.key for pattern in patterns for one in store.entries(pattern)]
        if patterns and not _may_delete(args, context, keys):
            context.note("nothing was deleted")
            return ExitCode.FAILED
        count = store.delete(dict.fromkeys(keys))
    if not count:
        raise NotFoundError(
            "nothing is stashed under {} in {}".format(" or ".join(args.patterns), store.where)
        )
    context.note("deleted {} from {}".format(counted(count, "value"), store.where))
    return None


def _means_several(store: stash.Stash, text: str) -> bool:
    """Tell whether ``text`` is a pattern; a key of exactly this name wins over the pattern."""
    stash.check_key(text)
    return is_pattern(text) and store.entry(text) is None


def _may_delete(args: argparse.Namespace, context: Context, keys: List[str]) -> bool:
    if args.yes or not keys:
        return True
    named = ", ".join(keys[:5])
    return agrees(context, "delete {} ({})?".format(counted(len(keys), "value"), named))


def _value(args: argparse.Namespace, context: Context) -> bytes:
    if args.value is None and args.file is None:
        raise UsageError("there is nothing to stash: give VALUE or --file FILE")
    if args.file is None:
        return bytes(args.value.encode("utf-8"))
    if args.value is not None:
        context.note("VALUE is ignored, because --file was given")
    return read_stdin_bytes(context) if args.file == STDIN else read_bytes(args.file)


def _opened(context: Context, verbose: bool = False) -> stash.Stash:
    """Open the stash, and say on stderr where it is when that was never chosen, or was asked."""
    store = stash.open_stash(context.env_file)
    if isinstance(store, LocalStash):
        context.note("no Redis is configured: the stash is {}".format(store.where))
    elif verbose:
        server = store.server
        context.note(
            "connecting to {} as {} (password: {}), configured by {}".format(
                store.where,
                server.username or "the default user",
                "given" if server.password else "none",
                server.origin,
            )
        )
        store.ping()
        context.note("the server answers")
    return store


def seconds_to_keep(text: str) -> int:
    """Take a whole number of seconds; 0 keeps a value for good."""
    seconds = whole_number(text)
    if seconds is None or seconds > stash.MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            "{!r} is not a number of seconds: give a whole number, or 0 to keep the value until it "
            "is deleted".format(text)
        )
    return seconds


def _add_verbose(parser: Parser) -> None:
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="report which server is used, and whether it answers",
    )


def build_tash(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia tash``."""
    parser.add_argument("key", metavar="KEY", help="key to store the value under")
    parser.add_argument("value", metavar="VALUE", nargs="?", help="text to stash")
    parser.add_argument(
        "-F", "--file", metavar="FILE", help="stash this file (- for standard input)"
    )
    parser.add_argument(
        "-T",
        "--ttl",
        metavar="SECONDS",
        type=seconds_to_keep,
        help="delete the value after this long (default: keep it)",
    )
    _add_verbose(parser)
    add_trace_options(parser)
    as_command(
        parser,
        tash,
        """coaia tash greeting "hello there"
        coaia tash notes -F notes.txt -T 3600
        coaia tash picture -F - < picture.png""",
    )


def build_fetch(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia fetch``."""
    parser.add_argument("key", metavar="KEY", help="key of the value")
    add_output(parser, "-O", "write the value to this file")
    parser.add_argument(
        "--default", metavar="VALUE", help="value to use if nothing is stashed under the key"
    )
    add_json(parser)
    _add_verbose(parser)
    as_command(
        parser,
        fetch,
        """coaia fetch greeting
        coaia fetch picture -O picture.png
        coaia fetch colour --default green""",
    )


def build_stash(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia stash``."""
    group = subcommands(parser, words, "coaia stash list 'notes:*'")
    listing = add_command(
        group, "list", list_, "list the stashed values", "coaia stash list 'notes:*' --json"
    )
    listing.add_argument(
        "pattern", metavar="PATTERN", nargs="?", default="*", help=_PATTERN + " (default: all)"
    )
    add_listing_options(listing)
    left = add_command(
        group,
        "ttl",
        ttl,
        "print how many seconds a value has left, or that it stays",
        """coaia stash ttl greeting
        coaia stash ttl 'notes:*'""",
    )
    left.add_argument("pattern", metavar="KEY", help=_PATTERN)
    add_listing_options(left)
    deletion = add_command(
        group,
        "delete",
        delete,
        "delete stashed values, after asking if a pattern is given",
        """coaia stash delete greeting
        coaia stash delete 'notes:*' --yes""",
    )
    deletion.add_argument("patterns", metavar="KEY", nargs="+", help=_PATTERN)
    add_yes(deletion)
