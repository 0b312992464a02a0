"""``coaia fuse traces create``, ``add-observation`` and the like: writing traces and observations."""

import argparse
import itertools
from typing import Any, Iterable, List, Mapping, Optional, Tuple

from coaiapy.cli import references
from coaiapy.cli.delivery import (
    add_delivery_options,
    check_export,
    export_variables,
    report,
    settings_for,
    summary,
)
from coaiapy.cli.input import STDIN, open_input, read_input
from coaiapy.cli.options import (
    add_dry_run,
    add_environment,
    add_export_env,
    add_fields,
    add_id,
    add_json,
    add_observation_type,
    add_reference,
    add_time,
    add_trace_tags,
    json_object,
    json_or_text,
    json_value,
    time,
)
from coaiapy.cli.output import new_bar, print_json
from coaiapy.cli.parser import OneOfSeveral, Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.fields import LEVELS, OBSERVATION_FIELDS
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces
from coaiapy.langfuse.traces.active import PARENT, TRACE, active_ids
from coaiapy.langfuse.traces.batch import preview, read_observations
from coaiapy.util.formats.item_files import FORMATS
from coaiapy.util.text.wording import counted

PREVIEWED = 100
FIELDS = [field.attribute for field in OBSERVATION_FIELDS if field.attribute != "trace_id"]


class Counted:
    """An iterator that counts what it has yielded."""

    def __init__(self, items: Iterable[Any]) -> None:
        self.count = 0
        self._items = iter(items)

    def __iter__(self) -> "Counted":
        return self

    def __next__(self) -> Any:
        item = next(self._items)
        self.count += 1
        return item


def build_batch(batch: Parser, words: List[str]) -> None:
    """Give ``batch`` what follows ``coaia fuse traces add-observations``."""
    as_command(
        batch,
        add_observations,
        """coaia fuse traces add-observations my-run -f steps.jsonl
        cat steps.yaml | coaia fuse traces add-observations my-run --format yaml --dry-run""",
    )
    add_reference(batch, "trace")
    batch.add_argument(
        "-f", "--file", default=STDIN, help="file to read (default: standard input, also -)"
    )
    batch.add_argument("--format", choices=FORMATS, help="format of the file (default: detected)")
    add_dry_run(batch, "check and show the observations without writing them")
    add_fields(batch, FIELDS)
    add_delivery_options(batch)


def add_observations(args: argparse.Namespace, context: Context) -> int:
    """Check the whole file, and write all of it or nothing."""
    with open_input(args.file, context) as stream:
        found = read_observations(stream, args.trace_id, args.file, args.format)
        observations = Counted(_with_progress(context, found))
        if args.dry_run:
            _preview(args, context, observations)
            return 0
        outcome = traces.submit(settings_for(args, context), observations)
    what = "{} of trace {}".format(counted(observations.count, "observation"), args.trace_id)
    context.note(summary(what, observations.count, outcome))
    return report(args, context, outcome)


def _preview(args: argparse.Namespace, context: Context, observations: Counted) -> None:
    shown = list(preview(itertools.islice(observations, PREVIEWED)))
    for _ in observations:
        pass  # the rest is checked, too
    count = observations.count
    print_json(
        context,
        {
            "trace_id": args.trace_id,
            "total_observations": count,
            "observations_preview": shown,
        },
    )
    more = ", the first {} shown".format(len(shown)) if len(shown) < count else ""
    found = counted(count, "observation")
    context.note("dry run: {} valid{}, nothing was written".format(found, more))


def _with_progress(context: Context, items: Iterable[Any]) -> Iterable[Any]:
    """Show on a terminal how far it is; a short run does not need it."""
    bar: Optional[Iterable[Any]] = new_bar(
        context, iterable=items, desc="checking", unit="obs", delay=0.3
    )
    return items if bar is None else bar


def build_create(create: Parser, words: List[str]) -> None:
    """Give ``create`` what follows ``coaia fuse traces create``."""
    as_command(
        create,
        create_trace,
        'coaia fuse traces create my-run -u john -s session-1 -n "Nightly run" --tag nightly',
    )
    create.add_argument(
        "trace_id",
        metavar="TRACE_ID",
        nargs="?",
        type=references.new,
        help="id of the trace (default: a new id)",
    )
    add_id(create, "session", "-s", help="session that the trace belongs to")
    add_id(create, "user", "-u", help="user that the trace belongs to")
    create.add_argument("-n", "--name", help="name of the trace")
    add_time(create, "--timestamp", "start time")
    add_trace_tags(create)
    add_environment(create)
    _add_content(create)
    _add_export(create)


def _add_content(parser: argparse.ArgumentParser) -> None:
    for short, name in (("-i", "input"), ("-o", "output"), ("-m", "metadata")):
        parser.add_argument(
            short, "--" + name, metavar="JSON|TEXT", help=name + ", as JSON or as text"
        )


def _add_export(parser: argparse.ArgumentParser) -> None:
    add_export_env(parser)
    add_json(parser, default=argparse.SUPPRESS)
    add_delivery_options(parser)


