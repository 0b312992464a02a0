"""``coaia fuse media``: files beside traces: up, down, and what the server knows of them."""

import argparse
from typing import Any, List

from coaiapy.cli.delivery import report
from coaiapy.cli.options import add_id, add_json, add_output, add_reference
from coaiapy.cli.output import show_record, show_written
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.media import files as media_files
from coaiapy.langfuse.media import media
from coaiapy.util.files import write_output


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse media``."""
    group = subcommands(parser, words, "coaia fuse media upload photo.png $COAIA_TRACE_ID")
    _build_upload(group)
    get = add_command(
        group,
        "get",
        get_media,
        "show the details of an uploaded file and its download address",
        "coaia fuse media get MEDIA_ID --json",
    )
    _add_id(get)
    add_json(get)
    down = add_command(
        group,
        "download",
        download_media,
        "download a file and check that it is undamaged",
        "coaia fuse media download MEDIA_ID -O photo.png",
    )
    _add_id(down)
    add_output(down, "-O", "file to write (default: MEDIA_ID.EXTENSION)")


def _build_upload(group: Any) -> None:
    upload = add_command(
        group,
        "upload",
        upload_media,
        "upload a file and add a reference to it to a trace or observation",
        """coaia fuse media upload photo.png $COAIA_TRACE_ID
        coaia fuse media upload answer.mp3 my-trace -o my-step -f output""",
    )
    upload.add_argument("file", metavar="FILE")
    add_reference(upload, "trace")
    add_id(upload, "observation", "-o", help="add the reference to this observation of the trace")
    upload.add_argument(
        "-f",
        "--field",
        choices=media.FIELDS,
        default="input",
        help="field for the reference (default: input)",
    )
    upload.add_argument(
        "-c", "--content-type", metavar="TYPE", help="MIME type (default: by the file name)"
    )
    add_json(upload)
    # Without the reference nobody finds the file, so that it counts as done with it only.
    upload.set_defaults(require_delivery=True)


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("media_id", metavar="MEDIA_ID", help="a media id, or a whole reference")


def upload_media(args: argparse.Namespace, context: Context) -> int:
    """Upload a file and print its id."""
    slot = media.Slot(args.trace_id, args.observation_id, args.field)
    attached = media.upload_and_attach(
        settings.load(context.env_file), args.file, slot, args.content_type
    )
    shown = media.summary(attached)
    show_written(args, context, shown, "media_id")
    if shown["success"]:
        context.note("{}: {}".format(args.file, shown["message"]))
    return report(args, context, attached.outcome)


def get_media(args: argparse.Namespace, context: Context) -> None:
    """Show what the server knows of a file."""
    found = media.get_media(settings.load(context.env_file), args.media_id)
    show_record(args, context, found)


def download_media(args: argparse.Namespace, context: Context) -> None:
    """Fetch a file and print where it is."""
    found, content = media.download(settings.load(context.env_file), args.media_id)
    path = args.output or found["mediaId"] + media_files.ending_of(found["contentType"])
    write_output(path, content)
    context.say(path)
