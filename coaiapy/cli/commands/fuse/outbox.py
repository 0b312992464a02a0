"""``coaia fuse outbox``: what is still owed to a server, and what to do about it."""

import argparse
from typing import Any, Dict, Iterable, List, Optional

from coaiapy import patience
from coaiapy.cli.delivery import add_delivery_options, kept_locally, report
from coaiapy.cli.input import agrees
from coaiapy.cli.options import add_json, add_output, add_yes, positive
from coaiapy.cli.output import (
    add_listing_options,
    print_json,
    print_json_lines,
    show_listing,
    show_record,
    steps_bar,
)
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode, NotFoundError, UsageError
from coaiapy.langfuse.journal import outbox
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.scores import links as score_links
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.send.sender_lock import SENDER_COLUMNS, Status, statuses
from coaiapy.util import times
from coaiapy.util.files import PRIVATE_FILE, write_output
from coaiapy.util.formats.json_values import json_lines
from coaiapy.util.text.wording import counted

_ROW_HELP = "number of a record in coaia fuse outbox list"


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse outbox``."""
    group = subcommands(
        parser,
        words,
        """coaia fuse outbox status
        coaia fuse outbox flush""",
    )
    status = add_command(
        group,
        "status",
        show_status,
        "count the unsent records of each server and project",
        "coaia fuse outbox status",
        local=True,
    )
    add_listing_options(status)
    listing = add_command(
        group,
        "list",
        list_entries,
        "list the waiting and the rejected records",
        "coaia fuse outbox list --state rejected",
        local=True,
    )
    _add_state(listing)
    add_listing_options(listing)
    show = add_command(
        group,
        "show",
        show_entry,
        "show one record of the outbox",
        "coaia fuse outbox show 12",
        local=True,
    )
    show.add_argument("row", metavar="ROW", type=positive, help=_ROW_HELP)
    add_json(show)
    _build_flush(group)
    _build_changes(group)


def _build_flush(group: Any) -> None:
    flush = add_command(
        group,
        "flush",
        flush_outbox,
        "send all waiting records",
        """coaia fuse outbox flush
        coaia fuse outbox flush --wait
        coaia fuse outbox flush --adopt
        coaia fuse outbox flush --adopt-from 2""",
    )
    flush.add_argument(
        "--adopt",
        action="store_true",
        help="also send what was written without keys, to the project of the current keys",
    )
    flush.add_argument(
        "--adopt-from",
        metavar="NO",
        type=positive,
        help="also send what waits for destination NO of coaia fuse outbox status, for example "
        "after a wrong key or address",
    )
    add_yes(flush, help="do not ask for confirmation of --adopt-from")
    flush.add_argument(
        "--wait",
        action="store_true",
        help="try until the server has accepted everything, for --timeout seconds without progress "
        "(default: {:g}), and fail if it has not".format(patience.WHOLE_FLUSH),
    )
    add_json(flush)
    add_delivery_options(flush)


def _build_changes(group: Any) -> None:
    retry = add_command(
        group,
        "retry",
        retry_rejected,
        "queue rejected records for sending again",
        "coaia fuse outbox retry",
        local=True,
    )
    _add_rows(retry, _ROW_HELP + " (default: all)")
    drop = add_command(
        group,
        "drop",
        drop_entries,
        "delete records from the outbox without sending them",
        "coaia fuse outbox drop 12 --yes\ncoaia fuse outbox drop --state rejected",
        local=True,
    )
    _add_rows(drop)
    _add_state(drop)
    drop.add_argument("--all", action="store_true", help="delete all records")
    add_yes(drop)
    export = add_command(
        group,
        "export",
        export_entries,
        "export the outbox as JSON Lines",
        "coaia fuse outbox export -o waiting.jsonl",
        local=True,
    )
    add_output(export, "-o")
    _add_state(export)


def _add_state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=outbox.STATES, help="only records in this state")


def _add_rows(parser: argparse.ArgumentParser, help: str = _ROW_HELP) -> None:
    parser.add_argument("rows", metavar="ROW", type=positive, nargs="*", help=help)


def show_status(args: argparse.Namespace, context: Context) -> None:
    """Show one line a destination, and how the sender in the background is doing."""
    with Journal() as journal:
        senders = statuses(journal)
        running = [number for number, sender in senders.items() if sender.is_running]
        tallies = outbox.tallies(journal, running)
    rows = [
        dict(tally._asdict(), oldest=_moment(tally.oldest), **_sender(senders.get(tally.number)))
        for tally in tallies
    ]
    has_sender = any(row["sender"] for row in rows)
    columns = dict(outbox.TALLY_COLUMNS, **(SENDER_COLUMNS if has_sender else {}))
    show_listing(args, context, rows, columns, "destination")
    if any(tally.local for tally in tallies):
        context.note(kept_locally())


def _sender(status: Optional[Status]) -> Dict[str, Any]:
    if status is None:
        return dict.fromkeys(SENDER_COLUMNS)
    return {
        "sender": "running" if status.is_running else "ended",
        "sender_since": _moment(status.since),
        "sender_sent": status.sent,
        "sender_problem": status.problem or None,
    }


def list_entries(args: argparse.Namespace, context: Context) -> None:
    """Show one line a record."""
    with Journal() as journal:
        rows = [_as_json(entry) for entry in outbox.entries(journal, state=args.state)]
    show_listing(args, context, rows, outbox.ENTRY_COLUMNS, "record")


def show_entry(args: argparse.Namespace, context: Context) -> None:
    """Show one record with its body and, if it was rejected, the reason."""
    with Journal() as journal:
        found = [_as_json(entry) for entry in outbox.entries(journal, row=args.row)]
    if not found:
        raise _unknown([args.row])
    show_record(args, context, found[0])


def _unknown(rows: Iterable[int], what: str = "record") -> NotFoundError:
    numbers = ", ".join(str(row) for row in sorted(rows))
    return NotFoundError(
        "there is no {} {} in the outbox: see coaia fuse outbox list".format(what, numbers)
    )


def flush_outbox(args: argparse.Namespace, context: Context) -> int:
    """Send what waits; what is adopted becomes the project's first."""
    known = settings.load(context.env_file)
    sources = [LOCAL] if args.adopt else []
    if args.adopt_from is not None:
        if not _may_adopt(args, context, known):
            context.note("nothing was sent")
            return ExitCode.FAILED
        sources.append(args.adopt_from)
    links = score_links.links(known, sources)
    seconds = patience.WHOLE_FLUSH if args.wait else None
    with steps_bar(context, "sending", "rec") as progress:
        outcome = delivery.flush(known, seconds, sources, progress, links.linked)
    for problem in links.problems():
        context.warn(problem)
    if args.json:
        counts = {name: getattr(outcome, name) for name in ("sent", "waiting", "elsewhere")}
        print_json(
            context, dict(counts, rejected=[dict(one._asdict()) for one in outcome.rejected])
        )
    context.note(counted(outcome.sent, "record") + " sent")
    if outcome.elsewhere:
        context.note(
            "{} in the outbox for other servers or projects (coaia fuse outbox status); "
            "to send them here: coaia fuse outbox flush --adopt-from NO".format(
                counted(outcome.elsewhere, "record")
            )
        )
    args.require_delivery = args.require_delivery or args.wait
    return report(args, context, outcome)