def build_add_observation(add: Parser, words: List[str]) -> None:
    """Give ``add`` what follows ``coaia fuse traces add-observation``."""
    as_command(
        add,
        add_observation,
        """coaia fuse traces add-observation $COAIA_TRACE_ID -n "Continued processing"
        coaia fuse traces add-observation step-1 my-run -ts -n "Load" --start-time 260131120000""",
    )
    add.add_argument(
        "ids",
        metavar="[OBSERVATION_ID] TRACE_ID",
        nargs="*",
        type=references.trace,
        help="id of the trace (default: the active one, and its running observation as the "
        "parent); before it, the id of the observation (default: a new id)",
    )
    add_id(add, "trace", help="id of the trace, instead of as an argument")
    add_id(add, "observation", type=str, help="id of the observation, instead of as an argument")
    _add_type(add)
    add.add_argument("-n", "--name", help="name of the observation")
    add.add_argument(
        "-p",
        "--parent",
        metavar="ID",
        type=references.observation,
        help="id of the parent observation",
    )
    add_time(add, "--start-time", "start time")
    add.add_argument("--end-time", type=time, metavar="TIME", help="end time")
    add.add_argument("--level", type=str.upper, choices=LEVELS, help="severity (default: DEFAULT)")
    add.add_argument("--status-message", metavar="TEXT", help="message such as an error text")
    _add_model(add)
    _add_content(add)
    _add_export(add)


def _add_type(add: argparse.ArgumentParser) -> None:
    about = "type of the observation (default: EVENT)"
    add_observation_type(add, about, "-t", action=OneOfSeveral)
    for option, kind in (("-te", "EVENT"), ("-ts", "SPAN"), ("-tg", "GENERATION")):
        add.add_argument(
            option, dest="type", action=OneOfSeveral, const=kind, help="same as --type " + kind
        )


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="name of the model")
    for name, kind, about in (
        ("--model-parameters", json_object, 'such as {"temperature": 0.2}'),
        (
            "--usage",
            json_object,
            'numbers of tokens, such as {"input": 12}, or the usage of a model service',
        ),
        ("--cost", json_value, 'US dollars: a number, or an object such as {"input": 0.01}'),
    ):
        parser.add_argument(name, type=kind, metavar="JSON", help=about)


def build_patch_output(patch: Parser, words: List[str]) -> None:
    """Give ``patch`` what follows ``coaia fuse traces patch-output``."""
    as_command(
        patch,
        patch_output,
        "coaia fuse traces patch-output $COAIA_TRACE_ID '{\"rows\": 3}'",
    )
    add_reference(patch, "trace")
    patch.add_argument(
        "output", metavar="JSON|TEXT", nargs="?", help="the output (default: standard input)"
    )
    patch.add_argument("-f", "--file", help="read the output from this file (- for standard input)")
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
    known = settings_for(args, context)
    outcome = traces.create(known, trace)
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
    observation_id, trace_id, parent_id = _place(args)
    observation = observation_from(
        {
            "id": observation_id,
            "type": args.type,
            "name": args.name,
            "parent_id": parent_id,
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
    known = settings_for(args, context)
    outcome = traces.add_observation(known, observation)
    kept = _as_kept(context, known, observation, {"startTime": args.start_time})
    variables = {
        "COAIA_TRACE_ID": observation.trace_id,
        "COAIA_LAST_OBSERVATION_ID": observation.id,
        "COAIA_PARENT_OBSERVATION_ID": observation.parent_id,
    }
    _print_written(args, context, kept, variables)
    return report(args, context, outcome)


def _place(args: argparse.Namespace) -> Tuple[Any, Any, Any]:
    """Return the ids of observation, trace and parent: by place, by option, or the active ones."""
    places = list(args.ids)
    trace_id, parent_id = args.trace_id, args.parent
    if trace_id is None and places:
        trace_id = places.pop()
    if trace_id is None:
        active = active_ids()
        trace_id = active.get(TRACE)
        parent_id = parent_id or active.get(PARENT)
    if not trace_id:
        raise UsageError(
            "the trace is missing: give its id as an argument or with --trace-id, or set {}".format(
                TRACE
            )
        )
    observation_id = args.observation_id
    if observation_id is None and places:
        observation_id = places.pop()
    if places:
        raise UsageError(
            "too many ids ({}): give the id of the observation and that of the trace once".format(
                " ".join(args.ids)
            )
        )
    return observation_id, trace_id, parent_id


def patch_output(args: argparse.Namespace, context: Context) -> int:
    """Set a trace's output from the argument, a file or standard input."""
    output = json_or_text(_output_text(args, context))
    if output is None:
        raise UsageError("the output is null: give a value or a text")
    known = settings_for(args, context)
    outcome = traces.patch_output(known, args.trace_id, output)
    if args.json:
        print_json(context, trace_reads.get_trace(known, args.trace_id))
    return report(args, context, outcome)


def _output_text(args: argparse.Namespace, context: Context) -> str:
    if args.output is not None and args.file is not None:
        raise UsageError("the output is given twice: use either the argument or -f FILE")
    if args.output is not None:
        return str(args.output)
    text = read_input(args.file, context)
    if args.file in (None, STDIN) and not text:
        raise UsageError("standard input is empty: give the output ('' for an empty text)")
    return text[:-1] if text.endswith("\n") else text


def _as_kept(context: Context, known: Any, record: Any, asked: Mapping[str, Any]) -> Any:
    """Return the body of what was written; say so if it keeps what it had before."""
    kept = traces.as_kept(known, record)
    for name, value in asked.items():
        if value is not None and kept[name] != value:
            what = "environment" if name == "environment" else "start time"
            context.note("{} keeps its {}, {}".format(record.id, what, kept[name]))
    return kept


def _print_written(args: argparse.Namespace, context: Context, body: Any, variables: Any) -> None:
    if args.export_env:
        export_variables(context, variables, args.shell)
    elif args.json:
        print_json(context, body)
    else:
        context.say(body["id"])
