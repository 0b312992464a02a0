"""``coaia fuse experiments compare``: two or more runs, score by score and item by item."""

import argparse
from typing import Any

from coaiapy.cli.commands.fuse.experiments.options import add_aggregate, add_dataset
from coaiapy.cli.commands.fuse.traces.pages import add_page, check_page, write_page
from coaiapy.cli.options import add_json, positive
from coaiapy.cli.output import print_json, write_output
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.errors import UsageError
from coaiapy.util.text.wording import one_line

# The regressions that are shown of each score.
_WORST = 5


def build_compare(group: Any) -> None:
    """Add ``compare``."""
    parser = add_command(
        group,
        "compare",
        compare,
        "compare runs: means, wins and losses, and the items that got worse",
        """coaia fuse experiments compare first second
        coaia fuse experiments compare first second third --markdown
        coaia fuse experiments compare latest second --junit report.xml
        coaia fuse experiments compare first second --html compared.html""",
    )
    parser.add_argument("base", metavar="BASE", help="name or id of the run to compare with")
    parser.add_argument("runs", metavar="RUN", nargs="+", help="runs that are compared with it")
    add_dataset(parser)
    add_aggregate(parser)
    parser.add_argument(
        "--worst",
        type=positive,
        default=_WORST,
        metavar="N",
        help="show the N worst regressions of each score (default: {})".format(_WORST),
    )
    forms = parser.add_mutually_exclusive_group()
    add_json(forms)
    forms.add_argument(
        "--markdown", action="store_true", help="print Markdown for the comment of a pull request"
    )
    parser.add_argument(
        "--junit",
        metavar="FILE",
        help="write each item of the last run as a test case, as JUnit XML",
    )
    add_page(parser)


def compare(args: argparse.Namespace, context: Context) -> None:
    """Compare runs."""
    check_page(args)
    from coaiapy.cli.commands.fuse.experiments import comparison
    from coaiapy.config import settings
    from coaiapy.experiments import gates, runs
    from coaiapy.experiments.compare import of_runs

    known = settings.load(context.env_file)
    aggregate = gates.check_aggregate(args.aggregate)
    base = runs.read(known, args.base, args.dataset, context.note)
    others = [runs.read(known, name, args.dataset, context.note) for name in args.runs]
    if any(other.plan.id == base.plan.id for other in others):
        raise UsageError("a run is compared with itself: name two runs")
    found = [of_runs(base, other, aggregate) for other in others]
    if args.junit:
        write_output(args.junit, comparison.junit(found[-1]))
        context.note("written to {}".format(args.junit))
    if args.html:
        return write_page(args, context, "compare", [comparison.page_body(one) for one in found])
    if args.json:
        return print_json(context, [one.body() for one in found])
    lines = comparison.markdown if args.markdown else comparison.lines
    for one in found:
        for line in lines(one, args.worst):
            context.say(one_line(line))
