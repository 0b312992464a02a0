"""``coaia fuse traces``: listing and deleting traces, and listing observations."""

import argparse
from typing import Any, Dict, Iterable, List

from coaiapy.cli import references
from coaiapy.cli.branches import Branch, add_commands
from coaiapy.cli.commands.fuse.traces import pages
from coaiapy.cli.commands.fuse.traces.filters import add_filters, add_last, trace_filter
from coaiapy.cli.options import (
    LIMIT,
    add_environment,
    add_id,
    add_limit,
    add_observation_type,
    add_period,
    add_yes,
)
from coaiapy.cli.output import (
    add_listing_options,
    note_source,
    show_listing,
)
from coaiapy.cli.parser import Parser, as_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.config.settings import Settings
from coaiapy.errors import ExitCode, UsageError
from coaiapy.langfuse.read.filters import ORDERS, ObservationFilter
from coaiapy.langfuse.records.display import with_note
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces.display import OBSERVATION_COLUMNS, TRACE_COLUMNS

COMMANDS = (
    Branch("list", "commands.fuse.traces.traces.build_list", "list traces"),
    Branch(
        "trace-view",
        "commands.fuse.traces.views.build_trace",
        "show a trace: its observations as a tree, on a terminal with a time axis",
        ("tv", "view"),
    ),
    Branch(
        "session-view",
        "commands.fuse.traces.views.build_session",
        "show the traces of a session",
        ("sv",),
    ),
    Branch(
        "get-observation",
        "commands.fuse.traces.views.build_observation",
        "show one observation",
        ("obs-get", "get-obs"),
    ),
    Branch(
        "stats",
        "commands.fuse.traces.stats.build",
        "show how many observations there were, how long they took and what they cost",
    ),
    Branch(
        "diff",
        "commands.fuse.traces.diff.build",
        "compare two traces step by step",
    ),
    Branch(
        "search",
        "commands.fuse.traces.search.build",
        "find traces by a text in their names, inputs, outputs, status messages and metadata",
    ),
    Branch(
        "export",
        "commands.fuse.traces.files.build_export",
        "write traces with their observations and scores as JSON Lines",
    ),
    Branch(
        "import",
        "commands.fuse.traces.files.build_import",
        "write the traces of a file that export or an OpenTelemetry exporter has written",
    ),
    Branch(
        "tail",
        "commands.fuse.traces.tail.build",
        "show new traces and observations as they come, until it is interrupted",
    ),
    Branch(
        "list-observations",
        "commands.fuse.traces.traces.build_observations",
        "list observations, newest first",
        ("obs-list", "list-obs"),
    ),
    Branch(
        "delete",
        "commands.fuse.traces.traces.build_delete",
        "delete traces with their observations and scores",
        ("delete-batch",),
    ),
    Branch(
        "create",
        "commands.fuse.traces.writes.build_create",
        "create a trace, or update an existing one",
    ),
    Branch(
        "add-observation",
        "commands.fuse.traces.writes.build_add_observation",
        "add an observation to a trace, or update an existing one",
    ),
    Branch(
        "patch-output",
        "commands.fuse.traces.writes.build_patch_output",
        "set the output of a trace and change nothing else",
    ),
    Branch(
        "add-observations",
        "commands.fuse.traces.writes.build_batch",
        "add all observations of a JSON, JSON Lines or YAML file to a trace",
        ("add-obs-batch",),
    ),
)
# The options of the listing.
_VALUED = (
    "--limit",
    "--user-id",
    "--user",
    "--session-id",
    "--session",
    "--name",
    "--query",
    "--tag",
    "--environment",
    "--from",
    "--last",
    "--to",
    "--order",
    "--columns",
    "--html",
    "--timeout",
)
_OPTIONS = _VALUED + ("--all", "--include-observations", "--jsonl", "--csv", "--open")


def build_observations(listing: Parser, words: List[str]) -> None:
    """Give ``listing`` what follows ``coaia fuse traces list-observations``."""
    as_command(
        listing,
        list_observations,
        "coaia fuse traces list-observations --trace-id $COAIA_TRACE_ID --type GENERATION",
    )
    add_id(listing, "trace", help="only observations of this trace")
    add_id(listing, "user", help="only observations of traces of this user")
    listing.add_argument(
        "--parent",
        metavar="ID",
        type=references.observation,
        help="only observations directly below this one",
    )
    listing.add_argument("--name", help="only observations with this name")
    add_period(listing)
    add_observation_type(listing, "only observations of this type")
    add_limit(listing)
    listing.add_argument(
        "--cursor", metavar="TEXT", help="continue a listing from the cursor that it showed"
    )
    add_environment(listing, "only observations of this Langfuse environment")
    add_listing_options(listing)


def list_observations(args: argparse.Namespace, context: Context) -> None:
    """Show one page of observations, and to stderr the cursor of the next one."""
    known = settings.load(context.env_file)
    page = references.read_some(
        lambda: trace_reads.list_observations(
            known, _observation_filter(args), args.limit, args.cursor, context.note
        ),
        args,
        context,
        known,
        lambda page: page.rows,
    )
    show_listing(args, context, page.rows, with_note(OBSERVATION_COLUMNS, page.rows), "observation")
    if page.cursor:
        context.note("there are more: --cursor {}".format(page.cursor))
    note_source(context, known)