def _may_adopt(args: argparse.Namespace, context: Context, known: settings.Settings) -> bool:
    with Journal() as journal:
        found = [one for one in outbox.tallies(journal) if one.number == args.adopt_from]
    if not found:
        raise NotFoundError(
            "the outbox has no destination {}: see the numbers in coaia fuse outbox status".format(
                args.adopt_from
            )
        )
    if (found[0].destination, found[0].key) == (known.base_url, known.public_key):
        return True
    what = "send the records for {0.destination} (key {0.key}{1}) to {2} (key {3}) instead?"
    project = ", project " + found[0].project if found[0].project else ""
    question = what.format(found[0], project, known.base_url, known.public_key)
    return args.yes or agrees(context, question)


def retry_rejected(args: argparse.Namespace, context: Context) -> None:
    """Put rejected records back into the queue."""
    with Journal() as journal:
        rejected = {entry.row for entry in outbox.entries(journal, state="rejected")}
        missing = set(args.rows) - rejected
        if missing:
            raise _unknown(missing, "rejected record")
        count = outbox.retry(journal, args.rows or None)
    waiting = "{} waiting again; to send now, run: coaia fuse outbox flush"
    context.note(
        waiting.format(counted(count, "record")) if count else "there are no rejected records"
    )


def drop_entries(args: argparse.Namespace, context: Context) -> int:
    """Forget records after asking."""
    if not (args.rows or args.state or args.all):
        raise UsageError("say which records: give ROW numbers, --state STATE or --all")
    if args.all and (args.rows or args.state):
        raise UsageError("--all cannot be combined with ROW or --state: choose one")
    with Journal() as journal:
        rows = {entry.row for entry in outbox.entries(journal, state=args.state)}
        missing = set(args.rows) - rows
        if missing:
            raise _unknown(missing, "{} record".format(args.state) if args.state else "record")
        chosen = sorted(set(args.rows) or rows)
        if chosen and not args.yes and not agrees(context, _loss(len(chosen))):
            context.note("nothing was deleted")
            return ExitCode.FAILED
        context.note(counted(outbox.drop(journal, chosen), "record") + " deleted")
    return ExitCode.OK


def _loss(count: int) -> str:
    return "delete {} without sending?".format(counted(count, "record"))


def export_entries(args: argparse.Namespace, context: Context) -> None:
    """Write one JSON line a record."""
    with Journal() as journal:
        entries = list(outbox.entries(journal, state=args.state))
    rows = [_as_json(entry) for entry in entries]
    if args.output:
        write_output(args.output, json_lines(rows), PRIVATE_FILE)
    else:
        print_json_lines(context, rows)
    context.note(counted(len(rows), "record") + " exported")


def _as_json(entry: outbox.Entry) -> Dict[str, Any]:
    return dict(entry._asdict(), written_at=_moment(entry.written_at))


def _moment(seconds: Optional[float]) -> Optional[str]:
    return None if seconds is None else times.parse_time(seconds)
