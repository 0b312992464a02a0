"""``coaia pipeline search`` and ``index``: finds templates in galleries, and publishes one."""

import argparse
from typing import Any

from coaiapy.cli.output import add_listing_options, show_listing
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.errors import ExitCode
from coaiapy.util.text.wording import one_line


def build(group: Any) -> None:
    """Add the commands to ``coaia pipeline``."""
    parser = add_command(
        group,
        "search",
        search,
        "search the galleries for templates",
        "coaia pipeline search audio",
    )
    parser.add_argument("words", metavar="WORD", nargs="+", help="each must occur, in any case")
    add_listing_options(parser)
    parser = add_command(
        group,
        "index",
        index_,
        "write the index of a folder of templates, which makes it a gallery",
        """coaia pipeline index templates
        coaia pipeline index templates --check""",
        local=True,
    )
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and end with 2 if the index is old"
    )


def search(args: argparse.Namespace, context: Context) -> int:
    """List what the galleries have; a gallery that cannot be read is said, and is no gallery."""
    from coaiapy.config import values
    from coaiapy.gallery import index

    known = index.galleries(values.load(context.env_file))
    found = index.search(known, args.words, is_terminal(context.stdin))
    if found.problems and len(found.problems) == len(known):
        raise found.problems[0]
    for problem in found.problems:
        context.warn(str(problem))
    rows = found.rows
    if not (args.json or args.jsonl):
        rows = [
            dict(
                row,
                description=one_line(row["description"]),
                variables=one_line(",".join(row["variables"])),
            )
            for row in rows
        ]
    show_listing(args, context, rows, index.COLUMNS, "template")
    if rows:
        context.note("to install one: coaia pipeline install GALLERY NAME")
    return ExitCode.OK


def index_(args: argparse.Namespace, context: Context) -> int:
    """Write the index, or say whether it is what it should be."""
    from coaiapy.gallery import index
    from coaiapy.util.files import write_output

    path = index.path_in(args.folder)
    text = index.text_of(args.folder)
    if args.check:
        if index.is_current(args.folder, text):
            return ExitCode.OK
        context.warn("{} is old: run coaia pipeline index {}".format(path, args.folder))
        return ExitCode.USAGE
    write_output(path, text)
    context.say(path)
    return ExitCode.OK
