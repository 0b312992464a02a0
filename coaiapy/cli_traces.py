"""``coaia fuse traces``: listing, viewing, writing and deleting traces and observations."""

import argparse
from typing import Any, List

from coaiapy import cli_batch, cli_trace_writes, display, settings, traces
from coaiapy.cli_arguments import add_json, positive, print_json, time
from coaiapy.cli_common import Context, add_command, example_text, subcommands
from coaiapy.trace_filter import ORDERS, TraceFilter

DEFAULT_LIMIT = 50


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse traces``; without one it lists."""
    group = subcommands(parser)
    _add_list_options(parser)
    parser.set_defaults(handler=list_traces)
    parser.epilog = example_text("coaia fuse traces --user john --limit 10")
    listing = add_command(
        group, "list", list_traces, "list traces", "coaia fuse traces list --user john --limit 10"
    )
    _add_list_options(listing)
    _build_views(group)
    _build_delete(group)
    cli_trace_writes.build(group, words)
    cli_batch.build(group)


def _add_list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=positive, default=DEFAULT_LIMIT, help="how many at most")
    parser.add_argument("--all", action="store_true", help="every trace, whatever --limit says")
    parser.add_argument("--user", metavar="ID", help="only this user's")
    parser.add_argument("--session", metavar="ID", help="only those of this session")
    parser.add_argument("--name", help="only those of this name")
    parser.add_argument("--tag", action="append", default=[], help="only with this tag (repeat)")
    parser.add_argument("--environment", metavar="NAME", help="only those of this environment")
    parser.add_argument("--from", dest="from_time", type=time, metavar="TIME", help="not before")
    parser.add_argument("--to", dest="to_time", type=time, metavar="TIME", help="before")
    parser.add_argument("--order", choices=ORDERS, default=ORDERS[0], help="(default: %(default)s)")
    parser.add_argument(
        "--include-observations", action="store_true", help="with --json: with their observations"
    )
    add_json(parser)


def _build_views(group: Any) -> None:
    view = add_command(
        group,
        "trace-view",
        view_trace,
        "show a trace as a tree",
        "coaia fuse traces trace-view $COAIA_TRACE_ID",
        aliases=["tv"],
    )
    view.add_argument("trace_id", metavar="TRACE_ID")
    add_json(view)
    session = add_command(
        group,
        "session-view",
        view_session,
        "show the traces of a session",
        "coaia fuse traces session-view $COAIA_SESSION_ID",
        aliases=["sv"],
    )
    session.add_argument("session_id", metavar="SESSION_ID")
    add_json(session)
    observation = add_command(
        group,
        "get-observation",
        view_observation,
        "show one observation",
        "coaia fuse traces get-observation $COAIA_LAST_OBSERVATION_ID",
        aliases=["obs-get", "get-obs"],
    )
    observation.add_argument("observation_id", metavar="OBSERVATION_ID")
    add_json(observation)


def _build_delete(group: Any) -> None:
    delete = add_command(
        group,
        "delete",
        delete_traces,
        "delete traces with all that belongs to them",
        "coaia fuse traces delete my-run",
        aliases=["delete-batch"],
    )
    delete.add_argument("trace_ids", metavar="TRACE_ID", nargs="+")


def list_traces(args: argparse.Namespace, context: Context) -> None:
    """Show the traces that the options ask for."""
    wanted = TraceFilter(
        user_id=args.user,
        session_id=args.session,
        name=args.name,
        tags=tuple(args.tag),
        environment=args.environment,
        from_time=args.from_time,
        to_time=args.to_time,
        order=args.order,
    )
    known = settings.load(context.env_file)
    found = traces.list_traces(known, wanted, None if args.all else args.limit)
    if args.include_observations:
        found = [traces.get_trace(known, trace["id"]) for trace in found]
    if args.json:
        return print_json(context, found)
    context.say(display.trace_table(found))
    context.note("{} traces".format(len(found)) if len(found) != 1 else "1 trace")


def view_trace(args: argparse.Namespace, context: Context) -> None:
    """Show one trace as a tree."""
    trace = traces.get_trace(settings.load(context.env_file), args.trace_id)
    if args.json:
        return print_json(context, trace)
    context.say(display.trace_tree(trace, display.strokes_for(context.stdout)))


def view_session(args: argparse.Namespace, context: Context) -> None:
    """Show the traces of one session as trees."""
    session = traces.get_session(settings.load(context.env_file), args.session_id)
    if args.json:
        return print_json(context, session)
    context.say(display.session_tree(session, display.strokes_for(context.stdout)))


def view_observation(args: argparse.Namespace, context: Context) -> None:
    """Show one observation field by field."""
    observation = traces.get_observation(settings.load(context.env_file), args.observation_id)
    if args.json:
        return print_json(context, observation)
    context.say(display.fields(observation))


def delete_traces(args: argparse.Namespace, context: Context) -> None:
    """Delete traces, all or (where one is unknown) none."""
    traces.delete(settings.load(context.env_file), args.trace_ids)
    context.note("deleted {}".format(", ".join(args.trace_ids)))
