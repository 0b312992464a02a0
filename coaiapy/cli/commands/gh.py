"""``coaia gh``: issues of a GitHub repository."""

import argparse
from typing import List

from coaiapy import cogh
from coaiapy.cli.options import add_json
from coaiapy.cli.output import add_listing_options, print_json, show_listing
from coaiapy.cli.parser import Parser, add_command, add_group, subcommands
from coaiapy.cli.streams import Context
from coaiapy.errors import UsageError

_OWNER_HELP = "user or organization that owns the repository"
_REPO_HELP = "name of the repository"


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia gh``."""
    example = "coaia gh issues list --owner octocat --repo hello-world"
    group = add_group(
        subcommands(parser, words, example),
        "issues",
        "show the issues of a repository",
        words,
        example,
    )
    listing = add_command(
        group,
        "list",
        list_,
        "list the issues of a repository",
        """coaia gh issues list --owner octocat --repo hello-world
        coaia gh issues list --owner octocat --repo hello-world --state all --json""",
    )
    listing.add_argument("--owner", required=True, metavar="OWNER", help=_OWNER_HELP)
    listing.add_argument("--repo", required=True, metavar="REPO", help=_REPO_HELP)
    listing.add_argument(
        "--state",
        choices=("open", "closed", "all"),
        default="open",
        help="state of the issues (default: open)",
    )
    add_listing_options(listing)
    one = add_command(
        group,
        "get",
        get,
        "show one issue",
        """coaia gh issues get octocat/hello-world#12
        coaia gh issues get --owner octocat --repo hello-world --issue-number 12 --json""",
    )
    one.add_argument("reference", metavar="OWNER/REPO#N", nargs="?", help="issue to show")
    one.add_argument("--owner", metavar="OWNER", help=_OWNER_HELP)
    one.add_argument("--repo", metavar="REPO", help=_REPO_HELP)
    one.add_argument("--issue-number", metavar="N", type=int, help="number of the issue")
    add_json(one)


def list_(args: argparse.Namespace, context: Context) -> None:
    """Show issues; JSON forms hold what GitHub says of each."""
    found = cogh.issues(args.owner, args.repo, args.state, context.env_file)
    if not (args.json or args.jsonl):
        found = cogh.rows(found)
    show_listing(args, context, found, cogh.COLUMNS, "issue")


def get(args: argparse.Namespace, context: Context) -> None:
    """Show one issue."""
    if args.reference:
        owner, repo, number = cogh.parse_reference(args.reference)
    elif args.owner and args.repo and args.issue_number:
        owner, repo, number = args.owner, args.repo, args.issue_number
    else:
        raise UsageError(
            "the issue is missing: give OWNER/REPO#N, or --owner, --repo and --issue-number"
        )
    found = cogh.issue(owner, repo, number, context.env_file)
    if args.json:
        return print_json(context, found)
    row = cogh.rows([found])[0]
    context.say("#{number} {title}".format(**row))
    context.say(
        "state {state}  assignee {0}  labels {1}".format(
            row["assignee"] or "nobody", ", ".join(row["labels"]) or "none", **row
        )
    )
    if found.get("body"):
        context.say("\n" + found["body"].rstrip())
    return None
