"""``coaia fuse traces create``, ``add-observation`` and ``patch-output``."""

import argparse
from typing import Any, List, Mapping, Tuple

from coaiapy import settings, trace_reads, traces
from coaiapy.cli_arguments import (
    add_id,
    add_json,
    json_object,
    json_or_text,
    json_value,
    print_json,
    time,
)
from coaiapy.cli_common import OneOfSeveral, add_command
from coaiapy.cli_delivery import add_delivery_options, check_export, export_variables, report
from coaiapy.cli_input import STDIN, read_input
from coaiapy.cli_streams import Context
from coaiapy.errors import UsageError
from coaiapy.record_fields import LEVELS, OBSERVATION_TYPES
from coaiapy.records import observation_from, trace_from


def build(group: Any, words: List[str]) -> None:
    """Add the commands that write to ``coaia fuse traces``."""
    _build_create(group)
    _build_add_observation(group, words)
    _build_patch_output(group)


def _build_create(group: Any) -> None:
    create = add_command(
        group,
        "create",
        create_trace,
        "write a trace",
        'coaia fuse traces create my-run -u john -s session-1 -n "Nightly run" --tag nightly',
    )
    create.add_argument("trace_id", metavar="TRACE_ID", nargs="?", help="(default: a new id)")
    add_id(create, "session", "-s", help="the session that it belongs to")
    add_id(create, "user", "-u", help="whom it serves")
    create.add_argument("-n", "--name")
    create.add_argument("--timestamp", type=time, metavar="TIME", help="(default: now)")
    create.add_argument("--tag", action="append", help="repeat for several")
    create.add_argument("--environment", metavar="NAME")
    _add_content(create)
    _add_export(create)


def _add_content(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-i", "--input", metavar="JSON|TEXT")
    parser.add_argument("-o", "--output", metavar="JSON|TEXT")
    parser.add_argument("-m", "--metadata", metavar="JSON|TEXT")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--export-env",
        action="store_true",
        help="print export lines for eval, and keep the ids in .coaia-env",
    )
    add_json(parser, default=argparse.SUPPRESS)
    add_delivery_options(parser)


def _build_add_observation(group: Any, words: List[str]) -> None:
    add = add_command(
        group,
        "add-observation",
        add_observation,
        "write one observation of a trace",
        """coaia fuse traces add-observation $COAIA_TRACE_ID -n "Continued processing"
        coaia fuse traces add-observation step-1 my-run -ts -n "Load" --start-time 260131120000""",
    )
    add.add_argument(
        "ids",
        metavar="[OBSERVATION_ID] TRACE_ID",
        nargs="*" if any(word.startswith("--trace") for word in words) else "+",
        help="the trace, and before it the observation's own id (default: a new one)",
    )
    add_id(add, "trace", help="the trace, by name instead of by place")
    add_id(add, "observation", help="likewise the observation")
    add.add_argument(
        "-t",
        "--type",
        action=OneOfSeveral,
        type=str.upper,
        choices=OBSERVATION_TYPES,
        help="(default: EVENT)",
    )
    for option, kind in (("-te", "EVENT"), ("-ts", "SPAN"), ("-tg", "GENERATION")):
        add.add_argument(
            option, dest="type", action=OneOfSeveral, const=kind, help="same as --type " + kind
        )
    add.add_argument("-n", "--name")
    add.add_argument("-p", "--parent", metavar="ID", help="the observation that this belongs to")
    add.add_argument("--start-time", type=time, metavar="TIME", help="(default: now)")
    add.add_argument("--end-time", type=time, metavar="TIME")
    add.add_argument("--level", type=str.upper, choices=LEVELS, help="(default: DEFAULT)")
    add.add_argument("--status-message", metavar="TEXT")
    add.add_argument("--model")
    add.add_argument("--model-parameters", type=json_object, metavar="JSON")
    add.add_argument("--usage", type=json_object, metavar="JSON", help='such as {"input": 12}')
    add.add_argument("--cost", type=json_value, metavar="JSON", help="US dollars, or by name")
    _add_content(add)
    _add_export(add)


def _build_patch_output(group: Any) -> None:
    patch = add_command(
        group,
        "patch-output",
        patch_output,
        "set the output of a trace, and nothing else of it",
        "coaia fuse traces patch-output $COAIA_TRACE_ID '{\"rows\": 3}'",
    )
    patch.add_argument("trace_id", metavar="TRACE_ID")
    patch.add_argument("output", metavar="JSON|TEXT", nargs="?")
    patch.add_argument(
        "-f", "--file", help="read the output from this file, or - (default: standard input)"
    )
    add_json(patch, default=argparse.SUPPRESS)
    add_delivery_options(patch)


