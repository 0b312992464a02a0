"""``coaia fuse traces``: listing, viewing, writing and deleting traces and observations."""

import argparse
from typing import Any, List

from coaiapy import cli_batch, cli_observations, cli_references, cli_trace_list, cli_trace_writes
from coaiapy.cli_arguments import add_json
from coaiapy.cli_common import add_command, subcommands
from coaiapy.cli_input import agrees
from coaiapy.cli_output import note_source, print_json
from coaiapy.cli_streams import Context
from coaiapy.cli_views import add_contents, show_fields, show_session, show_trace
from coaiapy.config import settings
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse traces``; without one it lists."""
    group = subcommands(parser, words, "coaia fuse traces --user-id john --limit 10")
    cli_trace_list.build(parser, group)
    _build_views(group)
    cli_observations.build(group)
    _build_delete(group)
    cli_trace_writes.build(group, words)
    cli_batch.build(group)
    cli_trace_list.refuse_early_options(words, group.choices)


def _build_views(group: Any) -> None:
    view = add_command(
        group,
        "trace-view",
        view_trace,
        "show a trace and its observations as a tree",
        """coaia fuse traces trace-view $COAIA_TRACE_ID
        coaia fuse traces trace-view latest --io""",
        aliases=["tv"],
    )
    _add_reference(view, "trace", "COAIA_TRACE_ID")
    add_contents(view)
    add_json(view, default=argparse.SUPPRESS)
    session = add_command(
        group,
        "session-view",
        view_session,
        "show the traces of a session",
        "coaia fuse traces session-view $COAIA_SESSION_ID",
        aliases=["sv"],
    )
    _add_reference(session, "session", "COAIA_SESSION_ID")
    add_contents(session)
    add_json(session, default=argparse.SUPPRESS)
    observation = add_command(
        group,
        "get-observation",
        view_observation,
        "show one observation",
        "coaia fuse traces get-observation $COAIA_LAST_OBSERVATION_ID",
        aliases=["obs-get", "get-obs"],
    )
    _add_reference(observation, "observation", "COAIA_LAST_OBSERVATION_ID")
    add_json(observation, default=argparse.SUPPRESS)


def _add_reference(parser: argparse.ArgumentParser, kind: str, variable: str) -> None:
    about = "id of the {}, {} (default: {})".format(kind, cli_references.LATEST_HELP, variable)
    parser.add_argument(
        kind + "_id",
        metavar=kind.upper() + "_ID",
        nargs="?",
        type=getattr(cli_references, kind),
        help=about,
    )


def _build_delete(group: Any) -> None:
    delete = add_command(
        group,
        "delete",
        delete_traces,
        "delete traces with their observations and scores",
        "coaia fuse traces delete my-run\ncoaia fuse traces delete run-1 run-2 --yes",
        aliases=["delete-batch"],
    )
    delete.add_argument("trace_ids", metavar="TRACE_ID", nargs="+", type=cli_references.trace)
    delete.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def view_trace(args: argparse.Namespace, context: Context) -> None:
    """Show one trace as a tree."""
    known = settings.load(context.env_file)
    given = cli_references.given_or_active(args.trace_id, "COAIA_TRACE_ID", "trace")

    def read(trace_id: str) -> Any:
        return trace_reads.get_trace(known, trace_id, context.note)

    trace = cli_references.read_one(read, known, "trace", given)
    note_source(context, known)
    if args.json:
        return print_json(context, trace)
    show_trace(context, trace, args.io)


def view_session(args: argparse.Namespace, context: Context) -> None:
    """Show the traces of one session as trees."""
    known = settings.load(context.env_file)
    given = cli_references.given_or_active(args.session_id, "COAIA_SESSION_ID", "session")

    def read(session_id: str) -> Any:
        return trace_reads.get_session(known, session_id, context.note)

    session = cli_references.read_one(read, known, "session", given)
    note_source(context, known)
    if args.json:
        return print_json(context, session)
    show_session(context, session, args.io)


def view_observation(args: argparse.Namespace, context: Context) -> None:
    """Show one observation field by field."""
    known = settings.load(context.env_file)
    given = cli_references.given_or_active(
        args.observation_id, "COAIA_LAST_OBSERVATION_ID", "observation"
    )

    def read(observation_id: str) -> Any:
        return trace_reads.get_observation(known, observation_id, context.note)

    observation = cli_references.read_one(read, known, "observation", given)
    note_source(context, known)
    if args.json:
        return print_json(context, observation)
    show_fields(context, observation)


def delete_traces(args: argparse.Namespace, context: Context) -> None:
    """Delete traces, all or (where one is unknown) none."""
    known = settings.load(context.env_file)
    named = ", ".join(args.trace_ids)
    question = "delete {} with all observations and scores?".format(named)
    otherwise = "add --yes to delete {}".format(named)
    if not args.yes and not agrees(context, question, otherwise):
        return context.note("nothing was deleted")
    deleted = traces.delete(known, args.trace_ids)
    if deleted.on_server:
        listed = ", ".join(deleted.on_server)
        context.note("the server is deleting {}; this can take a while".format(listed))
    if deleted.here:
        context.note("deleted {}".format(", ".join(deleted.here)))
