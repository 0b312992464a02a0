"""``coaia tag``: the tags of sound files, shown and written."""

import argparse
from typing import Any, List, Optional

from coaiapy.audio.tags.base import NAMES
from coaiapy.cli.delivery import add_trace_options, recorder
from coaiapy.cli.options import add_json
from coaiapy.cli.output import print_json
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.errors import CoaiaError, ExitCode


def add_tag_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what the tags are to be."""
    tags = parser.add_argument_group("tags")
    for name in NAMES:
        tags.add_argument("--" + name, metavar="TEXT", help="set the {}".format(name))
    tags.add_argument("--lyrics-file", metavar="FILE", help="set the lyrics to this text file")
    tags.add_argument("--cover", metavar="IMAGE", help="set the cover to this JPEG or PNG file")
    tags.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FRAME=VALUE",
        help="set another frame, such as TBPM=120 or TXXX:mood=calm; repeatable",
    )
    tags.add_argument(
        "--id3",
        choices=("2.3", "2.4"),
        help="ID3 version to write (default: that of the file, else 2.4)",
    )


def change_of(args: argparse.Namespace, clear: bool = False) -> Any:
    """Return the change that the options ask for."""
    from coaiapy.audio.tags import tags as audio_tags

    return audio_tags.change_from(
        {name: getattr(args, name) for name in NAMES},
        args.lyrics_file,
        args.cover,
        args.set,
        clear,
        args.id3,
    )


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia tag``."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="audio file")
    add_tag_options(parser)
    parser.add_argument("--clear", action="store_true", help="remove all existing tags first")
    add_json(parser, help="print the tags as JSON")
    add_trace_options(parser)
    as_command(
        parser,
        tag,
        """coaia tag memo.mp3
        coaia tag memo.mp3 --title "Morning" --artist "John" --year 2026 --cover cover.jpg
        coaia tag memo.mp3 --set TXXX:mood=calm --comment ""
        coaia tag memo.mp3 --clear""",
        local=True,
    )


def tag(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Write the tags that are given to each file, or show those that are there."""
    from coaiapy.audio.tags import tags as audio_tags

    change = change_of(args, args.clear)
    shown = []
    worst: Optional[CoaiaError] = None
    for path in args.files:
        try:
            if not change.is_nothing:
                _write(args, context, path, change)
            if change.is_nothing or args.json:
                shown.append((path, audio_tags.read(path)))
        except CoaiaError as error:
            if len(args.files) == 1:
                raise
            context.warn(str(error))
            worst = worst or error
    _show(args, context, shown)
    return worst.exit_code if worst else ExitCode.OK


def _write(args: argparse.Namespace, context: Context, path: str, change: Any) -> None:
    from coaiapy.audio.tags import tags as audio_tags

    audio_tags.write_recorded(recorder(args, context), path, change)
    context.note("tagged {}".format(path))


def _show(args: argparse.Namespace, context: Context, shown: List[Any]) -> None:
    from coaiapy.audio.tags import tags as audio_tags
    from coaiapy.util.text.wording import one_line

    if args.json:
        objects = [dict(tags, file=path) for path, tags in shown]
        return print_json(context, objects[0] if len(args.files) == 1 else objects)
    for number, (path, tags) in enumerate(shown):
        if len(args.files) > 1:
            context.say("{}{}".format("\n" if number else "", one_line(path)))
        for name, text in audio_tags.rows(tags):
            context.say("{:<8}  {}".format(name, one_line(text)))
    return None
