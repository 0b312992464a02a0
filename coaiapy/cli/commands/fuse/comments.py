"""``coaia fuse comments``: what people say about a trace, an observation, a session, a prompt."""

import argparse
from typing import Any, List, Optional

from coaiapy import patience
from coaiapy.cli import references
from coaiapy.cli.input import STDIN, read_stdin
from coaiapy.cli.options import add_id, add_json, add_reference, seconds
from coaiapy.cli.output import add_listing_options, show_listing, show_record, show_written
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.config.settings import Settings
from coaiapy.errors import UsageError
from coaiapy.langfuse import comments


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse comments``."""
    example = 'coaia fuse comments post "Looks right" --trace-id $COAIA_TRACE_ID'
    group = subcommands(parser, words, example)
    listing = add_command(
        group,
        "list",
        list_comments,
        "list comments, oldest first",
        """coaia fuse comments list --trace-id $COAIA_TRACE_ID
        coaia fuse comments list --json""",
    )
    _add_targets(listing, "only comments on this")
    listing.add_argument("--author", metavar="USER_ID", help="only comments by this project member")
    add_listing_options(listing)
    get = add_command(
        group, "get", get_comment, "show one comment", "coaia fuse comments get COMMENT_ID"
    )
    add_reference(get, "comment")
    add_json(get)
    _build_post(group)


def _build_post(group: Any) -> None:
    post = add_command(
        group,
        "post",
        post_comment,
        "comment on a trace, an observation, a session or a prompt",
        """coaia fuse comments post "Looks right" --trace-id $COAIA_TRACE_ID
        coaia fuse comments post - --prompt greetings/formal@3 < review.txt""",
    )
    post.add_argument("content", metavar="TEXT", help="the comment (- for standard input)")
    _add_targets(post, "comment on this")
    post.add_argument("--author", metavar="USER_ID", help="post as this project member")
    post.add_argument(
        "--wait",
        type=seconds,
        metavar="SECONDS",
        help="wait at most this long until the server has the object (default: {:g} if it was "
        "just written from here, else 0)".format(patience.COMMENTED_OBJECT),
    )
    add_json(post)


def _add_targets(parser: argparse.ArgumentParser, about: str) -> None:
    targets = parser.add_mutually_exclusive_group()
    for kind in ("trace", "observation", "session"):
        add_id(targets, kind, help="{} {}".format(about, kind))
    targets.add_argument(
        "--prompt",
        metavar="NAME[@VERSION]",
        help=about + " prompt version, or NAME@LABEL (default: latest)",
    )


def list_comments(args: argparse.Namespace, context: Context) -> None:
    """Show comments."""
    known = settings.load(context.env_file)
    found = references.read_some(
        lambda: comments.list_comments(known, _target(args, known), args.author),
        args,
        context,
        known,
    )
    show_listing(args, context, found, comments.COLUMNS, "comment")


def get_comment(args: argparse.Namespace, context: Context) -> None:
    """Show one comment, field by field or as JSON."""
    known = settings.load(context.env_file)
    found = references.read_one(
        lambda comment_id: comments.get_comment(known, comment_id),
        known,
        "comment",
        args.comment_id,
    )
    show_record(args, context, found)


def post_comment(args: argparse.Namespace, context: Context) -> None:
    """Post a comment and print its id."""
    known = settings.load(context.env_file)
    content = read_stdin(context) if args.content == STDIN else args.content
    on = _target(args, known)
    if on is None:
        raise UsageError(
            "the comment needs a target: give --trace-id, --observation-id, --session-id or --prompt"
        )
    posted = comments.post_comment(known, on, content, args.author, args.wait)
    show_written(args, context, {"id": posted})


def _target(args: argparse.Namespace, known: Settings) -> Optional[comments.Target]:
    for kind in (comments.TRACE, comments.OBSERVATION, comments.SESSION):
        given = getattr(args, kind.lower() + "_id")
        if given is not None:
            return comments.target(kind, given)
    return None if args.prompt is None else comments.prompt_target(known, args.prompt)
