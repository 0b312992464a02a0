"""``coaia fuse experiments score``: scores what a run has put out, without running it again."""

import argparse
from typing import Any

from coaiapy.cli.commands.fuse.experiments import options, progress
from coaiapy.cli.delivery import settings_for
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.errors import UsageError


def build_score(group: Any) -> None:
    """Add ``score``."""
    parser = add_command(
        group,
        "score",
        score,
        "score the outputs of a run again, without running it",
        """coaia fuse experiments score first --eval exact
        coaia fuse experiments score first --eval-cmd 'python judge.py' --jobs 4""",
        local=True,
    )
    parser.add_argument("run", metavar="RUN", help="name or id of the run, or latest")
    options.add_dataset(parser)
    options.add_scoring(parser)


def score(args: argparse.Namespace, context: Context) -> int:
    """Score a run again; return as ``run`` does."""
    from coaiapy.experiments import runs
    from coaiapy.experiments.execution.work import Order
    from coaiapy.running.system import check_system

    check_system()
    judging = options.judging(args, context)
    known = settings_for(args, context)
    if not judging.rules and not judging.commands:
        raise UsageError("say how to score: --eval RULE, --eval-cmd COMMAND or --judge TAG")
    plan = runs.find(known, args.run, args.dataset)
    order = Order(plan, None, judging.rules, judging.commands, args.limit_seconds)
    base = runs.baseline(known, args.baseline, plan) if args.baseline else None
    with progress.place(context, known) as place:
        found = runs.score(place, order, options.limits(args))
    return progress.tell(args, context, judging, base, found)
