"""``coaia fuse prompts``: prompts, their versions and labels by hand."""

import argparse
from typing import Any, Iterator, List

from coaiapy.cli.commands.fuse.prompts import files, promote, render
from coaiapy.cli.input import STDIN, agrees, read_input
from coaiapy.cli.options import add_json, add_yes, json_value, positive, seconds
from coaiapy.cli.output import add_listing_options, print_json, show_listing
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode, UsageError
from coaiapy.langfuse.prompts import prompts
from coaiapy.langfuse.prompts.content import (
    LATEST,
    PRODUCTION,
    TEXT,
    TYPES,
    content_from,
    content_text,
)
from coaiapy.langfuse.prompts.display import (
    COLUMNS,
    VERSION_COLUMNS,
    format_prompt_display,
)


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse prompts``."""
    group = subcommands(
        parser,
        words,
        """coaia fuse prompts list
        coaia fuse prompts get team/greeting --prod -c""",
    )
    _build_list(group)
    _build_get(group)
    _build_create(group)
    _build_labels(group)
    _build_delete(group)
    render.build(group)
    files.build(group)
    promote.build(group)


def _build_list(group: Any) -> None:
    listing = add_command(
        group, "list", list_prompts, "list prompts", "coaia fuse prompts list --label production"
    )
    listing.add_argument("name", metavar="NAME", nargs="?", help="only the prompt with this name")
    listing.add_argument("--label", help="only prompts with this label on one of their versions")
    listing.add_argument("--tag", help="only prompts with this tag")
    add_listing_options(listing)


def _build_get(group: Any) -> None:
    get = add_command(
        group,
        "get",
        get_prompt,
        "show one version of a prompt",
        """coaia fuse prompts get team/greeting --prod -c
        coaia fuse prompts get team/greeting --version 3 --json""",
    )
    get.add_argument("name", metavar="NAME")
    get.add_argument("--label", help="show the version with this label (default: latest)")
    get.add_argument("--prod", action="store_true", help="same as --label production")
    get.add_argument("--version", type=positive, metavar="N", help="show this version")
    get.add_argument("-c", "--content-only", action="store_true", help="print only the content")
    get.add_argument(
        "-e", "--escaped", action="store_true", help="print only the content, as a JSON string"
    )
    get.add_argument(
        "--offline", action="store_true", help="use the copy on disk and ask no server"
    )
    get.add_argument(
        "--max-age",
        type=seconds,
        metavar="SECONDS",
        help="use the copy on disk if it is not older than this",
    )
    add_json(get)


def _build_create(group: Any) -> None:
    create = add_command(
        group,
        "create",
        create_prompt,
        "create a new version of a prompt, and print its number",
        """coaia fuse prompts create team/greeting "Hello {{name}}" --labels production
        coaia fuse prompts create team/chat -f chat.yaml --type chat --commit-message "First" """,
    )
    create.add_argument("name", metavar="NAME")
    create.add_argument(
        "content", metavar="CONTENT", nargs="?", help="the content (default: standard input)"
    )
    create.add_argument(
        "-f", "--file", help="read the content from this file (- for standard input)"
    )
    create.add_argument(
        "--type",
        choices=TYPES,
        default=TEXT,
        help="text, or chat for a JSON or YAML list of messages (default: text)",
    )
    create.add_argument("--labels", nargs="*", metavar="LABEL", help="labels of this version")
    create.add_argument("--tags", nargs="*", metavar="TAG", help="tags of the prompt")
    create.add_argument("--commit-message", metavar="TEXT", help="description of the change")
    create.add_argument(
        "--config",
        type=json_value,
        metavar="JSON",
        help='config of this version, such as {"model": "gpt-4"}',
    )
    add_json(create)


def _build_labels(group: Any) -> None:
    labels = add_command(
        group,
        "labels",
        label_prompt,
        "list the versions of a prompt with their labels, or set labels on a version",
        """coaia fuse prompts labels team/greeting
        coaia fuse prompts labels team/greeting 3 production""",
    )
    labels.add_argument("name", metavar="NAME")
    labels.add_argument(
        "version", type=positive, metavar="VERSION", nargs="?", help="the version to label"
    )
    labels.add_argument(
        "labels", metavar="LABEL", nargs="*", help="label to move from any other version to it"
    )
    add_listing_options(labels)


def _build_delete(group: Any) -> None:
    delete = add_command(
        group,
        "delete",
        delete_prompt,
        "delete a prompt or some of its versions",
        "coaia fuse prompts delete team/greeting --version 2 --yes",
    )
    delete.add_argument("name", metavar="NAME")
    delete.add_argument("--version", type=positive, metavar="N", help="delete only this version")
    delete.add_argument("--label", help="delete only the version with this label")
    add_yes(delete)


def list_prompts(args: argparse.Namespace, context: Context) -> None:
    """Show the prompts."""
    known = settings.load(context.env_file)
    found = prompts.list_prompts(known, args.name, args.label, args.tag)
    show_listing(args, context, found, COLUMNS, "prompt")


def get_prompt(args: argparse.Namespace, context: Context) -> None:
    """Show one version of a prompt."""
    for overruled in _overruled(args):
        context.warn(overruled)
    label = args.label or (PRODUCTION if args.prod else LATEST)
    fetched = prompts.fetch_prompt(
        settings.load(context.env_file),
        args.name,
        None if args.version else label,
        args.version,
        args.offline,
        args.max_age,
    )
    if fetched.note:
        context.warn(fetched.note)
    if args.content_only or args.escaped:
        context.say(content_text(fetched.prompt["prompt"], args.escaped))
    elif args.json:
        print_json(context, fetched.prompt)
    else:
        context.say(format_prompt_display(fetched.prompt, context.local_times))


def _overruled(args: argparse.Namespace) -> Iterator[str]:
    """Yield a sentence for each option that another one makes idle; earlier releases took both."""
    by = "--version" if args.version else "--label"
    if args.version and args.label:
        yield "--label {} is ignored, because --version was given".format(args.label)
    if args.prod and (args.version or args.label not in (None, PRODUCTION)):
        yield "--prod is ignored, because {} was given".format(by)
    if args.json and (args.content_only or args.escaped):
        yield "--json is ignored, because -c and -e print only the content"


def create_prompt(args: argparse.Namespace, context: Context) -> None:
    """Write a new version of a prompt."""
    created = prompts.create_prompt(
        settings.load(context.env_file),
        args.name,
        content_from(_content(args, context), args.type),
        args.commit_message,
        args.labels,
        args.tags,
        args.type,
        args.config,
    )
    if args.json:
        return print_json(context, created)
    context.say(str(created["version"]))
    context.note(
        "created version {version} of {name} ({labels})".format(
            name=created["name"], version=created["version"], labels=", ".join(created["labels"])
        )
    )


def _content(args: argparse.Namespace, context: Context) -> str:
    if args.content is not None and args.file:
        raise UsageError("the content is given twice: use either the argument or -f FILE")
    if args.content is not None:
        return str(args.content)
    text = read_input(args.file, context)
    if not text.strip("\n"):
        where = "standard input" if args.file in (None, STDIN) else args.file
        raise UsageError("{} is empty: for an empty prompt, give '' as CONTENT".format(where))
    # The line end that get -c adds, as editors do, belongs to the file.
    return text[:-1] if args.type == TEXT and text.endswith("\n") else text


def label_prompt(args: argparse.Namespace, context: Context) -> None:
    """Show the versions of a prompt, or put labels on one."""
    known = settings.load(context.env_file)
    if args.version is None:
        found = prompts.list_versions(known, args.name)
        return show_listing(args, context, found, VERSION_COLUMNS, "version")
    labelled = prompts.update_prompt_version_labels(known, args.name, args.version, args.labels)
    show_listing(args, context, [labelled], VERSION_COLUMNS, "version")


def delete_prompt(args: argparse.Namespace, context: Context) -> int:
    """Delete a prompt or some of its versions."""
    known = settings.load(context.env_file)
    what = prompts.described(args.name, args.label, args.version)
    if not args.yes and not agrees(context, "delete {}?".format(what)):
        context.note("nothing was deleted")
        return ExitCode.FAILED
    prompts.delete_prompt(known, args.name, args.version, args.label)
    context.note("deleted {}".format(what))
    return ExitCode.OK
