"""``coaia fuse experiments run``: a command for every item of a dataset, or a prompt or pipeline."""

import argparse
from typing import Any, List

from coaiapy.cli.commands.fuse.experiments import options, progress, task_options
from coaiapy.cli.delivery import settings_for
from coaiapy.cli.options import positive, time
from coaiapy.cli.parser import Parser, add_command
from coaiapy.cli.streams import Context
from coaiapy.errors import UsageError


def build_run(group: Any) -> None:
    """Add ``run``."""
    parser = add_command(
        group,
        "run",
        run,
        "run a command, prompt or pipeline for every item of a dataset; record and score what it puts out",
        """coaia fuse experiments run questions.jsonl --name first --eval exact -- python answer.py
        coaia fuse experiments run questions --name mini --jobs 8 --timeout 60 -- ./answer.sh
        coaia fuse experiments run questions --name mini --rerun-failed -- ./answer.sh
        coaia fuse experiments run questions --name four --prompt answer --model gpt-4o-mini
        coaia fuse experiments run questions --name nightly --pipeline answer""",
        local=True,
    )
    parser.add_argument(
        "dataset", metavar="DATASET", help="a Langfuse dataset, or a file: .jsonl, .csv, .yaml"
    )
    _add_run(parser)
    _add_items(parser)
    task_options.add_task(parser)
    _add_repetitions(parser)
    options.add_scoring(parser)


def _add_run(parser: Parser) -> None:
    parser.add_argument(
        "--name",
        required=True,
        metavar="RUN",
        help="name of the run; the same name again runs only what is missing",
    )
    parser.add_argument("--description", metavar="TEXT", help="description of the run")
    parser.add_argument(
        "--metadata",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="metadata of the run, besides its command and the commit; repeatable",
    )
    parser.add_argument(
        "--rerun-failed", action="store_true", help="run what has failed again, too"
    )


def _add_items(parser: Parser) -> None:
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="only items with this value, such as metadata.topic=math; repeatable",
    )
    parser.add_argument("--sample", type=positive, metavar="N", help="a random choice of N items")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="makes another choice (default: 0)"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N items")
    parser.add_argument(
        "--version",
        type=time,
        metavar="TIME",
        help="the dataset as it was at this time, where the server can tell (default: now)",
    )


def _add_repetitions(parser: Parser) -> None:
    parser.add_argument(
        "--repeat", type=positive, default=1, metavar="K", help="run each item K times (default: 1)"
    )
    parser.add_argument(
        "--retries", type=positive, default=0, metavar="N", help="try what fails up to N more times"
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Run an experiment; return 1 if an item did not end well, 130 if it was interrupted."""
    task_options.check(args)
    from coaiapy.experiments import items, plans, runs
    from coaiapy.experiments.execution.work import Order
    from coaiapy.running.system import check_system

    check_system()
    judging = options.judging(args, context)
    known = settings_for(args, context)
    choice = items.Choice(
        [items.parsed_filter(one) for one in args.filter], args.sample, args.seed, args.limit
    )
    more = _metadata(args.metadata)
    dataset = items.load(known, args.dataset, args.version, context.note)
    chosen = choice.of(dataset)
    if not len(chosen):
        raise UsageError("no item of {!r} is chosen: nothing was run".format(args.dataset))
    task = task_options.task(args, context, known, chosen)
    plan = plans.checked(
        plans.Plan(
            args.name,
            dataset.name,
            dataset.id,
            args.description,
            plans.metadata_of(task_options.described(args, task), plans.commit(), more),
            args.version,
            len(chosen),
            args.repeat,
        )
    )
    queue = None if args.on == "here" else args.queue
    order = Order(
        plan, task, judging.rules, judging.commands, args.limit_seconds, args.retries, queue
    )
    base = runs.baseline(known, args.baseline, plan) if args.baseline else None
    with progress.place(context, known) as place:
        found = runs.run(place, order, chosen, options.limits(args), args.rerun_failed)
    return progress.tell(args, context, judging, base, found)


def _metadata(given: List[str]) -> Any:
    from coaiapy.cli.options import json_or_text

    found = {}
    for one in given:
        key, sign, value = one.partition("=")
        if not sign or not key:
            raise UsageError("--metadata: {!r} is not KEY=VALUE".format(one))
        found[key] = json_or_text(value)
    return found
