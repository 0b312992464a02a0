"""The options that commands of experiments share, and what is read from them."""

import argparse
import os
from typing import Any, List, NamedTuple

from coaiapy.cli.delivery import add_delivery_options
from coaiapy.cli.options import add_json, positive, seconds
from coaiapy.cli.parser import Parser
from coaiapy.cli.streams import Context
from coaiapy.errors import UsageError
from coaiapy.util.text.parsing import whole_number

# How many items are in the queue of workers at most, unless that is said.
_MOST_AT_WORKERS = 500


class Judging(NamedTuple):
    """How outputs are scored, and what the scores are held to."""

    rules: List[Any]
    commands: List[Any]
    gates: Any


def add_dataset(parser: Parser) -> None:
    """Add ``--dataset``, for a run whose name is not unique."""
    parser.add_argument(
        "--dataset", metavar="NAME", help="dataset of the run, if several runs have its name"
    )


def add_scoring(parser: Parser) -> None:
    """Add what ``run`` and ``score`` have in common."""
    _add_pace(parser)
    _add_evaluators(parser)
    _add_gates(parser)
    add_json(parser, help="print the summary as JSON")
    add_delivery_options(parser)


def _add_pace(parser: Parser) -> None:
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="work on at most this many items at a time (default: the number of processors; with --on "
        "redis {})".format(_MOST_AT_WORKERS),
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        metavar="N/min",
        help="start at most N commands a minute",
    )
    parser.add_argument(
        "--timeout",
        dest="limit_seconds",
        type=seconds,
        metavar="SECONDS",
        help="end a command after this many seconds: with TERM, then with KILL",
    )


def _rate(text: str) -> float:
    number, _, unit = text.partition("/")
    count = whole_number(number)
    if unit not in ("min", "s", "") or not count:
        raise argparse.ArgumentTypeError("{!r} is not a rate such as 60/min".format(text))
    return count * (60.0 if unit == "s" else 1.0)


def _add_evaluators(parser: Parser) -> None:
    parser.add_argument(
        "--eval",
        action="append",
        default=[],
        metavar="RULE",
        help="score each output: exact, contains, regex=PATTERN, json, number=0.01, levenshtein, "
        "length<500; NAME:RULE names the score; repeatable",
    )
    parser.add_argument(
        "--eval-cmd",
        action="append",
        default=[],
        metavar="COMMAND",
        help="score each output by a command: it reads input, output, expected and metadata as "
        "JSON and prints a number, a word or JSON; NAME:COMMAND names the score; repeatable",
    )
    parser.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="TAG",
        help="score each output by a language model, asked by this process tag (coaia p --list); it "
        "reads and answers as a command does; repeatable",
    )


def _add_gates(parser: Parser) -> None:
    for option, does in (("--fail-under", "fail"), ("--warn-under", "warn")):
        parser.add_argument(
            option,
            action="append",
            default=[],
            metavar="SCORE=LEAST",
            help="{} if the mean of a score is below this; repeatable".format(does),
        )
    parser.add_argument(
        "--fail-on-regression",
        action="append",
        default=[],
        metavar="SCORE=MOST",
        help="fail if the mean of a score is more than this below that of the baseline; with "
        ":significant behind it only if chance does not explain that; repeatable",
    )
    parser.add_argument(
        "--baseline",
        metavar="RUN|FILE",
        help="run to compare with, latest (the one before of this dataset), or what --json printed",
    )
    add_aggregate(parser)


def add_aggregate(parser: Parser) -> None:
    """Add ``--aggregate``."""
    parser.add_argument(
        "--aggregate",
        default="mean",
        metavar="HOW",
        help="what counts of the repetitions of an item: mean (default), majority, all (each has "
        "passed), or pass@K (at least one of K would pass)",
    )


def limits(args: argparse.Namespace) -> Any:
    """Return how much is done at a time."""
    from coaiapy.experiments.execution.runner import Limits

    here = os.cpu_count() or 1
    return Limits(args.jobs or here, args.rate, args.jobs or _MOST_AT_WORKERS)


def judging(args: argparse.Namespace, context: Context) -> Judging:
    """Return how outputs are scored; raises ``CoaiaError`` for what is wrong with an option."""
    from coaiapy.experiments import evaluators

    rules = [evaluators.rule(one) for one in args.eval]
    commands = [evaluators.command(one) for one in args.eval_cmd]
    commands += [evaluators.judge(tag, context.env_file) for tag in args.judge]
    evaluators.check_names(rules + commands)
    return Judging(rules, commands, _gates(args))


def _gates(args: argparse.Namespace) -> Any:
    from coaiapy.experiments import gates

    if args.fail_on_regression and not args.baseline:
        raise UsageError("--fail-on-regression needs a --baseline: a run, latest, or a file")
    return gates.Gates(
        [gates.floor("--fail-under", one) for one in args.fail_under],
        [gates.drop(one) for one in args.fail_on_regression],
        [gates.floor("--warn-under", one) for one in args.warn_under],
        gates.check_aggregate(args.aggregate),
    )