def create_trace(args: argparse.Namespace, context: Context) -> int:
    """Write a trace; print its id, its JSON or its export lines."""
    trace = trace_from(
        {
            "id": args.trace_id,
            "timestamp": args.timestamp,
            "name": args.name,
            "user_id": args.user_id,
            "session_id": args.session_id,
            "input": json_or_text(args.input),
            "output": json_or_text(args.output),
            "metadata": json_or_text(args.metadata),
            "tags": args.tag,
            "environment": args.environment,
        }
    )
    check_export(args)
    known = settings.load(context.env_file)
    outcome = traces.create(known, trace, args.timeout)
    asked = {"timestamp": args.timestamp, "environment": args.environment}
    kept = _as_kept(context, known, trace, asked)
    variables = {
        "COAIA_TRACE_ID": trace.id,
        "COAIA_SESSION_ID": trace.session_id,
        "COAIA_USER_ID": trace.user_id,
    }
    _print_written(args, context, kept, variables)
    return report(args, context, outcome)


def add_observation(args: argparse.Namespace, context: Context) -> int:
    """Write an observation; print its id, its JSON or its export lines."""
    observation_id, trace_id = _observation_and_trace(args)
    observation = observation_from(
        {
            "id": observation_id,
            "type": args.type,
            "name": args.name,
            "parent_id": args.parent,
            "start_time": args.start_time,
            "end_time": args.end_time,
            "input": json_or_text(args.input),
            "output": json_or_text(args.output),
            "metadata": json_or_text(args.metadata),
            "level": args.level,
            "status_message": args.status_message,
            "model": args.model,
            "model_parameters": args.model_parameters,
            "usage": args.usage,
            "cost": args.cost,
        },
        trace_id,
    )
    check_export(args)
    known = settings.load(context.env_file)
    outcome = traces.add_observation(known, observation, args.timeout)
    kept = _as_kept(context, known, observation, {"startTime": args.start_time})
    variables = {
        "COAIA_TRACE_ID": observation.trace_id,
        "COAIA_LAST_OBSERVATION_ID": observation.id,
        "COAIA_PARENT_OBSERVATION_ID": observation.parent_id,
    }
    _print_written(args, context, kept, variables)
    return report(args, context, outcome)


def _observation_and_trace(args: argparse.Namespace) -> Tuple[Any, Any]:
    """Return the two ids: by place ``[OBSERVATION] TRACE``, or by option."""
    places = list(args.ids)
    trace_id = args.trace_id
    if trace_id is None:
        if not places:
            raise UsageError("no trace: give its id, or --trace-id")
        trace_id = places.pop()
    observation_id = args.observation_id
    if observation_id is None and places:
        observation_id = places.pop()
    if places:
        raise UsageError(
            "too many ids ({}): give the observation's and the trace's, each once".format(
                " ".join(args.ids)
            )
        )
    return observation_id, trace_id


def patch_output(args: argparse.Namespace, context: Context) -> int:
    """Set a trace's output from the argument, a file or standard input."""
    output = json_or_text(_output_text(args, context))
    if output is None:
        raise UsageError("null is no output: give a value or a text")
    known = settings.load(context.env_file)
    outcome = traces.patch_output(known, args.trace_id, output, args.timeout)
    if args.json:
        print_json(context, trace_reads.get_trace(known, args.trace_id))
    return report(args, context, outcome)


def _output_text(args: argparse.Namespace, context: Context) -> str:
    if args.output is not None and args.file is not None:
        raise UsageError("give the output once: as an argument or with -f FILE")
    if args.output is not None:
        return str(args.output)
    text = read_input(args.file, context)
    if args.file in (None, STDIN) and not text:
        raise UsageError("nothing came from standard input: give the output, '' for an empty one")
    return text[:-1] if text.endswith("\n") else text


def _as_kept(context: Context, known: Any, record: Any, asked: Mapping[str, Any]) -> Any:
    """Return the body of what was written; say so if it keeps what it had before."""
    kept = traces.as_kept(known, record)
    for name, value in asked.items():
        if value is not None and kept[name] != value:
            what = "environment" if name == "environment" else "start time"
            context.note("the {} stays {}: {} has it already".format(what, kept[name], record.id))
    return kept


def _print_written(args: argparse.Namespace, context: Context, body: Any, variables: Any) -> None:
    if args.export_env:
        export_variables(context, variables)
    elif args.json:
        print_json(context, body)
    else:
        context.say(body["id"])
