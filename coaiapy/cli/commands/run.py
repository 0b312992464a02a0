"""``coaia run``: runs a command unchanged, and writes what it did as an observation."""

import argparse
from typing import Any, Dict, List, Tuple

from coaiapy.cli.options import (
    add_id,
    add_observation_type,
    add_trace_tags,
    add_words,
    json_or_text,
    positive,
    seconds,
)
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context, flush
from coaiapy.errors import CoaiaError, UsageError
from coaiapy.langfuse.records.fields import LEVELS

_CAPTURED = {"none": (), "stdout": (1,), "stderr": (2,), "both": (1, 2)}
_USAGE = "coaia run [options] -- COMMAND [ARG ...]"


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia run``."""
    as_command(
        parser,
        run,
        """coaia run -- make test
        coaia run --trace-name nightly --tag cron -- bash nightly.sh
        coaia run --name train --timeout 3600 --retries 2 -- python train.py --epochs 3""",
        local=True,
    )
    parser.set_defaults(require_delivery=False)
    add_words(parser, _USAGE)
    _add_record(parser)
    _add_trace(parser)
    _add_capture(parser)
    _add_execution(parser)


def _add_record(parser: Parser) -> None:
    parser.add_argument("--name", help="name of the observation (default: the command's words)")
    add_observation_type(parser, "type of the observation (default: SPAN)", default="SPAN")
    parser.add_argument(
        "--parent", metavar="ID", help="parent observation (default: COAIA_PARENT_OBSERVATION_ID)"
    )
    for name, about in (("input", "input (default: the command)"), ("metadata", "metadata")):
        parser.add_argument("--" + name, metavar="JSON|TEXT", help=about + ", as JSON or as text")
    parser.add_argument(
        "--level-on-failure",
        type=str.upper,
        choices=LEVELS,
        default="ERROR",
        help="level if the command fails (default: ERROR)",
    )


def _add_trace(parser: Parser) -> None:
    add_id(
        parser,
        "trace",
        type=str,
        help="trace to write to (default: the active one, else a new one)",
    )
    parser.add_argument("--trace-name", metavar="NAME", help="name of the trace")
    add_id(parser, "user", help="user that the trace belongs to")
    add_id(parser, "session", type=str, help="session that the trace belongs to")
    add_trace_tags(parser)


def _add_capture(parser: Parser) -> None:
    parser.add_argument(
        "--capture",
        choices=_CAPTURED,
        help="which output to record: none, stdout, stderr or both (default, see COAIA_RUN_CAPTURE); "
        "secrets are masked",
    )
    parser.add_argument(
        "--capture-bytes",
        type=positive,
        metavar="N",
        help="record the last N bytes of each (default: 65536, see COAIA_RUN_CAPTURE_BYTES)",
    )
    parser.add_argument(
        "--redact",
        action="append",
        metavar="REGEX",
        default=[],
        help="also mask what matches this regular expression of Python, beside COAIA_RUN_REDACT; "
        "repeatable",
    )


def _add_execution(parser: Parser) -> None:
    parser.add_argument(
        "--timeout",
        dest="limit",
        type=seconds,
        metavar="SECONDS",
        help="end the command after this many seconds: with TERM, then with KILL",
    )
    parser.add_argument(
        "--retries",
        type=positive,
        metavar="N",
        default=0,
        help="run it again up to N times if it fails",
    )
    parser.add_argument(
        "--backoff",
        type=seconds,
        metavar="SECONDS",
        default=1.0,
        help="pause before the first retry, doubled before each further one (default: 1)",
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Run the command and return its exit code, whatever becomes of the record."""
    if not args.command:
        raise UsageError("the command is missing: " + _USAGE)
    from coaiapy.running.system import check_system

    check_system()
    from coaiapy.running import recorded_command
    from coaiapy.running.launch import die_of_interrupt

    for stream in (context.stdout, context.stderr):
        flush(stream)
    result = recorded_command.run(_options(args, context), context.env_file, context.note)
    if result.rows:
        _deliver(args, context, result)
    if result.interrupted:
        flush(context.stderr)
        die_of_interrupt(result.interrupted)
    return result.code


def _deliver(args: argparse.Namespace, context: Context, result: Any) -> None:
    """Have the record sent, as the settings say; trouble is only noted."""
    from coaiapy.config import settings
    from coaiapy.config.schema import MANUAL
    from coaiapy.running import record

    try:
        known = settings.load(context.env_file)
        if known.is_local:
            return
        from coaiapy.cli.delivery import report

        outcome = record.deliver(known, result.rows)
        report(args, context, outcome)
    except Exception as error:
        kind = "" if isinstance(error, CoaiaError) else type(error).__name__ + ": "
        context.note("coaia: the record is not sent yet: {}{}".format(kind, error))
        return
    if result.opened and outcome.is_left and known.delivery == MANUAL:
        context.note(
            "recorded in trace {}; to send it: coaia fuse outbox flush".format(result.trace_id)
        )


def _options(args: argparse.Namespace, context: Context) -> Any:
    from coaiapy.running.recorded_command import RunOptions

    usual, are_right = _usual(context)
    masked = usual["run.redact"]
    return RunOptions(
        words=args.command,
        name=args.name,
        type=args.type,
        trace_id=args.trace_id,
        parent_id=args.parent,
        input=json_or_text(args.input),
        metadata=json_or_text(args.metadata),
        trace={
            "name": args.trace_name,
            "user_id": args.user_id,
            "session_id": args.session_id,
            "tags": args.tag,
        },
        kept=_CAPTURED[args.capture or usual["run.capture"]],
        most=args.capture_bytes or usual["run.capture_bytes"],
        sizes_only=not are_right,
        redact=args.redact + ([masked] if masked else []),
        level=args.level_on_failure,
        timeout=args.limit,
        retries=args.retries,
        backoff=args.backoff,
    )


def _usual(context: Context) -> Tuple[Dict[str, Any], bool]:
    """Return the settings of coaia run, and whether they are right: else they are the defaults, and
    only sizes are recorded."""
    from coaiapy.config import values
    from coaiapy.config.schema import KEY_OF

    names = ("run.capture", "run.capture_bytes", "run.redact")
    try:
        known = values.load(context.env_file)
        return {name: known.get(name) for name in names}, True
    except CoaiaError as error:
        context.note("coaia: only sizes are recorded: {}".format(error))
        return {name: KEY_OF[name].default for name in names}, False