def _observation_filter(args: argparse.Namespace) -> ObservationFilter:
    return ObservationFilter(
        trace_id=args.trace_id,
        name=args.name,
        type=args.type,
        environment=args.environment,
        user_id=args.user_id,
        parent_id=args.parent,
        from_time=args.from_time,
        to_time=args.to_time,
    )


def _list_by_itself(parser: Parser) -> None:
    """Make ``coaia fuse traces`` list if no other command follows."""
    as_command(parser, list_traces, "coaia fuse traces --user-id john --limit 10")
    _add_options(parser)
    parser.set_defaults(
        limit=LIMIT,
        all=False,
        user_id=None,
        session_id=None,
        name=None,
        tag=None,
        environment=None,
        from_time=None,
        to_time=None,
        order=ORDERS[0],
        query=None,
        include_observations=False,
        json=False,
        jsonl=False,
        csv=False,
        columns=None,
        html=None,
        open=False,
    )


def build_list(listing: Parser, words: List[str]) -> None:
    """Give ``listing`` what follows ``coaia fuse traces list``."""
    as_command(
        listing,
        list_traces,
        """coaia fuse traces list --user-id john --limit 10
        coaia fuse traces list --last 7d""",
    )
    _add_options(listing)


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, none with a default: ``traces --user-id john list`` keeps what came first."""

    def add(*names: str, **options: Any) -> None:
        parser.add_argument(*names, default=argparse.SUPPRESS, **options)

    add_limit(parser, default=argparse.SUPPRESS)
    add("--all", action="store_true", help="list all traces; --limit is ignored")
    add_filters(parser, default=argparse.SUPPRESS)
    add_last(parser)
    add("--query", metavar="TEXT", help="only traces that contain this text (see: search)")
    add("--order", choices=ORDERS, help="sort order (default: {})".format(ORDERS[0]))
    add(
        "--include-observations",
        action="store_true",
        help="with --json: include the observations and scores of each trace",
    )
    add_listing_options(parser, form_default=argparse.SUPPRESS, columns_default=argparse.SUPPRESS)
    pages.add_page(parser, default=argparse.SUPPRESS)


def refuse_early_options(words: List[str], commands: Iterable[str]) -> None:
    """Say so if an option of the listing stands before another command, which would ignore it."""
    for before, word in enumerate(words[1:]):
        if word in commands and words[before] not in _VALUED:
            early = [option for option in words if option.split("=")[0] in _OPTIONS]
            if early and word != "list" and words.index(early[0]) <= before:
                raise UsageError(
                    "{} is an option of the listing and has no effect before {}: put the options "
                    "of {} after it".format(early[0], word, word)
                )
            return


def list_traces(args: argparse.Namespace, context: Context) -> None:
    """Show the traces that the options ask for."""
    pages.check_page(args)
    known = settings.load(context.env_file)
    limit = None if args.all else args.limit
    with_observations = args.include_observations or bool(args.html)
    most = limit and limit + 1

    def read() -> List[Dict[str, Any]]:
        wanted = trace_filter(args)
        return trace_reads.list_traces(
            known, wanted, most, with_observations, context.note, args.query
        )

    found = references.read_some(read, args, context, known)
    shown = found[:limit]
    if args.html:
        pages.write_page(args, context, "list", shown)
    else:
        show_listing(args, context, shown, with_note(TRACE_COLUMNS, shown), "trace")
    if len(found) > len(shown):
        context.note("there are more: --all shows them")
    note_source(context, known)


def build(parser: Parser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse traces``; without one it lists."""
    group = subcommands(parser, words)
    _list_by_itself(parser)
    add_commands(group, COMMANDS, words)
    refuse_early_options(words, group.choices)


def build_delete(delete: Parser, words: List[str]) -> None:
    """Give ``delete`` what follows ``coaia fuse traces delete``."""
    as_command(
        delete,
        delete_traces,
        "coaia fuse traces delete my-run\ncoaia fuse traces delete run-1 run-2 --yes",
    )
    delete.add_argument("trace_ids", metavar="TRACE_ID", nargs="+", type=references.trace)
    add_yes(delete)


def delete_traces(args: argparse.Namespace, context: Context) -> int:
    """Delete traces, all or (where one is unknown) none."""
    from coaiapy.cli.input import agrees
    from coaiapy.langfuse.traces import traces

    known = settings.load(context.env_file)
    trace_ids = args.trace_ids if args.yes else _completed(known, args.trace_ids)
    named = ", ".join(trace_ids)
    question = "delete {} with all observations and scores?".format(named)
    if not args.yes and not agrees(context, question):
        context.note("nothing was deleted")
        return ExitCode.FAILED
    deleted = traces.delete(known, trace_ids)
    if deleted.on_server:
        listed = ", ".join(deleted.on_server)
        context.note("the server is deleting {}; this can take a while".format(listed))
    if deleted.here:
        context.note("deleted {}".format(", ".join(deleted.here)))
    return ExitCode.OK


def _completed(known: Settings, trace_ids: List[str]) -> List[str]:
    """Return whole ids for those that may be beginnings; somebody sees them before it is too late.

    Raises ``NotFoundError`` for an id that is not known.
    """
    from coaiapy.langfuse.traces import traces

    unknown = traces.unknown(known, trace_ids)
    found = [
        references.beginning(known, "trace", one) if one in unknown else one for one in trace_ids
    ]
    missing = [one for one in found if one in unknown]
    if missing:
        raise traces.nothing_to_delete(missing[0])
    return found
