"""What every command that writes has in common: its options, and how it tells what became of it."""

import argparse
import itertools
from typing import Any, Dict, Iterable, Optional

from coaiapy.cli.options import add_id
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.config import settings
from coaiapy.config.schema import WAIT
from coaiapy.errors import ConfigError, ExitCode, NetworkError
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.journal.marks import is_due
from coaiapy.langfuse.records.records import Observation, Trace
from coaiapy.langfuse.send.outcome import SENT_LATER, Outcome
from coaiapy.util.text.wording import counted

REJECTED_SHOWN = 5
_TOLD = "told where local records are"


def add_trace_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--trace-id`` and ``--no-trace``."""
    where = parser.add_mutually_exclusive_group()
    add_id(where, "trace", help="record the call in this trace (default: COAIA_TRACE_ID)")
    where.add_argument("--no-trace", action="store_true", help="do not record the call")


def recorder(args: argparse.Namespace, context: Context) -> Any:
    """Return what records the calls of this command line."""
    from coaiapy.langfuse.traces import observe  # the journal and all that sends: not for --help

    return observe.recorder(args.trace_id, not args.no_trace, context.env_file, context.note)


def add_delivery_options(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what counts as done."""
    parser.add_argument(
        "--require-delivery",
        action="store_true",
        help="fail unless the server accepts everything (exit code 4; 3 without Langfuse keys)",
    )


def settings_for(args: argparse.Namespace, context: Context) -> settings.Settings:
    """Return the settings for a write, which waits for the server if delivery is required."""
    known = settings.load(context.env_file)
    return known._replace(delivery=WAIT) if args.require_delivery else known


def submit_and_report(
    args: argparse.Namespace,
    context: Context,
    trace: Trace,
    observations: Iterable[Observation],
) -> int:
    """Write a trace with its observations, send them, say what became of them."""
    from coaiapy.langfuse.traces import traces  # not at the top: some commands only report

    known = settings_for(args, context)
    outcome = traces.submit(known, itertools.chain([trace], observations))
    return report(args, context, outcome)


def report(args: argparse.Namespace, context: Context, outcome: Outcome) -> int:
    """Say on stderr what became of what was written, and return the exit code."""
    for message in outcome.messages:
        context.note(message)
    if outcome.is_off:
        context.note(
            "LANGFUSE_TRACING_ENABLED is false, so nothing was sent: kept locally in {}; to send it "
            "all the same, run without it: coaia fuse outbox flush --adopt".format(journal_path())
        )
    elif outcome.is_local and not context.quiet and _is_time_to_tell():
        context.note(kept_locally())
    if outcome.is_local:
        return ExitCode.CONFIG if args.require_delivery else ExitCode.OK
    for rejected in outcome.rejected[:REJECTED_SHOWN]:
        context.warn(
            "{0.kind} {0.id} was rejected: {0.reason}; it stays in the outbox: "
            "coaia fuse outbox show {0.row}".format(rejected)
        )
    if len(outcome.rejected) > REJECTED_SHOWN:
        context.warn(
            "{} records were rejected in all: coaia fuse outbox list".format(len(outcome.rejected))
        )
    if outcome.backlog:
        context.note("also sent: {} from the outbox".format(counted(outcome.backlog, "record")))
    if outcome.waiting and not outcome.is_left:
        context.note(
            "not sent yet: {} in the outbox, nothing is lost{}; {}".format(
                counted(outcome.waiting, "record"),
                " ({})".format(outcome.problem) if outcome.problem else "",
                _next_step(outcome),
            )
        )
    return _exit_code(args, outcome)


def kept_locally() -> str:
    """Return the sentence that says where records of local mode are, and how to send them."""
    return (
        "kept locally in {}; to send it, set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, "
        "then run: coaia fuse outbox flush --adopt".format(journal_path())
    )


def _is_time_to_tell() -> bool:
    """Tell whether nobody was told for a day where the records are."""
    with Journal() as journal:
        return is_due(journal, _TOLD)


def _next_step(outcome: Outcome) -> str:
    if isinstance(outcome.problem, ConfigError):  # then other keys or another server are meant
        return (
            "correct the keys or the address, then run: coaia fuse outbox flush --adopt-from "
            "{}".format(outcome.destination)
        )
    return SENT_LATER


def _exit_code(args: argparse.Namespace, outcome: Outcome) -> int:
    if outcome.rejected:
        return ExitCode.REFUSED
    if outcome.problem is not None and not isinstance(outcome.problem, NetworkError):
        return outcome.problem.exit_code
    return ExitCode.NETWORK if outcome.waiting and args.require_delivery else ExitCode.OK


def summary(what: str, count: int, outcome: Outcome) -> str:
    """Return the counts of an import: what was read is written or there already, and what was
    owed to the server is accepted, refused or waiting."""
    unchanged = count - outcome.changed
    text = "{} read and valid, {} written".format(what, outcome.changed)
    if unchanged:
        text += ", {} already there".format(unchanged)
    if outcome.is_local:
        return text
    refused = len(outcome.rejected)
    return "{}; {} sent: {} accepted, {} refused; {} waiting".format(
        text, outcome.sent + refused, outcome.sent, refused, outcome.waiting
    )


def check_export(args: argparse.Namespace) -> None:
    """Fail before anything is written if ``--export-env`` could not keep the ids afterwards."""
    from coaiapy import environment

    if args.export_env:
        environment.check_memory()


def export_variables(
    context: Context, variables: Dict[str, Optional[str]], shell: str = "posix"
) -> None:
    """Print the given variables as lines for ``shell``, and keep them for the next session."""
    from coaiapy import environment

    given = {name: value for name, value in variables.items() if value}
    for line in environment.export_commands(given, shell):
        context.say(line)
    environment.remember(given)
    other = environment.other_trace(given)
    if other and is_terminal(context.stdout):
        context.note(
            'this shell still uses the trace {!r}: run eval "$(coaia ... --export-env)" to '
            "continue with the new one, which is also the one that coaia env save saves".format(
                other
            )
        )
