"""``coaia fuse experiments``: listing, showing and deleting runs; see ``run`` for running them."""

import argparse
from typing import Any, List

from coaiapy.cli.commands.fuse.experiments import compare, options, run, score
from coaiapy.cli.options import add_yes
from coaiapy.cli.output import add_listing_options, show_listing
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.errors import ExitCode, UsageError


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse experiments``."""
    group = subcommands(parser, words, "coaia fuse experiments list")
    run.build_run(group)
    score.build_score(group)
    compare.build_compare(group)
    listing = add_command(
        group,
        "list",
        list_runs,
        "list the runs of this machine, and those that Langfuse has besides",
        "coaia fuse experiments list --json",
    )
    add_listing_options(listing)
    _build_show(group)
    delete = add_command(
        group,
        "delete",
        delete_run,
        "delete a run here, and in Langfuse where the server can; its traces there stay",
        "coaia fuse experiments delete first --yes",
    )
    delete.add_argument("run", metavar="RUN", help="name or id of the run")
    options.add_dataset(delete)
    add_yes(delete)


def _build_show(group: Any) -> None:
    show = add_command(
        group,
        "show",
        show_run,
        "list the items of a run: output, scores and how they spread, latency, link to the trace",
        """coaia fuse experiments show first --failed
        coaia fuse experiments show latest --sort exact""",
    )
    show.add_argument("run", metavar="RUN", help="name or id of the run, or latest")
    options.add_dataset(show)
    show.add_argument("--failed", action="store_true", help="only items that did not end well")
    show.add_argument(
        "--sort", metavar="SCORE", help="the lowest values of a score, or of seconds, first"
    )
    add_listing_options(show)


def list_runs(args: argparse.Namespace, context: Context) -> None:
    """Show the runs."""
    from coaiapy.config import settings
    from coaiapy.experiments import plans, runs

    found = runs.listed(settings.load(context.env_file), context.note)
    show_listing(args, context, found, plans.COLUMNS, "run")


def show_run(args: argparse.Namespace, context: Context) -> None:
    """Show the items of a run."""
    from coaiapy.config import settings
    from coaiapy.experiments import figures, results, runs

    known = settings.load(context.env_file)
    found = runs.read(known, args.run, args.dataset, context.note)
    spreads = figures.spreads(found.outcomes)
    rows = [
        dict(one.body(), spread=spreads.get(one.item, {}), url=known.trace_page(one.trace_id))
        for one in found.outcomes
    ]
    if args.failed:
        rows = [row for row in rows if row["state"] != "ok"]
    names = sorted({name for row in rows for name in row["scores"]})
    rows = [dict(row, **{name: row["scores"].get(name) for name in names}) for row in rows]
    if args.sort:
        if args.sort not in names + ["seconds"]:
            raise UsageError(
                "--sort: no item has a score {!r}: there are {}".format(
                    args.sort, ", ".join(names + ["seconds"])
                )
            )
        rows.sort(key=lambda row: (row[args.sort] is None, row[args.sort]))
    more = {"cost": any(row["cost"] for row in rows), "reason": args.failed}
    more["spread"] = any(any(row["spread"].values()) for row in rows)
    columns = results.columns(names, more, not known.is_local)
    show_listing(args, context, rows, columns, "item")


def delete_run(args: argparse.Namespace, context: Context) -> int:
    """Delete a run."""
    from coaiapy.cli.input import agrees
    from coaiapy.config import settings
    from coaiapy.experiments import runs

    known = settings.load(context.env_file)
    plan = runs.find(known, args.run, args.dataset)
    if not args.yes and not agrees(context, "delete the run {!r}?".format(plan.name)):
        context.note("nothing was deleted")
        return ExitCode.FAILED
    there = runs.delete(known, plan)
    context.note("deleted {}{}".format(plan.name, ", also in Langfuse" if there else ""))
    return ExitCode.OK
